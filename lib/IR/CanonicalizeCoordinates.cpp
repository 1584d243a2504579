//===- CanonicalizeCoordinates.cpp - normal form of coordinates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shifts move through connectives towards the leaves and into those that can
// take them up. A shift per batch row or head has an extent, outside of which
// nothing is visible (law 1), so it passes neither `not` nor a leaf that does
// not read it.
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/IntervalMap.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"
#include "Mask/IR/WindowBounds.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// `input` under the shift of `op`.
Value shiftLike(ShiftOp op, Value input, OpBuilder &builder) {
  return ShiftOp::create(builder, op.getLoc(), input, op.getQueryParameter(),
                         op.getKeyParameter());
}

/// `value`, if there is one and it lies within `limit`.
std::optional<int64_t> within(std::optional<int64_t> value, int64_t limit) {
  return value && *value == clampTo(*value, limit) ? value : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Through connectives
//===----------------------------------------------------------------------===//

/// shift(and(a, b)) -> and(shift(a), shift(b))
template <typename OpTy>
struct ShiftConnective : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto input = op.getInput().getDefiningOp<OpTy>();
    if (!input)
      return rewriter.notifyMatchFailure(op, "the input is another op");
    SmallVector<Value> shifted;
    for (Value part : input.getInputs())
      shifted.push_back(shiftLike(op, part, rewriter));
    rewriter.replaceOpWithNewOp<OpTy>(op, op.getType(), shifted);
    return success();
  }
};

/// shift(not(a)) -> not(shift(a))
struct ShiftNot : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto input = op.getInput().getDefiningOp<NotOp>();
    if (!input || op.getQueryAxis() || op.getKeyAxis())
      return rewriter.notifyMatchFailure(op, "no mask.not, or a shift per row");
    Value inner = shiftLike(op, input.getInput(), rewriter);
    rewriter.replaceOpWithNewOp<NotOp>(op, op.getType(), inner);
    return success();
  }
};

/// shift(heads(a)) -> heads(shift(a)); the same of `batches` and for
/// `at_positions`: other coordinates leave batch row and head alone.
template <typename OpTy, typename Restrict>
struct MoveRestrictionOut : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto input = op.getInput().template getDefiningOp<Restrict>();
    if (!input)
      return rewriter.notifyMatchFailure(op, "the input is not restricted");
    IRMapping mapping;
    mapping.map(op.getInput(), input.getInput());
    Operation *inner = rewriter.clone(*op.getOperation(), mapping);
    rewriter.replaceOpWithNewOp<Restrict>(op, op.getType(), inner->getResult(0),
                                          input.getMembersAttr());
    return success();
  }
};

/// The sum of two shifts, if it needs no arithmetic on run-time values.
std::optional<Parameter> addShifts(Builder &builder, Parameter a, Parameter b) {
  if (a.getConstant() == 0)
    return b;
  if (b.getConstant() == 0)
    return a;
  if (!a.getConstant() || !b.getConstant())
    return std::nullopt;
  auto sum = within(llvm::checkedAdd(*a.getConstant(), *b.getConstant()),
                    kMaxParameter);
  if (!sum)
    return std::nullopt;
  return builder.getI64IntegerAttr(*sum);
}

/// shift(shift(a)) -> shift(a)
struct ShiftShift : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ShiftOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is not shifted");
    auto query =
        addShifts(rewriter, op.getQueryParameter(), inner.getQueryParameter());
    auto key =
        addShifts(rewriter, op.getKeyParameter(), inner.getKeyParameter());
    if (!query || !key)
      return rewriter.notifyMatchFailure(op, "a sum is known only at run time");
    rewriter.replaceOpWithNewOp<ShiftOp>(op, inner.getInput(), *query, *key);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Into leaves
//===----------------------------------------------------------------------===//

StaticShift getStaticShift(ShiftOp op) {
  Parameter query = op.getQueryParameter(), key = op.getKeyParameter();
  StaticShift shift;
  if (query.getConstant() && key.getConstant()) {
    shift.query = query.getConstant();
    shift.key = key.getConstant();
    shift.distance = llvm::checkedSub(*shift.query, *shift.key);
  } else if (query.getValue() && query == key && !query.axis) {
    shift.distance = 0;
  }
  return shift;
}

/// Leaves that can say the shift with their own parameters.
struct ShiftLeaf : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto leaf = op.getInput().getDefiningOp<PredicateOpInterface>();
    if (!leaf)
      return rewriter.notifyMatchFailure(op, "the input is an argument");
    Value moved = leaf.getShifted(rewriter, getStaticShift(op));
    if (!moved)
      return rewriter.notifyMatchFailure(op, "the leaf cannot take it up");
    rewriter.replaceOp(op, moved);
    return success();
  }
};

/// Leaves that do not read the query take no notice of its shift; the same of
/// the key.
struct DropUnreadShift : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto leaf = op.getInput().getDefiningOp<PredicateOpInterface>();
    if (!leaf)
      return rewriter.notifyMatchFailure(op, "the input is an argument");
    bool query =
        !leaf.readsQuery() && !op.getQueryAxis() && op.getStaticQuery() != 0;
    bool key = !leaf.readsKey() && !op.getKeyAxis() && op.getStaticKey() != 0;
    if (!query && !key)
      return rewriter.notifyMatchFailure(
          op, "the input reads both, or is shifted per row");
    rewriter.modifyOpInPlace(op, [&] {
      IntegerAttr zero = rewriter.getI64IntegerAttr(0);
      if (query)
        op.setQueryParameter(zero);
      if (key)
        op.setKeyParameter(zero);
    });
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// The leaves that can
//===----------------------------------------------------------------------===//

/// `q + dq - left <= k + dk <= q + dq + right`
static Value shiftWindow(Value window, StaticShift shift, OpBuilder &builder) {
  std::optional<WindowBounds> bounds = getWindowBounds(window);
  if (!bounds || !shift.distance)
    return {};
  if (*shift.distance == 0)
    return window;
  if (!bounds->isStatic())
    return {};
  if (auto left = bounds->left.getConstant()) {
    auto moved =
        within(llvm::checkedSub(*left, *shift.distance), kMaxParameter);
    if (!moved)
      return {};
    bounds->left = builder.getI64IntegerAttr(*moved);
  }
  if (auto right = bounds->right.getConstant()) {
    auto moved =
        within(llvm::checkedAdd(*right, *shift.distance), kMaxParameter);
    if (!moved)
      return {};
    bounds->right = builder.getI64IntegerAttr(*moved);
  }
  return createWindow(builder, window.getLoc(), *bounds);
}

Value CausalOp::getShifted(OpBuilder &builder, StaticShift shift) {
  return shiftWindow(getResult(), shift, builder);
}
Value WindowOp::getShifted(OpBuilder &builder, StaticShift shift) {
  return shiftWindow(getResult(), shift, builder);
}

/// A shift by a multiple of the size moves every chunk onto another one;
/// any other shift of both sides moves the offset.
Value ChunkOp::getShifted(OpBuilder &builder, StaticShift shift) {
  if (shift.distance != 0 || !shift.query)
    return {};
  std::optional<int64_t> size = getSizeParameter().getConstant();
  if (size && *shift.query % *size == 0)
    return getResult();
  if (getOffset())
    return {};
  auto offset =
      within(llvm::checkedSub(getOffsetParameter().getConstant().value_or(0),
                              *shift.query),
             kMaxParameter);
  if (!offset)
    return {};
  return ChunkOp::create(builder, getLoc(), getSizeParameter(),
                         builder.getI64IntegerAttr(*offset));
}

Value DilatedOp::getShifted(OpBuilder &, StaticShift shift) {
  if (!shift.distance)
    return {};
  std::optional<int64_t> stride = getStrideParameter().getConstant();
  bool same =
      *shift.distance == 0 || (stride && *shift.distance % *stride == 0);
  return same ? getResult() : Value();
}

/// `lower(q + dq) <= k + dk < upper(q + dq)`
Value IntervalOp::getShifted(OpBuilder &builder, StaticShift shift) {
  if (!shift.query)
    return {};
  AffineExpr query = builder.getAffineDimExpr(0) + *shift.query;
  auto move = [&](std::optional<AffineMap> map) {
    return map ? map->getResult(0).replaceDims({query}) - *shift.key
               : AffineExpr();
  };
  AffineExpr lower = move(getLower()), upper = move(getUpper());
  for (AffineExpr bound : {lower, upper})
    if (bound && (!within(getLargestNumber(bound), kMaxNumber) ||
                  hasSaturatingProduct(bound)))
      return {};
  auto map = [&](AffineExpr bound) {
    return bound ? AffineMapAttr::get(
                       AffineMap::get(1, getSymbols().size(), bound))
                 : AffineMapAttr();
  };
  return IntervalOp::create(builder, getLoc(), getType(), map(lower),
                            map(upper), getSymbols());
}

void ShiftOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                          MLIRContext *context) {
  results
      .add<ShiftConnective<AndOp>, ShiftConnective<OrOp>, ShiftNot, ShiftShift,
           MoveRestrictionOut<ShiftOp, HeadsOp>,
           MoveRestrictionOut<ShiftOp, BatchesOp>, ShiftLeaf, DropUnreadShift>(
          context);
}

void AtPositionsOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                                MLIRContext *context) {
  results.add<MoveRestrictionOut<AtPositionsOp, HeadsOp>,
              MoveRestrictionOut<AtPositionsOp, BatchesOp>>(context);
}
