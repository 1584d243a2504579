//===- CPUColumnProducts.cpp - products of few rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUColumnEmitter.h"
#include "MagnitudeScan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

/// Vectors of sums in the innermost loop of P V: as many as hide the latency of
/// a multiply-add, and rows that share a vector of values.
static constexpr int64_t kSums = 16, kRows = 8;

//===----------------------------------------------------------------------===//
// Q K
//===----------------------------------------------------------------------===//

/// Neighbours are joined: of two vectors of parts, each of `parts` sums, one of
/// twice as many, in their order.
Value CPUColumnEmitter::sumLanes(SmallVector<Value> vectors) {
  for (int64_t length = lanes; vectors.size() > 1; length /= 2) {
    // Where the first and the second halves of all runs of `length` lanes lie.
    SmallVector<int64_t> low, high;
    for (int64_t run = 0; run < 2 * lanes; run += length)
      for (int64_t i = 0; i < length / 2; ++i) {
        low.push_back(run + i);
        high.push_back(run + length / 2 + i);
      }
    SmallVector<Value> joined;
    for (size_t i = 0; i < vectors.size(); i += 2)
      joined.push_back(arith::AddFOp::create(
          b, vector::ShuffleOp::create(b, vectors[i], vectors[i + 1], low),
          vector::ShuffleOp::create(b, vectors[i], vectors[i + 1], high)));
    vectors = std::move(joined);
  }
  return vectors[0];
}

/// The scores of the keys of one vector. Of keys that do not exist they are
/// those of the last one; the skeleton hides them.
void CPUColumnEmitter::multiplyKeys(const KeyTile &keys, Value first,
                                    bool isWhole) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i < keysPerVector; ++i) {
    Value row = offset(first, i);
    if (!isWhole)
      row = b.createOrFold<arith::MinSIOp>(row, offset(keys.size, -1));
    rows.push_back(add(keys.first, row));
  }
  SmallVector<Value> zeros(lanes, splat(0));
  SmallVector<Value> products =
      foldColumns(key.getSize(b, 3), lanes, zeros,
                  [&](Value column, bool inBounds, ValueRange carried) {
                    SmallVector<Value> numbers, results;
                    for (Value row : rows) {
                      numbers.push_back(read(key, row, column, inBounds));
                      prefetch(value, row, column);
                    }
                    SmallVector<Value> factors;
                    for (int64_t row = 0; row < held; ++row)
                      factors.push_back(load(queries, {index(row), column}));
                    for (int64_t i = 0; i < lanes; ++i)
                      results.push_back(vector::FMAOp::create(
                          b, factors[i % held], numbers[i / held], carried[i]));
                    return results;
                  });
  store(sumLanes(std::move(products)), scoreBuffer,
        apply(b.getAffineDimExpr(0) * held, first));
}

SmallVector<Value> CPUColumnEmitter::scores(const KeyTile &keys) {
  Value whole = roundDown(keys.size, keysPerVector);
  forLoop(index(0), whole, keysPerVector,
          [&](Value first) { multiplyKeys(keys, first, /*isWhole=*/true); });
  if (keysPerVector > 1)
    forLoop(whole, keys.size, keysPerVector,
            [&](Value first) { multiplyKeys(keys, first, /*isWhole=*/false); });
  return {};
}

//===----------------------------------------------------------------------===//
// P V
//===----------------------------------------------------------------------===//

/// `count` vectors of columns of the rows from `row` on, over all keys.
void CPUColumnEmitter::multiplyValues(const KeyTile &keys, int64_t row,
                                      Value column, int64_t count,
                                      bool inBounds) {
  int64_t numRows = std::min(held - row, kRows);
  SmallVector<Value> columns, before;
  for (int64_t i = 0; i < count; ++i)
    columns.push_back(offset(column, i * lanes));
  for (int64_t r = 0; r < numRows; ++r)
    for (Value column : columns)
      before.push_back(load(accumulator, {index(row + r), column}));
  Value lastKey = offset(key.getSize(b, 2), -1);
  auto body = [&](Value x, ValueRange carried) {
    Value at = add(keys.first, x);
    // The tile after this one, most likely.
    Value next = b.createOrFold<arith::MinSIOp>(offset(at, keyTile), lastKey);
    SmallVector<Value> numbers, results;
    for (Value column : columns) {
      numbers.push_back(read(value, at, column, inBounds));
      if (row == 0)
        prefetch(key, next, column);
    }
    Value weights = apply(b.getAffineDimExpr(0) * held + row, x);
    for (int64_t r = 0; r < numRows; ++r) {
      Value weight = memref::LoadOp::create(b, scoreBuffer, offset(weights, r));
      Value spread = vector::BroadcastOp::create(b, sums, weight);
      for (int64_t i = 0; i < count; ++i)
        results.push_back(vector::FMAOp::create(b, spread, numbers[i],
                                                carried[r * count + i]));
    }
    return results;
  };
  SmallVector<Value> after = forLoop(index(0), keys.size, 1, before, body);
  for (int64_t r = 0; r < numRows; ++r)
    for (int64_t i = 0; i < count; ++i)
      store(after[r * count + i], accumulator, {index(row + r), columns[i]});
}

void CPUColumnEmitter::multiplyValues(const KeyTile &keys) {
  Value width = value.getSize(b, 3);
  for (int64_t row = 0; row < held; row += kRows) {
    int64_t count = kSums / std::min(held, kRows);
    Value blocks = roundDown(width, count * lanes),
          whole = roundDown(width, lanes);
    forLoop(index(0), blocks, count * lanes, [&](Value column) {
      multiplyValues(keys, row, column, count, /*inBounds=*/true);
    });
    forLoop(blocks, whole, lanes, [&](Value column) {
      multiplyValues(keys, row, column, 1, /*inBounds=*/true);
    });
    forLoop(whole, width, lanes, [&](Value column) {
      multiplyValues(keys, row, column, 1, /*inBounds=*/false);
    });
  }
}

//===----------------------------------------------------------------------===//
// Values that are not finite
//===----------------------------------------------------------------------===//

Value CPUColumnEmitter::hasNonFiniteValues(const KeyTile &keys) {
  MagnitudeScan scan(b, sums);
  Value greatest = forLoop(
      index(0), keys.size, 1, scan.start(), [&](Value x, ValueRange carried) {
        Value at = add(keys.first, x);
        return foldColumns(
            value.getSize(b, 3), lanes, carried,
            [&](Value column, bool inBounds, ValueRange carried) {
              return SmallVector<Value>{
                  scan.add(carried[0], read(value, at, column, inBounds))};
            });
      })[0];
  return scan.hasNonFinite(greatest);
}

/// Key by key and row by row: what a row does not see does not reach it.
LogicalResult CPUColumnEmitter::multiplyVisibleValues(const KeyTile &keys,
                                                      ScoreFunction visible) {
  LogicalResult result = success();
  forScores(keys, [&](Value first) {
    FailureOr<Value> seen = visible(splat(1), getLayout(keys, first));
    if (failed(seen)) {
      result = failure();
      return;
    }
    store(*seen, flags, index(0));
    Value zero = arith::ConstantOp::create(b, b.getFloatAttr(elements.sum, 0));
    // Keys that do not exist are not seen.
    Value last =
        b.createOrFold<arith::MinSIOp>(offset(first, keysPerVector), keys.size);
    forLoop(first, last, 1, [&](Value x) {
      Value at = add(keys.first, x);
      forLoop(index(0), index(held), 1, [&](Value row) {
        AffineExpr k = b.getAffineDimExpr(0), start = b.getAffineDimExpr(1),
                   r = b.getAffineDimExpr(2);
        Value flag = memref::LoadOp::create(
            b, flags, apply((k - start) * held + r, {x, first, row}));
        Value sees =
            arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, flag, zero);
        auto branch = scf::IfOp::create(b, sees, /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(branch.thenBlock());
        Value weight = memref::LoadOp::create(
            b, scoreBuffer, apply(k * held + start, {x, row}));
        Value spread = vector::BroadcastOp::create(b, sums, weight);
        forColumns(value.getSize(b, 3), lanes,
                   [&](Value column, bool inBounds) {
                     Value numbers = read(value, at, column, inBounds);
                     Value before = load(accumulator, {row, column});
                     store(vector::FMAOp::create(b, spread, numbers, before),
                           accumulator, {row, column});
                   });
      });
    });
  });
  return result;
}
