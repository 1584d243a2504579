//===- SoftCap.cpp - the named case of score regions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/SoftCap.h"

#include "Mask/IR/AttentionCaptures.h"
#include "Mask/IR/AttentionCasts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mask;

void mlir::mask::expandSoftCap(RewriterBase &rewriter, AttentionOp op) {
  if (!op.getSoftCap())
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  Location loc = op.getLoc();
  Region &region = op.getScore();
  bool isNew = region.empty();
  if (isNew) {
    Type index = rewriter.getIndexType();
    rewriter.createBlock(&region, region.end(),
                         {rewriter.getF32Type(), index, index, index, index},
                         SmallVector<Location>(5, loc));
  }
  Block &body = region.front();
  Value score = body.getArgument(0);
  rewriter.setInsertionPointToStart(&body);
  Value cap = arith::ConstantOp::create(rewriter, loc, op.getSoftCapAttr());
  auto ratio = arith::DivFOp::create(rewriter, loc, score, cap);
  Value capped = math::TanhOp::create(rewriter, loc, ratio);
  capped = arith::MulFOp::create(rewriter, loc, capped, cap);
  rewriter.replaceAllUsesExcept(score, capped, ratio);
  if (isNew)
    YieldOp::create(rewriter, loc, capped);
  rewriter.modifyOpInPlace(op, [&] { op.removeSoftCapAttr(); });
}

/// The bound if `value` is `c * tanh(score / c)`.
static FloatAttr matchSoftCap(Value value, Value score) {
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (!product)
    return {};
  auto matchProduct = [&](Value bounded, Value factor) -> FloatAttr {
    auto tanh = bounded.getDefiningOp<math::TanhOp>();
    auto ratio = tanh ? tanh.getOperand().getDefiningOp<arith::DivFOp>()
                      : arith::DivFOp();
    FloatAttr cap, divisor;
    if (!ratio || ratio.getLhs() != score ||
        !matchPattern(factor, m_Constant(&cap)) ||
        !matchPattern(ratio.getRhs(), m_Constant(&divisor)) || cap != divisor)
      return {};
    bool isBound =
        cap.getValue().isFiniteNonZero() && !cap.getValue().isNegative();
    return isBound ? cap : FloatAttr();
  };
  if (FloatAttr cap = matchProduct(product.getLhs(), product.getRhs()))
    return cap;
  return matchProduct(product.getRhs(), product.getLhs());
}

namespace {
/// A score region that only caps the score, or does nothing, has a shorter
/// form.
struct DropScoreRegion : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getScore().empty())
      return rewriter.notifyMatchFailure(op, "has no score region");
    Block &body = op.getScore().front();
    Value score = body.getArgument(0);
    Value result = body.getTerminator()->getOperand(0);
    FloatAttr cap;
    if (result != score) {
      cap = matchSoftCap(result, score);
      if (!cap)
        return rewriter.notifyMatchFailure(op, "the region does more than cap");
      if (op.getSoftCap())
        return rewriter.notifyMatchFailure(op, "has a soft cap already");
    }
    rewriter.modifyOpInPlace(op, [&] {
      if (cap)
        op.setSoftCapAttr(cap);
      op.getScoreCapturesMutable().clear();
    });
    rewriter.eraseBlock(&body);
    return success();
  }
};
} // namespace

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                              MLIRContext *context) {
  results.add<DropScoreRegion>(context);
  populateDropCapturesPatterns(results);
  populateFoldCastsIntoAttentionPatterns(results);
}
