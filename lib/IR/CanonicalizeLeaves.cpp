//===- CanonicalizeLeaves.cpp - normal form of leaves and packing -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Absence.h"
#include "Mask/IR/Mask.h"
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
        replacements.push_back(
            rewriter.getAffineConstantExpr(number.getSExtValue()));
        continue;
      }
      if (!lower.isFunctionOfSymbol(i) && !upper.isFunctionOfSymbol(i)) {
        replacements.push_back(rewriter.getAffineConstantExpr(0));
        continue;
      }
      auto known = llvm::find(symbols, symbol);
      replacements.push_back(
          rewriter.getAffineSymbolExpr(known - symbols.begin()));
      if (known == symbols.end())
        symbols.push_back(symbol);
    }
    auto simplify = [&](AffineExpr expr) -> AffineExpr {
      AffineExpr replaced = expr.replaceSymbols(replacements);
      if (!hasPositiveDivisors(replaced))
        return {};
      return simplifyAffineExpr(replaced, 1, symbols.size());
    };
    AffineExpr newLower = simplify(lower), newUpper = simplify(upper);
    if (!newLower || !newUpper)
      return rewriter.notifyMatchFailure(op, "a divisor is not positive");
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
    auto lower = distance(op.getLower()), upper = distance(op.getUpper());
    if (!lower || !upper)
      return rewriter.notifyMatchFailure(op, "not at fixed distances");
    auto left = llvm::checkedSub<int64_t>(0, lower.getValue());
    auto right = llvm::checkedSub<int64_t>(upper.getValue(), 1);
    if (!left || !right)
      return rewriter.notifyMatchFailure(op, "a bound overflows");
    rewriter.replaceOpWithNewOp<WindowOp>(op, left, right);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// Writes packing out as connectives. `rule request` waits for
/// `mask.of_layer`, unless there is nothing to pack. Inside of a policy a fact
/// may still turn out absent: then core and overlay are joined unmoved, which
/// the expansion of a rule that moves the core to positions cannot say.
struct ExpandPacked : OpRewritePattern<PackedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PackedOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type type = op.getType();
    Value core = op.getCore(), overlay = op.getOverlay();
    if (!op.getSequenceIds() || isAbsent(op.getSequenceIds())) {
      rewriter.replaceOpWithNewOp<OrOp>(op, type, ValueRange{core, overlay});
      return success();
    }
    if (op.getRule() == PackingRule::Request)
      return rewriter.notifyMatchFailure(op, "the rule is not known yet");
    bool moves = op.getRule() != PackingRule::V5_12 && op.getPositions() &&
                 !isAbsent(op.getPositions());
    if (moves && op->getParentOfType<PolicyOp>())
      return rewriter.notifyMatchFailure(op, "a fact may still be absent");
    Value same = DocumentOp::create(rewriter, loc, type, op.getSequenceIds(),
                                    /*key_ids=*/Value(), /*table=*/Value());
    if (moves)
      core = AtPositionsOp::create(rewriter, loc, type, core, op.getPositions(),
                                   op.getPositions(),
                                   /*table=*/Value());
    if (op.getRule() == PackingRule::V5_24) {
      Value either =
          OrOp::create(rewriter, loc, type, ValueRange{core, overlay});
      rewriter.replaceOpWithNewOp<AndOp>(op, type, ValueRange{either, same});
      return success();
    }
    Value packed = AndOp::create(rewriter, loc, type, ValueRange{core, same});
    rewriter.replaceOpWithNewOp<OrOp>(op, type, ValueRange{packed, overlay});
    return success();
  }
};

} // namespace

void WindowOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<NameCausalWindow>(context);
}
void ChunkOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<UnitChunkToWindow>(context);
}
void IntervalOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<SimplifyInterval, EmptyInterval, IntervalToWindow>(context);
}
void PackedOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<ExpandPacked>(context);
}
