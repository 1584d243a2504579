//===- CanonicalizeWindows.cpp - sides of windows under or -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A window is the conjunction of its sides. Where windows of a conjunction were
// joined into one, a side that all operands of an `or` share is no part of its
// own any more; it is taken out all the same, so that the normal form does not
// depend on which rewrite came first.
//
//===----------------------------------------------------------------------===//

#include "Connective.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// The left or the right one.
using Side = Parameter WindowBounds::*;

SmallVector<Value> getConjuncts(Value operand) {
  if (auto conjunction = operand.getDefiningOp<AndOp>())
    return conjunction.getInputs();
  return {operand};
}

/// The bounds of a window with that side cleared; nothing if `part` is no
/// window with the side `bound`.
std::optional<WindowBounds> removeSide(Value part, Side side, Parameter bound,
                                       PredicateOrder &order) {
  std::optional<WindowBounds> window = getWindowBounds(part);
  if (!window || !order.isSame((*window).*side, bound))
    return std::nullopt;
  (*window).*side = Parameter();
  return window;
}

bool isUnbounded(WindowBounds window) {
  return !window.left.isGiven() && !window.right.isGiven();
}

/// or(window [l, r], and(window [l, ...], b)) ->
/// and(window [l, ...], or(window [..., r], b)), unless that makes more leaves.
struct FactorWindowSide : OpRewritePattern<OrOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(OrOp op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    for (Side side : {&WindowBounds::left, &WindowBounds::right})
      for (Value part : getConjuncts(op.getInputs().front())) {
        std::optional<WindowBounds> window = getWindowBounds(part);
        if (!window || !((*window).*side).isGiven())
          continue;
        Parameter bound = (*window).*side;
        if (!isShared(op, side, bound, order))
          continue;
        factor(op, side, bound, order, rewriter);
        return success();
      }
    return rewriter.notifyMatchFailure(op, "the operands share no side");
  }

  /// Whether every operand has the side, and one of them no other: the leaf
  /// that goes there pays for the new one.
  static bool isShared(OrOp op, Side side, Parameter bound,
                       PredicateOrder &order) {
    bool isShorter = false;
    return llvm::all_of(
               op.getInputs(),
               [&](Value input) {
                 return llvm::any_of(getConjuncts(input), [&](Value part) {
                   auto rest = removeSide(part, side, bound, order);
                   isShorter |= rest && isUnbounded(*rest);
                   return rest.has_value();
                 });
               }) &&
           isShorter;
  }

  static void factor(OrOp op, Side side, Parameter bound, PredicateOrder &order,
                     PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    SmallVector<Value> rests;
    for (Value input : op.getInputs()) {
      SmallVector<Value> parts;
      for (Value part : getConjuncts(input)) {
        auto rest = removeSide(part, side, bound, order);
        if (!rest)
          parts.push_back(part);
        else if (!isUnbounded(*rest))
          parts.push_back(createWindow(rewriter, loc, *rest));
      }
      rests.push_back(createConnective<AndOp>(rewriter, loc, parts));
    }
    WindowBounds shared;
    shared.*side = bound;
    Value outside = createWindow(rewriter, loc, shared);
    Value inside = createConnective<OrOp>(rewriter, loc, rests);
    rewriter.replaceOpWithNewOp<AndOp>(op, op.getType(),
                                       ValueRange{outside, inside});
  }
};

} // namespace

void mlir::mask::populateWindowOrPatterns(RewritePatternSet &patterns) {
  patterns.add<FactorWindowSide>(patterns.getContext(), /*benefit=*/2);
}
