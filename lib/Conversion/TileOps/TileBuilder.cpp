//===- TileBuilder.cpp - builds code about the tiles of a loop -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

#include "Mask/IR/Range.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::mask;

/// A constant that is not a legal step is left to the check at run time.
static std::optional<int64_t> getKnownStep(TileForOp op) {
  std::optional<int64_t> step = getConstantIntValue(op.getMixedStep());
  if (step && (*step < 1 || *step > kMaxTile))
    return std::nullopt;
  return step;
}

TileBuilder::TileBuilder(OpBuilder &builder, TileForOp op, unsigned indexBits)
    : ImplicitLocOpBuilder(op.getLoc(), builder), op(op), indexBits(indexBits),
      step(getKnownStep(op)) {}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

using MakeExtremum = OpFoldResult (*)(OpBuilder &, Location, AffineMap,
                                      ArrayRef<OpFoldResult>);

static Value makeExtremum(ImplicitLocOpBuilder &b, MakeExtremum make,
                          ArrayRef<AffineExpr> expressions,
                          ValueRange operands) {
  AffineMap map =
      AffineMap::get(operands.size(), 0, expressions, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(), make(b, b.getLoc(), map, getAsOpFoldResult(operands)));
}

Value TileBuilder::affineMax(ArrayRef<AffineExpr> expressions,
                             ValueRange operands) {
  return makeExtremum(*this, affine::makeComposedFoldedAffineMax, expressions,
                      operands);
}

Value TileBuilder::affineMin(ArrayRef<AffineExpr> expressions,
                             ValueRange operands) {
  return makeExtremum(*this, affine::makeComposedFoldedAffineMin, expressions,
                      operands);
}

Value TileBuilder::maximum(Value x, Value y) {
  return affineMax({getAffineDimExpr(0), getAffineDimExpr(1)}, {x, y});
}

Value TileBuilder::minimum(Value x, Value y) {
  return affineMin({getAffineDimExpr(0), getAffineDimExpr(1)}, {x, y});
}

Value TileBuilder::limitBound(Value bound) {
  if (indexBits != 32)
    return bound;
  return maximum(minimum(bound, index(kMaxTile)), index(-kMaxTile));
}

/// `to - from`, zero if `to` lies before `from`.
Value TileBuilder::distance(Value from, Value to) {
  Value difference = createOrFold<arith::SubIOp>(to, from);
  return createOrFold<arith::MaxSIOp>(difference, index(0));
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value TileBuilder::getStep() { return step ? index(*step) : op.getStep(); }

Value TileBuilder::roundUp(Value start, Value bound) {
  if (!step)
    return skipTiles(start, countTiles(start, bound));
  AffineExpr from = getAffineDimExpr(0), to = getAffineDimExpr(1);
  return affineMax({from, from + (to - from).ceilDiv(*step) * *step},
                   {start, bound});
}

Value TileBuilder::roundDown(Value start, Value bound) {
  if (!step) {
    Value tiles =
        createOrFold<arith::DivUIOp>(distance(start, bound), getStep());
    return skipTiles(start, tiles);
  }
  AffineExpr from = getAffineDimExpr(0), to = getAffineDimExpr(1);
  return affineMax({from, from + (to - from).floorDiv(*step) * *step},
                   {start, bound});
}

Value TileBuilder::countTiles(Value start, Value end) {
  if (!step) {
    Value rest = add(getStep(), index(-1));
    return createOrFold<arith::DivUIOp>(add(distance(start, end), rest),
                                        getStep());
  }
  AffineExpr from = getAffineDimExpr(0), to = getAffineDimExpr(1);
  return affineMax({getAffineConstantExpr(0), (to - from).ceilDiv(*step)},
                   {start, end});
}

Value TileBuilder::skipTiles(Value start, Value count) {
  if (!step) {
    Value skipped = createOrFold<arith::MaxSIOp>(count, index(0));
    return add(start, multiply(skipped, getStep()));
  }
  AffineExpr from = getAffineDimExpr(0), tiles = getAffineDimExpr(1);
  return affineMax({from, from + tiles * *step}, {start, count});
}

Value TileBuilder::alignDown(Value key, int64_t align) {
  AffineMap map =
      AffineMap::get(1, 0, getAffineDimExpr(0).floorDiv(align) * align);
  return getValueOrCreateConstantIndexOp(
      *this, getLoc(),
      affine::makeComposedFoldedAffineApply(*this, getLoc(), map,
                                            getAsOpFoldResult(key)));
}

Value TileBuilder::getSize(Value key, Value end) {
  AffineExpr first = getAffineDimExpr(0), last = getAffineDimExpr(1);
  Value limit = op.getEnd() ? op.getEnd() : end;
  if (!step)
    return affineMin({getAffineDimExpr(2), last - first},
                     {key, limit, getStep()});
  return affineMin({getAffineConstantExpr(*step), last - first}, {key, limit});
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

SmallVector<Value> TileBuilder::inlineRegion(Region &region,
                                             ValueRange arguments) {
  IRMapping mapping;
  Block &block = region.front();
  mapping.map(block.getArguments(), arguments);
  for (Operation &nested : block.without_terminator())
    clone(nested, mapping);
  return llvm::map_to_vector(
      block.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

Value TileBuilder::isVisited(Value key, Value end) {
  return inlineRegion(op.getVisit(), {key, getSize(key, end)})[0];
}
