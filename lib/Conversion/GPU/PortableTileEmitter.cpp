//===- PortableTileEmitter.cpp - a query tile per workgroup -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PortableTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

static constexpr int64_t kColumns = PortableSchedule::kColumns;
static constexpr double kLowest = -std::numeric_limits<float>::max();
static constexpr double kHidden = -std::numeric_limits<double>::infinity();

/// Rows of workgroup memory are one element longer than what they hold.
static int64_t padded(int64_t columns) { return columns + 1; }

//===----------------------------------------------------------------------===//
// Rows and columns of a thread
//===----------------------------------------------------------------------===//

Value PortableTileEmitter::getRow(Value i) {
  return add(threadRow, multiply(i, index(schedule.threadRows())));
}

Value PortableTileEmitter::getColumn(Value j) {
  return add(threadColumn, multiply(j, index(kColumns)));
}

Value PortableTileEmitter::getRow(int64_t i) { return getRow(index(i)); }

Value PortableTileEmitter::getColumn(int64_t j) { return getColumn(index(j)); }

Value PortableTileEmitter::getRows(Value handle, const ScoreLayout &layout) {
  return load(handle, layout.symbols.front());
}

/// One score, of a row of the tile and a key of the array.
ScoreLayout PortableTileEmitter::getLayout(Value row, Value key) {
  return {AffineMap::get(
              1, 2,
              getPlace(b.getAffineSymbolExpr(0), b.getAffineSymbolExpr(1)),
              b.getContext()),
          {row, key}};
}

//===----------------------------------------------------------------------===//
// One tile of keys
//===----------------------------------------------------------------------===//

SmallVector<Value> PortableTileEmitter::begin(const QueryTile &tile) {
  placeTile(tile);
  threadColumn = b.createOrFold<arith::RemUIOp>(thread, index(kColumns));
  threadRow = b.createOrFold<arith::DivUIOp>(thread, index(kColumns));
  const PortableSchedule &s = schedule;
  FloatType f32 = b.getF32Type();
  queryBlock = allocate({s.tileRows(), padded(s.depth)}, f32);
  keyBlock = allocate({s.keyTile, padded(s.depth)}, f32);
  scoreBuffer = allocate({s.tileRows(), padded(s.keyTile)}, f32);
  partial = allocate({s.tileRows(), padded(kColumns)}, f32);
  values = allocate({s.keyTile, padded(s.valueColumns)}, f32);
  SmallVector<Value> state(s.rows(), number(kLowest));
  state.append(s.rows() * (1 + s.columns()), number(0));
  return state;
}

void PortableTileEmitter::loadBlock(Value block, int64_t rows, int64_t columns,
                                    Extent fromRows, Extent fromColumns,
                                    ElementFunction element) {
  forThreads(rows * columns, [&](Value position) {
    Value row = b.createOrFold<arith::DivUIOp>(position, index(columns));
    Value column = b.createOrFold<arith::RemUIOp>(position, index(columns));
    Value from = add(fromRows.first, row),
          fromColumn = add(fromColumns.first, column);
    Value exists = b.createOrFold<arith::AndIOp>(
        lessThan(from, fromRows.end), lessThan(fromColumn, fromColumns.end));
    auto branch = scf::IfOp::create(b, b.getF32Type(), exists,
                                    /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      scf::YieldOp::create(b, element(from, fromColumn));
      b.setInsertionPointToStart(branch.elseBlock());
      scf::YieldOp::create(b, number(0));
    }
    store(branch.getResult(0), block, {row, column});
  });
}

/// A block of Q, from `firstColumn` on.
void PortableTileEmitter::loadQueries(Value firstColumn, Value columnEnd) {
  int64_t rows = schedule.tileRows();
  Extent columns = {firstColumn, columnEnd};
  if (schedule.heads == 1)
    return loadBlock(
        queryBlock, rows, schedule.depth, {tile.row, add(tile.row, tile.rows)},
        columns,
        [&](Value row, Value column) { return query.load(b, row, column); });
  loadBlock(queryBlock, rows, schedule.depth, {index(0), getNumRows()}, columns,
            [&](Value row, Value column) {
              auto [head, queryInTile] = getPlace(row);
              return query.at(add(tile.head, head))
                  .load(b, add(tile.row, queryInTile), column);
            });
}

/// A block of K or V, from `firstColumn` on.
void PortableTileEmitter::loadKeyRows(const AttentionOperand &operand,
                                      Value block, int64_t columns,
                                      const KeyTile &keys, Value firstColumn) {
  loadBlock(block, schedule.keyTile, columns,
            {keys.first, add(keys.first, keys.size)},
            {firstColumn, operand.getSize(b, 3)}, [&](Value row, Value column) {
              return operand.load(b, row, column);
            });
}

/// Adds the products of a block of Q and a block of K to the thread's scores.
SmallVector<Value> PortableTileEmitter::multiplyBlock(ValueRange sums) {
  int64_t rows = schedule.rows(), keys = schedule.keys();
  return forLoop(
      index(0), index(schedule.depth), sums, [&](Value d, ValueRange carried) {
        SmallVector<Value> queryElements, keyElements, results;
        for (int64_t i = 0; i < rows; ++i)
          queryElements.push_back(load(queryBlock, {getRow(i), d}));
        for (int64_t j = 0; j < keys; ++j)
          keyElements.push_back(load(keyBlock, {getColumn(j), d}));
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < keys; ++j)
            results.push_back(math::FmaOp::create(
                b, queryElements[i], keyElements[j], carried[i * keys + j]));
        return results;
      });
}

/// The keys of an interval's last tile that do not exist.
void PortableTileEmitter::hideMissingKeys(const KeyTile &keys) {
  ifThen(lessThan(keys.size, index(schedule.keyTile)), [&] {
    for (int64_t j = 0; j < schedule.keys(); ++j) {
      Value column = getColumn(j);
      Value exists = lessThan(column, keys.size);
      ifThen(b.createOrFold<arith::XOrIOp>(exists, truth(true)), [&] {
        for (int64_t i = 0; i < schedule.rows(); ++i)
          store(number(kHidden), scoreBuffer, {getRow(i), column});
      });
    }
  });
}

SmallVector<Value> PortableTileEmitter::scores(const KeyTile &keys) {
  const PortableSchedule &s = schedule;
  Value columns = query.getSize(b, 3);
  SmallVector<Value> zeros(s.rows() * s.keys(), number(0));
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(columns, index(s.depth));
  SmallVector<Value> sums =
      forLoop(index(0), blocks, zeros, [&](Value block, ValueRange carried) {
        Value first = multiply(block, index(s.depth));
        // What was read from the blocks before has been read.
        barrier();
        loadQueries(first, columns);
        loadKeyRows(key, keyBlock, s.depth, keys, first);
        barrier();
        return multiplyBlock(carried);
      });
  Value scale = emitScale(b, op, b.getF32Type());
  for (int64_t i = 0; i < s.rows(); ++i)
    for (int64_t j = 0; j < s.keys(); ++j)
      store(arith::MulFOp::create(b, sums[i * s.keys() + j], scale),
            scoreBuffer, {getRow(i), getColumn(j)});
  hideMissingKeys(keys);
  return {};
}

/// Every thread rewrites its own scores: no barrier is needed.
LogicalResult PortableTileEmitter::mapScores(const KeyTile &keys,
                                             SmallVectorImpl<Value> &,
                                             ScoreFunction function) {
  auto type = VectorType::get({1}, b.getF32Type());
  LogicalResult result = success();
  Value zero = index(0), one = index(1);
  forLoop(zero, index(schedule.rows()), one, [&](Value i) {
    Value row = getRow(i);
    forLoop(zero, index(schedule.keys()), one, [&](Value j) {
      Value column = getColumn(j);
      ifThen(lessThan(column, keys.size), [&] {
        Value score = load(scoreBuffer, {row, column});
        Value before = vector::BroadcastOp::create(b, type, score);
        FailureOr<Value> after =
            function(before, getLayout(row, add(keys.first, column)));
        if (failed(after)) {
          result = failure();
          return;
        }
        store(vector::ExtractOp::create(b, *after, ArrayRef<int64_t>{0}),
              scoreBuffer, {row, column});
      });
    });
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// The greater of two; the second where they do not compare, so that a NaN
/// score stays one in the exponential, whatever the maximum then is.
static Value getMaximum(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, greater, x, y);
}

/// The running maxima with those of the tile.
SmallVector<Value> PortableTileEmitter::updateMaxima(ValueRange before) {
  const PortableSchedule &s = schedule;
  for (int64_t i = 0; i < s.rows(); ++i) {
    Value maximum = load(scoreBuffer, {getRow(i), getColumn(int64_t(0))});
    for (int64_t j = 1; j < s.keys(); ++j)
      maximum =
          getMaximum(b, maximum, load(scoreBuffer, {getRow(i), getColumn(j)}));
    store(maximum, partial, {getRow(i), threadColumn});
  }
  barrier();
  return forLoop(
      index(0), index(kColumns), before, [&](Value column, ValueRange carried) {
        SmallVector<Value> maxima;
        for (auto [i, maximum] : llvm::enumerate(carried))
          maxima.push_back(getMaximum(
              b, maximum,
              load(partial, {getRow(static_cast<int64_t>(i)), column})));
        return maxima;
      });
}

LogicalResult PortableTileEmitter::update(const KeyTile &keys, ArrayRef<Value>,
                                          Value hidden, ScoreFunction visible,
                                          SmallVectorImpl<Value> &state) {
  const PortableSchedule &s = schedule;
  // The values of the tile before have been read: `scores` has barriers.
  loadKeyRows(value, values, s.valueColumns, keys, firstColumn);
  ArrayRef<Value> before = ArrayRef(state).take_front(s.rows());
  SmallVector<Value> maxima = updateMaxima(before);
  SmallVector<Value> sums(ArrayRef(state).drop_front(s.rows()));
  for (int64_t i = 0; i < s.rows(); ++i) {
    Value factor = emitExpOfDifference(b, before[i], maxima[i]);
    sums[i] = arith::MulFOp::create(b, sums[i], factor);
    for (int64_t v = 0; v < s.columns(); ++v) {
      Value &sum = sums[s.rows() + i * s.columns() + v];
      sum = arith::MulFOp::create(b, sum, factor);
    }
    for (int64_t j = 0; j < s.keys(); ++j) {
      Value position[] = {getRow(i), getColumn(j)};
      store(emitExpOfDifference(b, load(scoreBuffer, position), maxima[i]),
            scoreBuffer, position);
    }
  }
  barrier();

  LogicalResult result = success();
  SmallVector<Value> results;
  if (!hidden) {
    results = accumulate(keys, sums, ScoreFunction(), result);
  } else {
    auto check = scf::IfOp::create(b, b.getI1Type(), hidden,
                                   /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(check.thenBlock());
    scf::YieldOp::create(b, hasNonFiniteValues(keys));
    b.setInsertionPointToStart(check.elseBlock());
    scf::YieldOp::create(b, truth(false));
    b.setInsertionPointAfter(check);
    auto branch =
        scf::IfOp::create(b, ValueRange(sums).getTypes(), check.getResult(0),
                          /*withElseRegion=*/true);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, accumulate(keys, sums, visible, result));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, accumulate(keys, sums, ScoreFunction(), result));
    results.assign(branch.result_begin(), branch.result_end());
  }
  state.assign(maxima.begin(), maxima.end());
  state.append(results);
  return result;
}

/// Whether one of the values that the thread multiplies with is infinite or
/// NaN.
Value PortableTileEmitter::hasNonFiniteValues(const KeyTile &keys) {
  Value no = truth(false);
  Value infinity = number(std::numeric_limits<double>::infinity());
  auto body = [&](Value row, ValueRange carried) {
    Value any = carried[0];
    for (int64_t v = 0; v < schedule.columns(); ++v) {
      Value magnitude =
          math::AbsFOp::create(b, load(values, {row, getColumn(v)}));
      // True of NaN, too.
      Value nonFinite = arith::CmpFOp::create(b, arith::CmpFPredicate::UEQ,
                                              magnitude, infinity);
      any = arith::OrIOp::create(b, any, nonFinite);
    }
    return SmallVector<Value>{any};
  };
  return forLoop(index(0), keys.size, no, body)[0];
}

/// Adds weights and weighted values to the sums. With `visible`, which may be
/// null, only those of the keys that a row sees: zero times NaN is NaN.
SmallVector<Value> PortableTileEmitter::accumulate(const KeyTile &keys,
                                                   ValueRange state,
                                                   ScoreFunction visible,
                                                   LogicalResult &result) {
  int64_t rows = schedule.rows(), columns = schedule.columns();
  auto flagType = VectorType::get({1}, b.getF32Type());
  auto body = [&](Value column, ValueRange carried) {
    SmallVector<Value> results(carried), elements;
    for (int64_t v = 0; v < columns; ++v)
      elements.push_back(load(values, {column, getColumn(v)}));
    for (int64_t i = 0; i < rows; ++i) {
      Value row = getRow(i), weight = load(scoreBuffer, {row, column});
      results[i] = arith::AddFOp::create(b, carried[i], weight);
      Value sees;
      if (visible) {
        Value one = vector::BroadcastOp::create(b, flagType, number(1));
        FailureOr<Value> flag =
            visible(one, getLayout(row, add(keys.first, column)));
        if (failed(flag)) {
          result = failure();
          return results;
        }
        sees = arith::CmpFOp::create(
            b, arith::CmpFPredicate::UNE,
            vector::ExtractOp::create(b, *flag, ArrayRef<int64_t>{0}),
            number(0));
      }
      for (int64_t v = 0; v < columns; ++v) {
        Value &sum = results[rows + i * columns + v];
        Value after = math::FmaOp::create(b, weight, elements[v], sum);
        sum = sees ? arith::SelectOp::create(b, sees, after, sum) : after;
      }
    }
    return results;
  };
  return forLoop(index(0), keys.size, state, body);
}

//===----------------------------------------------------------------------===//
// End
//===----------------------------------------------------------------------===//

void PortableTileEmitter::finish(ValueRange state) {
  int64_t rows = schedule.rows(), columns = schedule.columns();
  Value width = value.getSize(b, 3);
  for (int64_t i = 0; i < rows; ++i) {
    Value row = getRow(i);
    ifThen(lessThan(row, getNumRows()), [&] {
      RowResults results = getResults(row);
      RowStatistics end = finishRow(b, state[i], state[rows + i], results.sink);
      for (int64_t v = 0; v < columns; ++v) {
        Value column = add(firstColumn, getColumn(v));
        Value sum = state[2 * rows + i * columns + v];
        ifThen(lessThan(column, width), [&] {
          results.output.store(b, arith::MulFOp::create(b, sum, end.factor),
                               results.query, column);
        });
      }
      if (!hasLogSumExp())
        return;
      // One thread of the row, in the first block of value columns.
      Value other = b.createOrFold<arith::OrIOp>(threadColumn, valueBlock);
      ifThen(isZero(other), [&] { storeLogSumExp(end.logSumExp, results); });
    });
  }
}
