//===- AttentionCasts.cpp - attention on the types before casts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/AttentionCasts.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::mask;

Value mlir::mask::lookThroughCast(Value value) {
  auto cast = value.getDefiningOp<tensor::CastOp>();
  return cast && tensor::canFoldIntoConsumerOp(cast) ? cast.getSource() : value;
}

/// Whether `op` takes a more static tensor where it took a dynamic one, and
/// makes the same of it.
static bool takesAnyShape(Operation *op) {
  if (isa<tensor::CastOp, tensor::DimOp, tensor::ExtractOp>(op))
    return true;
  return isa_and_nonnull<MaskDialect>(op->getDialect()) &&
         op->getNumRegions() == 0 &&
         llvm::all_of(op->getResultTypes(), llvm::IsaPred<PredicateType>);
}

/// Gives `argument` the type of its capture; readers that insist on the old one
/// read a cast.
static void refineArgument(RewriterBase &rewriter, BlockArgument argument,
                           Type type) {
  Type general = argument.getType();
  if (type == general)
    return;
  argument.setType(type);
  if (llvm::all_of(argument.getUsers(), takesAnyShape))
    return;
  rewriter.setInsertionPointToStart(argument.getOwner());
  auto cast =
      tensor::CastOp::create(rewriter, argument.getLoc(), general, argument);
  rewriter.replaceUsesWithIf(argument, cast, [](OpOperand &use) {
    return !takesAnyShape(use.getOwner());
  });
}

static void refineArguments(RewriterBase &rewriter, Region &region,
                            OperandRange captures) {
  if (region.empty())
    return;
  for (auto [argument, capture] : llvm::zip_equal(
           region.getArguments().take_back(captures.size()), captures))
    refineArgument(rewriter, argument, capture.getType());
}

/// Gives the results the types of the outputs that they are tied to.
static void refineResults(RewriterBase &rewriter, AttentionOp attention) {
  rewriter.setInsertionPointAfter(attention);
  for (auto [result, output] :
       llvm::zip_equal(attention.getResults(), attention.getOutputs())) {
    Type general = result.getType();
    if (general == output.getType())
      continue;
    result.setType(cast<RankedTensorType>(output.getType()));
    auto back =
        tensor::CastOp::create(rewriter, attention.getLoc(), general, result);
    rewriter.replaceAllUsesExcept(result, back, back);
  }
}

void mlir::mask::foldCastsIntoAttention(RewriterBase &rewriter,
                                        AttentionOp attention) {
  if (!tensor::hasFoldableTensorCastOperand(attention))
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.modifyOpInPlace(attention, [&] {
    for (OpOperand &operand : attention->getOpOperands())
      operand.set(lookThroughCast(operand.get()));
    refineArguments(rewriter, attention.getPredicate(),
                    attention.getCaptures());
    refineArguments(rewriter, attention.getScore(),
                    attention.getScoreCaptures());
    refineResults(rewriter, attention);
  });
}

namespace {
struct FoldCastsIntoAttention : public OpRewritePattern<AttentionOp> {
  /// Upstream's pattern has a benefit of one.
  FoldCastsIntoAttention(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (!tensor::hasFoldableTensorCastOperand(op))
      return rewriter.notifyMatchFailure(op, "no operand is cast");
    foldCastsIntoAttention(rewriter, op);
    return success();
  }
};
/// What a predicate captures, as attention does.
struct FoldCastsIntoGeneric : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto isCast = [](Value value) { return lookThroughCast(value) != value; };
    if (llvm::none_of(op->getOperands(), isCast))
      return rewriter.notifyMatchFailure(op, "no operand is cast");
    rewriter.modifyOpInPlace(op, [&] {
      for (OpOperand &operand : op->getOpOperands())
        operand.set(lookThroughCast(operand.get()));
      refineArguments(rewriter, op.getBody(), op.getCaptures());
    });
    return success();
  }
};
} // namespace

void GenericOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                            MLIRContext *context) {
  results.add<FoldCastsIntoGeneric>(context);
}

void mlir::mask::populateFoldCastsIntoAttentionPatterns(
    RewritePatternSet &patterns) {
  patterns.add<FoldCastsIntoAttention>(patterns.getContext());
}
