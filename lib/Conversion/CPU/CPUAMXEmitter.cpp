//===- CPUAMXEmitter.cpp - products of tiles by AMX -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUAMXEmitter.h"
#include "TransposeVectors.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

void CPUAMXEmitter::allocate() {
  CPUTileEmitter::allocate();
  valueRows =
      workspace->take({getAccumulatorShape().front(), b.getIndexAttr(keyTile)},
                      elements.factor);
}

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

void CPUAMXEmitter::emitRegisterTile(const TileProduct &product, Value row,
                                     Value lane, const Range &sum) {
  auto sumsType = amx::TileType::get({kTile, kTile}, elements.sum);
  auto cellsType =
      amx::TileType::get({kTile, kTile * elements.width}, elements.factor);
  Value rowsOf[] = {row, offset(row, kTile)};
  SmallVector<Value> lanesOf, init;
  for (int64_t v = 0; v < vectors; ++v)
    lanesOf.push_back(offset(lane, v * lanes));
  for (Value r : rowsOf)
    for (Value v : lanesOf)
      init.push_back(product.accumulates
                         ? amx::TileLoadOp::create(b, sumsType, product.target,
                                                   ValueRange{r, v})
                               .getResult()
                         : amx::TileZeroOp::create(b, sumsType).getResult());
  auto multiply = [&](Value x, ValueRange carried) {
    SmallVector<Value> seconds, results;
    for (Value v : lanesOf)
      seconds.push_back(amx::TileLoadOp::create(b, cellsType, product.second,
                                                ValueRange{x, cell(v)}));
    for (Value r : rowsOf) {
      Value first = amx::TileLoadOp::create(b, cellsType, product.first,
                                            ValueRange{r, cell(x)});
      for (Value second : seconds)
        results.push_back(amx::TileMulFOp::create(b, sumsType, first, second,
                                                  carried[results.size()]));
    }
    return results;
  };
  SmallVector<Value> results =
      forLoop(sum.lower, sum.upper, kTile, init, multiply);
  for (auto [i, result] : llvm::enumerate(results))
    amx::TileStoreOp::create(
        b, product.target,
        ValueRange{rowsOf[i / vectors], lanesOf[i % vectors]}, result);
}

void CPUAMXEmitter::emitProduct(
    const TileProduct &product,
    llvm::function_ref<void(Value lane, Value row)> before,
    llvm::function_ref<void(Value lane, Value row)> after) {
  int64_t step = vectors * lanes;
  Value end = roundUp(getNumRows(), step);
  forLoop(index(0), end, step, [&](Value lane) {
    Range rows = product.rows(lane), sum = product.sum(lane);
    forLoop(rows.lower, rows.upper, kRows, [&](Value row) {
      if (before)
        before(lane, row);
      emitRegisterTile(product, row, lane, sum);
      if (after)
        after(lane, row);
    });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The factor of the scores is in none of the operands, and sums leave tile
/// registers through memory only.
void CPUAMXEmitter::multiplyKeys(const KeyTile &keys) {
  Value factor = vector::BroadcastOp::create(b, sums, scoreFactor);
  auto seen = [&](Value lane) { return getKeys(keys, /*narrows=*/true, lane); };
  auto columns = [&](Value) {
    Value depth = roundUp(query.getSize(b, 3), kTile * elements.width);
    return Range{index(0), countCells(depth)};
  };
  auto prefetch = [&](Value lane, Value row) {
    prefetchAfter(keys, {rows, vectors}, /*narrows=*/true, lane, row, kRows);
  };
  auto scale = [&](Value lane, Value row) {
    forLoop(row, offset(row, kRows), 1, [&](Value r) {
      for (int64_t v = 0; v < vectors; ++v) {
        Value at = offset(lane, v * lanes);
        store(arith::MulFOp::create(b, load(scoreBuffer, {r, at}), factor),
              scoreBuffer, {r, at});
      }
    });
  };
  emitProduct(
      {scoreBuffer, /*accumulates=*/false, keyBlock, queries, seen, columns},
      prefetch, scale);
}

void CPUAMXEmitter::transposeValues(const KeyTile &keys) {
  Value complete = countCells(keys.size),
        count = countCells(roundUp(keys.size, keyUnit)),
        columns = roundUp(value.getSize(b, 3), lanes);
  Value zero =
      arith::ConstantOp::create(b, b.getZeroAttr(elements.getFactors()));
  forLoop(complete, count, 1, [&](Value x) {
    forLoop(index(0), columns, lanes,
            [&](Value column) { store(zero, valueBlock, {x, cell(column)}); });
  });
  forLoop(index(0), count, kTile, [&](Value x) {
    forLoop(index(0), columns, lanes, [&](Value column) {
      SmallVector<Value> cells;
      for (int64_t i = 0; i < kTile; ++i)
        cells.push_back(vector::BitCastOp::create(
            b, elements.getCells(),
            vector::LoadOp::create(b, elements.getFactors(), valueBlock,
                                   ValueRange{offset(x, i), cell(column)})));
      for (auto [i, keysOfColumn] : llvm::enumerate(transposeVectors(b, cells)))
        store(vector::BitCastOp::create(b, elements.getFactors(), keysOfColumn),
              valueRows, {offset(column, i), cell(x)});
    });
  });
}

void CPUAMXEmitter::multiplyValues(const KeyTile &keys) {
  transposeValues(keys);
  auto columns = [&](Value) {
    return Range{index(0), roundUp(value.getSize(b, 3), kRows)};
  };
  // Weights of keys that are hidden are zero.
  auto seen = [&](Value lane) {
    Range range = getKeys(keys, /*narrows=*/true, lane);
    return Range{countCells(range.lower), countCells(range.upper)};
  };
  emitProduct(
      {accumulator, /*accumulates=*/true, valueRows, weights, columns, seen},
      {}, {});
}
