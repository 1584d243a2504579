//===- CanonicalizeCoordinates.cpp - normal form of shift and at_positions -*-
// C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// `input` under the shift of `op`.
Value shiftLike(ShiftOp op, Value input, OpBuilder &builder) {
  return ShiftOp::create(builder, op.getLoc(), op.getType(), input,
                         op.getQuery(), op.getKey(), op.getConstantQueryAttr(),
                         op.getQueryAxisAttr(), op.getConstantKeyAttr(),
                         op.getKeyAxisAttr());
}

/// `value`, if there is one and it lies within `limit`.
std::optional<int64_t> within(std::optional<int64_t> value, int64_t limit) {
  return value && *value == clampTo(*value, limit) ? value : std::nullopt;
}

Parameter number(int64_t value) {
  return {static_cast<uint64_t>(value), Value(), std::nullopt};
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
std::optional<Parameter> addShifts(Parameter a, Parameter b) {
  if (a.getConstant() == 0)
    return b;
  if (b.getConstant() == 0)
    return a;
  if (!a.getConstant() || !b.getConstant())
    return std::nullopt;
  auto sum = within(llvm::checkedAdd(*a.getConstant(), *b.getConstant()),
                    kMaxParameter);
  return sum ? std::optional<Parameter>(number(*sum)) : std::nullopt;
}

/// shift(shift(a)) -> shift(a)
struct ShiftShift : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ShiftOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is not shifted");
    auto query = addShifts(op.getQueryParameter(), inner.getQueryParameter());
    auto key = addShifts(op.getKeyParameter(), inner.getKeyParameter());
    if (!query || !key)
      return rewriter.notifyMatchFailure(op, "a sum is known only at run time");
    auto constant = [&](Parameter shift) {
      return shift.attribute ? rewriter.getI64IntegerAttr(*shift.attribute)
                             : IntegerAttr();
    };
    auto axis = [&](Parameter shift) {
      return shift.axis
                 ? ParameterAxisAttr::get(rewriter.getContext(), *shift.axis)
                 : ParameterAxisAttr();
    };
    rewriter.replaceOpWithNewOp<ShiftOp>(
        op, op.getType(), inner.getInput(), query->value, key->value,
        constant(*query), axis(*query), constant(*key), axis(*key));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Into leaves
//===----------------------------------------------------------------------===//

/// A shift by numbers known to the compiler, or by one run-time number on both
/// sides.
struct StaticShift {
  /// Known only if both are.
  std::optional<int64_t> query, key;
  /// How far queries move away from keys, where that is known.
  std::optional<int64_t> distance;
};

StaticShift getStaticShift(ShiftOp op) {
  Parameter query = op.getQueryParameter(), key = op.getKeyParameter();
  StaticShift shift;
  if (query.getConstant() && key.getConstant()) {
    shift.query = query.getConstant();
    shift.key = key.getConstant();
    shift.distance = llvm::checkedSub(*shift.query, *shift.key);
  } else if (query.value && query.value == key.value && !query.axis &&
             !key.axis) {
    shift.distance = 0;
  }
  return shift;
}

/// `q + dq - left <= k + dk <= q + dq + right`
Value shiftWindow(Value window, StaticShift shift, OpBuilder &builder,
                  Location loc) {
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
    bounds->left = number(*moved);
  }
  if (auto right = bounds->right.getConstant()) {
    auto moved =
        within(llvm::checkedAdd(*right, *shift.distance), kMaxParameter);
    if (!moved)
      return {};
    bounds->right = number(*moved);
  }
  return createWindow(builder, loc, *bounds);
}

/// `k + dk < length`
template <typename OpTy>
Value shiftKeyBound(OpTy op, StaticShift shift, OpBuilder &builder) {
  std::optional<int64_t> length = op.getLengthParameter().getConstant();
  if (!length || !shift.key)
    return {};
  auto moved = within(llvm::checkedSub(*length, *shift.key), kMaxParameter);
  if (!moved)
    return {};
  return OpTy::create(builder, op.getLoc(), op.getType(), Value(),
                      builder.getI64IntegerAttr(*moved), ParameterAxisAttr());
}

/// A shift by a multiple of the size moves every chunk onto another one;
/// any other shift of both sides moves the offset.
Value shiftChunk(ChunkOp op, StaticShift shift, OpBuilder &builder) {
  if (shift.distance != 0 || !shift.query)
    return {};
  std::optional<int64_t> size = op.getSizeParameter().getConstant();
  if (size && *shift.query % *size == 0)
    return op;
  if (op.getOffset())
    return {};
  auto offset =
      within(llvm::checkedSub(op.getOffsetParameter().getConstant().value_or(0),
                              *shift.query),
             kMaxParameter);
  if (!offset)
    return {};
  return ChunkOp::create(
      builder, op.getLoc(), op.getType(), op.getSize(), Value(),
      op.getConstantSizeAttr(), op.getSizeAxisAttr(),
      builder.getI64IntegerAttr(*offset), ParameterAxisAttr());
}

Value shiftDilated(DilatedOp op, StaticShift shift) {
  if (!shift.distance)
    return {};
  std::optional<int64_t> stride = op.getStrideParameter().getConstant();
  bool same =
      *shift.distance == 0 || (stride && *shift.distance % *stride == 0);
  return same ? op.getResult() : Value();
}

/// `lower(q + dq) <= k + dk < upper(q + dq)`
Value shiftInterval(IntervalOp op, StaticShift shift, OpBuilder &builder) {
  if (!shift.query)
    return {};
  AffineExpr query = builder.getAffineDimExpr(0) + *shift.query;
  auto move = [&](std::optional<AffineMap> map) {
    return map ? map->getResult(0).replaceDims({query}) - *shift.key
               : AffineExpr();
  };
  AffineExpr lower = move(op.getLower()), upper = move(op.getUpper());
  for (AffineExpr bound : {lower, upper})
    if (bound && (!within(getLargestNumber(bound), kMaxNumber) ||
                  hasSaturatingProduct(bound)))
      return {};
  auto map = [&](AffineExpr bound) {
    return bound ? AffineMapAttr::get(
                       AffineMap::get(1, op.getSymbols().size(), bound))
                 : AffineMapAttr();
  };
  return IntervalOp::create(builder, op.getLoc(), op.getType(), map(lower),
                            map(upper), op.getSymbols());
}

/// Leaves that can say the shift with their own parameters.
struct ShiftLeaf : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    Operation *leaf = op.getInput().getDefiningOp();
    if (!leaf)
      return rewriter.notifyMatchFailure(op, "the input is an argument");
    StaticShift shift = getStaticShift(op);
    Value moved =
        llvm::TypeSwitch<Operation *, Value>(leaf)
            .Case<CausalOp, WindowOp>([&](auto window) {
              return shiftWindow(window, shift, rewriter, op.getLoc());
            })
            .Case<PrefixOp, KeyLengthOp>([&](auto bound) {
              return shiftKeyBound(bound, shift, rewriter);
            })
            .Case<ChunkOp>([&](ChunkOp chunk) {
              return shiftChunk(chunk, shift, rewriter);
            })
            .Case<DilatedOp>(
                [&](DilatedOp dilated) { return shiftDilated(dilated, shift); })
            .Case<IntervalOp>([&](IntervalOp interval) {
              return shiftInterval(interval, shift, rewriter);
            })
            .Default([](Operation *) { return Value(); });
    if (!moved)
      return rewriter.notifyMatchFailure(op, "the leaf cannot take it up");
    rewriter.replaceOp(op, moved);
    return success();
  }
};

/// Leaves that do not read the query take no notice of its shift.
struct DropQueryShift : OpRewritePattern<ShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ShiftOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa_and_present<PrefixOp, KeyLengthOp, KeyPaddingOp>(
            op.getInput().getDefiningOp()))
      return rewriter.notifyMatchFailure(op, "the input may read the query");
    if (op.getQueryAxis() || op.getConstantQuery() == 0)
      return rewriter.notifyMatchFailure(op, "no shift, or one per row");
    rewriter.modifyOpInPlace(op, [&] {
      op.getQueryMutable().clear();
      op.setConstantQueryAttr(rewriter.getI64IntegerAttr(0));
    });
    return success();
  }
};

} // namespace

void ShiftOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                          MLIRContext *context) {
  results
      .add<ShiftConnective<AndOp>, ShiftConnective<OrOp>, ShiftNot, ShiftShift,
           MoveRestrictionOut<ShiftOp, HeadsOp>,
           MoveRestrictionOut<ShiftOp, BatchesOp>, ShiftLeaf, DropQueryShift>(
          context);
}

void AtPositionsOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                                MLIRContext *context) {
  results.add<MoveRestrictionOut<AtPositionsOp, HeadsOp>,
              MoveRestrictionOut<AtPositionsOp, BatchesOp>>(context);
}
