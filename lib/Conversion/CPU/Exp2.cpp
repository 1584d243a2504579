//===- Exp2.cpp - two to the power of vectors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/Exp2.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

/// Adding it rounds to an integer, which is then in the low bits of the
/// mantissa, plus the bias of exponents: `1.5 * 2^23 + 127`.
static constexpr double kRounder = 12583039.0;
static constexpr int64_t kMantissaBits = 23;
static constexpr double kLeast = -127;

/// Coefficients of 2^f from the highest to that of f; the constant is 1, so
/// that 2^0 is. Of all such polynomials they have the least relative error for
/// f in
/// [-1/2, 1/2]: 2^-13.27 and 2^-23.38.
static ArrayRef<double> getCoefficients(Exp2Degree degree) {
  static constexpr double kThree[] = {0.05500893116, 0.24221095941,
                                      0.69328292711};
  static constexpr double kFive[] = {0.00132647271401, 0.00967151263996,
                                     0.05550733743470, 0.24022242085377,
                                     0.69314697759899};
  if (degree == Exp2Degree::Three)
    return kThree;
  return kFive;
}

Value mlir::mask::emitExp2(ImplicitLocOpBuilder &b, Value x,
                           Exp2Degree degree) {
  Type type = x.getType();
  if (!getElementTypeOrSelf(type).isF32())
    return math::Exp2Op::create(b, x);
  auto constant = [&](Type type, Attribute number) -> Value {
    if (auto vector = dyn_cast<VectorType>(type))
      number = DenseElementsAttr::get(vector, number);
    return arith::ConstantOp::create(b, cast<TypedAttr>(number));
  };
  auto number = [&](double value) {
    return constant(type, b.getF32FloatAttr(value));
  };
  // What is not above zero underflows; a NaN stays one.
  x = arith::MaximumFOp::create(b, x, number(kLeast));
  Value rounder = number(kRounder);
  Value shifted = arith::AddFOp::create(b, x, rounder);
  Value whole = arith::SubFOp::create(b, shifted, rounder);
  Value fraction = arith::SubFOp::create(b, x, whole);
  Value power;
  for (double coefficient : getCoefficients(degree))
    power = power ? math::FmaOp::create(b, power, fraction, number(coefficient))
                  : number(coefficient);
  power = math::FmaOp::create(b, power, fraction, number(1));
  // The exponent that belongs to the integer: a factor, since adding to the
  // bits of NaN may make a number of it.
  Type bitsType = b.getI32Type();
  if (auto vector = dyn_cast<VectorType>(type))
    bitsType = vector.clone(bitsType);
  Value bits = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, bitsType, shifted),
      constant(bitsType, b.getI32IntegerAttr(kMantissaBits)));
  return arith::MulFOp::create(b, power,
                               arith::BitcastOp::create(b, type, bits));
}
