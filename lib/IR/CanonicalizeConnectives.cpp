//===- CanonicalizeConnectives.cpp - normal form of and, or and not -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The normal form of connectives: `not` stands only on leaves; `and` and `or`
// alternate, hold no operand that another one makes superfluous, no window that
// could be joined with another, and are sorted. The patterns of `and` and `or`
// are each other's dual and written once.
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Canonicalization.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/PredicateProofs.h"
#include "Mask/IR/WindowBounds.h"

using namespace mlir;
using namespace mlir::mask;

void mlir::mask::populateMaskCanonicalizationPatterns(
    RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  // `getRegisteredOperationsByDialect` may find none: it takes a three-way
  // comparison for an order.
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == MaskDialect::getDialectNamespace())
      name.getCanonicalizationPatterns(patterns, context);
}

namespace {

//===----------------------------------------------------------------------===//
// What makes `and` and `or` differ
//===----------------------------------------------------------------------===//

template <typename OpTy>
struct Connective;

template <>
struct Connective<AndOp> {
  using Dual = OrOp;
  static constexpr bool absorbing = false;
  /// `x` adds nothing to `y`.
  static bool isRedundant(PredicateProver &prover, Value x, Value y) {
    return prover.implies(y, x);
  }
  /// `x` and `y` together are the absorbing constant.
  static bool isDecided(PredicateProver &prover, Value x, Value y) {
    return prover.excludes(x, y);
  }
  static std::optional<WindowBounds>
  joinWindows(PredicateOrder &order, WindowBounds x, WindowBounds y) {
    return intersectWindows(order, x, y);
  }
};

template <>
struct Connective<OrOp> {
  using Dual = AndOp;
  static constexpr bool absorbing = true;
  static bool isRedundant(PredicateProver &prover, Value x, Value y) {
    return prover.implies(x, y);
  }
  static bool isDecided(PredicateProver &prover, Value x, Value y) {
    return prover.covers(x, y);
  }
  static std::optional<WindowBounds>
  joinWindows(PredicateOrder &order, WindowBounds x, WindowBounds y) {
    return uniteWindows(order, x, y);
  }
};

/// `mask.full` or `mask.empty`.
Value createConstant(OpBuilder &builder, Location loc, bool visible) {
  Type type = PredicateType::get(loc.getContext());
  if (visible)
    return FullOp::create(builder, loc, type);
  return EmptyOp::create(builder, loc, type);
}

/// The connective over any number of inputs.
template <typename OpTy>
Value createConnective(OpBuilder &builder, Location loc, ValueRange inputs) {
  if (inputs.empty())
    return createConstant(builder, loc, !Connective<OpTy>::absorbing);
  if (inputs.size() == 1)
    return inputs.front();
  return OpTy::create(builder, loc, PredicateType::get(loc.getContext()),
                      inputs);
}

/// The operands without those at `i` and `j`.
SmallVector<Value> without(ValueRange inputs, size_t i, size_t j) {
  SmallVector<Value> rest;
  for (auto [n, value] : llvm::enumerate(inputs))
    if (n != i && n != j)
      rest.push_back(value);
  return rest;
}

//===----------------------------------------------------------------------===//
// Patterns of `and` and `or`
//===----------------------------------------------------------------------===//

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
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::optional<WindowBounds> x = getWindowBounds(inputs[i]);
      for (size_t j = i + 1; x && j < inputs.size(); ++j) {
        std::optional<WindowBounds> y = getWindowBounds(inputs[j]);
        if (!y)
          continue;
        auto joined = Connective<OpTy>::joinWindows(order, *x, *y);
        if (!joined)
          continue;
        SmallVector<Value> rest = without(inputs, i, j);
        rest.insert(rest.begin(), createWindow(rewriter, op.getLoc(), *joined));
        rewriter.replaceOp(op,
                           createConnective<OpTy>(rewriter, op.getLoc(), rest));
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "no two windows can be joined");
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

//===----------------------------------------------------------------------===//
// Restrictions to heads and batch rows
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Patterns of `not`
//===----------------------------------------------------------------------===//

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
/// negative (C1), and may still be absent.
struct NegateWindow : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<WindowBounds> bounds = getWindowBounds(op.getInput());
    if (!bounds || !bounds->isStatic())
      return rewriter.notifyMatchFailure(op, "the input is no static window");
    if (bounds->left.isGiven() == bounds->right.isGiven())
      return rewriter.notifyMatchFailure(op, "not half-bounded");
    WindowBounds complement;
    // -x - 1 without overflow.
    if (bounds->left.isGiven())
      complement.right.attribute = ~*bounds->left.attribute;
    else
      complement.left.attribute = ~*bounds->right.attribute;
    rewriter.replaceOp(op, createWindow(rewriter, op.getLoc(), complement));
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
  patterns.add<FactorCommonParts<OpTy>>(context, /*benefit=*/2);
  patterns.add<SortOperands<OpTy>>(context, /*benefit=*/1);
}

} // namespace

void AndOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                        MLIRContext *context) {
  addConnectivePatterns<AndOp>(results, context);
  results.add<TightenWindowByChunk, PullRestriction<HeadsOp>,
              PullRestriction<BatchesOp>>(context, /*benefit=*/3);
}

void OrOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                       MLIRContext *context) {
  addConnectivePatterns<OrOp>(results, context);
  results.add<JoinRestrictions<HeadsOp>, JoinRestrictions<BatchesOp>>(
      context, /*benefit=*/3);
}

void NotOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                        MLIRContext *context) {
  results.add<NegateConnective<AndOp>, NegateConnective<OrOp>,
              NegateRestriction<HeadsOp>, NegateRestriction<BatchesOp>,
              NegateWindow>(context);
}

void HeadsOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                          MLIRContext *context) {
  results.add<NestRestriction<HeadsOp>>(context);
}

void BatchesOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                            MLIRContext *context) {
  results.add<NestRestriction<BatchesOp>, HeadsOutside>(context);
}
