//===- PythonRegion.h - regions as Python statements ------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TARGET_BLOCKMASK_PYTHONREGION_H
#define MASK_LIB_TARGET_BLOCKMASK_PYTHONREGION_H

#include "PythonWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::mask::python {

/// Writes one statement per op of a region. What is undefined there (an element
/// outside of its array, a division by zero) is computed on something else, and
/// a guard hides the element.
class RegionWriter {
public:
  RegionWriter(PythonWriter &writer, GenericOp op, const Coordinates &at)
      : writer(writer), op(op), at(at) {}

  Expression write();

private:
  LogicalResult bindCaptures();
  /// The expression of the op's result; empty if there is none.
  std::string getExpression(Operation *inner);
  std::string getConstant(const APInt &value, Type type) const;
  std::string getCompare(arith::CmpIOp compare) const;
  std::string getSelect(arith::SelectOp select) const;
  std::string getCast(Operation *cast, bool isUnsigned) const;
  std::string getExtract(tensor::ExtractOp extract);
  std::string getExtent(tensor::DimOp dim) const;
  std::string getSigned(Operation *binary, StringRef symbol, StringRef flag);
  std::string getExtremum(Operation *binary, StringRef comparison) const;
  std::string getUnsignedExtremum(Operation *binary, bool isMin) const;
  std::string getDivision(Operation *binary, bool isRemainder);
  std::string getUnsignedDivision(Operation *binary, StringRef symbol);
  /// A divisor that is not zero, with a guard if it may be.
  std::string getDivisor(Operation *binary);

  std::string text(Value value) const { return texts.lookup(value); }
  std::string lhs(Operation *binary) const {
    return text(binary->getOperand(0));
  }
  std::string rhs(Operation *binary) const {
    return text(binary->getOperand(1));
  }
  std::string getFlag(bool value) const {
    // A comparison, because a mask function returns tensors for tensors.
    return "(" + at.key + (value ? " == " : " != ") + at.key + ")";
  }
  bool isNonNegative(Value value) const;
  bool isInside(Value index, int64_t extent) const;

  PythonWriter &writer;
  GenericOp op;
  const Coordinates &at;
  DenseMap<Value, std::string> texts;
  SmallVector<std::string> guards;
};

/// Bits of an integer; an index has 64.
unsigned getWidth(Type type);
/// The low bits of `value`, sign-extended, where the type is narrow.
std::string wrap(const std::string &value, Type type);
/// The low bits of a value as an unsigned number.
std::string toUnsigned(const std::string &value, Type type);

} // namespace mlir::mask::python

#endif // MASK_LIB_TARGET_BLOCKMASK_PYTHONREGION_H
