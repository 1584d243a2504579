//===- CanonicalizeRestrictions.cpp - normal form of heads and batches -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Restrictions to heads and batch rows stand outside of `and` and are merged,
// heads outermost.
//
//===----------------------------------------------------------------------===//

#include "Connective.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// and(heads(a, S), b) -> heads(and(a, b), S)
template <typename Restrict>
struct PullRestriction : OpRewritePattern<AndOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AndOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs(op.getInputs());
    for (Value &input : inputs)
      if (auto restriction = input.getDefiningOp<Restrict>()) {
        input = restriction.getInput();
        Value all = createConnective<AndOp>(rewriter, op.getLoc(), inputs);
        rewriter.replaceOpWithNewOp<Restrict>(op, op.getType(), all,
                                              restriction.getMembersAttr());
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no restricted operand");
  }
};

/// or(heads(a, S), heads(b, S)) -> heads(or(a, b), S);
/// or(heads(a, S), heads(a, T)) -> heads(a, S and T together).
template <typename Restrict>
struct JoinRestrictions : OpRewritePattern<OrOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(OrOp op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    OperandRange inputs = op.getInputs();
    for (size_t i = 0; i < inputs.size(); ++i)
      for (size_t j = i + 1; j < inputs.size(); ++j) {
        auto x = inputs[i].getDefiningOp<Restrict>(),
             y = inputs[j].getDefiningOp<Restrict>();
        if (!x || !y)
          continue;
        Value joined = join(x, y, order, rewriter);
        if (!joined)
          continue;
        SmallVector<Value> rest = without(inputs, i, j);
        rest.push_back(joined);
        rewriter.replaceOp(op,
                           createConnective<OrOp>(rewriter, op.getLoc(), rest));
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no two restrictions agree");
  }

  static Value join(Restrict x, Restrict y, PredicateOrder &order,
                    PatternRewriter &rewriter) {
    Location loc = x.getLoc();
    if (x.getMembers() == y.getMembers()) {
      Value either = createConnective<OrOp>(
          rewriter, loc, ValueRange{x.getInput(), y.getInput()});
      return Restrict::create(rewriter, loc, x.getType(), either,
                              x.getMembersAttr());
    }
    if (!order.isSame(x.getInput(), y.getInput()))
      return {};
    SmallVector<int64_t> members;
    std::set_union(x.getMembers().begin(), x.getMembers().end(),
                   y.getMembers().begin(), y.getMembers().end(),
                   std::back_inserter(members));
    return Restrict::create(rewriter, loc, x.getType(), x.getInput(),
                            rewriter.getDenseI64ArrayAttr(members));
  }
};

/// heads(heads(a, S), T) -> heads(a, S and T)
template <typename Restrict>
struct NestRestriction : OpRewritePattern<Restrict> {
  using OpRewritePattern<Restrict>::OpRewritePattern;
  LogicalResult matchAndRewrite(Restrict op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().template getDefiningOp<Restrict>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is not restricted");
    SmallVector<int64_t> members;
    llvm::copy_if(
        inner.getMembers(), std::back_inserter(members),
        [&](int64_t i) { return llvm::is_contained(op.getMembers(), i); });
    rewriter.replaceOpWithNewOp<Restrict>(
        op, op.getType(), inner.getInput(),
        rewriter.getDenseI64ArrayAttr(members));
    return success();
  }
};

/// batches(heads(a, S), T) -> heads(batches(a, T), S)
struct HeadsOutside : OpRewritePattern<BatchesOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchesOp op,
                                PatternRewriter &rewriter) const override {
    auto heads = op.getInput().getDefiningOp<HeadsOp>();
    if (!heads)
      return rewriter.notifyMatchFailure(op, "the input is no mask.heads");
    Value rows = BatchesOp::create(rewriter, op.getLoc(), op.getType(),
                                   heads.getInput(), op.getMembersAttr());
    rewriter.replaceOpWithNewOp<HeadsOp>(op, op.getType(), rows,
                                         heads.getMembersAttr());
    return success();
  }
};

} // namespace

void mlir::mask::populateRestrictedAndPatterns(RewritePatternSet &patterns) {
  patterns.add<PullRestriction<HeadsOp>, PullRestriction<BatchesOp>>(
      patterns.getContext(), /*benefit=*/3);
}

void mlir::mask::populateRestrictedOrPatterns(RewritePatternSet &patterns) {
  patterns.add<JoinRestrictions<HeadsOp>, JoinRestrictions<BatchesOp>>(
      patterns.getContext(), /*benefit=*/3);
}

void HeadsOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                          MLIRContext *context) {
  results.add<NestRestriction<HeadsOp>>(context);
}

void BatchesOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                            MLIRContext *context) {
  results.add<NestRestriction<BatchesOp>, HeadsOutside>(context);
}
