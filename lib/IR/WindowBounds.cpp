//===- WindowBounds.cpp - windows as intervals of distances -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/WindowBounds.h"
#include "Mask/IR/Mask.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

std::optional<WindowBounds> mlir::mask::getWindowBounds(Value predicate) {
  if (predicate.getDefiningOp<CausalOp>())
    return WindowBounds{Parameter(),
                        Builder(predicate.getContext()).getI64IntegerAttr(0)};
  if (auto window = predicate.getDefiningOp<WindowOp>())
    return WindowBounds{window.getLeftParameter(), window.getRightParameter()};
  return std::nullopt;
}

Value mlir::mask::createWindow(OpBuilder &builder, Location loc,
                               WindowBounds bounds) {
  if (!bounds.left.isGiven() && bounds.right.getConstant() == 0)
    return CausalOp::create(builder, loc, PredicateType::get(loc.getContext()));
  return WindowOp::create(builder, loc, bounds.left, bounds.right);
}

bool mlir::mask::reachesAsFar(PredicateOrder &order, Parameter a, Parameter b) {
  if (!a.isGiven())
    return true;
  if (!b.isGiven())
    return false;
  std::optional<int64_t> numberA = a.getConstant(), numberB = b.getConstant();
  if (numberA && numberB)
    return *numberA >= *numberB;
  // Data per row has an extent, a number has none.
  if (numberB && a.getValue() && !a.axis)
    return *numberB <= 0;
  return order.isSame(a, b);
}

/// The side that reaches farther (or less far) than the other.
static std::optional<Parameter> selectSide(PredicateOrder &order, Parameter a,
                                           Parameter b, bool farther) {
  if (reachesAsFar(order, a, b))
    return farther ? a : b;
  if (reachesAsFar(order, b, a))
    return farther ? b : a;
  return std::nullopt;
}

std::optional<WindowBounds> mlir::mask::intersectWindows(PredicateOrder &order,
                                                         WindowBounds a,
                                                         WindowBounds b) {
  auto left = selectSide(order, a.left, b.left, /*farther=*/false);
  auto right = selectSide(order, a.right, b.right, /*farther=*/false);
  if (!left || !right)
    return std::nullopt;
  return WindowBounds{*left, *right};
}

/// Whether `[-left, ...]` starts at most one past the end of `[..., right]`.
static bool touches(Parameter left, Parameter right) {
  if (!left.isGiven() || !right.isGiven())
    return true;
  // The least that a run-time side can be.
  int64_t l = left.getConstant().value_or(0),
          r = right.getConstant().value_or(0);
  std::optional<int64_t> sum = llvm::checkedAdd(l, r);
  return sum ? *sum >= -1 : l > 0;
}

/// Whether some distance lies in the window.
static bool isInhabited(WindowBounds bounds) {
  if (!bounds.left.isGiven() || !bounds.right.isGiven())
    return true;
  int64_t l = bounds.left.getConstant().value_or(0),
          r = bounds.right.getConstant().value_or(0);
  std::optional<int64_t> sum = llvm::checkedAdd(l, r);
  return sum ? *sum >= 0 : l > 0;
}

std::optional<WindowBounds> mlir::mask::uniteWindows(PredicateOrder &order,
                                                     WindowBounds a,
                                                     WindowBounds b) {
  // Outside of the extent of one, the other alone would have to remain.
  if (a.isPerRow() || b.isPerRow())
    return std::nullopt;
  if (!isInhabited(a) || !isInhabited(b) || !touches(a.left, b.right) ||
      !touches(b.left, a.right))
    return std::nullopt;
  auto left = selectSide(order, a.left, b.left, /*farther=*/true);
  auto right = selectSide(order, a.right, b.right, /*farther=*/true);
  if (!left || !right)
    return std::nullopt;
  return WindowBounds{*left, *right};
}

void mlir::mask::warnOfEmptyWindows(Operation *root) {
  root->walk([](WindowOp op) {
    std::optional<int64_t> left = op.getLeftParameter().getConstant(),
                           right = op.getRightParameter().getConstant();
    if (left && right && *left + *right < 0 && (*left == -1 || *right == -1))
      op.emitWarning() << "a window of left " << *left << " right " << *right
                       << " shows nothing; -1 is no bound in FlashAttention, "
                          "which is 'unbounded' here";
  });
}
