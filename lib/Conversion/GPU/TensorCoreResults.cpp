//===- TensorCoreResults.cpp - what tensor cores leave -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

/// Of the thread's row `i` and eight value columns, the thread's element `j`.
Value TensorCoreEmitter::getSum(ValueRange state, int64_t i, int64_t fragment,
                                int64_t j) {
  return state[accumulator(i / 2, fragment) + 2 * (i % 2) + j];
}

/// Zero times a number is zero if it is finite, and NaN otherwise.
void TensorCoreEmitter::flagNonFinite(ValueRange state) {
  for (int64_t i = 0; i < threadRows(); ++i) {
    Value sum = number(0);
    for (int64_t v = 0; v < valueFragments(); ++v)
      for (int64_t j = 0; j < 2; ++j)
        sum = math::FmaOp::create(b, getSum(state, i, v, j), number(0), sum);
    Value nonFinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, sum, sum);
    Value exists = lessThan(add(row, index(i * 8)), getNumRows());
    ifThen(arith::AndIOp::create(b, nonFinite, exists), [&] {
      Value one = arith::ConstantOp::create(b, b.getI32IntegerAttr(1));
      store(one, call.flags, getWorkgroup());
    });
  }
}

/// Two elements of a row, from `column` on; not those that do not exist.
void TensorCoreEmitter::storePair(Value pair, Value column,
                                  const RowResults &results) {
  const AttentionOperand &output = results.output;
  auto type = cast<MemRefType>(output.memref.getType());
  Type element = type.getElementType();
  auto storeEach = [&] {
    for (int64_t j = 0; j < 2; ++j) {
      Value at = add(column, index(j));
      auto storeOne = [&] {
        output.store(b, extract(pair, {j}), results.query, at);
      };
      // The first exists where a pair does.
      if (j == 0 || valueWidth() % 2 == 0)
        storeOne();
      else
        ifThen(lessThan(at, index(valueWidth())), storeOne);
    }
  };
  auto storeBoth = [&] {
    Value narrow = pair;
    if (!element.isF32())
      narrow = arith::TruncFOp::create(b, VectorType::get(2, element), narrow);
    vector::StoreOp::create(
        b, narrow, output.memref,
        ValueRange{output.batch, output.head, results.query, column},
        /*nontemporal=*/false,
        llvm::MaybeAlign(element.getIntOrFloatBitWidth() / 4));
  };
  if (!call.isPaired)
    return storeEach();
  auto branch = scf::IfOp::create(b, call.isPaired, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  storeBoth();
  b.setInsertionPointToStart(branch.elseBlock());
  storeEach();
}

/// Row `i` of the thread: two columns of every eight.
void TensorCoreEmitter::storeRow(int64_t i, Value factor,
                                 const RowResults &results, ValueRange state) {
  auto pairType = VectorType::get(2, b.getF32Type());
  int64_t width = valueWidth(), blockWidth = schedule.valueColumns;
  // The columns that every block of value columns has.
  int64_t sure = width % blockWidth ? width % blockWidth : blockWidth;
  for (int64_t v = 0; v < valueFragments(); ++v) {
    SmallVector<Value> means;
    for (int64_t j = 0; j < 2; ++j)
      means.push_back(multiplyF(getSum(state, i, v, j), factor));
    Value mean = vector::FromElementsOp::create(b, pairType, means);
    Value column = add(firstColumn, add(warp->getColumn(), index(v * 8)));
    if ((v + 1) * 8 <= sure)
      storePair(mean, column, results);
    else
      ifThen(lessThan(column, index(width)),
             [&] { storePair(mean, column, results); });
  }
}

void TensorCoreEmitter::finish(ValueRange state) {
  flagNonFinite(state);
  bool isScaled = !op.getScore().empty();
  for (int64_t i = 0; i < threadRows(); ++i) {
    Value maximum = isScaled ? state[i] : multiplyF(state[i], scale);
    Value sum = warp->getRowSum(state[threadRows() + i]);
    Value inTile = add(row, index(i * 8));
    ifThen(lessThan(inTile, getNumRows()), [&] {
      RowResults results = getResults(inTile);
      RowStatistics end = finishRow(b, maximum, sum, results.sink);
      storeRow(i, end.factor, results, state);
      if (!hasLogSumExp())
        return;
      // One of the four threads of a row, for the first value columns.
      Value other = b.createOrFold<arith::OrIOp>(warp->getColumn(), valueBlock);
      ifThen(isZero(other), [&] { storeLogSumExp(end.logSumExp, results); });
    });
  }
}
