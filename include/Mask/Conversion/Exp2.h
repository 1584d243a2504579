//===- Exp2.h - two to the power of vectors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_EXP2_H
#define MASK_CONVERSION_EXP2_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Degrees of the polynomial for 2^x.
enum class Exp2Degree {
  /// Relative error below 2^-13: for what is rounded to 16 bits.
  Three = 3,
  /// Below 2^-22: two units in the last place.
  Five = 5
};

/// 2^x for `x` up to zero (or a rounding error above), f32 or a vector of it,
/// in ops that every target has. 1 of 0, 0 from -127 down and of minus
/// infinity, NaN of NaN. Between -127 and -126 the error may be 2^-126.
/// Other floats are left to `math.exp2`.
Value emitExp2(ImplicitLocOpBuilder &b, Value x, Exp2Degree degree);

} // namespace mlir::mask

#endif // MASK_CONVERSION_EXP2_H
