//===- CPUProducts.cpp - scores, and weighted values -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

bool CPUTileEmitter::isLong(const Product &product, const Range &sum) {
  std::optional<int64_t> end = getConstantIntValue(sum.upper);
  return !product.accumulates && elements.factor.isF32() &&
         (!end || *end > kPartOfSum);
}

/// Vectors of sums side by side, and below each other:
/// `target[row + r, lane...] (+)= sum_x factors(r, x) source[x, lane...]`.
void CPUTileEmitter::emitRegisterTile(const Product &product,
                                      const RegisterTile &shape, Value row,
                                      Value lane, const Range &sum) {
  int64_t count = shape.rows, vectors = shape.vectors;
  Value target =
      emitView(b, product.target, {}, row, lane, b.getIndexAttr(count),
               b.getIndexAttr(vectors * lanes));
  Factor factors = product.factors(row, count);
  SmallVector<Value> init;
  for (int64_t r = 0; r < count; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      init.push_back(product.accumulates
                         ? load(target, {index(r), index(v * lanes)})
                         : splat(0));
  auto multiply = [&](Value x, ValueRange carried) {
    SmallVector<Value> operands, results;
    for (int64_t v = 0; v < vectors; ++v)
      operands.push_back(
          vector::LoadOp::create(b, elements.getFactors(), product.source,
                                 ValueRange{x, cell(offset(lane, v * lanes))}));
    for (int64_t r = 0; r < count; ++r) {
      Value factor = factors(r, x);
      for (auto [v, operand] : llvm::enumerate(operands))
        results.push_back(
            elements.multiplyAdd(b, factor, operand, carried[r * vectors + v]));
    }
    return results;
  };
  SmallVector<Value> results;
  if (isLong(product, sum)) {
    auto addPart = [&](Value first, ValueRange totals) {
      Value end =
          b.createOrFold<arith::MinSIOp>(offset(first, kPartOfSum), sum.upper);
      SmallVector<Value> parts = forLoop(first, end, 1, init, multiply);
      for (auto [part, total] : llvm::zip_equal(parts, totals))
        part = arith::AddFOp::create(b, total, part);
      return parts;
    };
    results = forLoop(sum.lower, sum.upper, kPartOfSum, init, addPart);
  } else {
    results = forLoop(sum.lower, sum.upper, 1, init, multiply);
  }
  for (int64_t r = 0; r < count; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      Value result = results[r * vectors + v];
      if (product.scale)
        result = arith::MulFOp::create(b, result, product.scale);
      store(result, target, {index(r), index(v * lanes)});
    }
}

/// Rows in blocks of those of a register tile, then what is left in others.
void CPUTileEmitter::emitProduct(const Product &product,
                                 const RegisterTile &shape) {
  int64_t step = shape.vectors * lanes;
  Value end = roundUp(getNumRows(), step);
  forLoop(index(0), end, step, [&](Value lane) {
    Range range = product.rows(lane), sum = product.sum(lane);
    forBlocks(
        range.lower, range.upper, shape.rows, [&](int64_t block, Value row) {
          if (product.before)
            product.before(lane, row, block);
          emitRegisterTile(product, {block, shape.vectors}, row, lane, sum);
        });
  });
}

std::optional<CPUTileEmitter::RegisterTile> CPUTileEmitter::getSquareTile() {
  RegisterTile square{rows / 2, 2 * vectors};
  // Where registers are few, and `rows` six, 3 by 4 sums with what they read
  // are more than 16.
  bool readsLess = square.rows + square.vectors < rows + vectors,
       fits = vectors == 2 && rows % 4 == 0 && rowUnit == 1 &&
              held % (square.vectors * lanes) == 0;
  if (!readsLess || !fits)
    return std::nullopt;
  return square;
}

Value CPUTileEmitter::hasFewRows() {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, getNumRows(),
                                       index(vectors * lanes));
}

/// Square tiles would compute rows that do not exist, and both kinds in each
/// copy of the body would be more code.
Value CPUTileEmitter::leavesCore() {
  if (!getSquareTile())
    return Value();
  Value hasFew = hasFewRows();
  return isConstantIntValue(hasFew, 0) ? Value() : hasFew;
}

void CPUTileEmitter::forProductLanes(BodyFunction body) {
  Value end = roundUp(getNumRows(), vectors * lanes);
  if (std::optional<RegisterTile> square = getSquareTile())
    end = b.createOrFold<arith::SelectOp>(
        hasFewRows(), end, roundUp(getNumRows(), square->vectors * lanes));
  forLoop(index(0), end, lanes, body);
}

void CPUTileEmitter::forShape(
    const KeyTile &keys,
    llvm::function_ref<void(const RegisterTile &shape, bool narrows)> body) {
  RegisterTile narrow{rows, vectors};
  std::optional<RegisterTile> square = getSquareTile();
  if (!square)
    return body(narrow, /*narrows=*/keys.lower.rows || keys.upper.rows);
  Value isNarrow =
      b.createOrFold<arith::OrIOp>(keys.lowerFails, keys.upperFails);
  auto branch = scf::IfOp::create(b, isNarrow, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body(narrow, /*narrows=*/true);
  b.setInsertionPointToStart(branch.elseBlock());
  body(*square, /*narrows=*/false);
}

Value CPUTileEmitter::reduceEnds(Value ends, Value lane, bool greatest) {
  auto type = sums.clone(b.getI32Type());
  auto kind =
      greatest ? vector::CombiningKind::MAXSI : vector::CombiningKind::MINSI;
  Value reduced = vector::LoadOp::create(b, type, ends, lane);
  for (int64_t v = 1; v < vectors; ++v)
    reduced = vector::makeArithReduction(
        b, b.getLoc(), kind, reduced,
        vector::LoadOp::create(b, type, ends, offset(lane, v * lanes)));
  return arith::IndexCastOp::create(
      b, b.getIndexType(), vector::ReductionOp::create(b, kind, reduced));
}

CPUTileEmitter::Range CPUTileEmitter::getKeys(const KeyTile &keys, bool narrows,
                                              Value lane) {
  Value size = roundUp(keys.size, rowUnit);
  Range range{index(0), size};
  if (!narrows)
    return range;
  auto narrow = [&](const RowEnds &ends, bool isUpper, Value otherwise) {
    if (!ends.rows)
      return otherwise;
    Value end = b.createOrFold<arith::SubIOp>(
        reduceEnds(ends.rows, lane, isUpper), keys.first);
    end = b.createOrFold<arith::MaxSIOp>(end, index(0));
    end = isUpper ? roundUp(end, rows) : roundDown(end, rows);
    end = b.createOrFold<arith::MinSIOp>(end, size);
    return b.createOrFold<arith::SelectOp>(ends.hides, end, otherwise);
  };
  range.lower = narrow(keys.lower, /*isUpper=*/false, range.lower);
  range.upper = narrow(keys.upper, /*isUpper=*/true, range.upper);
  return range;
}

/// The values of these keys, and the keys after them or, where those of the
/// tile have been packed already, of the tile after it. Where all rows see all
/// keys, one register tile of each block of keys asks: the first, or where
/// nothing is read before all have been multiplied, the last.
void CPUTileEmitter::prefetchAfter(const KeyTile &keys,
                                   const RegisterTile &shape, bool narrows,
                                   Value lane, Value row, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  bool isPacked = static_cast<bool>(keyBlock);
  int64_t last = held - shape.vectors * lanes;
  if (!narrows && last > 0) {
    Value asks = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane,
                                       index(isPacked ? last : 0));
    auto branch = scf::IfOp::create(b, asks, /*withElseRegion=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
  }
  Value first = add(keys.first, row);
  prefetchKeys(key, offset(first, isPacked ? keyTile : count), count);
  prefetchKeys(value, first, count);
  prefetchOutput(keys, shape, row);
}

/// The outputs are written at last. The blocks of the first two tiles of keys
/// ask for a share of their rows each.
void CPUTileEmitter::prefetchOutput(const KeyTile &keys,
                                    const RegisterTile &shape, Value row) {
  int64_t share = llvm::divideCeil(held * shape.rows, 2 * keyTile);
  AffineExpr ordinal = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1);
  Value first = apply((ordinal * keyTile + r).floorDiv(shape.rows) * share,
                      {keys.ordinal, row});
  Value end =
      b.createOrFold<arith::MinSIOp>(offset(first, share), getNumRows());
  prefetchLanes(output, first, end, /*isWrite=*/true);
}

void CPUTileEmitter::multiplyKeys(const KeyTile &keys) {
  auto factors = [&](Value row, int64_t count) -> Factor {
    Value first = add(keys.first, row);
    if (!keyBlock && key.pages)
      return [=](int64_t r, Value x) {
        return elements.spreadFactor(b, key.getArray(),
                                     key.locate(b, offset(first, r), cell(x)));
      };
    OpFoldResult rows = b.getIndexAttr(count);
    Value block =
        keyBlock ? emitView(b, keyBlock, {}, row, index(0), rows,
                            memref::getMixedSize(b, b.getLoc(), keyBlock, 1))
                 : key.view(b, first, index(0), rows,
                            getAsOpFoldResult(key.getSize(b, 3)));
    return [=](int64_t r, Value x) {
      return elements.spreadFactor(b, block, {index(r), cell(x)});
    };
  };
  // A factor that is not in Q.
  Value scale;
  if (elements.roundsWeights())
    scale = vector::BroadcastOp::create(b, sums, scoreFactor);
  auto columns = [&](Value) {
    return Range{index(0), countCells(query.getSize(b, 3))};
  };
  forShape(keys, [&](const RegisterTile &shape, bool narrows) {
    auto seen = [&](Value lane) { return getKeys(keys, narrows, lane); };
    auto before = [&](Value lane, Value row, int64_t count) {
      prefetchAfter(keys, shape, narrows, lane, row, count);
    };
    emitProduct({scoreBuffer, /*accumulates=*/false, queries, seen, columns,
                 factors, scale, before},
                shape);
  });
}

void CPUTileEmitter::multiplyValues(const KeyTile &keys) {
  auto factors = [&](Value column, int64_t count) -> Factor {
    if (!valueBlock && value.pages)
      return [=](int64_t r, Value x) {
        return elements.spreadFactor(
            b, value.getArray(),
            value.locate(b, add(keys.first, x), offset(column, r)));
      };
    OpFoldResult columns = b.getIndexAttr(count * elements.width);
    Value block =
        valueBlock
            ? emitView(b, valueBlock, {}, index(0), cell(column),
                       memref::getMixedSize(b, b.getLoc(), valueBlock, 0),
                       columns)
            : value.view(b, keys.first, column, getAsOpFoldResult(keys.size),
                         columns);
    return [=](int64_t r, Value x) {
      return elements.spreadFactor(b, block, {x, cell(index(r))});
    };
  };
  auto columns = [&](Value) { return Range{index(0), value.getSize(b, 3)}; };
  forShape(keys, [&](const RegisterTile &shape, bool narrows) {
    // Weights of keys that are hidden are zero.
    auto seen = [&](Value lane) {
      Range range = getKeys(keys, narrows, lane);
      AffineExpr key = b.getAffineDimExpr(0);
      return Range{apply(key.floorDiv(elements.width), range.lower),
                   countCells(range.upper)};
    };
    emitProduct({accumulator, /*accumulates=*/true, weights, columns, seen,
                 factors, Value()},
                shape);
  });
}
