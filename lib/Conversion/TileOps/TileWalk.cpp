//===- TileWalk.cpp - the tiles that a loop visits, in order -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

std::unique_ptr<TileWalk> TileWalk::create(TileBuilder &b) {
  if (b.getLoop().getIntervals())
    return std::make_unique<MemoryWalk>(b);
  return std::make_unique<OperandWalk>(b);
}

/// The i-th of n parts starts at the tile that `total * i / n` precede.
void TileWalk::restrictToPart() {
  Value total = forEachInterval(
      b.index(0), [&](const Interval &interval, ValueRange state) {
        return SmallVector<Value>{b.add(state[0], countVisited(b, interval))};
      })[0];
  TileForOp op = b.getLoop();
  auto getStart = [&](Value part) -> Value {
    return b.createOrFold<arith::DivUIOp>(b.multiply(total, part),
                                          op.getParts());
  };
  Value first = getStart(op.getPart());
  Value last = getStart(b.add(op.getPart(), b.index(1)));
  restrictTo({first, last});
}

Cursor TileWalk::moveWhile(const Cursor &cursor,
                           function_ref<Value(const Cursor &)> condition,
                           function_ref<Cursor(const Cursor &)> move) {
  SmallVector<Value> inits = cursor.getValues();
  auto loop = scf::WhileOp::create(
      b, TypeRange(ValueRange(inits)), inits,
      [&](OpBuilder &, Location, ValueRange at) {
        Value goOn = condition(Cursor(at));
        scf::ConditionOp::create(b, goOn, at);
      },
      [&](OpBuilder &, Location, ValueRange at) {
        scf::YieldOp::create(b, move(Cursor(at)).getValues());
      });
  return Cursor(loop.getResults());
}

SmallVector<Value>
TileWalk::emitIf(Value condition, TypeRange types,
                 function_ref<SmallVector<Value>()> then,
                 function_ref<SmallVector<Value>()> otherwise) {
  auto branch = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, then());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, otherwise());
  return branch.getResults();
}

Value TileWalk::isSkipped(const Cursor &cursor) {
  Value visited = b.isVisited(cursor.key, cursor.end);
  return arith::XOrIOp::create(b, visited, b.truth(true));
}
