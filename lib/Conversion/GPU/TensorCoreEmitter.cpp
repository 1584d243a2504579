//===- TensorCoreEmitter.cpp - a query tile on tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

using Schedule = TensorCoreSchedule;

static constexpr double kGreatest = std::numeric_limits<float>::max();
/// Elements of one asynchronous copy: 16 bytes.
static constexpr int64_t kCopied = 8;
static constexpr int64_t kElementBytes = 2;
/// What rows of workgroup memory are longer than what they hold.
static constexpr int64_t kPadding = 8;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value TensorCoreEmitter::multiplyF(Value x, Value y) {
  return arith::MulFOp::create(b, x, y);
}

Value TensorCoreEmitter::extract(Value vector, ArrayRef<int64_t> position) {
  return vector::ExtractOp::create(b, vector, position);
}

Value TensorCoreEmitter::broadcast(Value value, VectorType type) {
  return vector::BroadcastOp::create(b, type, value);
}

//===----------------------------------------------------------------------===//
// Before the loop
//===----------------------------------------------------------------------===//

/// What the scale becomes: a positive factor in the exponent, and a sign of Q.
void TensorCoreEmitter::prepareScale() {
  scale = emitScale(b, op, b.getF32Type());
  Value log2e = number(llvm::numbers::log2e);
  exponentScale = log2e;
  if (!op.getScore().empty())
    return;
  APFloat constant(0.0f);
  if (matchPattern(scale, m_ConstantFloat(&constant)) &&
      constant.isFiniteNonZero() && !constant.isNegative()) {
    exponentScale = b.createOrFold<arith::MulFOp>(scale, log2e);
    return;
  }
  auto word = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  auto choose = [&](arith::CmpFPredicate predicate, Value yes, Value no) {
    Value holds = arith::CmpFOp::create(b, predicate, scale, number(0));
    return arith::SelectOp::create(b, holds, yes, no).getResult();
  };
  constexpr int32_t signs = static_cast<int32_t>(0x80008000);
  flip = choose(arith::CmpFPredicate::OLT, word(signs), word(0));
  keep = choose(arith::CmpFPredicate::OEQ, word(0), word(-1));
  Value magnitude = math::AbsFOp::create(b, scale);
  scale = choose(arith::CmpFPredicate::OEQ, number(1), magnitude);
  exponentScale = multiplyF(scale, log2e);
}

TensorCoreEmitter::Rows TensorCoreEmitter::allocateRows(int64_t buffers,
                                                        int64_t rows,
                                                        int64_t columns) {
  int64_t size = buffers * rows * (columns + kPadding) * kElementBytes;
  return {allocateDynamic(size), buffers, rows, columns};
}

Value TensorCoreEmitter::viewRows(const Rows &array, int64_t groupSize) {
  Type element = cast<MemRefType>(op.getQuery().getType()).getElementType();
  return viewDynamic(array.position,
                     {array.buffers, array.rows / groupSize, groupSize,
                      array.columns + kPadding},
                     element);
}

/// Starts to copy rows, a thread 16 bytes at a time; of those from `count` on
/// there are none: they become zero.
void TensorCoreEmitter::copyRows(const AttentionOperand &operand,
                                 Value firstRow, Value count, const Rows &array,
                                 Value buffer) {
  int64_t chunks = array.columns / kCopied, all = array.rows * chunks,
          threads = schedule.threads();
  auto type = nvgpu::DeviceAsyncTokenType::get(b.getContext());
  auto copy = [&](Value memory, Value position, int64_t group,
                  int64_t groupSize) {
    Value row = b.createOrFold<arith::DivUIOp>(position, index(chunks));
    Value column =
        multiply(b.createOrFold<arith::RemUIOp>(position, index(chunks)),
                 index(kCopied));
    Value left = arith::IndexCastOp::create(
        b, b.getI32Type(), b.createOrFold<arith::SubIOp>(count, row));
    Value before =
        arith::ConstantOp::create(b, b.getI32IntegerAttr(group * groupSize));
    Value exists =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, left, before);
    Value elements =
        arith::SelectOp::create(b, exists, index(kCopied), index(0));
    Value from = add(add(firstRow, row), index(group * groupSize));
    nvgpu::DeviceAsyncCopyOp::create(
        b, type, memory, ValueRange{buffer, index(group), row, column},
        operand.memref, ValueRange{operand.batch, operand.head, from, column},
        b.getIndexAttr(kCopied), elements, /*bypassL1=*/b.getUnitAttr());
  };
  if (threads % chunks == 0 && all % threads == 0) {
    // The same columns each time, of a group of rows.
    int64_t groupSize = threads / chunks;
    Value memory = viewRows(array, groupSize);
    for (int64_t group = 0; group < array.rows / groupSize; ++group)
      copy(memory, thread, group, groupSize);
    return;
  }
  Value memory = viewRows(array, array.rows);
  for (int64_t first = 0; first < all; first += threads) {
    Value position = add(thread, index(first));
    if (all - first >= threads)
      copy(memory, position, 0, array.rows);
    else
      ifThen(lessThan(thread, index(all - first)),
             [&] { copy(memory, position, 0, array.rows); });
  }
}

/// Ends a group of copies.
Value TensorCoreEmitter::finishCopies() {
  return nvgpu::DeviceAsyncCreateGroupOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), ValueRange());
}

/// Waits for all that this thread has started to copy.
void TensorCoreEmitter::waitForCopies() {
  nvgpu::DeviceAsyncWaitOp::create(b, copied, b.getI32IntegerAttr(0));
}

void TensorCoreEmitter::loadQueries() {
  copyRows(query, tile.row, tile.rows, queries, index(0));
  copied = finishCopies();
  waitForCopies();
  barrier();
  Value group =
      b.createOrFold<arith::DivUIOp>(thread, index(Schedule::kWarpThreads));
  Value memory = viewRows(queries, Schedule::kWarpRows);
  for (int64_t column = 0; column < schedule.depth; column += 16) {
    Value fragment = warp->loadA(memory, {index(0), group}, column);
    if (flip)
      fragment = warp->withSign(fragment, flip, keep);
    queryFragments.push_back(fragment);
  }
  row = add(multiply(group, index(Schedule::kWarpRows)), warp->getRow());
}

SmallVector<Value> TensorCoreEmitter::begin(const QueryTile &tile) {
  placeTile(tile);
  Type element = cast<MemRefType>(op.getQuery().getType()).getElementType();
  Value lane =
      b.createOrFold<arith::RemUIOp>(thread, index(Schedule::kWarpThreads));
  warp.emplace(b, lane, element);
  const Schedule &s = schedule;
  queries = allocateRows(1, s.queryTile, s.depth);
  keys = allocateRows(s.kBuffers, s.keyTile, s.depth);
  values = allocateRows(s.kBuffers, s.keyTile, s.valueColumns);
  prepareScale();
  ifThen(isZero(thread), [&] {
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
    store(none, flags, getFlagPosition(tile.batch, tile.head, tile.row));
  });
  loadQueries();
  SmallVector<Value> state = {number(-kGreatest), number(-kGreatest), number(0),
                              number(0)};
  VectorType type = warp->getSumType();
  state.append(valueFragments(), broadcast(number(0), type));
  return state;
}

//===----------------------------------------------------------------------===//
// Copies of keys and values
//===----------------------------------------------------------------------===//

Value TensorCoreEmitter::getBuffer(const KeyTile &keys) {
  return b.createOrFold<arith::RemUIOp>(keys.ordinal,
                                        index(Schedule::kBuffers));
}

void TensorCoreEmitter::fetch(const KeyTile &tile) {
  Value buffer = getBuffer(tile);
  copyRows(key, tile.first, tile.size, keys, buffer);
  copyRows(value, tile.first, tile.size, values, buffer);
  finishCopies();
}

void TensorCoreEmitter::receive(const KeyTile &tile, const NextTile &next) {
  waitForCopies();
  // Now all threads have the tile, and are done with the one before, into whose
  // buffer the next one goes.
  barrier();
  ifThen(next.exists, [&] { fetch(next.tile); });
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

ScoreLayout TensorCoreEmitter::getLayout(Value firstKey) {
  AffineExpr n = b.getAffineDimExpr(0), i = b.getAffineDimExpr(1),
             j = b.getAffineDimExpr(2), row = b.getAffineSymbolExpr(0),
             key = b.getAffineSymbolExpr(1);
  return {AffineMap::get(
              3, 2, {b.getAffineConstantExpr(0), row + i * 8, key + n * 8 + j},
              b.getContext()),
          {this->row, add(firstKey, warp->getColumn())}};
}

Value TensorCoreEmitter::getRows(Value handle, const ScoreLayout &) {
  Value both[] = {load(handle, row), load(handle, add(row, index(8)))};
  return vector::FromElementsOp::create(b, VectorType::get(2, b.getI32Type()),
                                        both);
}

SmallVector<Value> TensorCoreEmitter::scores(const KeyTile &tile) {
  VectorType type = warp->getSumType();
  Value buffer = getBuffer(tile);
  Value memory = viewRows(keys, 16);
  SmallVector<Value> sums(keyFragments(), broadcast(number(0), type));
  for (auto [step, fragment] : llvm::enumerate(queryFragments))
    for (int64_t n = 0; n < keyFragments(); n += 2) {
      auto [left, right] =
          warp->loadB(memory, {buffer, index(n / 2)},
                      static_cast<int64_t>(step) * 16, /*transposed=*/false);
      sums[n] = warp->multiply(fragment, left, sums[n]);
      sums[n + 1] = warp->multiply(fragment, right, sums[n + 1]);
    }
  auto tileType = VectorType::get({keyFragments(), 2, 2}, b.getF32Type());
  Value all = broadcast(number(0), tileType);
  for (auto [n, sum] : llvm::enumerate(sums)) {
    if (!op.getScore().empty())
      sum = multiplyF(sum, broadcast(scale, type));
    all = vector::InsertOp::create(b, sum, all, static_cast<int64_t>(n));
  }
  return {all};
}

LogicalResult TensorCoreEmitter::mapScores(const KeyTile &keys,
                                           SmallVectorImpl<Value> &scores,
                                           ScoreFunction function) {
  FailureOr<Value> result = function(scores.front(), getLayout(keys.first));
  if (failed(result))
    return failure();
  scores.front() = *result;
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Combines pairs, then pairs of these: short chains of dependent operations.
static Value reduce(SmallVector<Value> elements,
                    function_ref<Value(Value, Value)> combine) {
  while (elements.size() > 1) {
    SmallVector<Value> pairs;
    for (size_t i = 0; i + 1 < elements.size(); i += 2)
      pairs.push_back(combine(elements[i], elements[i + 1]));
    if (elements.size() % 2)
      pairs.push_back(elements.back());
    elements = std::move(pairs);
  }
  return elements.front();
}

/// The greatest score of the thread's row `i`; NaN is passed over, since it
/// stays in the exponential.
Value TensorCoreEmitter::getRowMaximum(Value scores, int64_t i) {
  SmallVector<Value> elements;
  for (int64_t n = 0; n < keyFragments(); ++n)
    for (int64_t j = 0; j < 2; ++j)
      elements.push_back(extract(scores, {n, i, j}));
  Value maximum = reduce(elements, [&](Value x, Value y) -> Value {
    return arith::MaxNumFOp::create(b, x, y);
  });
  return warp->getRowMaximum(maximum);
}

LogicalResult TensorCoreEmitter::update(const KeyTile &tile,
                                        ArrayRef<Value> scores, Value,
                                        ScoreFunction,
                                        SmallVectorImpl<Value> &state) {
  Value all = scores.front();
  VectorType type = warp->getSumType();
  SmallVector<SmallVector<Value>> weights(keyFragments());
  Value factors[2];
  for (int64_t i = 0; i < 2; ++i) {
    Value before = state[i];
    Value maximum = arith::MaxNumFOp::create(b, before, getRowMaximum(all, i));
    state[i] = maximum;
    // The difference first: where the maximum stays, the factor is one.
    Value distance = arith::SubFOp::create(b, before, maximum);
    factors[i] = math::Exp2Op::create(b, multiplyF(distance, exponentScale));
    // Finite, so that a hidden score is minus infinity after it, too.
    Value shift = arith::MinNumFOp::create(
        b, arith::NegFOp::create(b, multiplyF(maximum, exponentScale)),
        number(kGreatest));
    SmallVector<Value> ofRow;
    for (int64_t n = 0; n < keyFragments(); ++n)
      for (int64_t j = 0; j < 2; ++j) {
        Value exponent = math::FmaOp::create(b, extract(all, {n, i, j}),
                                             exponentScale, shift);
        ofRow.push_back(math::Exp2Op::create(b, exponent));
        weights[n].push_back(ofRow.back());
      }
    Value sum = reduce(ofRow, [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(b, x, y);
    });
    state[2 + i] =
        arith::AddFOp::create(b, multiplyF(state[2 + i], factors[i]), sum);
  }
  Value factor = vector::FromElementsOp::create(
      b, type, ValueRange{factors[0], factors[0], factors[1], factors[1]});
  MutableArrayRef<Value> accumulators = MutableArrayRef(state).drop_front(4);
  for (Value &accumulator : accumulators)
    accumulator = multiplyF(accumulator, factor);
  Value buffer = getBuffer(tile), memory = viewRows(values, 16);
  for (int64_t n = 0; n < keyFragments(); n += 2) {
    Value sums[2];
    for (int64_t k = 0; k < 2; ++k)
      sums[k] = vector::FromElementsOp::create(b, type, weights[n + k]);
    Value fragment = warp->toA(sums[0], sums[1]);
    for (int64_t v = 0; v < valueFragments(); v += 2) {
      auto [left, right] = warp->loadB(memory, {buffer, index(n / 2)}, v * 8,
                                       /*transposed=*/true);
      accumulators[v] = warp->multiply(fragment, left, accumulators[v]);
      accumulators[v + 1] =
          warp->multiply(fragment, right, accumulators[v + 1]);
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// End
//===----------------------------------------------------------------------===//

/// Zero times a number is zero if it is finite, and NaN otherwise.
void TensorCoreEmitter::flagNonFinite(ValueRange accumulators) {
  VectorType type = warp->getSumType();
  Value zeros = broadcast(number(0), type), sum = zeros;
  for (Value accumulator : accumulators)
    sum = vector::FMAOp::create(b, accumulator, zeros, sum);
  for (int64_t i = 0; i < 2; ++i) {
    Value ofRow =
        arith::AddFOp::create(b, extract(sum, {i, 0}), extract(sum, {i, 1}));
    Value nonFinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, ofRow, ofRow);
    Value exists = lessThan(add(row, index(i * 8)), tile.rows);
    ifThen(arith::AndIOp::create(b, nonFinite, exists), [&] {
      Value one = arith::ConstantOp::create(b, b.getI32IntegerAttr(1));
      store(one, flags, getFlagPosition(tile.batch, tile.head, tile.row));
    });
  }
}

/// Row `i` of the thread: two columns of every eight.
void TensorCoreEmitter::storeRow(int64_t i, Value factor,
                                 ValueRange accumulators) {
  auto type = cast<MemRefType>(op.getOutput().getType());
  auto wide = VectorType::get(2, b.getF32Type());
  auto narrow = VectorType::get(2, type.getElementType());
  Value factors = broadcast(factor, wide);
  Value at = add(tile.row, add(row, index(i * 8)));
  for (auto [v, accumulator] : llvm::enumerate(accumulators)) {
    Value mean = multiplyF(extract(accumulator, i), factors);
    Value column = add(warp->getColumn(), index(static_cast<int64_t>(v) * 8));
    vector::StoreOp::create(b, arith::TruncFOp::create(b, narrow, mean),
                            op.getOutput(),
                            ValueRange{tile.batch, tile.head, at, column},
                            /*nontemporal=*/false, llvm::MaybeAlign(4));
  }
}

void TensorCoreEmitter::finish(ValueRange state) {
  ValueRange accumulators = state.drop_front(4);
  flagNonFinite(accumulators);
  Value sink = op.getSinks() ? load(op.getSinks(), tile.head) : Value();
  bool isScaled = !op.getScore().empty();
  for (int64_t i = 0; i < 2; ++i) {
    Value maximum = isScaled ? state[i] : multiplyF(state[i], scale);
    Value sum = warp->getRowSum(state[2 + i]);
    RowStatistics end = finishRow(b, maximum, sum, sink);
    Value inTile = add(row, index(i * 8));
    ifThen(lessThan(inTile, tile.rows), [&] {
      storeRow(i, end.factor, accumulators);
      if (!op.getLogSumExp())
        return;
      // One of the four threads of a row.
      ifThen(isZero(warp->getColumn()), [&] {
        store(end.logSumExp, op.getLogSumExp(),
              {tile.batch, tile.head, add(tile.row, inTile)});
      });
    });
  }
}
