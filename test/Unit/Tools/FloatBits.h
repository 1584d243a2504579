//===- FloatBits.h - floats of every type as bits -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_FLOATBITS_H
#define MASK_TEST_UNIT_TOOLS_FLOATBITS_H

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/APFloat.h"

namespace mlir::mask::test {

/// The bits of the nearest number of `type`, ties to even.
inline uint64_t toBits(double number, FloatType type) {
  llvm::APFloat value(number);
  bool isLossy;
  value.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                &isLossy);
  return value.bitcastToAPInt().getZExtValue();
}

/// The number that bits stand for.
inline double fromBits(uint64_t bits, FloatType type) {
  llvm::APFloat value(type.getFloatSemantics(),
                      llvm::APInt(type.getWidth(), bits));
  bool isLossy;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &isLossy);
  return value.convertToDouble();
}

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_FLOATBITS_H
