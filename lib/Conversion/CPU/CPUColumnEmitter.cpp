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

#include <limits>

using namespace mlir;
using namespace mlir::mask;

CPUColumnEmitter::CPUColumnEmitter(ImplicitLocOpBuilder &builder,
                                   AttentionOp op, CPUScheduleAttr schedule)
    : CPUEmitter(builder, op, schedule, schedule.getPairs()),
      held(llvm::bit_ceil(uint64_t(heads * schedule.getQueryTile()))),
      keysPerVector(lanes / held),
      keysPerStep(std::max(keysPerVector, elements.width)),
      numSums(llvm::bit_floor(uint64_t(2 * schedule.getRows()))),
      rowsAtOnce(std::min(held, numSums / 2)),
      keysAtOnce(std::max(keysPerVector, numSums / rowsAtOnce)) {}

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
                             Value column, VectorType type, bool inBounds) {
  return CPUElements::convert(
      b, readVector(operand, row, column, type.clone(elements.data), inBounds),
      cast<FloatType>(type.getElementType()));
}

void CPUColumnEmitter::prefetchShare(const RowRange &wanted,
                                     const AttentionOperand &read, Value place,
                                     int64_t size) {
  const AttentionOperand &operand = *wanted.operand;
  Value width = operand.getSize(b, 3);
  auto wantedWidth = getConstantIntValue(width),
       readWidth = getConstantIntValue(read.getSize(b, 3));
  // Rows may be empty, if their width is known at run time only.
  width = b.createOrFold<arith::MaxSIOp>(width, index(1));
  // Wider rows take as many more elements; narrower ones are asked for early.
  int64_t ratio =
      wantedWidth && readWidth ? llvm::divideCeil(*wantedWidth, *readWidth) : 1;
  place = apply(b.getAffineDimExpr(0) * ratio, place);
  Value row = b.createOrFold<arith::DivUIOp>(place, width),
        column = b.createOrFold<arith::RemUIOp>(place, width);
  // The last vector of columns may reach beyond the rows that are read.
  if (!wantedWidth || wantedWidth != readWidth || *wantedWidth % lanes != 0)
    row = b.createOrFold<arith::MinSIOp>(row, index(wanted.count - 1));
  prefetch(operand, clampKey(add(wanted.first, row)), column,
           llvm::divideCeil(size * ratio, getElementsOfLine()));
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

void CPUColumnEmitter::rescale(Value factor, Value total) {
  whereMoved(factor, total, [&] {
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

/// A last key without a partner gets one that is hidden. Keys that share a
/// vector are partners already.
void CPUColumnEmitter::hideMissingPartner(const KeyTile &keys) {
  if (keysPerVector >= elements.width)
    return;
  forLoop(keys.size, roundUp(keys.size, elements.width), 1, [&](Value key) {
    store(splat(-std::numeric_limits<double>::infinity()), scoreBuffer,
          apply(b.getAffineDimExpr(0) * held, key));
  });
}

/// The weights of `keysPerStep` keys, keys major, to cells.
void CPUColumnEmitter::storeWeights(ArrayRef<Value> vectors, Value first) {
  Value at = apply(b.getAffineDimExpr(0) * held, first);
  int64_t width = elements.width;
  if (width == 1) {
    store(vectors[0], weights, at);
    return;
  }
  SmallVector<int64_t> order;
  for (int64_t key = 0; key < keysPerStep; key += width)
    for (int64_t row = 0; row < held; ++row)
      for (int64_t i = 0; i < width; ++i)
        order.push_back((key + i) * held + row);
  SmallVector<Value> rounded = llvm::map_to_vector(vectors, [&](Value vector) {
    return CPUElements::convert(b, vector, elements.factor);
  });
  store(vector::ShuffleOp::create(b, rounded.front(), rounded.back(), order),
        weights, at);
}

/// Scores of all rows to weights, vertically; the keys that share a vector meet
/// once per tile for the maximum, and at the end for the sum.
void CPUColumnEmitter::softmax(const KeyTile &keys) {
  auto max = [&](Value x, Value y) { return getMaximum(x, y); };
  // What a score region has made of a score is not in base 2.
  Value toBase2 = getBase2Factor();
  auto fold = [&](Value init,
                  llvm::function_ref<Value(ArrayRef<Value> scores, Value first,
                                           Value carried)>
                      body) {
    return forLoop(
        index(0), keys.size, keysPerStep, init,
        [&](Value first, ValueRange carried) {
          SmallVector<Value> scores;
          for (int64_t i = 0; i < keysPerStep; i += keysPerVector)
            scores.push_back(load(
                scoreBuffer, apply((b.getAffineDimExpr(0) + i) * held, first)));
          return SmallVector<Value>{body(scores, first, carried[0])};
        })[0];
  };
  Value before = load(maximum, index(0));
  Value start = toBase2 ? splat(kLowest) : before;
  Value after = fold(start, [&](ArrayRef<Value> scores, Value, Value carried) {
    for (Value score : scores)
      carried = max(carried, score);
    return carried;
  });
  after = joinLanes(after, max);
  if (toBase2)
    after = max(before, arith::MulFOp::create(b, after, toBase2));
  Value factor = exp2(arith::SubFOp::create(b, before, after));
  Value total = load(sum, index(0));
  Value scaled = arith::MulFOp::create(b, total, factor);
  auto weigh = [&](ArrayRef<Value> scores, Value first, Value carried) {
    SmallVector<Value> numbers;
    for (Value score : scores) {
      if (toBase2)
        score = arith::MulFOp::create(b, score, toBase2);
      numbers.push_back(exp2(arith::SubFOp::create(b, score, after)));
      carried = arith::AddFOp::create(b, carried, numbers.back());
    }
    storeWeights(numbers, first);
    return carried;
  };
  store(fold(scaled, weigh), sum, index(0));
  store(after, maximum, index(0));
  rescale(factor, total);
}

void CPUColumnEmitter::addPart(Value others, Value otherMaximum,
                               Value otherSum) {
  Value before = load(maximum, index(0)), other = load(otherMaximum, index(0)),
        after = getMaximum(before, other);
  Value factor = exp2(arith::SubFOp::create(b, before, after)),
        otherFactor = exp2(arith::SubFOp::create(b, other, after));
  auto scale = [&](Value numbers, Value factor, Value others,
                   Value otherFactor) -> Value {
    return vector::FMAOp::create(b, others, otherFactor,
                                 arith::MulFOp::create(b, numbers, factor));
  };
  store(after, maximum, index(0));
  store(
      scale(load(sum, index(0)), factor, load(otherSum, index(0)), otherFactor),
      sum, index(0));
  for (int64_t row = 0; row < held; ++row) {
    auto spread = [&](Value factors) -> Value {
      return vector::BroadcastOp::create(
          b, sums,
          vector::ExtractOp::create(b, factors, ArrayRef<int64_t>{row}));
    };
    Value ofRow = spread(factor), otherOfRow = spread(otherFactor);
    forLoop(index(0), value.getSize(b, 3), lanes, [&](Value column) {
      SmallVector<Value> at = {index(row), column};
      store(scale(load(accumulator, at), ofRow, load(others, at), otherOfRow),
            accumulator, at);
    });
  }
}

//===----------------------------------------------------------------------===//
// The steps of a tile
//===----------------------------------------------------------------------===//

CPUEmitter::AccumulatorShape CPUColumnEmitter::getAccumulatorShape() {
  Value columns = b.createOrFold<memref::DimOp>(op.getValue(), 3);
  return {b.getIndexAttr(held), getAsOpFoldResult(roundUp(columns, lanes))};
}

SmallVector<Value> CPUColumnEmitter::begin(const QueryTile &tile) {
  place(tile);
  Value depth = query.getSize(b, 3), columns = value.getSize(b, 3);
  int64_t step = lanes * elements.width;
  OpFoldResult rows = b.getIndexAttr(held),
               paddedDepth = getAsOpFoldResult(roundUp(depth, step));
  AccumulatorShape shape = getAccumulatorShape();
  workspace.emplace(b);
  queries = workspace->take({rows, paddedDepth}, elements.factor);
  int64_t numScores = llvm::alignTo(keyTile, keysPerStep) * held;
  scoreBuffer = workspace->take(numScores, elements.sum);
  weights = elements.roundsWeights()
                ? workspace->take(numScores, elements.factor)
                : scoreBuffer;
  flags = workspace->take(lanes, elements.sum);
  takePages();
  takeState(shape);

  Value scale;
  if (!elements.roundsWeights())
    scale = vector::BroadcastOp::create(b, elements.getFactors(), scoreFactor);
  forLoop(index(0), index(held), 1, [&](Value row) {
    auto [head, at] = locateExisting(row);
    AttentionOperand source = query.at(head);
    forColumns(depth, step, [&, at = at](Value column, bool inBounds) {
      Value numbers = read(source, at, column, elements.getFactors(), inBounds);
      if (scale)
        numbers = arith::MulFOp::create(b, numbers, scale);
      store(numbers, queries, {row, column});
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
  hideMissingPartner(keys);
  softmax(keys);
  Value nonFinite;
  if (hidden)
    nonFinite = scanWhere(hidden, [&] { return hasNonFiniteValues(keys); });
  return addValues(
      nonFinite, [&] { multiplyValues(keys); },
      [&] { return multiplyVisibleValues(keys, visible); });
}

void CPUColumnEmitter::writeResults() {
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
}
