//===- CPUPacking.cpp - operands laid out for products -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"
#include "MagnitudeScan.h"
#include "TransposeVectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Queries and output
//===----------------------------------------------------------------------===//

void CPUTileEmitter::prefetchLanes(const AttentionOperand &operand, Value first,
                                   Value end, bool isWrite) {
  forLoop(first, end, 1, [&](Value lane) {
    auto [head, row] = locate(lane);
    prefetchRow(operand.at(head), row, isWrite);
  });
}

/// Q transposed, cell by cell.
void CPUTileEmitter::packQueries() {
  int64_t step = lanes * elements.width;
  auto type = VectorType::get(step, elements.data);
  Value scale;
  if (!elements.roundsWeights())
    scale = vector::BroadcastOp::create(b, elements.getFactors(), scoreFactor);
  forProductLanes([&](Value lane) {
    SmallVector<std::pair<Value, Value>> places = locateLanes(lane);
    auto pack = [&](Value column, bool inBounds) {
      SmallVector<Value> cells;
      for (auto [head, row] : places) {
        Value elementsOfRow = CPUElements::convert(
            b, readVector(query.at(head), row, column, type, inBounds),
            elements.factor);
        if (scale)
          elementsOfRow = arith::MulFOp::create(b, elementsOfRow, scale);
        cells.push_back(
            vector::BitCastOp::create(b, elements.getCells(), elementsOfRow));
      }
      Value first =
          apply(b.getAffineDimExpr(0).floorDiv(elements.width), column);
      for (auto [i, vector] : llvm::enumerate(transposeVectors(b, cells)))
        store(vector::BitCastOp::create(b, elements.getFactors(), vector),
              queries, {offset(first, i), cell(lane)});
    };
    forColumns(query.getSize(b, 3), step, pack);
  });
}

/// O transposed, times the factors that finish the rows. Rows that do not exist
/// have the place of the last one, which is therefore written after them.
void CPUTileEmitter::writeOutput() {
  forLoop(index(0), getNumRows(), lanes, [&](Value lane) {
    SmallVector<std::pair<Value, Value>> places = locateLanes(lane);
    Value factors = load(sum, lane);
    forColumns(value.getSize(b, 3), lanes, [&](Value column, bool inBounds) {
      SmallVector<Value> columns;
      for (int64_t i = 0; i < lanes; ++i)
        columns.push_back(arith::MulFOp::create(
            b, load(accumulator, {offset(column, i), lane}), factors));
      SmallVector<Value> results = transposeVectors(b, columns);
      for (auto [place, result] :
           llvm::reverse(llvm::zip_equal(places, results))) {
        auto [head, row] = place;
        vector::TransferWriteOp::create(
            b, CPUElements::convert(b, result, elements.data), output.memref,
            ValueRange{output.batch, head, row, column},
            ArrayRef<bool>(inBounds));
      }
    });
  });
}

//===----------------------------------------------------------------------===//
// Keys and values
//===----------------------------------------------------------------------===//

/// Rows of K, converted, whose cells are complete.
void CPUTileEmitter::packKeys(const KeyTile &keys) {
  int64_t step = lanes * elements.width;
  auto type = VectorType::get(step, elements.data);
  forLoop(index(0), keys.size, 1, [&](Value row) {
    Value at = add(keys.first, row);
    auto pack = [&](Value column, bool inBounds) {
      Value vector = readVector(key, at, column, type, inBounds);
      store(CPUElements::convert(b, vector, elements.factor), keyBlock,
            {row, column});
    };
    forColumns(key.getSize(b, 3), step, pack);
  });
}

/// The values of `width` keys side by side; a last key without a partner is
/// beside zeros.
Value CPUTileEmitter::packValues(const KeyTile &keys, bool scans) {
  if (!scans && !elements.isPacked())
    return Value();
  // Keys whose values are scanned together, if nothing else is done with them.
  constexpr int64_t kScannedAtOnce = 4;
  int64_t width = elements.width;
  VectorType type = elements.getData();
  MagnitudeScan scan(b, type);
  Value columns = value.getSize(b, 3), whole = roundDown(columns, lanes);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  auto packKeys = [&](int64_t count, Value first, ValueRange carried) {
    auto body = [&](bool inBounds) {
      return [&, inBounds](Value column, ValueRange carried) {
        SmallVector<Value> greatest(carried), vectors, cells;
        for (int64_t i = 0; i < count; ++i)
          vectors.push_back(readVector(value, add(keys.first, offset(first, i)),
                                       column, type, inBounds));
        for (Value &number : greatest)
          number = scan.add(number, vectors);
        if (!elements.isPacked())
          return greatest;
        for (Value numbers : vectors)
          cells.push_back(CPUElements::convert(b, numbers, elements.factor));
        cells.resize(width, zero);
        store(elements.interleave(b, cells), valueBlock,
              {apply(b.getAffineDimExpr(0).floorDiv(width), first),
               cell(column)});
        return greatest;
      };
    };
    SmallVector<Value> greatest =
        forLoop(index(0), whole, lanes, carried, body(/*inBounds=*/true));
    return forLoop(whole, columns, lanes, greatest, body(/*inBounds=*/false));
  };
  SmallVector<Value> greatest;
  if (scans)
    greatest.push_back(scan.start());
  int64_t block = elements.isPacked() ? width : kScannedAtOnce;
  Value complete = roundDown(keys.size, block);
  greatest = forLoop(index(0), complete, block, greatest,
                     [&](Value first, ValueRange carried) {
                       return packKeys(block, first, carried);
                     });
  if (block > 1)
    greatest = forLoop(complete, keys.size, 1, greatest,
                       [&](Value first, ValueRange carried) {
                         return packKeys(1, first, carried);
                       });
  return scans ? scan.hasNonFinite(greatest[0]) : Value();
}
