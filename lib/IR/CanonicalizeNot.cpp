//===- CanonicalizeNot.cpp - normal form of not -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// `not` stands only on leaves.
//
//===----------------------------------------------------------------------===//

#include "Connective.h"
#include "Mask/IR/Range.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// De Morgan: not(and(a, b)) -> or(not a, not b), and dually.
template <typename OpTy>
struct NegateConnective : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    auto input = op.getInput().getDefiningOp<OpTy>();
    if (!input)
      return rewriter.notifyMatchFailure(op, "the input is another op");
    SmallVector<Value> negated;
    for (Value part : input.getInputs())
      negated.push_back(
          NotOp::create(rewriter, op.getLoc(), op.getType(), part));
    rewriter.replaceOpWithNewOp<typename Connective<OpTy>::Dual>(
        op, op.getType(), negated);
    return success();
  }
};

/// not(heads(a, S)) -> or(not a, not(heads(full, S)))
template <typename Restrict>
struct NegateRestriction : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    auto input = op.getInput().getDefiningOp<Restrict>();
    if (!input || input.getInput().template getDefiningOp<FullOp>())
      return rewriter.notifyMatchFailure(op, "the input has nothing to push");
    Value inner =
        NotOp::create(rewriter, op.getLoc(), op.getType(), input.getInput());
    Value full = FullOp::create(rewriter, op.getLoc(), op.getType());
    Value members = Restrict::create(rewriter, op.getLoc(), op.getType(), full,
                                     input.getMembersAttr());
    Value outside = NotOp::create(rewriter, op.getLoc(), op.getType(), members);
    rewriter.replaceOpWithNewOp<OrOp>(op, op.getType(),
                                      ValueRange{inner, outside});
    return success();
  }
};

/// The complement of a half-bounded static window is one: not(causal) is
/// `left -1 right unbounded`. Run-time sides stay: a complement would turn them
/// negative, and may still be absent.
struct NegateWindow : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<WindowBounds> bounds = getWindowBounds(op.getInput());
    if (!bounds || !bounds->isStatic())
      return rewriter.notifyMatchFailure(op, "the input is no static window");
    if (bounds->left.isGiven() == bounds->right.isGiven())
      return rewriter.notifyMatchFailure(op, "not half-bounded");
    // The other side begins one past this one: at -x - 1.
    Parameter given = bounds->left.isGiven() ? bounds->left : bounds->right;
    int64_t number = ~*given.getConstant();
    if (number != clampParameter(number))
      return rewriter.notifyMatchFailure(op, "the bound lies too far away");
    Parameter opposite = rewriter.getI64IntegerAttr(number);
    WindowBounds complement = bounds->left.isGiven()
                                  ? WindowBounds{Parameter(), opposite}
                                  : WindowBounds{opposite, Parameter()};
    rewriter.replaceOp(op, createWindow(rewriter, op.getLoc(), complement));
    return success();
  }
};

} // namespace

void NotOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                        MLIRContext *context) {
  results.add<NegateConnective<AndOp>, NegateConnective<OrOp>,
              NegateRestriction<HeadsOp>, NegateRestriction<BatchesOp>,
              NegateWindow>(context);
}
