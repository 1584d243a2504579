//===- TileIntervals.cpp - intervals of keys, cut into tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileIntervals.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

Interval mlir::mask::placeInterval(TileBuilder &b, ValueRange given,
                                   Value visited) {
  SmallVector<Value> bounds = llvm::map_to_vector(
      given, [&](Value bound) { return b.limitBound(bound); });
  Interval interval{bounds[0], bounds[1], bounds[2],
                    bounds[3], bounds[0], bounds[3]};
  if (std::optional<int64_t> align = b.getLoop().getAlign()) {
    // An empty hull stays empty.
    Value some = b.compare(CmpIPredicate::slt, bounds[0], bounds[3]);
    Value aligned = b.alignDown(bounds[0], *align);
    interval.start = b.select(some, aligned, bounds[0]);
  }
  if (visited)
    interval.start = b.maximum(interval.start, visited);
  return interval;
}

Value mlir::mask::getEndOfTiles(TileBuilder &b, const Interval &interval,
                                Value visited) {
  Value some =
      b.compare(CmpIPredicate::slt, interval.start, interval.hullUpper);
  Value end = b.getLoop().getEnd()
                  ? b.roundUp(interval.start, interval.hullUpper)
                  : interval.hullUpper;
  if (!visited)
    visited = b.index(TileBuilder::kNoKey);
  return b.select(some, end, visited);
}

//===----------------------------------------------------------------------===//
// Shares
//===----------------------------------------------------------------------===//

namespace {
/// Numbers of tiles of an interval: those that are visited, and those that lie
/// before the share and before its end, visited or not.
struct TileCounts {
  Value visited, beforeFirst, beforeLast;
};
} // namespace

/// Asks about every tile. A share begins with the tile that `first` visited
/// ones precede: before it lie the tiles up to which no more than that are
/// visited.
static TileCounts askTiles(TileBuilder &b, const Interval &interval,
                           Value first, Value last) {
  Value zero = b.index(0);
  auto loop = scf::ForOp::create(b, interval.start, interval.end, b.getStep(),
                                 ValueRange{zero, zero, zero});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ValueRange counts = loop.getRegionIterArgs();
  auto countIf = [&](Value count, Value condition) {
    Value more = arith::IndexCastUIOp::create(b, b.getIndexType(), condition);
    return b.add(count, more);
  };
  Value visited = countIf(
      counts[0], b.isVisited(loop.getInductionVar(), interval.hullUpper));
  Value beforeFirst =
      countIf(counts[1], b.compare(CmpIPredicate::sle, visited, first));
  Value beforeLast =
      countIf(counts[2], b.compare(CmpIPredicate::sle, visited, last));
  scf::YieldOp::create(b, ValueRange{visited, beforeFirst, beforeLast});
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

Value mlir::mask::countVisited(TileBuilder &b, const Interval &interval) {
  if (b.getLoop().getVisit().empty())
    return b.countTiles(interval.start, interval.end);
  Value none = b.index(0);
  return askTiles(b, interval, none, none).visited;
}

Value mlir::mask::cutToShare(TileBuilder &b, Interval &interval,
                             const Share &share, Value before) {
  Value first = b.createOrFold<arith::SubIOp>(share.first, before);
  Value last = b.createOrFold<arith::SubIOp>(share.last, before);
  TileCounts counts;
  if (b.getLoop().getVisit().empty())
    counts = {b.countTiles(interval.start, interval.end), first, last};
  else
    counts = askTiles(b, interval, first, last);
  Value start = interval.start;
  interval.start = b.skipTiles(start, counts.beforeFirst);
  interval.end = b.minimum(interval.end, b.skipTiles(start, counts.beforeLast));
  return counts.visited;
}
