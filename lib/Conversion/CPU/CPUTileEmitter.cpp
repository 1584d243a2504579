//===- CPUTileEmitter.cpp - online softmax with queries in lanes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "Mask/Conversion/AttentionToTiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// Independent chains of a vertical reduction: hides the latency of one.
static constexpr int64_t kChains = 4;
static constexpr double kLowest = -std::numeric_limits<float>::max();

CPUTileEmitter::CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                               CPUScheduleAttr schedule)
    : b(builder), op(op), heads(schedule.getHeads()),
      held(llvm::alignTo(schedule.getQueryTile() * heads, schedule.getLanes())),
      keyTile(schedule.getKeyTile()), lanes(schedule.getLanes()),
      rows(schedule.getRows()), vectors(held % (2 * lanes) == 0 ? 2 : 1),
      vectorType(VectorType::get({lanes}, builder.getF32Type())) {}

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

Value CPUTileEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value CPUTileEmitter::splat(double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(vectorType, static_cast<float>(value)));
}

Value CPUTileEmitter::offset(Value base, int64_t distance) {
  if (distance == 0)
    return base;
  return b.createOrFold<arith::AddIOp>(base, index(distance));
}

Value CPUTileEmitter::loadVector(Value memref, ValueRange indices) {
  return vector::LoadOp::create(b, vectorType, memref, indices);
}

void CPUTileEmitter::storeVector(Value value, Value memref,
                                 ValueRange indices) {
  vector::StoreOp::create(b, value, memref, indices);
}

void CPUTileEmitter::forLoop(Value lower, Value upper, int64_t step,
                             BodyFunction body) {
  auto loop = scf::ForOp::create(b, lower, upper, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> CPUTileEmitter::forLoop(
    Value lower, Value upper, int64_t step, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, index(step), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b,
                       body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return llvm::to_vector_of<Value>(loop.getResults());
}

Value CPUTileEmitter::roundDown(Value count, int64_t unit) {
  AffineExpr size = b.getAffineDimExpr(0);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), size.floorDiv(unit) * unit, OpFoldResult(count)));
}

/// Rows in blocks of the schedule's `rows`, then the remainder one by one.
void CPUTileEmitter::forRowBlocks(
    Value count, llvm::function_ref<void(int64_t, Value)> body) {
  Value whole = roundDown(count, rows);
  forLoop(index(0), whole, rows, [&](Value row) { body(rows, row); });
  if (rows > 1)
    forLoop(whole, count, 1, [&](Value row) { body(1, row); });
}

void CPUTileEmitter::registerTile(
    int64_t rows, Value row, Value lane, Value target, bool accumulate,
    Value reduction, Value source,
    llvm::function_ref<Value(int64_t, Value)> scalar) {
  SmallVector<Value> lanesOf, rowsOf, init;
  for (int64_t v = 0; v < vectors; ++v)
    lanesOf.push_back(offset(lane, v * lanes));
  for (int64_t r = 0; r < rows; ++r)
    rowsOf.push_back(offset(row, r));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      init.push_back(accumulate ? loadVector(target, {rowsOf[r], lanesOf[v]})
                                : splat(0));
  auto loop = scf::ForOp::create(b, index(0), reduction, index(1), init);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value x = loop.getInductionVar();
    SmallVector<Value> operands, results;
    for (Value laneOf : lanesOf)
      operands.push_back(loadVector(source, {x, laneOf}));
    for (int64_t r = 0; r < rows; ++r) {
      Value factor = vector::BroadcastOp::create(b, vectorType, scalar(r, x));
      for (int64_t v = 0; v < vectors; ++v)
        results.push_back(vector::FMAOp::create(
            b, factor, operands[v], loop.getRegionIterArg(r * vectors + v)));
    }
    scf::YieldOp::create(b, results);
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      storeVector(loop.getResult(r * vectors + v), target,
                  {rowsOf[r], lanesOf[v]});
}

/// Weights may be approximated (`mask-approximate-math`).
static Value emitExp(ImplicitLocOpBuilder &b, Value x) {
  return math::ExpOp::create(b, x, arith::FastMathFlags::afn);
}

//===----------------------------------------------------------------------===//
// Grid
//===----------------------------------------------------------------------===//

/// A parallel loop over a grid. With OpenMP it is one loop over all positions,
/// which threads take as they become free, in order.
LogicalResult CPUTileEmitter::parallelLoop(
    ValueRange extents, ArrayRef<int64_t> steps,
    llvm::function_ref<LogicalResult(ValueRange)> body) {
  SmallVector<Value> position(extents.size(), index(0)), lower, upper,
      stepValues;
  SmallVector<unsigned> loops;
  // A loop of one round is none: folded later, it would take the mark along.
  for (auto [i, extent, step] : llvm::enumerate(extents, steps)) {
    std::optional<int64_t> size = getConstantIntValue(extent);
    if (size && *size > 0 && *size <= step)
      continue;
    loops.push_back(i);
    lower.push_back(index(0));
    upper.push_back(extent);
    stepValues.push_back(index(step));
  }
  if (loops.empty())
    return body(position);
  auto loop = scf::ParallelOp::create(b, lower, upper, stepValues);
  loop->setDiscardableAttr(kUnevenLoopAttrName, b.getUnitAttr());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  for (auto [i, variable] : llvm::zip_equal(loops, loop.getInductionVars()))
    position[i] = variable;
  return body(position);
}

/// The tiles of a head from the last queries to the first: under a causal mask
/// the last see the most keys, and what is long must not be begun when the
/// other threads are about to end. Heads stay together, since they share keys.
LogicalResult CPUTileEmitter::forEachTile(ValueRange extents,
                                          ArrayRef<int64_t> steps,
                                          PositionFunction body) {
  int64_t step = steps.back();
  Value last = getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), (b.getAffineDimExpr(0) - 1).floorDiv(step) * step,
          getAsOpFoldResult(extents.back())));
  return parallelLoop(extents, steps, [&](ValueRange position) {
    SmallVector<Value> reversed(position);
    reversed.back() = b.createOrFold<arith::SubIOp>(last, position.back());
    return body(reversed);
  });
}

LogicalResult CPUTileEmitter::forEachPoint(ValueRange extents,
                                           ArrayRef<int64_t> steps,
                                           PositionFunction body) {
  return parallelLoop(extents, steps, body);
}

//===----------------------------------------------------------------------===//
// Setup
//===----------------------------------------------------------------------===//

std::pair<Value, Value> CPUTileEmitter::locate(Value row) {
  auto move = [&](Value first, AffineExpr distance) {
    return getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineApply(
            b, b.getLoc(), b.getAffineDimExpr(0) + distance,
            {getAsOpFoldResult(first), getAsOpFoldResult(row)}));
  };
  AffineExpr r = b.getAffineDimExpr(1);
  return {move(tile.head, r % heads), move(tile.row, r.floorDiv(heads))};
}

Value CPUTileEmitter::getNumRows() {
  return b.createOrFold<arith::MulIOp>(tile.rows, index(heads));
}

void CPUTileEmitter::transposeQueries() {
  Value depth = query.getSize(b, 3);
  Value scale = emitScale(b, op);
  Value rows = getNumRows();
  forLoop(index(0), rows, 1, [&](Value lane) {
    auto [head, row] = locate(lane);
    AttentionOperand source = query.at(head);
    forLoop(index(0), depth, 1, [&, row = row](Value d) {
      Value element = source.load(b, row, d);
      Value scaled = arith::MulFOp::create(b, element, scale);
      memref::StoreOp::create(b, scaled, queries, ValueRange{d, lane});
    });
  });
  // Rows that do not exist score zero everywhere and are not written.
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  forLoop(rows, index(held), 1, [&](Value lane) {
    forLoop(index(0), depth, 1, [&](Value d) {
      memref::StoreOp::create(b, zero, queries, ValueRange{d, lane});
    });
  });
}

SmallVector<Value> CPUTileEmitter::begin(const QueryTile &tile) {
  this->tile = tile;
  query = {op.getQuery(), tile.batch, tile.head};
  key = {op.getKey(), tile.batch, tile.keyHead};
  value = {op.getValue(), tile.batch, tile.keyHead};
  output = {op.getOutput(), tile.batch, tile.head};
  FloatType f32 = b.getF32Type();
  auto getColumns = [&](const AttentionOperand &operand) {
    return getAsOpFoldResult(operand.getSize(b, 3));
  };
  OpFoldResult depth = getColumns(query), width = getColumns(value);
  workspace.emplace(b);
  queries = workspace->take(depth, held, f32);
  scoreBuffer = workspace->take(b.getIndexAttr(keyTile), held, f32);
  accumulator = workspace->take(width, held, f32);
  maximum = workspace->take(held, f32);
  sum = workspace->take(held, f32);
  transposeQueries();
  forLoop(index(0), index(held), lanes, [&](Value lane) {
    storeVector(splat(kLowest), maximum, lane);
    storeVector(splat(0), sum, lane);
    forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
      storeVector(splat(0), accumulator, {column, lane});
    });
  });
  return {};
}

FailureOr<Value> CPUTileEmitter::mapRows(RowFunction function) {
  Value buffer = workspace->take(held, b.getI32Type());
  LogicalResult result = success();
  forLoop(index(0), index(held), 1, [&](Value lane) {
    // The lanes of queries that do not exist repeat the last one.
    AffineExpr first = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1),
               last = b.getAffineDimExpr(2);
    AffineMap position =
        AffineMap::get(3, 0, {first + r.floorDiv(heads), last}, b.getContext());
    Value operands[] = {tile.firstQuery, lane, tile.lastQuery};
    Value row = getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineMin(b, b.getLoc(), position,
                                            getAsOpFoldResult(operands)));
    Value head = getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineApply(
            b, b.getLoc(), first + r % heads,
            {getAsOpFoldResult(tile.absoluteHead), getAsOpFoldResult(lane)}));
    FailureOr<Value> number = function(head, row);
    if (failed(number))
      result = failure();
    else
      memref::StoreOp::create(b, *number, buffer, lane);
  });
  if (failed(result))
    return failure();
  return buffer;
}

Value CPUTileEmitter::getRows(Value handle, const ScoreLayout &layout) {
  return vector::LoadOp::create(b, vectorType.clone(b.getI32Type()), handle,
                                layout.symbols.front());
}

//===----------------------------------------------------------------------===//
// One tile of keys
//===----------------------------------------------------------------------===//

SmallVector<Value> CPUTileEmitter::scores(const KeyTile &keys) {
  Value depth = query.getSize(b, 3);
  forLoop(index(0), index(held), vectors * lanes, [&](Value lane) {
    forRowBlocks(keys.size, [&](int64_t count, Value row) {
      Value first = b.createOrFold<arith::AddIOp>(keys.first, row);
      SmallVector<Value> keyRows;
      for (int64_t r = 0; r < count; ++r)
        keyRows.push_back(offset(first, r));
      auto element = [&](int64_t r, Value d) {
        return key.load(b, keyRows[r], d);
      };
      registerTile(count, row, lane, scoreBuffer, /*accumulate=*/false, depth,
                   queries, element);
    });
  });
  return {};
}

/// The first row is a multiple of `lanes`; where they and the heads divide one
/// another, one of the coordinates is the same for every such vector.
ScoreLayout CPUTileEmitter::getLayout(Value lane, Value row) {
  AffineExpr first = b.getAffineSymbolExpr(0), d = b.getAffineDimExpr(0);
  AffineExpr head = (first + d) % heads, query = (first + d).floorDiv(heads);
  if (lanes % heads == 0) {
    head = d % heads;
    query = first.floorDiv(heads) + d.floorDiv(heads);
  } else if (heads % lanes == 0) {
    head = first % heads + d;
    query = first.floorDiv(heads);
  }
  return {AffineMap::get(1, 2, {head, query, b.getAffineSymbolExpr(1)},
                         b.getContext()),
          {lane, row}};
}

LogicalResult CPUTileEmitter::mapScores(const KeyTile &keys,
                                        SmallVectorImpl<Value> &,
                                        ScoreFunction function) {
  LogicalResult result = success();
  forLoop(index(0), index(held), lanes, [&](Value lane) {
    forLoop(index(0), keys.size, 1, [&](Value row) {
      Value before = loadVector(scoreBuffer, {row, lane});
      Value at = b.createOrFold<arith::AddIOp>(keys.first, row);
      FailureOr<Value> after = function(before, getLayout(lane, at));
      if (failed(after)) {
        result = failure();
        return;
      }
      storeVector(*after, scoreBuffer, {row, lane});
    });
  });
  return result;
}

Value CPUTileEmitter::reduceScores(
    Value size, Value lane, Value init, Value neutral,
    llvm::function_ref<Value(Value, Value)> combine,
    llvm::function_ref<Value(Value, Value, Value)> step) {
  Value whole = roundDown(size, kChains);
  auto loop = [&](Value lower, Value upper, ArrayRef<Value> inits) {
    auto body = [&](Value first, ValueRange carried) {
      SmallVector<Value> results;
      for (auto [i, chain] : llvm::enumerate(carried)) {
        Value row = offset(first, i);
        results.push_back(
            step(loadVector(scoreBuffer, {row, lane}), chain, row));
      }
      return results;
    };
    return forLoop(lower, upper, inits.size(), inits, body);
  };
  SmallVector<Value> inits(kChains, neutral);
  inits[0] = init;
  SmallVector<Value> chains = loop(index(0), whole, inits);
  Value joined = chains[0];
  for (Value chain : ArrayRef(chains).drop_front())
    joined = combine(joined, chain);
  return loop(whole, size, joined)[0];
}

void CPUTileEmitter::rescale(Value lane, Value factor) {
  // Skipped where no maximum moved: most tiles, after the first few.
  Value moved =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, factor, splat(1));
  Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR, moved);
  auto branch = scf::IfOp::create(b, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
    Value before = loadVector(accumulator, {column, lane});
    storeVector(arith::MulFOp::create(b, before, factor), accumulator,
                {column, lane});
  });
}

/// Scores of one vector of queries to weights, vertically.
void CPUTileEmitter::softmax(Value size, Value lane) {
  // The maximum as processors have it, the second of two that do not compare. A
  // NaN score stays one in the exponential, whatever the maximum then is.
  auto max = [&](Value x, Value y) -> Value {
    Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
    return arith::SelectOp::create(b, greater, x, y);
  };
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  Value before = loadVector(maximum, lane);
  Value after = reduceScores(
      size, lane, before, before, max,
      [&](Value score, Value carried, Value) { return max(carried, score); });
  Value factor = emitExp(b, arith::SubFOp::create(b, before, after));
  Value scaled = arith::MulFOp::create(b, loadVector(sum, lane), factor);
  Value total = reduceScores(size, lane, scaled, splat(0), add,
                             [&](Value score, Value carried, Value row) {
                               Value weight = emitExp(
                                   b, arith::SubFOp::create(b, score, after));
                               storeVector(weight, scoreBuffer, {row, lane});
                               return add(carried, weight);
                             });
  storeVector(after, maximum, lane);
  storeVector(total, sum, lane);
  rescale(lane, factor);
}

/// Weights of hidden keys are zero, but zero times NaN is NaN. Where a tile has
/// both hidden keys and values that are not finite, each element is asked again
/// whether it is visible.
LogicalResult CPUTileEmitter::update(const KeyTile &keys, ArrayRef<Value>,
                                     Value hidden, ScoreFunction visible,
                                     SmallVectorImpl<Value> &) {
  forLoop(index(0), index(held), lanes,
          [&](Value lane) { softmax(keys.size, lane); });
  if (!hidden) {
    accumulate(keys);
    return success();
  }
  auto check = scf::IfOp::create(b, b.getI1Type(), hidden,
                                 /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(check.thenBlock());
  scf::YieldOp::create(b, hasNonFiniteValues(keys));
  b.setInsertionPointToStart(check.elseBlock());
  scf::YieldOp::create(
      b, arith::ConstantOp::create(b, b.getBoolAttr(false)).getResult());

  b.setInsertionPointAfter(check);
  auto branch = scf::IfOp::create(b, check.getResult(0),
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.elseBlock());
  accumulate(keys);
  b.setInsertionPointToStart(branch.thenBlock());
  return accumulateVisible(keys, visible);
}

void CPUTileEmitter::accumulate(const KeyTile &keys) {
  Value width = value.getSize(b, 3);
  forLoop(index(0), index(held), vectors * lanes, [&](Value lane) {
    forRowBlocks(width, [&](int64_t count, Value column) {
      SmallVector<Value> columns;
      for (int64_t r = 0; r < count; ++r)
        columns.push_back(offset(column, r));
      auto element = [&](int64_t r, Value x) {
        Value row = b.createOrFold<arith::AddIOp>(keys.first, x);
        return value.load(b, row, columns[r]);
      };
      registerTile(count, column, lane, accumulator, /*accumulate=*/true,
                   keys.size, scoreBuffer, element);
    });
  });
}

//===----------------------------------------------------------------------===//
// Values of hidden keys
//===----------------------------------------------------------------------===//

/// The greatest of the values' magnitudes as integers: those of infinity and
/// NaN are beyond all others. An integer maximum takes one cycle, so that one
/// chain of them does.
Value CPUTileEmitter::hasNonFiniteValues(const KeyTile &keys) {
  Value width = value.getSize(b, 3), whole = roundDown(width, lanes);
  Value padding = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  VectorType bitsType = vectorType.clone(b.getI32Type());
  auto constant = [&](uint32_t bits) {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(bitsType, APInt(32, bits)));
  };
  auto scan = [&](Value row, Value lower, Value upper, bool inBounds,
                  Value greatest) {
    auto body = [&](Value column, ValueRange carried) {
      Value values = vector::TransferReadOp::create(
          b, vectorType, value.memref,
          ValueRange{value.batch, value.head, row, column}, padding,
          ArrayRef<bool>(inBounds));
      Value magnitude = arith::AndIOp::create(
          b, arith::BitcastOp::create(b, bitsType, values),
          constant(0x7FFFFFFF));
      return SmallVector<Value>{
          arith::MaxUIOp::create(b, magnitude, carried[0])};
    };
    return forLoop(lower, upper, lanes, greatest, body)[0];
  };
  auto scanRow = [&](Value row, ValueRange carried) {
    Value at = b.createOrFold<arith::AddIOp>(keys.first, row);
    Value greatest = scan(at, index(0), whole, /*inBounds=*/true, carried[0]);
    return SmallVector<Value>{
        scan(at, whole, width, /*inBounds=*/false, greatest)};
  };
  Value none = constant(0);
  Value greatest = forLoop(index(0), keys.size, 1, none, scanRow)[0];
  Value nonFinite = arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                                          greatest, constant(0x7F800000));
  return vector::ReductionOp::create(b, vector::CombiningKind::OR, nonFinite);
}

LogicalResult CPUTileEmitter::accumulateVisible(const KeyTile &keys,
                                                ScoreFunction visible) {
  LogicalResult result = success();
  forLoop(index(0), keys.size, 1, [&](Value row) {
    Value at = b.createOrFold<arith::AddIOp>(keys.first, row);
    forLoop(index(0), index(held), lanes, [&](Value lane) {
      FailureOr<Value> flags = visible(splat(1), getLayout(lane, at));
      if (failed(flags)) {
        result = failure();
        return;
      }
      Value sees =
          arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, *flags, splat(0));
      Value weight = loadVector(scoreBuffer, {row, lane});
      forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
        Value element = value.load(b, at, column);
        Value before = loadVector(accumulator, {column, lane});
        Value after = vector::FMAOp::create(
            b, vector::BroadcastOp::create(b, vectorType, element), weight,
            before);
        storeVector(arith::SelectOp::create(b, sees, after, before),
                    accumulator, {column, lane});
      });
    });
  });
  return result;
}

//===----------------------------------------------------------------------===//
// End
//===----------------------------------------------------------------------===//

Value CPUTileEmitter::gatherSinks() {
  Value sinks = op.getSinks();
  if (!sinks)
    return Value();
  if (heads == 1)
    return memref::LoadOp::create(b, sinks, tile.head);
  Value buffer = workspace->take(held, b.getF32Type());
  forLoop(index(0), index(held), 1, [&](Value lane) {
    Value sink = memref::LoadOp::create(b, sinks, locate(lane).first);
    memref::StoreOp::create(b, sink, buffer, lane);
  });
  return buffer;
}

/// Turns maximum and sum into the log-sum-exp and the factor of the output. A
/// sink joins the sum, but gives a row without visible keys nothing (law 3).
void CPUTileEmitter::finishStatistics(Value lane, Value sinks) {
  Value m = loadVector(maximum, lane), l = loadVector(sum, lane);
  Value empty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, l, splat(0));
  Value weight = splat(1);
  if (sinks) {
    Value logit = heads > 1 ? loadVector(sinks, lane)
                            : vector::BroadcastOp::create(b, vectorType, sinks);
    Value reference = arith::MaxNumFOp::create(b, m, logit);
    weight = emitExp(b, arith::SubFOp::create(b, m, reference));
    Value sinkWeight = emitExp(b, arith::SubFOp::create(b, logit, reference));
    l = arith::AddFOp::create(b, arith::MulFOp::create(b, l, weight),
                              sinkWeight);
    m = reference;
  }
  Value factor = arith::DivFOp::create(b, weight, l);
  storeVector(arith::SelectOp::create(b, empty, splat(0), factor), sum, lane);
  Value logSumExp = arith::AddFOp::create(
      b, m, math::LogOp::create(b, l, arith::FastMathFlags::afn));
  Value none = splat(-std::numeric_limits<double>::infinity());
  storeVector(arith::SelectOp::create(b, empty, none, logSumExp), maximum,
              lane);
}

void CPUTileEmitter::finish(ValueRange) {
  Value sinks = gatherSinks();
  forLoop(index(0), index(held), lanes,
          [&](Value lane) { finishStatistics(lane, sinks); });
  Value logSumExp = op.getLogSumExp();
  forLoop(index(0), getNumRows(), 1, [&](Value lane) {
    auto [head, row] = locate(lane);
    AttentionOperand target = output.at(head);
    Value factor = memref::LoadOp::create(b, sum, lane);
    forLoop(index(0), value.getSize(b, 3), 1, [&, row = row](Value column) {
      Value element =
          memref::LoadOp::create(b, accumulator, ValueRange{column, lane});
      Value result = arith::MulFOp::create(b, element, factor);
      target.store(b, result, row, column);
    });
    if (logSumExp)
      memref::StoreOp::create(b, memref::LoadOp::create(b, maximum, lane),
                              logSumExp, ValueRange{tile.batch, head, row});
  });
  workspace->free();
}
