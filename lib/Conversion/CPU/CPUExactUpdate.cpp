//===- CPUExactUpdate.cpp - values that are not finite -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

/// Weights of hidden keys are zero, but zero times NaN is NaN. Where a tile has
/// both hidden keys and values that are not finite, each element is asked again
/// whether it is visible.
LogicalResult CPUTileEmitter::accumulate(const KeyTile &keys, Value hidden,
                                         ScoreFunction visible) {
  Value nonFinite;
  if (!hidden) {
    packValues(keys, /*scans=*/false);
    multiplyValues(keys);
    return success();
  }
  if (elements.isPacked()) {
    // They are read anyway.
    nonFinite =
        b.createOrFold<arith::AndIOp>(packValues(keys, /*scans=*/true), hidden);
  } else {
    auto check = scf::IfOp::create(b, b.getI1Type(), hidden,
                                   /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(check.thenBlock());
    scf::YieldOp::create(b, packValues(keys, /*scans=*/true));
    b.setInsertionPointToStart(check.elseBlock());
    scf::YieldOp::create(
        b, arith::ConstantOp::create(b, b.getBoolAttr(false)).getResult());
    nonFinite = check.getResult(0);
  }
  auto branch = scf::IfOp::create(b, nonFinite, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  multiplyValues(keys);
  b.setInsertionPointToStart(branch.thenBlock());
  return multiplyVisibleValues(keys, visible);
}
