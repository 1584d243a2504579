//===- CPUTileEmitter.cpp - online softmax with queries in lanes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

CPUTileEmitter::CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                               CPUScheduleAttr schedule, int64_t rows,
                               int64_t rowUnit)
    : CPUEmitter(builder, op, schedule, schedule.getPairs()),
      held(llvm::alignTo(schedule.getQueryTile() * heads, lanes)), rows(rows),
      rowUnit(rowUnit), keyUnit(std::max(rowUnit, elements.width)),
      vectors(held % (2 * lanes) == 0 ? 2 : 1) {}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

SmallVector<std::pair<Value, Value>> CPUTileEmitter::locateLanes(Value lane) {
  SmallVector<std::pair<Value, Value>> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(locateExisting(offset(lane, i)));
  return rows;
}

Value CPUTileEmitter::getRows(Value handle, const ScoreLayout &layout) {
  return vector::LoadOp::create(b, sums.clone(b.getI32Type()), handle,
                                layout.symbols.front());
}

/// The first row is a multiple of `lanes`; where they and the heads divide one
/// another, one of the coordinates is the same for every such vector.
ScoreLayout CPUTileEmitter::getLayout(Value lane, Value row) {
  AffineExpr first = b.getAffineSymbolExpr(0), d = b.getAffineDimExpr(0);
  AffineExpr head = (first + d) % heads, query = (first + d).floorDiv(heads);
  if (lanes % heads == 0) {
    head = d % heads;
    query = first.floorDiv(heads) + d.floorDiv(heads);
  } else if (heads % lanes == 0) {
    head = first % heads + d;
    query = first.floorDiv(heads);
  }
  return {AffineMap::get(1, 2, {head, query, b.getAffineSymbolExpr(1)},
                         b.getContext()),
          {lane, row}};
}

LogicalResult CPUTileEmitter::mapScores(const KeyTile &keys,
                                        SmallVectorImpl<Value> &,
                                        ScoreFunction function) {
  LogicalResult result = success();
  forLanes([&](Value lane) {
    forLoop(index(0), keys.size, 1, [&](Value row) {
      Value before = load(scoreBuffer, {row, lane});
      Value at = add(keys.first, row);
      FailureOr<Value> after = function(before, getLayout(lane, at));
      if (failed(after)) {
        result = failure();
        return;
      }
      store(*after, scoreBuffer, {row, lane});
    });
  });
  return result;
}

//===----------------------------------------------------------------------===//
// The steps of a tile
//===----------------------------------------------------------------------===//

/// The keys that are multiplied first; those after them are asked for then. In
/// sequences of a few tokens that is a good part of them.
void CPUTileEmitter::prefetchFirstKeys() {
  constexpr int64_t kFirst = 16;
  if (tile.firstVisited && !op.isPaged())
    prefetchKeys(key, tile.firstVisited, std::min(keyTile, kFirst));
}

CPUEmitter::AccumulatorShape CPUTileEmitter::getAccumulatorShape() {
  Value columns = b.createOrFold<memref::DimOp>(op.getValue(), 3);
  return {getAsOpFoldResult(roundUp(columns, std::max(lanes, rowUnit))),
          b.getIndexAttr(held)};
}

bool CPUTileEmitter::areKeysWholeCells() {
  auto type = cast<MemRefType>(op.getKey().getType());
  int64_t depth = type.getDimSize(3);
  return elements.data == elements.factor && rowUnit == 1 && !op.isPaged() &&
         type.isLastDimUnitStride() && !ShapedType::isDynamic(depth) &&
         depth % elements.width == 0;
}

void CPUTileEmitter::allocate() {
  FloatType factor = elements.factor, type = elements.sum;
  int64_t width = elements.width;
  Value depth = query.getSize(b, 3), columns = value.getSize(b, 3);
  // Whole vectors of columns, of which the last may be cut short.
  OpFoldResult depthCells = getAsOpFoldResult(
                   apply(b.getAffineDimExpr(0).ceilDiv(lanes * width) * lanes,
                         depth)),
               paddedDepth = getAsOpFoldResult(roundUp(depth, lanes * width)),
               valueCells = getAsOpFoldResult(
                   apply(b.getAffineDimExpr(0).ceilDiv(lanes) * (lanes * width),
                         columns));
  OpFoldResult keyRows = b.getIndexAttr(llvm::alignTo(keyTile, width)),
               keyCells = b.getIndexAttr(llvm::divideCeil(keyTile, width)),
               inLanes = b.getIndexAttr(held),
               cellsInLanes = b.getIndexAttr(held * width);
  AccumulatorShape shape = getAccumulatorShape();
  workspace.emplace(b);
  queries = workspace->take({depthCells, cellsInLanes}, factor);
  if (elements.isPacked()) {
    if (!areKeysWholeCells())
      keyBlock = workspace->take({keyRows, paddedDepth}, factor);
    valueBlock = workspace->take({keyCells, valueCells}, factor);
  }
  scoreBuffer = workspace->take({keyRows, inLanes}, type);
  weights = elements.roundsWeights()
                ? workspace->take({keyCells, cellsInLanes}, factor)
                : scoreBuffer;
  takePages();
  takeState(shape);
}

SmallVector<Value> CPUTileEmitter::begin(const QueryTile &tile) {
  place(tile);
  allocate();
  prefetchLanes(query, index(0), getNumRows());
  prefetchFirstKeys();
  startSoftmax();
  packQueries();
  return {};
}

SmallVector<Value> CPUTileEmitter::scores(const KeyTile &keys) {
  findPages(keys);
  if (keyBlock)
    packKeys(keys);
  multiplyKeys(keys);
  return {};
}

LogicalResult CPUTileEmitter::update(const KeyTile &keys, ArrayRef<Value>,
                                     Value hidden, ScoreFunction visible,
                                     SmallVectorImpl<Value> &) {
  hideMissingKeys(keys);
  forLanes([&](Value lane) { softmax(keys, lane); });
  return accumulate(keys, hidden, visible);
}

void CPUTileEmitter::writeResults() {
  Value sinks = gatherSinks(held, held);
  forLanes([&](Value lane) { finishRows(lane, load(sum, lane), sinks); });
  writeOutput();
  if (op.getLogSumExp())
    forLoop(index(0), getNumRows(), 1, [&](Value row) { storeLogSumExp(row); });
}
