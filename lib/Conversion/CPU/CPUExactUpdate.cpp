//===- CPUExactUpdate.cpp - values that are not finite -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

Value CPUTileEmitter::loadValue(const KeyTile &keys, Value x, int64_t i,
                                Value column) {
  if (!valueBlock)
    return value.load(b, add(keys.first, x), column);
  Value element = memref::LoadOp::create(
      b, valueBlock, ValueRange{x, offset(cell(column), i)});
  return CPUElements::convert(b, element, elements.sum);
}

/// Key by key, also of those that are multiplied together; the partner that a
/// last key lacks has weight and values of zero.
LogicalResult CPUTileEmitter::multiplyVisibleValues(const KeyTile &keys,
                                                    ScoreFunction visible) {
  LogicalResult result = success();
  auto add1 = [&](Value x, int64_t i, Value lane) {
    Value row = offset(cell(x), i);
    FailureOr<Value> flags =
        visible(splat(1), getLayout(lane, add(keys.first, row)));
    if (failed(flags)) {
      result = failure();
      return;
    }
    Value sees =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, *flags, splat(0));
    Value weight = elements.extractElements(
        b,
        vector::LoadOp::create(b, elements.getFactors(), weights,
                               ValueRange{x, cell(lane)}),
        i);
    forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
      Value element = loadValue(keys, x, i, column);
      Value before = load(accumulator, {column, lane});
      Value after = vector::FMAOp::create(
          b, vector::BroadcastOp::create(b, sums, element), weight, before);
      store(arith::SelectOp::create(b, sees, after, before), accumulator,
            {column, lane});
    });
  };
  forLoop(index(0), countCells(keys.size), 1, [&](Value x) {
    forLanes([&](Value lane) {
      for (int64_t i = 0; i < elements.width; ++i)
        add1(x, i, lane);
    });
  });
  return result;
}

LogicalResult CPUTileEmitter::accumulate(const KeyTile &keys, Value hidden,
                                         ScoreFunction visible) {
  Value nonFinite;
  if (elements.isPacked()) {
    // Values that are packed are read anyway.
    nonFinite = packValues(keys, /*scans=*/bool(hidden));
    if (hidden)
      nonFinite = b.createOrFold<arith::AndIOp>(nonFinite, hidden);
  } else if (hidden) {
    nonFinite = scanWhere(hidden, [&] { return packValues(keys, true); });
  }
  return addValues(
      nonFinite, [&] { multiplyValues(keys); },
      [&] { return multiplyVisibleValues(keys, visible); });
}
