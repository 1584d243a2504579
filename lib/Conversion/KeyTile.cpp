//===- KeyTile.cpp - one tile of keys against one tile of queries -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyTile.h"

#include "Mask/Conversion/EmitPredicate.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

/// More operands of a conjunction than this are evaluated together.
static constexpr size_t kMostParts = 4;

KeyTileEmitter::KeyTileEmitter(ImplicitLocOpBuilder &builder,
                               TermContext &context, AttentionOp op,
                               ScheduleAttr schedule, const TilePlan &plan,
                               FlatSymbolRefAttr observer)
    : b(builder), context(context), op(op), schedule(schedule), plan(plan),
      observer(observer) {
  chooseParts();
}

//===----------------------------------------------------------------------===//
// What masks the edge tiles
//===----------------------------------------------------------------------===//

/// The bounds of the rows' only interval that hide anything.
Sides KeyTileEmitter::getSides() const {
  const KeyInterval &row = plan.rows.intervals.front().outer;
  if (row.lower.isMinusInfinity())
    return row.upper.isPlusInfinity() ? Sides::None : Sides::Upper;
  return row.upper.isPlusInfinity() ? Sides::Lower : Sides::Both;
}

/// One exact interval per row: its bounds, or nothing where they hide nothing.
/// Anything else: the predicate; of a conjunction each operand by itself, since
/// few tiles are cut by more than one.
void KeyTileEmitter::chooseParts() {
  ArrayRef<RowInterval> rows = plan.rows.intervals;
  if (rows.empty())
    return;
  if (plan.rows.exact && rows.size() == 1) {
    if (getSides() != Sides::None)
      parts.push_back({Value(), context.truth(false), Value()});
    return;
  }
  Value predicate = op.getPredicateValue();
  auto conjunction = predicate.getDefiningOp<AndOp>();
  if (!conjunction || conjunction.getInputs().size() > kMostParts) {
    parts.push_back({predicate, plan.tileFull, Value()});
    return;
  }
  RowIntervalOptions options;
  options.buildTables = false;
  for (Value input : conjunction.getInputs())
    parts.push_back(
        {input, planTiles(context, input, options).tileFull, Value()});
}

/// The lower end of a row that is up to `query_tile - 1` queries later, plus a
/// tile, must not pass the upper end.
bool KeyTileEmitter::hasWideCore() {
  if (parts.size() != 1 || parts[0].predicate || getSides() != Sides::Both)
    return false;
  const KeyInterval &row = plan.rows.intervals.front().outer;
  Trend trend = getTrend(row.lower);
  if (trend != Trend::Rising && trend != Trend::Constant)
    return false;
  Term later = context.add(context.symbol(TermSymbol::Query),
                           schedule.getQueryTile() - 1);
  Term latest = context.substitute(row.lower, TermSymbol::Query, later);
  return provablyLessEqual(
      context, context.add(latest, schedule.getKeyTile() - 1), row.upper);
}

//===----------------------------------------------------------------------===//
// Once per tile of queries
//===----------------------------------------------------------------------===//

/// Evaluates the row bounds of the tile once, for all edge tiles. The lanes of
/// queries that do not exist repeat the last one.
LogicalResult KeyTileEmitter::emitRowBounds() {
  const KeyInterval &row = plan.rows.intervals.front().outer;
  Sides sides = getSides();
  if (sides != Sides::Upper)
    rowLower = kernel->allocatePerQuery(b.getIndexType());
  if (sides != Sides::Lower)
    rowUpper = kernel->allocatePerQuery(b.getIndexType());
  LogicalResult result = success();
  auto emit = [&](Term bound, Value buffer, Value lane, TermScope &inner) {
    FailureOr<Value> value = emitTerm(b, b.getLoc(), bound, inner);
    if (failed(value))
      result = failure();
    else
      memref::StoreOp::create(b, *value, buffer, lane);
  };
  auto loop =
      scf::ForOp::create(b, index(0), index(schedule.getQueryTile()), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value lane = loop.getInductionVar();
  AffineMap query = AffineMap::get(
      3, 0,
      {b.getAffineDimExpr(0) + b.getAffineDimExpr(1), b.getAffineDimExpr(2)},
      b.getContext());
  Value operands[] = {tile.firstQuery, lane, tile.lastQuery};
  TermScope inner(scope);
  inner.bind(TermSymbol::Query,
             getValueOrCreateConstantIndexOp(
                 b, b.getLoc(),
                 affine::makeComposedFoldedAffineMin(
                     b, b.getLoc(), query, getAsOpFoldResult(operands))));
  if (rowLower)
    emit(row.lower, rowLower, lane, inner);
  if (rowUpper)
    emit(row.upper, rowUpper, lane, inner);
  return result;
}

LogicalResult KeyTileEmitter::emitPrologue(TileKernel &kernel,
                                           const QueryTile &tile,
                                           TermScope &scope) {
  this->kernel = &kernel;
  this->tile = tile;
  this->scope = &scope;
  if (parts.size() == 1 && !parts[0].predicate)
    return emitRowBounds();
  SmallVector<Term> classes;
  if (!parts.empty())
    classes.push_back(plan.tileEmpty);
  for (const Part &part : parts)
    classes.push_back(part.full);
  TermSymbol keys[] = {TermSymbol::KeyFirst, TermSymbol::KeyLast};
  for (Term term : classes)
    if (failed(emitInvariants(b, b.getLoc(), term, scope, keys,
                              /*asTruth=*/true)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// One tile of keys
//===----------------------------------------------------------------------===//

LogicalResult KeyTileEmitter::emit(Value key, Value size) {
  TermScope inner(scope);
  inner.bind(TermSymbol::KeyFirst, key);
  inner.bind(TermSymbol::KeyLast, add(add(key, size), index(-1)));
  bool byRows = parts.empty() || !parts[0].predicate;
  if (byRows || plan.tileEmpty.isConstant(0))
    return emitVisible(key, size, inner);
  FailureOr<Value> isEmpty = emitTruth(b, b.getLoc(), plan.tileEmpty, inner);
  if (failed(isEmpty))
    return failure();
  Value onEdge = OnEdgeOp::create(b, key);
  Value skip = arith::AndIOp::create(b, onEdge, *isEmpty);
  Value visit = arith::XOrIOp::create(b, skip, truth(true));
  auto branch = scf::IfOp::create(b, visit, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  return emitVisible(key, size, inner);
}

/// Which parts hide something of the tile; whether any does.
FailureOr<Value> KeyTileEmitter::emitConditions(Value key, TermScope &tile) {
  Value any;
  for (Part &part : parts) {
    part.fails = OnEdgeOp::create(b, key);
    if (!part.full.isConstant(0)) {
      FailureOr<Value> full = emitTruth(b, b.getLoc(), part.full, tile);
      if (failed(full))
        return failure();
      Value mixed = b.createOrFold<arith::XOrIOp>(*full, truth(true));
      part.fails = b.createOrFold<arith::AndIOp>(part.fails, mixed);
    }
    any = any ? b.createOrFold<arith::OrIOp>(any, part.fails) : part.fails;
  }
  return any;
}

LogicalResult KeyTileEmitter::emitVisible(Value key, Value size,
                                          TermScope &tileScope) {
  Value keyRow = key;
  if (getConstantIntValue(tile.firstKey) != 0)
    keyRow = b.createOrFold<arith::SubIOp>(key, tile.firstKey);
  FailureOr<Value> masked = emitConditions(key, tileScope);
  if (failed(masked))
    return failure();
  if (observer)
    observe(keyRow, size, *masked ? *masked : truth(false));
  kernel->emitScores(keyRow, size);
  if (failed(emitScoreRegion(key, size)) || failed(emitMask(key, size)))
    return failure();
  kernel->weigh(size);
  if (*masked)
    return emitAccumulate(key, size, keyRow, *masked);
  kernel->accumulate(keyRow, size);
  return success();
}

LogicalResult KeyTileEmitter::emitScoreRegion(Value key, Value size) {
  if (op.getScore().empty())
    return success();
  int64_t lanes = schedule.getLanes();
  auto type = VectorType::get({lanes}, b.getIndexType());
  auto function = [&](Value scores, Value lane, Value row) -> FailureOr<Value> {
    Value first = add(tile.firstQuery, lane);
    Value queries =
        arith::AddIOp::create(b, vector::BroadcastOp::create(b, type, first),
                              vector::StepOp::create(b, type));
    SmallVector<Value> arguments = {scores, tile.absoluteBatch,
                                    tile.absoluteHead, queries, add(key, row)};
    llvm::append_range(arguments, op.getScoreCaptures());
    FailureOr<Value> result =
        emitLaneRegion(b, b.getLoc(), op.getScore(), arguments, lanes);
    if (failed(result) || isa<VectorType>(result->getType()))
      return result;
    return Value(vector::BroadcastOp::create(b, scores.getType(), *result));
  };
  return kernel->forEachScore(size, function);
}

//===----------------------------------------------------------------------===//
// Masking
//===----------------------------------------------------------------------===//

/// One vector of scores, `hidden` (minus infinity if null) where the part hides
/// the key.
Value KeyTileEmitter::apply(const Part &part, Value scores, Value key,
                            Value lane, Value row, FloatAttr hidden) {
  auto type = VectorType::get({schedule.getLanes()}, b.getIndexType());
  Value lower, upper;
  if (!part.predicate) {
    // A side that cannot fail is not read.
    auto bound = [&](Value buffer) -> Value {
      if (buffer)
        return vector::LoadOp::create(b, type, buffer, lane);
      return arith::ConstantOp::create(b, b.getZeroAttr(type));
    };
    lower = bound(rowLower);
    upper = bound(rowUpper);
  }
  auto apply = ApplyOp::create(
      b, scores, tile.absoluteBatch, tile.absoluteHead,
      add(tile.firstQuery, lane), add(key, row), lower, upper,
      /*key_end=*/Value(), part.predicate ? op.getCaptures() : ValueRange(),
      TileLayout::Query, part.predicate ? Sides::Both : getSides(), hidden);
  if (part.predicate) {
    IRMapping mapping;
    op.getPredicate().cloneInto(&apply.getPredicate(), mapping);
    apply.getPredicate().front().getTerminator()->setOperand(
        0, mapping.lookup(part.predicate));
  }
  return apply.getResult();
}

LogicalResult KeyTileEmitter::emitMask(Value key, Value size) {
  for (const Part &part : parts) {
    auto branch = scf::IfOp::create(b, part.fails, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    auto function = [&](Value scores, Value lane,
                        Value row) -> FailureOr<Value> {
      return apply(part, scores, key, lane, row, FloatAttr());
    };
    if (failed(kernel->forEachScore(size, function)))
      return failure();
  }
  return success();
}

/// Weights of hidden keys are zero, but zero times NaN is NaN. Where a tile has
/// both hidden keys and values that are not finite, each element is asked again
/// whether it is visible.
LogicalResult KeyTileEmitter::emitAccumulate(Value key, Value size,
                                             Value keyRow, Value masked) {
  auto check = scf::IfOp::create(b, b.getI1Type(), masked,
                                 /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(check.thenBlock());
  scf::YieldOp::create(b, kernel->hasNonFiniteValues(keyRow, size));
  b.setInsertionPointToStart(check.elseBlock());
  scf::YieldOp::create(b, truth(false));

  b.setInsertionPointAfter(check);
  auto branch = scf::IfOp::create(b, check.getResult(0),
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.elseBlock());
  kernel->accumulate(keyRow, size);
  b.setInsertionPointToStart(branch.thenBlock());
  FloatAttr hidden = b.getF32FloatAttr(0);
  return kernel->accumulateVisible(
      keyRow, size,
      [&](Value flags, Value lane, Value row) -> FailureOr<Value> {
        for (const Part &part : parts)
          flags = apply(part, flags, key, lane, row, hidden);
        return flags;
      });
}

void KeyTileEmitter::observe(Value keyRow, Value size, Value masked) {
  func::CallOp::create(b, observer, TypeRange(),
                       ValueRange{tile.batch, tile.head, tile.row, keyRow,
                                  tile.rows, size, masked});
}
