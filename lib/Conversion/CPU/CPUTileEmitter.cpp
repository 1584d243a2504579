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

static FloatType getDataType(AttentionOp op) {
  return cast<FloatType>(getElementTypeOrSelf(op.getQuery().getType()));
}

CPUTileEmitter::CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                               CPUScheduleAttr schedule)
    : CPUGrid(builder), LoopBuilder(builder), op(op),
      elements(getDataType(op), schedule.getPairs(), schedule.getLanes()),
      heads(schedule.getHeads()),
      held(llvm::alignTo(schedule.getQueryTile() * heads, schedule.getLanes())),
      keyTile(schedule.getKeyTile()), lanes(schedule.getLanes()),
      rows(schedule.getRows()), vectors(held % (2 * lanes) == 0 ? 2 : 1),
      sums(elements.getSums()) {}

Value CPUTileEmitter::splat(double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(sums, b.getFloatAttr(elements.sum, value)));
}

Value CPUTileEmitter::load(Value memref, ValueRange indices) {
  return vector::LoadOp::create(b, sums, memref, indices);
}

void CPUTileEmitter::store(Value vector, Value memref, ValueRange indices) {
  vector::StoreOp::create(b, vector, memref, indices);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

std::pair<Value, Value> CPUTileEmitter::locate(Value row) {
  AffineExpr first = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1);
  return {apply(first + r % heads, {tile.head, row}),
          apply(first + r.floorDiv(heads), {tile.row, row})};
}

SmallVector<std::pair<Value, Value>> CPUTileEmitter::locateLanes(Value lane) {
  Value last = offset(getNumRows(), -1);
  SmallVector<std::pair<Value, Value>> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(
        locate(b.createOrFold<arith::MinSIOp>(offset(lane, i), last)));
  return rows;
}

Value CPUTileEmitter::getNumRows() {
  return b.createOrFold<arith::MulIOp>(tile.rows, index(heads));
}

FailureOr<Value> CPUTileEmitter::mapRows(RowFunction function) {
  Value buffer = workspace->take(held, b.getI32Type());
  LogicalResult result = success();
  forLoop(index(0), index(held), 1, [&](Value lane) {
    // The lanes of queries that do not exist repeat the last one.
    AffineExpr first = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1),
               last = b.getAffineDimExpr(2);
    AffineMap position =
        AffineMap::get(3, 0, {first + r.floorDiv(heads), last}, b.getContext());
    Value operands[] = {tile.firstQuery, lane, tile.lastQuery};
    Value row = getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineMin(b, b.getLoc(), position,
                                            getAsOpFoldResult(operands)));
    Value head = apply(first + r % heads, {tile.absoluteHead, lane});
    FailureOr<Value> number = function(head, row);
    if (failed(number))
      result = failure();
    else
      memref::StoreOp::create(b, *number, buffer, lane);
  });
  if (failed(result))
    return failure();
  return buffer;
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

void CPUTileEmitter::allocate() {
  FloatType factor = elements.factor, type = elements.sum;
  int64_t width = elements.width;
  Value depth = query.getSize(b, 3), columns = value.getSize(b, 3);
  // Whole vectors of columns, of which the last may be cut short.
  OpFoldResult depthCells = getAsOpFoldResult(
                   apply(b.getAffineDimExpr(0).ceilDiv(lanes * width) * lanes,
                         depth)),
               paddedDepth = getAsOpFoldResult(roundUp(depth, lanes * width)),
               paddedColumns = getAsOpFoldResult(roundUp(columns, lanes)),
               valueCells = getAsOpFoldResult(
                   apply(b.getAffineDimExpr(0).ceilDiv(lanes) * (lanes * width),
                         columns));
  OpFoldResult keyRows = b.getIndexAttr(llvm::alignTo(keyTile, width)),
               keyCells = b.getIndexAttr(llvm::divideCeil(keyTile, width)),
               inLanes = b.getIndexAttr(held),
               cellsInLanes = b.getIndexAttr(held * width);
  workspace.emplace(b);
  queries = workspace->take({depthCells, cellsInLanes}, factor);
  if (elements.isPacked()) {
    keyBlock = workspace->take({keyRows, paddedDepth}, factor);
    valueBlock = workspace->take({keyCells, valueCells}, factor);
  }
  scoreBuffer = workspace->take({keyRows, inLanes}, type);
  weights = elements.roundsWeights()
                ? workspace->take({keyCells, cellsInLanes}, factor)
                : scoreBuffer;
  accumulator = workspace->take({paddedColumns, inLanes}, type);
  maximum = workspace->take(held, type);
  sum = workspace->take(held, type);
}

SmallVector<Value> CPUTileEmitter::begin(const QueryTile &tile) {
  this->tile = tile;
  query = {op.getQuery(), tile.batch, tile.head};
  key = {op.getKey(), tile.batch, tile.keyHead};
  value = {op.getValue(), tile.batch, tile.keyHead};
  output = {op.getOutput(), tile.batch, tile.head};
  allocate();
  scoreFactor = emitScale(b, op, elements.sum);
  if (op.getScore().empty())
    scoreFactor = b.createOrFold<arith::MulFOp>(
        scoreFactor,
        arith::ConstantOp::create(
            b, b.getFloatAttr(elements.sum, llvm::numbers::log2e)));
  packQueries();
  startSoftmax();
  return {};
}

SmallVector<Value> CPUTileEmitter::scores(const KeyTile &keys) {
  if (elements.isPacked())
    packKeys(keys);
  multiplyKeys(keys);
  return {};
}

LogicalResult CPUTileEmitter::update(const KeyTile &keys, ArrayRef<Value>,
                                     Value hidden, ScoreFunction visible,
                                     SmallVectorImpl<Value> &) {
  hideMissingPartner(keys);
  forLanes([&](Value lane) { softmax(keys, lane); });
  return accumulate(keys, hidden, visible);
}

void CPUTileEmitter::finish(ValueRange) {
  Value sinks = gatherSinks();
  forLanes([&](Value lane) { finishStatistics(lane, sinks); });
  writeOutput();
  writeLogSumExp();
  workspace->free();
}
