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
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Q K
//===----------------------------------------------------------------------===//

/// Vectors of parts, each of `length` lanes of which every half is summed up by
/// itself, are joined two by two: the parts of the one are followed by those of
/// the other, by turns. So that the results end up in their order, vectors with
/// even numbers are joined apart from the others. One of the two operands of
/// the sum is a choice by lane, which is cheaper than a shuffle.
Value CPUColumnEmitter::sumLanes(ArrayRef<Value> vectors) {
  int64_t count = vectors.size();
  if (count == 1)
    return vectors[0];
  SmallVector<Value> even, odd;
  for (int64_t i = 0; i < count; i += 2) {
    even.push_back(vectors[i]);
    odd.push_back(vectors[i + 1]);
  }
  Value a = sumLanes(even), c = sumLanes(odd);
  // The first half of a part is the result of `a`, the second that of `c`.
  int64_t half = lanes / count;
  SmallVector<int64_t> stay, cross;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    bool isFirst = lane / half % 2 == 0;
    stay.push_back(isFirst ? lane : lanes + lane);
    cross.push_back(isFirst ? lane + half : lanes + lane - half);
  }
  return arith::AddFOp::create(b, vector::ShuffleOp::create(b, a, c, stay),
                               vector::ShuffleOp::create(b, a, c, cross));
}

/// The scores of `count` keys, whole vectors of them. Of keys that do not exist
/// they are those of the last one; the skeleton hides them.
void CPUColumnEmitter::multiplyKeys(const KeyTile &keys, Value first,
                                    int64_t count, bool isWhole) {
  SmallVector<Value> rows, products(count * held);
  for (int64_t i = 0; i < count; ++i) {
    Value row = offset(first, i);
    if (!isWhole)
      row = b.createOrFold<arith::MinSIOp>(row, offset(keys.size, -1));
    rows.push_back(add(keys.first, row));
  }
  for (int64_t row = 0; row < held; row += rowsAtOnce) {
    SmallVector<Value> sums = multiplyKeys(rows, row);
    for (auto [i, sum] : llvm::enumerate(sums))
      products[i / rowsAtOnce * held + row + i % rowsAtOnce] = sum;
  }
  for (int64_t i = 0; i < count; i += keysPerVector) {
    Value scores = sumLanes(ArrayRef(products).slice(i * held, lanes));
    // A factor that is not in Q.
    if (elements.roundsWeights())
      scores = arith::MulFOp::create(
          b, scores, vector::BroadcastOp::create(b, this->sums, scoreFactor));
    store(scores, scoreBuffer,
          apply(b.getAffineDimExpr(0) * held, offset(first, i)));
  }
}

/// The products of `rowsAtOnce` rows of queries, from `row` on, with these
/// keys, not yet summed over the lanes: keys major.
SmallVector<Value> CPUColumnEmitter::multiplyKeys(ArrayRef<Value> keys,
                                                  int64_t row) {
  int64_t count = keys.size();
  VectorType type = elements.getFactors();
  AffineExpr d0 = b.getAffineDimExpr(0);
  auto multiply = [&](Value column, bool inBounds, ValueRange carried) {
    SmallVector<Value> numbers, factors, results;
    for (Value at : keys)
      numbers.push_back(read(key, at, column, type, inBounds));
    if (row == 0)
      prefetchShare({&value, keys[0], count}, key, apply(d0 * count, column),
                    count * lanes * elements.width);
    for (int64_t r = 0; r < rowsAtOnce; ++r)
      factors.push_back(vector::LoadOp::create(
          b, type, queries, ValueRange{index(row + r), column}));
    for (auto [i, sum] : llvm::enumerate(carried))
      results.push_back(elements.multiplyAdd(b, factors[i % rowsAtOnce],
                                             numbers[i / rowsAtOnce], sum));
    return results;
  };
  SmallVector<Value> zeros(count * rowsAtOnce, splat(0));
  return foldColumns(key.getSize(b, 3), lanes * elements.width, zeros,
                     multiply);
}

SmallVector<Value> CPUColumnEmitter::scores(const KeyTile &keys) {
  findPages(keys);
  Value whole = roundDown(keys.size, keysAtOnce);
  forLoop(index(0), whole, keysAtOnce, [&](Value first) {
    multiplyKeys(keys, first, keysAtOnce, /*isWhole=*/true);
  });
  if (keysAtOnce > 1)
    forLoop(whole, keys.size, keysPerVector, [&](Value first) {
      multiplyKeys(keys, first, keysPerVector, /*isWhole=*/false);
    });
  return {};
}

//===----------------------------------------------------------------------===//
// P V
//===----------------------------------------------------------------------===//

Value CPUColumnEmitter::locateWeights(Value key, Value row) {
  AffineExpr k = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1);
  int64_t width = elements.width;
  return apply((k.floorDiv(width) * held + r) * width + k % width, {key, row});
}

/// `count` vectors of columns of `rowsAtOnce` rows from `row` on, over all
/// keys.
void CPUColumnEmitter::multiplyValues(const KeyTile &keys, int64_t row,
                                      Value column, int64_t count,
                                      bool inBounds) {
  int64_t numRows = rowsAtOnce;
  SmallVector<Value> columns, before;
  for (int64_t i = 0; i < count; ++i)
    columns.push_back(offset(column, i * lanes));
  for (int64_t r = 0; r < numRows; ++r)
    for (Value column : columns)
      before.push_back(load(accumulator, {index(row + r), column}));
  VectorType type = elements.getData().clone(elements.factor);
  int64_t width = elements.width;
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
  AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
  // `present` keys of a cell; the weight of what is missing is zero, and so is
  // its value.
  auto multiply = [&](int64_t present) {
    return [&, present](Value x, ValueRange carried) {
      SmallVector<Value> numbers, results;
      if (row == 0)
        // The tile after this one, most likely.
        prefetchShare({&key, offset(keys.first, keyTile), keyTile}, value,
                      apply(d0 * keyTile + d1 * (count * lanes), {column, x}),
                      count * lanes * width);
      for (Value column : columns) {
        SmallVector<Value> cell(width, none);
        for (int64_t i = 0; i < present; ++i)
          cell[i] = read(value, add(keys.first, offset(x, i)), column, type,
                         inBounds);
        numbers.push_back(elements.interleave(b, cell));
      }
      for (int64_t r = 0; r < numRows; ++r) {
        Value factor =
            elements.spreadFactor(b, weights, locateWeights(x, index(row + r)));
        for (int64_t i = 0; i < count; ++i)
          results.push_back(elements.multiplyAdd(b, factor, numbers[i],
                                                 carried[r * count + i]));
      }
      return results;
    };
  };
  Value whole = roundDown(keys.size, width);
  SmallVector<Value> after =
      forLoop(index(0), whole, width, before, multiply(width));
  if (width > 1)
    after = forLoop(whole, keys.size, 1, after, multiply(1));
  for (int64_t r = 0; r < numRows; ++r)
    for (int64_t i = 0; i < count; ++i)
      store(after[r * count + i], accumulator, {index(row + r), columns[i]});
}

void CPUColumnEmitter::multiplyValues(const KeyTile &keys) {
  Value width = value.getSize(b, 3);
  int64_t count = numSums / rowsAtOnce;
  // Of columns that are fewer, and known, a whole block all the same.
  if (std::optional<int64_t> columns = getConstantIntValue(width))
    count = std::clamp<int64_t>(llvm::bit_floor(uint64_t(*columns / lanes)), 1,
                                count);
  Value blocks = roundDown(width, count * lanes),
        whole = roundDown(width, lanes);
  auto forRows = [&](Value column, int64_t count, bool inBounds) {
    for (int64_t row = 0; row < held; row += rowsAtOnce)
      multiplyValues(keys, row, column, count, inBounds);
  };
  forLoop(index(0), blocks, count * lanes,
          [&](Value column) { forRows(column, count, /*inBounds=*/true); });
  forLoop(blocks, whole, lanes,
          [&](Value column) { forRows(column, 1, /*inBounds=*/true); });
  forLoop(whole, width, lanes,
          [&](Value column) { forRows(column, 1, /*inBounds=*/false); });
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
              return SmallVector<Value>{scan.add(
                  carried[0], read(value, at, column, sums, inBounds))};
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
        Value weight =
            memref::LoadOp::create(b, weights, locateWeights(x, row));
        Value spread = vector::BroadcastOp::create(
            b, sums, CPUElements::convert(b, weight, elements.sum));
        forColumns(value.getSize(b, 3), lanes,
                   [&](Value column, bool inBounds) {
                     Value numbers = read(value, at, column, sums, inBounds);
                     Value before = load(accumulator, {row, column});
                     store(vector::FMAOp::create(b, spread, numbers, before),
                           accumulator, {row, column});
                   });
      });
    });
  });
  return result;
}
