//===- WalkOperands.cpp - intervals that are operands -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each interval has its own code. All of them are placed before the first one,
// so that a cursor finds the next interval by selects.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

OperandWalk::OperandWalk(TileBuilder &b) : TileWalk(b) {
  OperandRange bounds = b.getLoop().getBounds();
  Value visited;
  for (size_t i = 0, size = bounds.size(); i < size; i += 4) {
    intervals.push_back(placeInterval(b, bounds.slice(i, 4), visited));
    if (i + 4 < size)
      visited = getEndOfTiles(b, intervals.back(), visited);
  }
}

void OperandWalk::restrictTo(const Share &share) {
  Value before = b.index(0);
  for (Interval &interval : intervals)
    before = b.add(before, cutToShare(b, interval, share, before));
}

SmallVector<Value> OperandWalk::forEachInterval(ValueRange state,
                                                EmitInterval emit) {
  SmallVector<Value> current(state);
  for (const Interval &interval : intervals)
    current = emit(interval, current);
  return current;
}

Cursor OperandWalk::getFirst() {
  Cursor first(b.index(0), b.index(0));
  for (const Interval &interval : llvm::reverse(intervals)) {
    Value some = b.compare(CmpIPredicate::slt, interval.start, interval.end);
    first = Cursor(b.select(some, interval.start, first.key),
                   b.select(some, interval.end, first.end));
  }
  return skipUnvisited(first);
}

Cursor OperandWalk::getNext(const Cursor &cursor) {
  return skipUnvisited(getNextTile(cursor));
}

/// The next tile of the interval, or the first one of the next interval that
/// has any.
Cursor OperandWalk::getNextTile(const Cursor &cursor) {
  Value key = b.add(cursor.key, b.getStep());
  Cursor next(key, cursor.end);
  for (const Interval &interval :
       llvm::reverse(ArrayRef(intervals).drop_front())) {
    Value some = b.compare(CmpIPredicate::slt, interval.start, interval.end);
    Value follows = b.compare(CmpIPredicate::sge, interval.start, cursor.end);
    some = b.createOrFold<arith::AndIOp>(some, follows);
    next = Cursor(b.select(some, interval.start, next.key),
                  b.select(some, interval.end, next.end));
  }
  Value more = b.compare(CmpIPredicate::slt, key, cursor.end);
  return Cursor(b.select(more, key, next.key),
                b.select(more, cursor.end, next.end));
}

/// The first tile from `cursor` on that is visited. Of a tile that does not
/// exist the region is not asked: it may read a table at its key.
Cursor OperandWalk::skipUnvisited(const Cursor &cursor) {
  if (b.getLoop().getVisit().empty())
    return cursor;
  return moveWhile(
      cursor,
      [&](const Cursor &at) {
        return emitIf(
            exists(at), b.getI1Type(),
            [&] { return SmallVector<Value>{isSkipped(at)}; },
            [&] { return SmallVector<Value>{b.truth(false)}; })[0];
      },
      [&](const Cursor &at) { return getNextTile(at); });
}
