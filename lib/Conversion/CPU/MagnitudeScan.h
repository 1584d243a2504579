//===- MagnitudeScan.h - whether numbers are finite -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_MAGNITUDESCAN_H
#define MASK_LIB_CONVERSION_CPU_MAGNITUDESCAN_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// The greatest of the magnitudes of numbers as integers: those of infinity and
/// NaN are beyond all others. An integer maximum takes one cycle, so that one
/// chain of them does.
class MagnitudeScan {
public:
  MagnitudeScan(ImplicitLocOpBuilder &b, VectorType type)
      : b(b), type(type.clone(b.getIntegerType(type.getElementTypeBitWidth()))),
        semantics(cast<FloatType>(type.getElementType()).getFloatSemantics()) {}

  Value start() { return constant(APInt(type.getElementTypeBitWidth(), 0)); }
  /// Vectors that are added together wait for `greatest` once.
  Value add(Value greatest, ArrayRef<Value> vectors) {
    SmallVector<Value> magnitudes;
    for (Value numbers : vectors)
      magnitudes.push_back(arith::AndIOp::create(
          b, arith::BitcastOp::create(b, type, numbers),
          constant(APInt::getSignedMaxValue(type.getElementTypeBitWidth()))));
    for (size_t i = 0; i + 1 < magnitudes.size(); i += 2)
      magnitudes.push_back(
          arith::MaxUIOp::create(b, magnitudes[i], magnitudes[i + 1]));
    return arith::MaxUIOp::create(b, magnitudes.back(), greatest);
  }
  Value hasNonFinite(Value greatest) {
    Value infinity = constant(APFloat::getInf(semantics).bitcastToAPInt());
    return vector::ReductionOp::create(
        b, vector::CombiningKind::OR,
        arith::CmpIOp::create(b, arith::CmpIPredicate::uge, greatest,
                              infinity));
  }

private:
  Value constant(const APInt &bits) {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, bits));
  }

  ImplicitLocOpBuilder &b;
  VectorType type;
  const llvm::fltSemantics &semantics;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_MAGNITUDESCAN_H
