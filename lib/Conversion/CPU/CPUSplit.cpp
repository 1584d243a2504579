//===- CPUSplit.cpp - the keys of a tile in parts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUEmitter.h"

#include "Mask/IR/AttentionSizes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// How many tiles there are along batch rows, heads and queries.
SmallVector<OpFoldResult> CPUEmitter::getNumTiles(int64_t tileQueries) {
  SmallVector<OpFoldResult> counts;
  for (auto [dim, step] :
       llvm::enumerate(ArrayRef<int64_t>{1, heads, tileQueries})) {
    OpFoldResult extent =
        memref::getMixedSize(b, b.getLoc(), op.getOutput(), dim);
    counts.push_back(affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), b.getAffineSymbolExpr(0).ceilDiv(step), extent));
  }
  return counts;
}

/// Which of all tiles the one at a batch row, head and query is.
Value CPUEmitter::numberTile(ValueRange position) {
  SmallVector<OpFoldResult> counts = getNumTiles(split->tileQueries),
                            operands = getAsOpFoldResult(position);
  operands.push_back(counts[1]);
  operands.push_back(counts[2]);
  AffineExpr batch, head, query, numHeads, numQueries;
  bindSymbols(b.getContext(), batch, head, query, numHeads, numQueries);
  AffineExpr number = (batch * numHeads + head.floorDiv(heads)) * numQueries +
                      query.floorDiv(split->tileQueries);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), number, operands));
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

void CPUEmitter::splitKeys(int64_t pieces, int64_t tileQueries) {
  if (pieces <= 1)
    return;
  split.emplace();
  split->tileQueries = tileQueries;
  SmallVector<OpFoldResult> counts = getNumTiles(tileQueries);
  counts.push_back(getNumKeys(b, op));
  AffineExpr batches, numHeads, numQueries, keys;
  bindSymbols(b.getContext(), batches, numHeads, numQueries, keys);
  auto get = [&](AffineExpr expr) {
    return getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, counts));
  };
  Value tiles = get(batches * numHeads * numQueries),
        keyTiles = get(keys.ceilDiv(keyTile));
  auto atLeastOne = [&](Value x) {
    return b.createOrFold<arith::MaxSIOp>(x, index(1));
  };
  Value wanted =
      b.createOrFold<arith::CeilDivSIOp>(index(pieces), atLeastOne(tiles));
  split->parts = b.createOrFold<arith::MinSIOp>(wanted, atLeastOne(keyTiles));

  auto allocate = [&](ArrayRef<OpFoldResult> shape) -> Value {
    SmallVector<OpFoldResult> extents = {getAsOpFoldResult(tiles),
                                         getAsOpFoldResult(split->parts)};
    llvm::append_range(extents, shape);
    auto array = memref::AllocOp::create(b, extents, elements.sum);
    array.setAlignment(Workspace::kCacheLine);
    return array;
  };
  split->accumulators = allocate(getAccumulatorShape());
  OpFoldResult statistics = b.getIndexAttr(getNumStatistics());
  split->maxima = allocate(statistics);
  split->sums = allocate(statistics);
}

std::optional<KeyPart> CPUEmitter::getKeyPart() const {
  if (!split)
    return std::nullopt;
  return KeyPart{split->part, split->parts};
}

Value CPUEmitter::selectState(Value states, Value part) {
  auto type = cast<MemRefType>(states.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
      strides(type.getRank(), b.getIndexAttr(1)),
      sizes = memref::getMixedSizes(b, b.getLoc(), states);
  offsets[0] = getAsOpFoldResult(split->tile);
  offsets[1] = getAsOpFoldResult(part);
  sizes[0] = sizes[1] = b.getIndexAttr(1);
  auto reduced = memref::SubViewOp::inferRankReducedResultType(
      type.getShape().drop_front(2), type, offsets, sizes, strides);
  return memref::SubViewOp::create(b, cast<MemRefType>(reduced), states,
                                   offsets, sizes, strides);
}

void CPUEmitter::takeState(const AccumulatorShape &shape) {
  if (split) {
    accumulator = selectState(split->accumulators, split->part);
    maximum = selectState(split->maxima, split->part);
    sum = selectState(split->sums, split->part);
    return;
  }
  accumulator = workspace->take(shape, elements.sum);
  maximum = workspace->take(getNumStatistics(), elements.sum);
  sum = workspace->take(getNumStatistics(), elements.sum);
}

/// Emits `body` where there are several parts, or where there is one.
void CPUEmitter::whereSplit(bool isSplit, llvm::function_ref<void()> body) {
  auto predicate =
      isSplit ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::sle;
  Value holds =
      b.createOrFold<arith::CmpIOp>(predicate, split->parts, index(1));
  auto branch = scf::IfOp::create(b, holds, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

void CPUEmitter::finishTile() {
  if (split)
    whereSplit(false, [&] { writeResults(); });
  else
    writeResults();
  workspace->free();
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

/// One tile: the other parts are added to the state of the first.
void CPUEmitter::joinParts(ValueRange position) {
  QueryTile place;
  place.batch = position[0];
  place.head = position[1];
  place.row = position[2];
  place.heads = heads;
  AffineExpr left = b.getAffineDimExpr(0) - b.getAffineDimExpr(1);
  Value queries = b.createOrFold<memref::DimOp>(op.getOutput(), 2);
  place.rows = b.createOrFold<arith::MinSIOp>(apply(left, {queries, place.row}),
                                              index(split->tileQueries));
  this->place(place);
  split->tile = numberTile(position);
  split->part = index(0);
  workspace.emplace(b);
  takeState(getAccumulatorShape());
  forLoop(index(1), split->parts, 1, [&](Value part) {
    addPart(selectState(split->accumulators, part),
            selectState(split->maxima, part), selectState(split->sums, part));
  });
  writeResults();
  workspace->free();
}

void CPUEmitter::joinParts() {
  if (!split)
    return;
  // There are few tiles, and little to do: starting threads would take longer.
  auto forTiles = [&](int64_t dim, int64_t step, BodyFunction body) {
    Value extent = b.createOrFold<memref::DimOp>(op.getOutput(), dim);
    forLoop(index(0), extent, step, body);
  };
  whereSplit(true, [&] {
    forTiles(0, 1, [&](Value batch) {
      forTiles(1, heads, [&](Value head) {
        forTiles(2, split->tileQueries,
                 [&](Value query) { joinParts({batch, head, query}); });
      });
    });
  });
  for (Value states : {split->accumulators, split->maxima, split->sums})
    memref::DeallocOp::create(b, states);
}
