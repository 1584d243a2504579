//===- ScalarCompiler.h - scalar code to steps over slots -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_SCALARCOMPILER_H
#define MASK_LIB_ANALYSIS_SCALARCOMPILER_H

#include "ScalarRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::scf {
class IfOp;
} // namespace mlir::scf

namespace mlir::mask {

/// Translates a region once, into steps over numbered slots.
class ScalarCompiler {
public:
  ScalarCompiler(Operation *op, Region &region, ArrayRef<HostValue> captures)
      : op(op), region(region), captures(captures) {}
  FailureOr<ScalarRegion> compile();

private:
  using IntegerFunction = int64_t (*)(int64_t a, int64_t b, ScalarFrame &frame);
  using DivisionFunction = int64_t (*)(int64_t a, int64_t b);
  using UnaryFunction = double (*)(double x);
  using BinaryFunction = double (*)(double x, double y);

  LogicalResult bindCaptures();
  LogicalResult compileBlock(Block &block);
  LogicalResult compileOp(Operation *inner);
  LogicalResult compileLoad(Operation *load, Value source,
                            ValueRange positions);
  LogicalResult compileDim(Operation *dim, Value source,
                           std::optional<int64_t> index);
  LogicalResult compileConstant(arith::ConstantOp constant);
  LogicalResult compileIf(scf::IfOp branch);

  /// Each translates one kind of ops; false if `inner` is not of that kind.
  bool compileInteger(Operation *inner);
  bool compileUnsigned(Operation *inner);
  bool compileFloat(Operation *inner);
  bool compileElementary(Operation *inner);
  bool compileConversion(Operation *inner);

  void compileCompare(arith::CmpIOp op);
  void compileCompare(arith::CmpFOp op);
  void compileSelect(arith::SelectOp select);
  /// Operands reach `function` sign-extended, or zero-extended if `isUnsigned`.
  bool binary(Operation *inner, IntegerFunction function,
              bool isUnsigned = false);
  bool division(Operation *inner, DivisionFunction function);
  bool cast(Operation *inner, bool isUnsigned);
  bool unary(Operation *inner, UnaryFunction function);
  bool binaryFloat(Operation *inner, BinaryFunction function);
  bool toInteger(Operation *inner, bool isUnsigned);
  bool fromInteger(Operation *inner, bool isUnsigned);

  unsigned slotOf(Value value) {
    return slots.try_emplace(value, slots.size()).first->second;
  }

  Operation *op;
  Region &region;
  ArrayRef<HostValue> captures;
  DenseMap<Value, unsigned> slots;
  DenseMap<Value, HostValue> arrays;
  SmallVector<std::pair<unsigned, ScalarBits>> constants;
  std::vector<ScalarStep> steps;
};

/// Bits of an integer; an index has 64.
unsigned getIntegerWidth(Type type);
/// The host form of the low `width` bits.
int64_t toHostInteger(int64_t value, unsigned width);
/// The low `width` bits.
uint64_t toUnsigned(int64_t value, unsigned width);

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_SCALARCOMPILER_H
