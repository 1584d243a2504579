//===- CanonicalizeConnectives.cpp - normal form of and and or -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// `and` and `or` alternate, hold no operand that another one makes superfluous,
// no window that could be joined with another, and are sorted.
//
//===----------------------------------------------------------------------===//

#include "Connective.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// and(a, and(b, c)) -> and(a, b, c)
template <typename OpTy>
struct FlattenOperands : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      if (auto inner = input.getDefiningOp<OpTy>())
        llvm::append_range(inputs, inner.getInputs());
      else
        inputs.push_back(input);
    }
    if (llvm::equal(inputs, op.getInputs()))
      return rewriter.notifyMatchFailure(op, "no operand of the same kind");
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
    return success();
  }
};

/// Subsumption: and(a, b) -> a if a implies b; dually for `or`. Idempotence and
/// absorption are instances.
template <typename OpTy>
struct DropRedundantOperands : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    PredicateProver prover(order);
    SmallVector<Value> kept(op.getInputs());
    // From the end, each against all that is still there: of two that imply
    // each other the first stays.
    for (size_t i = kept.size(); i-- > 0;)
      for (size_t j = 0; j < kept.size(); ++j)
        if (i != j && Connective<OpTy>::isRedundant(prover, kept[i], kept[j])) {
          kept.erase(kept.begin() + i);
          break;
        }
    if (kept.size() == op.getInputs().size())
      return rewriter.notifyMatchFailure(op, "no operand subsumes another");
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(kept); });
    return success();
  }
};

/// and(a, not a) -> empty; or(a, not a) -> full; and whatever else two operands
/// decide.
template <typename OpTy>
struct FoldDecidedOperands : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    PredicateProver prover(order);
    OperandRange inputs = op.getInputs();
    for (size_t i = 0; i < inputs.size(); ++i)
      for (size_t j = i + 1; j < inputs.size(); ++j)
        if (Connective<OpTy>::isDecided(prover, inputs[i], inputs[j])) {
          rewriter.replaceOp(op, createConstant(rewriter, op.getLoc(),
                                                Connective<OpTy>::absorbing));
          return success();
        }
    return rewriter.notifyMatchFailure(op, "no two operands decide it");
  }
};

/// and(window, window) -> window; or(window, window) -> window if they share or
/// touch a distance.
template <typename OpTy>
struct JoinWindows : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    OperandRange inputs = op.getInputs();
    for (size_t i = 0; i < inputs.size(); ++i)
      for (size_t j = i + 1; j < inputs.size(); ++j) {
        auto joined = Connective<OpTy>::join(order, inputs[i], inputs[j]);
        if (!joined)
          continue;
        SmallVector<Value> rest = without(inputs, i, j);
        rest.insert(rest.begin(), createWindow(rewriter, op.getLoc(), *joined));
        rewriter.replaceOp(op,
                           createConnective<OpTy>(rewriter, op.getLoc(), rest));
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no two windows can be joined");
  }
};

/// and(window, or(window, b)) -> or(window, b) if `b` implies the first: `and`
/// is distributed over `or` only where that leaves fewer leaves, that is where
/// every part either joins with the window into one or lies inside of it.
template <typename OpTy>
struct DistributeWindow : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  using Dual = typename Connective<OpTy>::Dual;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    OperandRange inputs = op.getInputs();
    for (size_t i = 0; i < inputs.size(); ++i)
      for (size_t j = 0; j < inputs.size(); ++j) {
        auto dual = inputs[j].getDefiningOp<Dual>();
        if (!dual || !getWindowBounds(inputs[i]))
          continue;
        SmallVector<Value> parts = distribute(inputs[i], dual, rewriter);
        if (parts.empty())
          continue;
        SmallVector<Value> rest = without(inputs, i, j);
        rest.push_back(createConnective<Dual>(rewriter, op.getLoc(), parts));
        rewriter.replaceOp(op,
                           createConnective<OpTy>(rewriter, op.getLoc(), rest));
        return success();
      }
    return rewriter.notifyMatchFailure(op, "leaves would not become fewer");
  }

  /// The parts of `dual` each joined with `window`, or nothing.
  static SmallVector<Value> distribute(Value window, Dual dual,
                                       PatternRewriter &rewriter) {
    PredicateOrder order;
    PredicateProver prover(order);
    SmallVector<std::optional<WindowBounds>> joined;
    for (Value part : dual.getInputs()) {
      bool inside = Connective<OpTy>::isRedundant(prover, window, part);
      joined.push_back(inside ? std::nullopt
                              : Connective<OpTy>::join(order, window, part));
      if (!inside && !joined.back())
        return {};
    }
    SmallVector<Value> parts(dual.getInputs());
    for (auto [part, bounds] : llvm::zip_equal(parts, joined))
      if (bounds)
        part = createWindow(rewriter, dual.getLoc(), *bounds);
    return parts;
  }
};

/// and(a, or(not a, b)) -> and(a, b): the parts of a dual operand that another
/// operand decides go.
template <typename OpTy>
struct DropDecidedParts : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  using Dual = typename Connective<OpTy>::Dual;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    PredicateProver prover(order);
    OperandRange inputs = op.getInputs();
    for (size_t i = 0; i < inputs.size(); ++i) {
      auto dual = inputs[i].getDefiningOp<Dual>();
      if (!dual)
        continue;
      auto isDecided = [&](Value part) {
        for (size_t j = 0; j < inputs.size(); ++j)
          if (j != i && Connective<OpTy>::isDecided(prover, part, inputs[j]))
            return true;
        return false;
      };
      SmallVector<Value> parts(dual.getInputs());
      llvm::erase_if(parts, isDecided);
      if (parts.size() == dual.getInputs().size())
        continue;
      SmallVector<Value> changed(inputs);
      changed[i] = createConnective<Dual>(rewriter, op.getLoc(), parts);
      rewriter.modifyOpInPlace(op,
                               [&] { op.getInputsMutable().assign(changed); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no part is decided");
  }
};

/// or(and(a, b), and(a, c)) -> and(a, or(b, c)), and dually: parts that all
/// operands share stand outside.
template <typename OpTy>
struct FactorCommonParts : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  using Dual = typename Connective<OpTy>::Dual;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    SmallVector<Dual> duals;
    for (Value input : op.getInputs()) {
      auto dual = input.getDefiningOp<Dual>();
      if (!dual)
        return rewriter.notifyMatchFailure(op, "an operand is no dual");
      duals.push_back(dual);
    }
    auto contains = [&](Dual dual, Value part) {
      return llvm::any_of(dual.getInputs(), [&](Value other) {
        return order.isSame(other, part);
      });
    };
    SmallVector<Value> common;
    if (duals.size() > 1)
      for (Value part : duals.front().getInputs())
        if (llvm::all_of(duals, [&](Dual d) { return contains(d, part); }))
          common.push_back(part);
    if (common.empty())
      return rewriter.notifyMatchFailure(op, "the operands share no part");
    SmallVector<Value> rests;
    for (Dual dual : duals) {
      SmallVector<Value> parts(dual.getInputs());
      llvm::erase_if(parts, [&](Value part) {
        return llvm::any_of(
            common, [&](Value shared) { return order.isSame(shared, part); });
      });
      rests.push_back(createConnective<Dual>(rewriter, op.getLoc(), parts));
    }
    common.push_back(OpTy::create(rewriter, op.getLoc(), op.getType(), rests));
    rewriter.replaceOp(op,
                       createConnective<Dual>(rewriter, op.getLoc(), common));
    return success();
  }
};

/// Sorts the operands by PredicateOrder.
template <typename OpTy>
struct SortOperands : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    PredicateOrder order;
    auto precedes = [&](Value a, Value b) { return order.compare(a, b) < 0; };
    if (llvm::is_sorted(op.getInputs(), precedes))
      return rewriter.notifyMatchFailure(op, "operands are in order");
    SmallVector<Value> sorted(op.getInputs());
    llvm::sort(sorted, precedes);
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(sorted); });
    return success();
  }
};

/// and(chunk C, window left L ...) with L >= C - 1: tokens of one chunk are
/// nearer than that, the side goes.
struct TightenWindowByChunk : OpRewritePattern<AndOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AndOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<int64_t> size;
    for (Value input : op.getInputs())
      if (auto chunk = input.getDefiningOp<ChunkOp>())
        if (auto number = chunk.getSizeParameter().getConstant())
          size = std::min(size.value_or(*number), *number);
    if (!size)
      return rewriter.notifyMatchFailure(op, "no chunk of static size");
    SmallVector<Value> inputs(op.getInputs());
    bool changed = false;
    auto drop = [&](Parameter &side) {
      if (!side.getConstant() || *side.getConstant() < *size - 1)
        return;
      side = Parameter();
      changed = true;
    };
    for (Value &input : inputs) {
      std::optional<WindowBounds> bounds = getWindowBounds(input);
      if (!bounds)
        continue;
      bool before = std::exchange(changed, false);
      drop(bounds->left);
      drop(bounds->right);
      if (changed)
        input = createWindow(rewriter, op.getLoc(), *bounds);
      changed |= before;
    }
    if (!changed)
      return rewriter.notifyMatchFailure(op, "no window side is that long");
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
    return success();
  }
};

template <typename OpTy>
void addConnectivePatterns(RewritePatternSet &patterns, MLIRContext *context) {
  // Structure first, so that the proofs see flat operands.
  patterns.add<FlattenOperands<OpTy>>(context, /*benefit=*/5);
  patterns.add<DropRedundantOperands<OpTy>, FoldDecidedOperands<OpTy>>(
      context, /*benefit=*/4);
  patterns.add<JoinWindows<OpTy>, DropDecidedParts<OpTy>>(context,
                                                          /*benefit=*/3);
  patterns.add<DistributeWindow<OpTy>>(context, /*benefit=*/2);
  patterns.add<FactorCommonParts<OpTy>>(context, /*benefit=*/2);
  patterns.add<SortOperands<OpTy>>(context, /*benefit=*/1);
}

} // namespace

void AndOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                        MLIRContext *context) {
  addConnectivePatterns<AndOp>(results, context);
  results.add<TightenWindowByChunk>(context, /*benefit=*/3);
  populateRestrictedAndPatterns(results);
}

void OrOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                       MLIRContext *context) {
  addConnectivePatterns<OrOp>(results, context);
  populateRestrictedOrPatterns(results);
  populateWindowOrPatterns(results);
}
