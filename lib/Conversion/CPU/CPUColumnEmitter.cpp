//===- CPUColumnEmitter.cpp - online softmax of few rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUColumnEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

CPUColumnEmitter::CPUColumnEmitter(ImplicitLocOpBuilder &builder,
                                   AttentionOp op, CPUScheduleAttr schedule)
    : CPUEmitter(builder, op, schedule, /*pairs=*/false),
      held(llvm::bit_ceil(uint64_t(heads * schedule.getQueryTile()))),
      keysPerVector(lanes / held) {}

//===----------------------------------------------------------------------===//
// Rows and columns
//===----------------------------------------------------------------------===//

Value CPUColumnEmitter::getRows(Value handle, const ScoreLayout &) {
  // A number, if all elements are of one row.
  if (held == 1)
    return memref::LoadOp::create(b, handle, index(0));
  return vector::LoadOp::create(b, sums.clone(b.getI32Type()), handle,
                                index(0));
}

ScoreLayout CPUColumnEmitter::getLayout(const KeyTile &keys, Value first) {
  AffineExpr d = b.getAffineDimExpr(0), row = d % held;
  return {AffineMap::get(1, 1,
                         {row % heads, row.floorDiv(heads),
                          b.getAffineSymbolExpr(0) + d.floorDiv(held)},
                         b.getContext()),
          {add(keys.first, first)}};
}

Value CPUColumnEmitter::read(const AttentionOperand &operand, Value row,
                             Value column, bool inBounds) {
  return CPUElements::convert(
      b, readVector(operand, row, column, elements.getData(), inBounds),
      elements.sum);
}

void CPUColumnEmitter::prefetch(const AttentionOperand &operand, Value row,
                                Value column) {
  // The columns are the other array's, which may have more.
  Value last = offset(operand.getSize(b, 3), -1);
  column = b.createOrFold<arith::MinSIOp>(column, last);
  memref::PrefetchOp::create(
      b, operand.memref, ValueRange{operand.batch, operand.head, row, column},
      /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

void CPUColumnEmitter::forScores(const KeyTile &keys, BodyFunction body) {
  forLoop(index(0), keys.size, keysPerVector, body);
}

LogicalResult CPUColumnEmitter::mapScores(const KeyTile &keys,
                                          SmallVectorImpl<Value> &,
                                          ScoreFunction function) {
  LogicalResult result = success();
  forScores(keys, [&](Value first) {
    Value at = apply(b.getAffineDimExpr(0) * held, first);
    FailureOr<Value> after =
        function(load(scoreBuffer, at), getLayout(keys, first));
    if (failed(after))
      result = failure();
    else
      store(*after, scoreBuffer, at);
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

Value CPUColumnEmitter::joinLanes(
    Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = held; distance < lanes; distance *= 2) {
    SmallVector<int64_t> rotated;
    for (int64_t lane = 0; lane < lanes; ++lane)
      rotated.push_back((lane + distance) % lanes);
    vector =
        combine(vector, vector::ShuffleOp::create(b, vector, vector, rotated));
  }
  return vector;
}

void CPUColumnEmitter::rescale(Value factor) {
  whereMoved(factor, [&] {
    for (int64_t row = 0; row < held; ++row) {
      Value number =
          vector::ExtractOp::create(b, factor, ArrayRef<int64_t>{row});
      Value spread = vector::BroadcastOp::create(b, sums, number);
      forLoop(index(0), value.getSize(b, 3), lanes, [&](Value column) {
        Value before = load(accumulator, {index(row), column});
        store(arith::MulFOp::create(b, before, spread), accumulator,
              {index(row), column});
      });
    }
  });
}

/// Scores of all rows to weights, vertically; the keys that share a vector meet
/// once per tile for the maximum, and at the end for the sum.
void CPUColumnEmitter::softmax(const KeyTile &keys) {
  auto max = [&](Value x, Value y) { return getMaximum(x, y); };
  // What a score region has made of a score is not in base 2.
  Value toBase2 = getBase2Factor();
  auto fold = [&](Value init,
                  llvm::function_ref<Value(Value at, Value carried)> body) {
    return forLoop(index(0), keys.size, keysPerVector, init,
                   [&](Value first, ValueRange carried) {
                     Value at = apply(b.getAffineDimExpr(0) * held, first);
                     return SmallVector<Value>{body(at, carried[0])};
                   })[0];
  };
  Value before = load(maximum, index(0));
  Value start = toBase2 ? splat(kLowest) : before;
  Value after = fold(start, [&](Value at, Value carried) {
    return max(carried, load(scoreBuffer, at));
  });
  after = joinLanes(after, max);
  if (toBase2)
    after = max(before, arith::MulFOp::create(b, after, toBase2));
  Value factor = exp2(arith::SubFOp::create(b, before, after));
  Value scaled = arith::MulFOp::create(b, load(sum, index(0)), factor);
  Value total = fold(scaled, [&](Value at, Value carried) -> Value {
    Value score = load(scoreBuffer, at);
    if (toBase2)
      score = arith::MulFOp::create(b, score, toBase2);
    Value weight = exp2(arith::SubFOp::create(b, score, after));
    store(weight, scoreBuffer, at);
    return arith::AddFOp::create(b, carried, weight);
  });
  store(after, maximum, index(0));
  store(total, sum, index(0));
  rescale(factor);
}

//===----------------------------------------------------------------------===//
// The steps of a tile
//===----------------------------------------------------------------------===//

SmallVector<Value> CPUColumnEmitter::begin(const QueryTile &tile) {
  place(tile);
  Value depth = query.getSize(b, 3), columns = value.getSize(b, 3);
  OpFoldResult rows = b.getIndexAttr(held),
               paddedDepth = getAsOpFoldResult(roundUp(depth, lanes)),
               paddedColumns = getAsOpFoldResult(roundUp(columns, lanes));
  workspace.emplace(b);
  queries = workspace->take({rows, paddedDepth}, elements.sum);
  accumulator = workspace->take({rows, paddedColumns}, elements.sum);
  int64_t numScores = llvm::alignTo(keyTile, keysPerVector) * held;
  scoreBuffer = workspace->take(numScores, elements.sum);
  flags = workspace->take(lanes, elements.sum);
  maximum = workspace->take(lanes, elements.sum);
  sum = workspace->take(lanes, elements.sum);

  Value spread = vector::BroadcastOp::create(b, sums, scoreFactor);
  forLoop(index(0), index(held), 1, [&](Value row) {
    auto [head, at] = locateExisting(row);
    AttentionOperand source = query.at(head);
    forColumns(depth, lanes, [&, at = at](Value column, bool inBounds) {
      Value numbers = read(source, at, column, inBounds);
      store(arith::MulFOp::create(b, numbers, spread), queries, {row, column});
    });
    forLoop(index(0), columns, lanes,
            [&](Value column) { store(splat(0), accumulator, {row, column}); });
  });
  store(splat(kLowest), maximum, index(0));
  store(splat(0), sum, index(0));
  return {};
}

LogicalResult CPUColumnEmitter::update(const KeyTile &keys, ArrayRef<Value>,
                                       Value hidden, ScoreFunction visible,
                                       SmallVectorImpl<Value> &) {
  softmax(keys);
  Value nonFinite;
  if (hidden)
    nonFinite = scanWhere(hidden, [&] { return hasNonFiniteValues(keys); });
  return addValues(
      nonFinite, [&] { multiplyValues(keys); },
      [&] { return multiplyVisibleValues(keys, visible); });
}

void CPUColumnEmitter::finish(ValueRange) {
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  Value sinks = gatherSinks(lanes, held);
  finishRows(index(0), joinLanes(load(sum, index(0)), add), sinks);
  forLoop(index(0), getNumRows(), 1, [&](Value row) {
    auto [head, at] = locate(row);
    Value factor = memref::LoadOp::create(b, sum, row);
    Value spread = vector::BroadcastOp::create(b, sums, factor);
    auto write = [&, head = head, at = at](Value column, bool inBounds) {
      Value result =
          arith::MulFOp::create(b, load(accumulator, {row, column}), spread);
      vector::TransferWriteOp::create(
          b, CPUElements::convert(b, result, elements.data), output.memref,
          ValueRange{output.batch, head, at, column}, ArrayRef<bool>(inBounds));
    };
    forColumns(value.getSize(b, 3), lanes, write);
    if (op.getLogSumExp())
      storeLogSumExp(row);
  });
  workspace->free();
}
