//===- CPUColumnEmitter.cpp - online softmax of few rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUColumnEmitter.h"

#include "Mask/Conversion/Exp2.h"
#include "OnlineSoftmax.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

static constexpr double kLowest = -std::numeric_limits<float>::max();

CPUColumnEmitter::CPUColumnEmitter(ImplicitLocOpBuilder &builder,
                                   AttentionOp op, CPUScheduleAttr schedule)
    : CPUGrid(builder), LoopBuilder(builder), op(op),
      elements(cast<FloatType>(getElementTypeOrSelf(op.getQuery())),
               /*pairs=*/false, schedule.getLanes()),
      heads(schedule.getHeads()), queryTile(schedule.getQueryTile()),
      keyTile(schedule.getKeyTile()), lanes(schedule.getLanes()),
      held(llvm::bit_ceil(uint64_t(heads * queryTile))),
      keysPerVector(lanes / held), sums(elements.getSums()) {}

Value CPUColumnEmitter::splat(double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(sums, b.getFloatAttr(elements.sum, value)));
}

Value CPUColumnEmitter::load(Value memref, ValueRange indices) {
  return vector::LoadOp::create(b, sums, memref, indices);
}

void CPUColumnEmitter::store(Value vector, Value memref, ValueRange indices) {
  vector::StoreOp::create(b, vector, memref, indices);
}

//===----------------------------------------------------------------------===//
// Rows and columns
//===----------------------------------------------------------------------===//

Value CPUColumnEmitter::getNumRows() {
  return b.createOrFold<arith::MulIOp>(tile.rows, index(heads));
}

std::pair<Value, Value> CPUColumnEmitter::locate(Value row) {
  row = b.createOrFold<arith::MinSIOp>(row, offset(getNumRows(), -1));
  AffineExpr first = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1);
  return {apply(first + r % heads, {tile.head, row}),
          apply(first + r.floorDiv(heads), {tile.row, row})};
}

FailureOr<Value> CPUColumnEmitter::mapRows(RowFunction function) {
  Value buffer = workspace->take(lanes, b.getI32Type());
  LogicalResult result = success();
  forLoop(index(0), index(lanes), 1, [&](Value lane) {
    AffineExpr first = b.getAffineDimExpr(0),
               row = b.getAffineDimExpr(1) % held;
    Value query = b.createOrFold<arith::MinSIOp>(
        apply(first + row.floorDiv(heads), {tile.firstQuery, lane}),
        tile.lastQuery);
    Value head = apply(first + row % heads, {tile.absoluteHead, lane});
    FailureOr<Value> number = function(head, query);
    if (failed(number))
      result = failure();
    else
      memref::StoreOp::create(b, *number, buffer, lane);
  });
  if (failed(result))
    return failure();
  return buffer;
}

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

void CPUColumnEmitter::forColumns(
    Value columns, llvm::function_ref<void(Value column, bool inBounds)> body) {
  Value whole = roundDown(columns, lanes);
  forLoop(index(0), whole, lanes, [&](Value column) { body(column, true); });
  forLoop(whole, columns, lanes, [&](Value column) { body(column, false); });
}

SmallVector<Value> CPUColumnEmitter::foldColumns(
    Value columns, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(Value, bool, ValueRange)> body) {
  Value whole = roundDown(columns, lanes);
  SmallVector<Value> folded = forLoop(
      index(0), whole, lanes, inits, [&](Value column, ValueRange carried) {
        return body(column, /*inBounds=*/true, carried);
      });
  return forLoop(whole, columns, lanes, folded,
                 [&](Value column, ValueRange carried) {
                   return body(column, /*inBounds=*/false, carried);
                 });
}

Value CPUColumnEmitter::read(const AttentionOperand &operand, Value row,
                             Value column, bool inBounds) {
  Value zero = arith::ConstantOp::create(b, b.getFloatAttr(elements.data, 0));
  Value vector = vector::TransferReadOp::create(
      b, elements.getData(), operand.memref,
      ValueRange{operand.batch, operand.head, row, column}, zero,
      ArrayRef<bool>(inBounds));
  return CPUElements::convert(b, vector, elements.sum);
}

void CPUColumnEmitter::prefetch(const AttentionOperand &operand, Value row,
                                Value column) {
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

Value CPUColumnEmitter::exp2(Value x) {
  return emitExp2(b, x, Exp2Degree::Five);
}

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
  Value moved =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, factor, splat(1));
  Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR, moved);
  auto branch = scf::IfOp::create(b, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  for (int64_t row = 0; row < held; ++row) {
    Value number = vector::ExtractOp::create(b, factor, ArrayRef<int64_t>{row});
    Value spread = vector::BroadcastOp::create(b, sums, number);
    forLoop(index(0), value.getSize(b, 3), lanes, [&](Value column) {
      Value before = load(accumulator, {index(row), column});
      store(arith::MulFOp::create(b, before, spread), accumulator,
            {index(row), column});
    });
  }
}

/// Scores of all rows to weights, vertically; the keys that share a vector meet
/// once per tile for the maximum, and at the end for the sum.
void CPUColumnEmitter::softmax(const KeyTile &keys) {
  auto max = [&](Value x, Value y) {
    return OnlineSoftmax::getMaximum(b, x, y);
  };
  // What a score region has made of a score is not in base 2.
  Value toBase2;
  if (!op.getScore().empty())
    toBase2 = splat(llvm::numbers::log2e);
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
  this->tile = tile;
  query = {op.getQuery(), tile.batch, tile.head};
  key = {op.getKey(), tile.batch, tile.keyHead};
  value = {op.getValue(), tile.batch, tile.keyHead};
  output = {op.getOutput(), tile.batch, tile.head};
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

  Value scale = emitScale(b, op, elements.sum);
  if (op.getScore().empty())
    scale = b.createOrFold<arith::MulFOp>(
        scale, arith::ConstantOp::create(
                   b, b.getFloatAttr(elements.sum, llvm::numbers::log2e)));
  Value spread = vector::BroadcastOp::create(b, sums, scale);
  forLoop(index(0), index(held), 1, [&](Value row) {
    auto [head, at] = locate(row);
    AttentionOperand source = query.at(head);
    forColumns(depth, [&, at = at](Value column, bool inBounds) {
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
  if (!hidden) {
    multiplyValues(keys);
    return success();
  }
  auto check =
      scf::IfOp::create(b, b.getI1Type(), hidden, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(check.thenBlock());
  scf::YieldOp::create(b, hasNonFiniteValues(keys));
  b.setInsertionPointToStart(check.elseBlock());
  scf::YieldOp::create(
      b, arith::ConstantOp::create(b, b.getBoolAttr(false)).getResult());
  b.setInsertionPointAfter(check);
  auto branch =
      scf::IfOp::create(b, check.getResult(0), /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.elseBlock());
  multiplyValues(keys);
  b.setInsertionPointToStart(branch.thenBlock());
  return multiplyVisibleValues(keys, visible);
}

/// The sinks of the rows, one per lane; null without sinks.
Value CPUColumnEmitter::gatherSinks() {
  Value sinks = op.getSinks();
  if (!sinks)
    return Value();
  Value buffer = workspace->take(lanes, elements.sum);
  forLoop(index(0), index(lanes), 1, [&](Value lane) {
    Value row = apply(b.getAffineDimExpr(0) % held, lane);
    Value sink = memref::LoadOp::create(b, sinks, locate(row).first);
    memref::StoreOp::create(b, CPUElements::convert(b, sink, elements.sum),
                            buffer, lane);
  });
  return load(buffer, index(0));
}

void CPUColumnEmitter::finish(ValueRange) {
  Value sinks = gatherSinks();
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  auto power = [&](Value x) { return exp2(x); };
  OnlineSoftmax softmax(b, sums, power);
  OnlineSoftmax::End end = softmax.finish(
      load(maximum, index(0)), joinLanes(load(sum, index(0)), add), sinks);
  store(end.factor, sum, index(0));
  store(end.logSumExp, maximum, index(0));
  Value logSumExp = op.getLogSumExp();
  forLoop(index(0), getNumRows(), 1, [&](Value row) {
    auto [head, at] = locate(row);
    Value factor = memref::LoadOp::create(b, sum, row);
    Value spread = vector::BroadcastOp::create(b, sums, factor);
    forColumns(value.getSize(b, 3), [&, head = head, at = at](Value column,
                                                              bool inBounds) {
      Value result =
          arith::MulFOp::create(b, load(accumulator, {row, column}), spread);
      vector::TransferWriteOp::create(
          b, CPUElements::convert(b, result, elements.data), output.memref,
          ValueRange{output.batch, head, at, column}, ArrayRef<bool>(inBounds));
    });
    if (!logSumExp)
      return;
    Value number = memref::LoadOp::create(b, maximum, row);
    memref::StoreOp::create(b, CPUElements::convert(b, number, b.getF32Type()),
                            logSumExp, ValueRange{tile.batch, head, at});
  });
  workspace->free();
}
