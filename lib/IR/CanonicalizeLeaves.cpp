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
    rewriter.replaceOpWithNewOp<WindowOp>(op, std::optional<int64_t>(0),
                                          std::optional<int64_t>(0));
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

/// Whether `expr` depends on one of the symbols of `op` that are `symbol`.
bool readsSymbol(IntervalOp op, AffineExpr expr, Value symbol) {
  return llvm::any_of(llvm::enumerate(op.getSymbols()), [&](auto operand) {
    return operand.value() == symbol &&
           expr.isFunctionOfSymbol(operand.index());
  });
}

/// A bound that depends on an absent symbol goes: it becomes the constant that
/// no key reaches, as in the index tables. Both -> `full`.
struct AbsentInterval : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    auto isUnbounded = [&](AffineMap map) {
      return llvm::any_of(llvm::enumerate(op.getSymbols()), [&](auto symbol) {
        return map.isFunctionOfSymbol(symbol.index()) &&
               isAbsent(symbol.value());
      });
    };
    bool below = isUnbounded(op.getLower()), above = isUnbounded(op.getUpper());
    if (!below && !above)
      return rewriter.notifyMatchFailure(op, "both sides are bounded");
    if (below && above) {
      rewriter.replaceOpWithNewOp<FullOp>(op, op.getType());
      return success();
    }
    AffineMap far = AffineMap::get(
        1, op.getSymbols().size(),
        rewriter.getAffineConstantExpr(below ? -int64_t(kNoKey) : kNoKey));
    rewriter.modifyOpInPlace(op, [&] {
      if (below)
        op.setLower(far);
      else
        op.setUpper(far);
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
    AffineExpr lower = op.getLower().getResult(0),
               upper = op.getUpper().getResult(0);
    SmallVector<AffineExpr> replacements;
    SmallVector<Value> symbols;
    for (auto [i, symbol] : llvm::enumerate(op.getSymbols())) {
      APInt number;
      if (matchPattern(symbol, m_ConstantInt(&number))) {
        replacements.push_back(rewriter.getAffineConstantExpr(
            clampParameter(number.getSExtValue())));
        continue;
      }
      if (!lower.isFunctionOfSymbol(i) && !upper.isFunctionOfSymbol(i)) {
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
      std::optional<int64_t> largest = getLargestNumber(replaced);
      if (!largest || *largest > most)
        return {};
      return simplifyAffineExpr(replaced, 1, symbols.size());
    };
    AffineExpr newLower = simplify(lower), newUpper = simplify(upper);
    if (!newLower || !newUpper)
      return rewriter.notifyMatchFailure(
          op, "a divisor is not positive, or a product may saturate");
    // An absent symbol takes its bound away; one that cancels must not be lost.
    for (auto [i, symbol] : llvm::enumerate(symbols))
      if (mayBeAbsent(symbol) &&
          (newLower.isFunctionOfSymbol(i) != readsSymbol(op, lower, symbol) ||
           newUpper.isFunctionOfSymbol(i) != readsSymbol(op, upper, symbol)))
        return rewriter.notifyMatchFailure(op, "a symbol may be absent");
    if (newLower == lower && newUpper == upper &&
        symbols.size() == op.getSymbols().size())
      return rewriter.notifyMatchFailure(op, "already simple");
    auto map = [&](AffineExpr expr) {
      return AffineMapAttr::get(AffineMap::get(1, symbols.size(), expr));
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
    AffineExpr size = simplifyAffineExpr(op.getUpper().getResult(0) -
                                             op.getLower().getResult(0),
                                         1, op.getSymbols().size());
    auto number = dyn_cast<AffineConstantExpr>(size);
    if (!number || number.getValue() > 0)
      return rewriter.notifyMatchFailure(op, "may hold keys");
    rewriter.replaceOpWithNewOp<EmptyOp>(op, op.getType());
    return success();
  }
};

/// `lower q + a upper q + b` -> `window left -a right b - 1`.
struct IntervalToWindow : OpRewritePattern<IntervalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntervalOp op,
                                PatternRewriter &rewriter) const override {
    AffineExpr query = rewriter.getAffineDimExpr(0);
    auto distance = [&](AffineMap map) {
      return dyn_cast<AffineConstantExpr>(
          simplifyAffineExpr(map.getResult(0) - query, 1, map.getNumSymbols()));
    };
    if (!op.getSymbols().empty())
      return rewriter.notifyMatchFailure(op, "symbols are not simplified");
    auto lower = distance(op.getLower()), upper = distance(op.getUpper());
    if (!lower || !upper)
      return rewriter.notifyMatchFailure(op, "not at fixed distances");
    auto left = llvm::checkedSub<int64_t>(0, lower.getValue());
    auto right = llvm::checkedSub<int64_t>(upper.getValue(), 1);
    for (std::optional<int64_t> side : {left, right})
      if (!side || *side != clampParameter(*side))
        return rewriter.notifyMatchFailure(op, "a bound lies too far away");
    rewriter.replaceOpWithNewOp<WindowOp>(op, left, right);
    return success();
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
  results
      .add<AbsentInterval, SimplifyInterval, EmptyInterval, IntervalToWindow>(
          context);
}
void PackedOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                           MLIRContext *context) {
  results.add<ExpandPacked>(context);
}
