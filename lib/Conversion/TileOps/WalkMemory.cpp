//===- WalkMemory.cpp - a walk over intervals in memory -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop over the rows holds the code of one interval. A cursor that goes ahead
// of it reads the rows for itself.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

MemoryWalk::MemoryWalk(TileBuilder &b) : TileWalk(b) {
  numRows = b.createOrFold<memref::DimOp>(b.getLoop().getIntervals(), 0);
}

/// What the walk hands on, before the first row.
SmallVector<Value> MemoryWalk::begin() {
  SmallVector<Value> handedOn = {b.index(TileBuilder::kNoKey)};
  if (share)
    handedOn.push_back(b.index(0));
  return handedOn;
}

/// The interval of a row, and what is handed on after it.
Interval MemoryWalk::enter(Value row, MutableArrayRef<Value> handedOn) {
  SmallVector<Value> bounds;
  for (int64_t column = 0; column < 4; ++column)
    bounds.push_back(memref::LoadOp::create(b, b.getLoop().getIntervals(),
                                            ValueRange{row, b.index(column)}));
  Value &visited = handedOn[0];
  Interval interval = placeInterval(b, bounds, visited);
  visited = getEndOfTiles(b, interval, visited);
  if (share) {
    Value &before = handedOn[1];
    before = b.add(before, cutToShare(b, interval, *share, before));
  }
  return interval;
}

SmallVector<Value> MemoryWalk::forEachInterval(ValueRange state,
                                               EmitInterval emit) {
  SmallVector<Value> inits(state);
  llvm::append_range(inits, begin());
  auto loop = scf::ForOp::create(b, b.index(0), numRows, b.index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ValueRange carried = loop.getRegionIterArgs();
  SmallVector<Value> handedOn(carried.drop_front(state.size()));
  Interval interval = enter(loop.getInductionVar(), handedOn);
  SmallVector<Value> after = emit(interval, carried.take_front(state.size()));
  llvm::append_range(after, handedOn);
  scf::YieldOp::create(b, after);
  return SmallVector<Value>(loop.getResults().take_front(state.size()));
}

//===----------------------------------------------------------------------===//
// Cursors
//===----------------------------------------------------------------------===//

/// To the start of the next row's interval, which may be empty.
Cursor MemoryWalk::enterNext(const Cursor &cursor) {
  Value row = cursor.progress[0];
  SmallVector<Value> progress(cursor.progress);
  Interval interval = enter(row, MutableArrayRef(progress).drop_front());
  progress[0] = b.add(row, b.index(1));
  return Cursor(interval.start, interval.end, progress);
}

Cursor MemoryWalk::stepOn(const Cursor &cursor) {
  return Cursor(b.add(cursor.key, b.getStep()), cursor.end, cursor.progress);
}

/// The first visited tile from `cursor` on, over as many rows as it takes.
Cursor MemoryWalk::settle(const Cursor &cursor) {
  bool skips = !b.getLoop().getVisit().empty();
  auto hasRows = [&](const Cursor &at) {
    Value more = b.compare(CmpIPredicate::slt, at.progress[0], numRows);
    return SmallVector<Value>{more};
  };
  return moveWhile(
      cursor,
      [&](const Cursor &at) {
        return emitIf(
            exists(at), b.getI1Type(),
            [&] {
              return SmallVector<Value>{skips ? isSkipped(at) : b.truth(false)};
            },
            [&] { return hasRows(at); })[0];
      },
      [&](const Cursor &at) {
        if (!skips)
          return enterNext(at);
        SmallVector<Value> values = at.getValues();
        return Cursor(ValueRange(emitIf(
            exists(at), TypeRange(ValueRange(values)),
            [&] { return stepOn(at).getValues(); },
            [&] { return enterNext(at).getValues(); })));
      });
}

Cursor MemoryWalk::getFirst() {
  SmallVector<Value> progress = {b.index(0)};
  llvm::append_range(progress, begin());
  return settle(Cursor(b.index(0), b.index(0), progress));
}

Cursor MemoryWalk::getNext(const Cursor &cursor) {
  return settle(stepOn(cursor));
}
