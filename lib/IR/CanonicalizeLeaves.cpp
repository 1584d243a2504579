//===- CanonicalizeLeaves.cpp - normal form of leaves and packing -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Absence.h"
#include "Mask/IR/IntervalMap.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/Packing.h"
#include "Mask/IR/Range.h"
#include "Mask/IR/WindowBounds.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

//===----------------------------------------------------------------------===//
// Windows and chunks
//===----------------------------------------------------------------------===//

/// `window left unbounded right 0` -> `causal`. The causal mask keeps its name
/// in the normal form: masks read better, and every rewrite of windows takes it
/// for one (getWindowBounds).
struct NameCausalWindow : OpRewritePattern<WindowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WindowOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getLeftParameter().isGiven() ||
        op.getRightParameter().getConstant() != 0)
      return rewriter.notifyMatchFailure(op, "not causal");
    rewriter.replaceOpWithNewOp<CausalOp>(op, op.getType());
    return success();
  }
};

/// Chunks of one token are the diagonal.
struct UnitChunkToWindow : OpRewritePattern<ChunkOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ChunkOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getSizeParameter().getConstant() != 1)
      return rewriter.notifyMatchFailure(op, "not of one token");
    if (op.getOffsetAxis())
      return rewriter.notifyMatchFailure(op, "an offset per row has an extent");
    IntegerAttr zero = rewriter.getI64IntegerAttr(0);
    rewriter.replaceOpWithNewOp<WindowOp>(op, zero, zero);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Affine intervals
//===----------------------------------------------------------------------===//

/// Whether every divisor is a positive constant or a symbol.
bool hasPositiveDivisors(AffineExpr expr) {
  WalkResult result = expr.walk([](AffineExpr part) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(part);
    if (!binary || binary.getKind() == AffineExprKind::Add ||
        binary.getKind() == AffineExprKind::Mul)
      return WalkResult::advance();
    auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (divisor ? divisor.getValue() > 0
                : isa<AffineSymbolExpr>(binary.getRHS()))
      return WalkResult::advance();
    return WalkResult::interrupt();
  });
  return !result.wasInterrupted();
}

/// Whether `expr`, if there is one, depends on one of the symbols of `op` that
/// are `symbol`.
bool readsSymbol(IntervalOp op, AffineExpr expr, Value symbol) {
  return llvm::any_of(llvm::enumerate(op.getSymbols()), [&](auto operand) {
    return operand.value() == symbol && expr &&
           expr.isFunctionOfSymbol(operand.index());
  });
}

/// The expression of a bound, or null where there is none.
AffineExpr getExpression(std::optional<AffineMap> bound) {
  return bound ? bound->getResult(0) : AffineExpr();
}

/// Whether nothing that `expr` computes can lie beyond `most`.
bool isWithin(AffineExpr expr, int64_t most) {
  std::optional<int64_t> largest = getLargestNumber(expr);
  return largest && *largest <= most;
}

/// A bound that depends on an absent symbol goes. Without bounds -> `full`.
struct UnboundedInterval : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    auto readsAbsent = [&](std::optional<AffineMap> map) {
      return map &&
             llvm::any_of(llvm::enumerate(op.getSymbols()), [&](auto symbol) {
               return map->isFunctionOfSymbol(symbol.index()) &&
                      isAbsent(symbol.value());
             });
    };
    bool below = readsAbsent(op.getLower()), above = readsAbsent(op.getUpper());
    if ((below || !op.getLower()) && (above || !op.getUpper())) {
      rewriter.replaceOpWithNewOp<FullOp>(op, op.getType());
      return success();
    }
    if (!below && !above)
      return rewriter.notifyMatchFailure(op, "reads no absent symbol");
    rewriter.modifyOpInPlace(op, [&] {
      if (below)
        op.removeLowerAttr();
      else
        op.removeUpperAttr();
    });
    return success();
  }
};

/// Constant symbols become numbers, unused and repeated ones go, the maps are
/// simplified.
struct SimplifyInterval : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    AffineExpr lower = getExpression(op.getLower()),
               upper = getExpression(op.getUpper());
    auto reads = [](AffineExpr expr, unsigned symbol) {
      return expr && expr.isFunctionOfSymbol(symbol);
    };
    SmallVector<AffineExpr> replacements;
    SmallVector<Value> symbols;
    for (auto [i, symbol] : llvm::enumerate(op.getSymbols())) {
      APInt number;
      if (matchPattern(symbol, m_ConstantInt(&number))) {
        replacements.push_back(rewriter.getAffineConstantExpr(
            clampParameter(number.getSExtValue())));
        continue;
      }
      if (!reads(lower, i) && !reads(upper, i)) {
        replacements.push_back(rewriter.getAffineConstantExpr(0));
        continue;
      }
      auto *known = llvm::find(symbols, symbol);
      replacements.push_back(
          rewriter.getAffineSymbolExpr(known - symbols.begin()));
      if (known == symbols.end())
        symbols.push_back(symbol);
    }
    auto simplify = [&](AffineExpr expr) -> AffineExpr {
      AffineExpr replaced = expr.replaceSymbols(replacements);
      if (!hasPositiveDivisors(replaced) || hasSaturatingProduct(replaced))
        return {};
      // A product that saturated must not be able to any more.
      int64_t most = hasSaturatingProduct(expr) ? kMaxProduct : kMaxNumber;
      if (!isWithin(replaced, most))
        return {};
      // A remainder becomes a product there, which may be too large.
      AffineExpr simple = simplifyAffineExpr(replaced, 1, symbols.size());
      return isWithin(simple, most) ? simple : replaced;
    };
    AffineExpr newLower = lower ? simplify(lower) : lower,
               newUpper = upper ? simplify(upper) : upper;
    if ((lower && !newLower) || (upper && !newUpper))
      return rewriter.notifyMatchFailure(
          op, "a divisor is not positive, or a product may saturate");
    // An absent symbol takes its bound away; one that cancels must not be lost.
    for (auto [i, symbol] : llvm::enumerate(symbols))
      if (mayBeAbsent(symbol) &&
          (reads(newLower, i) != readsSymbol(op, lower, symbol) ||
           reads(newUpper, i) != readsSymbol(op, upper, symbol)))
        return rewriter.notifyMatchFailure(op, "a symbol may be absent");
    if (newLower == lower && newUpper == upper &&
        symbols.size() == op.getSymbols().size())
      return rewriter.notifyMatchFailure(op, "already simple");
    auto map = [&](AffineExpr expr) {
      return expr ? AffineMapAttr::get(AffineMap::get(1, symbols.size(), expr))
                  : AffineMapAttr();
    };
    rewriter.replaceOpWithNewOp<IntervalOp>(op, op.getType(), map(newLower),
                                            map(newUpper), symbols);
    return success();
  }
};

/// `upper - lower` a constant that is not positive -> `empty`.
struct EmptyInterval : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    if (llvm::any_of(op.getSymbols(), mayBeAbsent))
      return rewriter.notifyMatchFailure(op, "a bound may be absent");
    if (!op.getLower() || !op.getUpper())
      return rewriter.notifyMatchFailure(op, "a side is unbounded");
    AffineExpr size = simplifyAffineExpr(getExpression(op.getUpper()) -
                                             getExpression(op.getLower()),
                                         1, op.getSymbols().size());
    auto number = dyn_cast<AffineConstantExpr>(size);
    if (!number || number.getValue() > 0)
      return rewriter.notifyMatchFailure(op, "may hold keys");
    rewriter.replaceOpWithNewOp<EmptyOp>(op, op.getType());
    return success();
  }
};

/// `lower q + a upper q + b` -> `window left -a right b - 1`; an unbounded side
/// stays one.
struct IntervalToWindow : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getSymbols().empty())
      return rewriter.notifyMatchFailure(op, "symbols are not simplified");
    if (!op.getLower() && !op.getUpper())
      return rewriter.notifyMatchFailure(op, "has no bound");
    std::optional<int64_t> left, right;
    if (std::optional<AffineMap> lower = op.getLower()) {
      std::optional<int64_t> distance = getDistance(*lower);
      left = distance ? llvm::checkedSub<int64_t>(0, *distance) : std::nullopt;
      if (!left)
        return rewriter.notifyMatchFailure(op, "lower at no fixed distance");
    }
    if (std::optional<AffineMap> upper = op.getUpper()) {
      std::optional<int64_t> distance = getDistance(*upper);
      right = distance ? llvm::checkedSub<int64_t>(*distance, 1) : std::nullopt;
      if (!right)
        return rewriter.notifyMatchFailure(op, "upper at no fixed distance");
    }
    for (std::optional<int64_t> side : {left, right})
      if (side && *side != clampParameter(*side))
        return rewriter.notifyMatchFailure(op, "a bound lies too far away");
    auto side = [&](std::optional<int64_t> number) {
      return number ? Parameter(rewriter.getI64IntegerAttr(*number))
                    : Parameter();
    };
    rewriter.replaceOpWithNewOp<WindowOp>(op, side(left), side(right));
    return success();
  }

private:
  /// How far a bound lies behind the query, if that is a number.
  static std::optional<int64_t> getDistance(AffineMap map) {
    AffineExpr query = getAffineDimExpr(0, map.getContext());
    auto distance = dyn_cast<AffineConstantExpr>(
        simplifyAffineExpr(map.getResult(0) - query, 1, map.getNumSymbols()));
    return distance ? std::optional<int64_t>(distance.getValue())
                    : std::nullopt;
  }
};

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// Writes packing out as connectives. `rule request` waits for
/// `mask.of_layer`, unless there is nothing to pack. If the sequence ids may
/// still turn out absent, core and overlay are then joined unmoved, which the
/// expansion of a rule that moves the core to positions cannot say.
struct ExpandPacked : OpRewritePattern<PackedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PackedOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getSequenceIds() && !isAbsent(op.getSequenceIds())) {
      if (op.getRule() == PackingRule::Request)
        return rewriter.notifyMatchFailure(op, "the rule is not known yet");
      if (op.getRule() != PackingRule::V5_12 && op.getPositions() &&
          mayBeAbsent(op.getSequenceIds()))
        return rewriter.notifyMatchFailure(op, "sequence ids may be absent");
    }
    expandPacked(rewriter, op);
    return success();
  }
};

} // namespace

void WindowOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                           MLIRContext *context) {
  results.add<NameCausalWindow>(context);
}
void ChunkOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                          MLIRContext *context) {
  results.add<UnitChunkToWindow>(context);
}
void IntervalOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                             MLIRContext *context) {
  results.add<UnboundedInterval, SimplifyInterval, EmptyInterval,
              IntervalToWindow>(context);
}
void PackedOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                           MLIRContext *context) {
  results.add<ExpandPacked>(context);
}
