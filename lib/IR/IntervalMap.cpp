//===- IntervalMap.cpp - the numbers that an affine interval computes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/IntervalMap.h"

#include "Mask/IR/Range.h"

using namespace mlir;
using namespace mlir::mask;

/// Whether `expr` is `(x floordiv s) * s`.
static bool isRoundedDown(AffineBinaryOpExpr product) {
  auto quotient = dyn_cast<AffineBinaryOpExpr>(product.getLHS());
  return quotient && quotient.getKind() == AffineExprKind::FloorDiv &&
         quotient.getRHS() == product.getRHS();
}

bool mlir::mask::isSaturatingProduct(AffineExpr expr) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  return binary && binary.getKind() == AffineExprKind::Mul &&
         !isa<AffineConstantExpr>(binary.getLHS()) &&
         !isa<AffineConstantExpr>(binary.getRHS()) && !isRoundedDown(binary);
}

bool mlir::mask::hasSaturatingProduct(AffineExpr expr) {
  return expr
      .walk([](AffineExpr part) {
        return isSaturatingProduct(part) ? WalkResult::interrupt()
                                         : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
/// Magnitudes, from the leaves up. 128 bits hold the product of any two that
/// have been let through.
class NumberRange {
public:
  /// The magnitude of `expr`.
  __int128 visit(AffineExpr expr) {
    __int128 magnitude = compute(expr);
    largest = std::max(largest, magnitude);
    return std::min<__int128>(magnitude, std::numeric_limits<int64_t>::max());
  }
  __int128 largest = 0;

private:
  __int128 compute(AffineExpr expr) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      __int128 value = constant.getValue();
      return value < 0 ? -value : value;
    }
    if (isa<AffineDimExpr>(expr))
      return kMaxQuery;
    if (isa<AffineSymbolExpr>(expr))
      return kMaxParameter;
    auto binary = cast<AffineBinaryOpExpr>(expr);
    __int128 a = visit(binary.getLHS()), b = visit(binary.getRHS());
    switch (expr.getKind()) {
    case AffineExprKind::Mul:
      if (isSaturatingProduct(expr))
        return kMaxProduct;
      if (isRoundedDown(binary))
        return a + b;
      return a * b;
    case AffineExprKind::FloorDiv:
    case AffineExprKind::CeilDiv: // -floor(-a / b)
      return a;
    case AffineExprKind::Add:
    case AffineExprKind::Mod: // a - b floor(a / b)
    default:
      return a + b;
    }
  }
};
} // namespace

std::optional<int64_t> mlir::mask::getLargestNumber(AffineExpr expr) {
  NumberRange range;
  range.visit(expr);
  if (range.largest > std::numeric_limits<int64_t>::max())
    return std::nullopt;
  return static_cast<int64_t>(range.largest);
}
