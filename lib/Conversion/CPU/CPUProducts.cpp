//===- CPUProducts.cpp - scores, and weighted values -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

/// `vectors` vectors of sums side by side, `count` below each other:
/// `target[row + r, lane...] (+)= sum_x factor(r, x) source[x, lane...]`.
void CPUTileEmitter::emitRegisterTile(const Product &product, int64_t count,
                                      Value row, Value lane) {
  SmallVector<Value> lanesOf, rowsOf, init;
  for (int64_t v = 0; v < vectors; ++v)
    lanesOf.push_back(offset(lane, v * lanes));
  for (int64_t r = 0; r < count; ++r)
    rowsOf.push_back(offset(row, r));
  for (Value r : rowsOf)
    for (Value v : lanesOf)
      init.push_back(product.accumulates ? load(product.target, {r, v})
                                         : splat(0));
  auto multiply = [&](Value x, ValueRange carried) {
    SmallVector<Value> operands, results;
    for (Value v : lanesOf)
      operands.push_back(vector::LoadOp::create(
          b, elements.getFactors(), product.source, ValueRange{x, cell(v)}));
    for (auto [r, row] : llvm::enumerate(rowsOf)) {
      Value factor = product.factor(row, x);
      for (auto [v, operand] : llvm::enumerate(operands))
        results.push_back(
            elements.multiplyAdd(b, factor, operand, carried[r * vectors + v]));
    }
    return results;
  };
  SmallVector<Value> results =
      forLoop(index(0), product.count, 1, init, multiply);
  for (auto [r, row] : llvm::enumerate(rowsOf))
    for (auto [v, lane] : llvm::enumerate(lanesOf)) {
      Value result = results[r * vectors + v];
      if (product.scale)
        result = arith::MulFOp::create(b, result, product.scale);
      store(result, product.target, {row, lane});
    }
}

/// Rows in blocks of the schedule's `rows`, then the remainder one by one.
void CPUTileEmitter::emitProduct(const Product &product, Value count) {
  forLoop(index(0), index(held), vectors * lanes, [&](Value lane) {
    forBlocks(count, rows, 1, [&](int64_t block, Value row) {
      emitRegisterTile(product, block, row, lane);
    });
  });
}

void CPUTileEmitter::multiplyKeys(const KeyTile &keys) {
  auto factor = [&](Value row, Value x) {
    if (keyBlock)
      return elements.spreadFactor(b, keyBlock, {row, cell(x)});
    return elements.spreadFactor(
        b, key.memref, {key.batch, key.head, add(keys.first, row), x});
  };
  // A factor that is not in Q.
  Value scale;
  if (elements.roundsWeights())
    scale = vector::BroadcastOp::create(b, sums, scoreFactor);
  Value count = countCells(query.getSize(b, 3));
  emitProduct(
      {scoreBuffer, /*accumulates=*/false, queries, count, factor, scale},
      keys.size);
}

void CPUTileEmitter::multiplyValues(const KeyTile &keys) {
  auto factor = [&](Value column, Value x) {
    if (valueBlock)
      return elements.spreadFactor(b, valueBlock, {x, cell(column)});
    return elements.spreadFactor(
        b, value.memref, {value.batch, value.head, add(keys.first, x), column});
  };
  emitProduct({accumulator, /*accumulates=*/true, weights,
               countCells(keys.size), factor, Value()},
              value.getSize(b, 3));
}
