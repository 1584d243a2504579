//===- AttentionToTiles.cpp - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToTiles.h"

#include "Mask/Analysis/RowIntervals.h"
#include "Mask/Conversion/EmitPredicate.h"
#include "Mask/Conversion/EmitTerm.h"
#include "TileKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// How the edge tiles are masked.
enum class Masking {
  None,      ///< every key of a hull is visible
  Rows,      ///< one exact interval per row: its bounds
  Predicate, ///< anything else: the predicate itself
};

/// The lowering of one attention: loops over (b, h, query tile), bounds of the
/// tile, the loop over key tiles around the kernel.
class AttentionLowering {
public:
  AttentionLowering(RewriterBase &rewriter, AttentionOp op,
                    ScheduleAttr schedule)
      : op(op), schedule(schedule), b(op.getLoc(), rewriter) {}

  LogicalResult run();

private:
  void emitFacts();
  LogicalResult emitQueryTile(ValueRange position);
  QueryTile makeTile(ValueRange position);
  FailureOr<SmallVector<Value>> emitBounds();
  LogicalResult emitRowBounds(TileKernel &kernel);
  LogicalResult emitKeyTile(TileKernel &kernel, Value key, Value size);
  LogicalResult emitVisiblePart(TileKernel &kernel, Value key, Value size,
                                Value isFull);
  LogicalResult emitScoreRegion(TileKernel &kernel, Value key, Value size);
  LogicalResult emitMask(TileKernel &kernel, Value key, Value size);
  Masking chooseMasking() const;
  Sides getSides() const;
  bool hasWideCore();

  Value dim(Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(memref, dim);
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value x, Value y);
  Value minimum(AffineExpr x, AffineExpr y, ValueRange operands);
  /// What an offset adds to the coordinates along `axis` of the origin.
  Value shift(Value value, Parameter offset, unsigned axis);
  Term term(Value index);

  AttentionOp op;
  ScheduleAttr schedule;
  ImplicitLocOpBuilder b;
  TermContext context;
  TilePlan plan;
  Masking masking = Masking::None;
  TermScope scope;
  QueryTile tile;
  Value keyEnd, lastQuery;
  /// Bounds of each row of the query tile (`Masking::Rows`).
  Value rowLower, rowUpper;
};

} // namespace

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value AttentionLowering::add(Value x, Value y) {
  AffineExpr sum = b.getAffineDimExpr(0) + b.getAffineDimExpr(1);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), sum, {getAsOpFoldResult(x), getAsOpFoldResult(y)}));
}

Value AttentionLowering::minimum(AffineExpr x, AffineExpr y,
                                 ValueRange operands) {
  AffineMap map = AffineMap::get(operands.size(), 0, {x, y}, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineMin(b, b.getLoc(), map,
                                          getAsOpFoldResult(operands)));
}

Value AttentionLowering::shift(Value value, Parameter offset, unsigned axis) {
  if (!op.getOrigin().empty())
    value = add(value, op.getOrigin()[axis]);
  if (std::optional<int64_t> constant = offset.getConstant())
    return *constant ? add(value, index(*constant)) : value;
  if (!offset.isGiven())
    return value;
  Value amount = offset.value;
  if (offset.axis) {
    Value row = *offset.axis == ParameterAxis::Batch ? tile.absoluteBatch
                                                     : tile.absoluteHead;
    Value loaded = memref::LoadOp::create(b, amount, row);
    amount = arith::IndexCastOp::create(b, b.getIndexType(), loaded);
  }
  return add(value, amount);
}

Term AttentionLowering::term(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return context.constant(*constant);
  return context.parameter(index);
}

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

Masking AttentionLowering::chooseMasking() const {
  ArrayRef<RowInterval> rows = plan.rows.intervals;
  if (rows.empty())
    return Masking::None;
  if (!plan.rows.exact || rows.size() > 1)
    return Masking::Predicate;
  return getSides() == Sides::None ? Masking::None : Masking::Rows;
}

/// The bounds of the rows' only interval that hide anything.
Sides AttentionLowering::getSides() const {
  const KeyInterval &row = plan.rows.intervals.front().outer;
  if (row.lower.isMinusInfinity())
    return row.upper.isPlusInfinity() ? Sides::None : Sides::Upper;
  return row.upper.isPlusInfinity() ? Sides::Lower : Sides::Both;
}

/// Whether no row's upper end can lie in a tile that starts before the core:
/// the lower end of a row that is up to `query_tile - 1` queries later, plus a
/// tile, does not pass it.
bool AttentionLowering::hasWideCore() {
  if (masking != Masking::Rows || getSides() != Sides::Both)
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

/// Repeats the computations of the predicate's region on parameters outside of
/// it, where bounds need them.
void AttentionLowering::emitFacts() {
  IRMapping mapping;
  Block &block = op.getPredicate().front();
  mapping.map(block.getArguments(), op.getCaptures());
  for (auto [argument, capture] :
       llvm::zip_equal(block.getArguments(), op.getCaptures()))
    scope.bind(argument, capture);
  for (Operation &nested : block.without_terminator()) {
    bool isNumber =
        !llvm::any_of(nested.getResultTypes(), llvm::IsaPred<PredicateType>);
    if (!isNumber || nested.getNumRegions() || !isPure(&nested))
      continue;
    Operation *clone = b.clone(nested, mapping);
    for (auto [from, to] :
         llvm::zip_equal(nested.getResults(), clone->getResults()))
      scope.bind(from, to);
  }
}

//===----------------------------------------------------------------------===//
// One tile of queries
//===----------------------------------------------------------------------===//

QueryTile AttentionLowering::makeTile(ValueRange position) {
  QueryTile tile;
  tile.batch = position[0];
  tile.head = position[1];
  tile.row = position[2];
  // Inside of the loops: without heads there is nothing to divide by.
  Value heads = dim(op.getQuery(), 1), keyHeads = dim(op.getKey(), 1);
  Value group = b.createOrFold<arith::DivUIOp>(heads, keyHeads);
  tile.keyHead = b.createOrFold<arith::DivUIOp>(tile.head, group);
  int64_t queryTile = schedule.getQueryTile();
  Value queries = dim(op.getQuery(), 2);
  std::optional<int64_t> count = getConstantIntValue(queries);
  tile.rows = count && *count % queryTile == 0
                  ? index(queryTile)
                  : minimum(b.getAffineConstantExpr(queryTile),
                            b.getAffineDimExpr(1) - b.getAffineDimExpr(0),
                            {tile.row, queries});
  return tile;
}

/// Four bounds per interval, within the keys that exist.
FailureOr<SmallVector<Value>> AttentionLowering::emitBounds() {
  Term first = term(tile.firstKey), end = term(keyEnd);
  SmallVector<Value> bounds;
  for (const TileInterval &interval : plan.intervals) {
    Term terms[] = {context.max(interval.hullLower, first),
                    context.max(interval.coreLower, first),
                    context.min(interval.coreUpper, end),
                    context.min(interval.hullUpper, end)};
    for (Term bound : terms) {
      FailureOr<Value> value = emitTerm(b, b.getLoc(), bound, scope);
      if (failed(value))
        return failure();
      bounds.push_back(*value);
    }
  }
  return bounds;
}

/// Evaluates the row bounds of the tile once, for all edge tiles. The lanes of
/// queries that do not exist repeat the last one.
LogicalResult AttentionLowering::emitRowBounds(TileKernel &kernel) {
  if (masking != Masking::Rows)
    return success();
  const KeyInterval &row = plan.rows.intervals.front().outer;
  LogicalResult result = success();
  auto loop =
      scf::ForOp::create(b, index(0), index(schedule.getQueryTile()), index(1));
  auto emit = [&](Term bound, Value buffer, Value lane, TermScope &inner) {
    FailureOr<Value> value = emitTerm(b, b.getLoc(), bound, inner);
    if (failed(value))
      result = failure();
    else
      memref::StoreOp::create(b, *value, buffer, lane);
  };
  Sides sides = getSides();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop);
    if (sides != Sides::Upper)
      rowLower = kernel.allocatePerQuery(b.getIndexType());
    if (sides != Sides::Lower)
      rowUpper = kernel.allocatePerQuery(b.getIndexType());
    b.setInsertionPointToStart(loop.getBody());
    Value lane = loop.getInductionVar();
    TermScope inner(&scope);
    inner.bind(TermSymbol::Query,
               minimum(b.getAffineDimExpr(0) + b.getAffineDimExpr(1),
                       b.getAffineDimExpr(2),
                       {tile.firstQuery, lane, lastQuery}));
    if (rowLower)
      emit(row.lower, rowLower, lane, inner);
    if (rowUpper)
      emit(row.upper, rowUpper, lane, inner);
  }
  return result;
}

LogicalResult AttentionLowering::emitQueryTile(ValueRange position) {
  tile = makeTile(position);
  Parameter none;
  tile.absoluteBatch = shift(tile.batch, none, 0);
  tile.absoluteHead = shift(tile.head, none, 1);
  tile.firstQuery = shift(tile.row, op.getQueryOffsetParameter(), 2);
  tile.firstKey = shift(index(0), op.getKeyOffsetParameter(), 3);
  keyEnd = add(tile.firstKey, dim(op.getKey(), 2));
  lastQuery = add(tile.firstQuery, add(tile.rows, index(-1)));
  scope.bind(TermSymbol::Batch, tile.absoluteBatch);
  scope.bind(TermSymbol::Head, tile.absoluteHead);
  scope.bind(TermSymbol::QueryFirst, tile.firstQuery);
  scope.bind(TermSymbol::QueryLast, lastQuery);

  TileKernel kernel(b, op, schedule, tile);
  FailureOr<SmallVector<Value>> bounds = emitBounds();
  if (failed(bounds))
    return failure();
  kernel.begin();
  if (failed(emitRowBounds(kernel)))
    return failure();
  // A predicate without intervals shows nothing.
  if (!bounds->empty()) {
    auto loop = TileForOp::create(b, TypeRange(), *bounds, ValueRange(),
                                  schedule.getKeyTile());
    loop.setWideCore(hasWideCore());
    OpBuilder::InsertionGuard guard(b);
    Location loc = b.getLoc();
    Block *body = b.createBlock(
        &loop.getBody(), {}, {b.getIndexType(), b.getIndexType()}, {loc, loc});
    if (failed(emitKeyTile(kernel, body->getArgument(0), body->getArgument(1))))
      return failure();
    YieldOp::create(b, ValueRange());
  }
  kernel.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// One tile of keys
//===----------------------------------------------------------------------===//

LogicalResult AttentionLowering::emitKeyTile(TileKernel &kernel, Value key,
                                             Value size) {
  if (masking != Masking::Predicate)
    return emitVisiblePart(kernel, key, size, Value());
  TermScope inner(&scope);
  inner.bind(TermSymbol::KeyFirst, key);
  inner.bind(TermSymbol::KeyLast, add(add(key, size), index(-1)));
  Value isFull;
  if (!plan.tileFull.isConstant(0)) {
    FailureOr<Value> full = emitTruth(b, b.getLoc(), plan.tileFull, inner);
    if (failed(full))
      return failure();
    isFull = *full;
  }
  if (plan.tileEmpty.isConstant(0))
    return emitVisiblePart(kernel, key, size, isFull);
  FailureOr<Value> isEmpty = emitTruth(b, b.getLoc(), plan.tileEmpty, inner);
  if (failed(isEmpty))
    return failure();
  Value onEdge = OnEdgeOp::create(b);
  Value skip = arith::AndIOp::create(b, onEdge, *isEmpty);
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  Value visit = arith::XOrIOp::create(b, skip, yes);
  auto branch = scf::IfOp::create(b, visit, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  return emitVisiblePart(kernel, key, size, isFull);
}

LogicalResult AttentionLowering::emitVisiblePart(TileKernel &kernel, Value key,
                                                 Value size, Value isFull) {
  Value keyRow = key;
  if (getConstantIntValue(tile.firstKey) != 0)
    keyRow = b.createOrFold<arith::SubIOp>(key, tile.firstKey);
  kernel.emitScores(keyRow, size);
  if (failed(emitScoreRegion(kernel, key, size)))
    return failure();
  if (masking != Masking::None) {
    OpBuilder::InsertionGuard guard(b);
    if (isFull) {
      Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
      Value isMixed = b.createOrFold<arith::XOrIOp>(isFull, yes);
      auto branch = scf::IfOp::create(b, isMixed, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    if (failed(emitMask(kernel, key, size)))
      return failure();
  }
  kernel.accumulate(keyRow, size);
  return success();
}

LogicalResult AttentionLowering::emitScoreRegion(TileKernel &kernel, Value key,
                                                 Value size) {
  if (op.getScore().empty())
    return success();
  int64_t lanes = schedule.getLanes();
  auto type = VectorType::get({lanes}, b.getIndexType());
  auto function = [&](Value scores, Value lane, Value row) -> FailureOr<Value> {
    Value first = b.createOrFold<arith::AddIOp>(tile.firstQuery, lane);
    Value queries =
        arith::AddIOp::create(b, vector::BroadcastOp::create(b, type, first),
                              vector::StepOp::create(b, type));
    SmallVector<Value> arguments = {scores, tile.absoluteBatch,
                                    tile.absoluteHead, queries,
                                    b.createOrFold<arith::AddIOp>(key, row)};
    llvm::append_range(arguments, op.getScoreCaptures());
    FailureOr<Value> result =
        emitLaneRegion(b, b.getLoc(), op.getScore(), arguments, lanes);
    if (failed(result) || isa<VectorType>(result->getType()))
      return result;
    return Value(vector::BroadcastOp::create(b, scores.getType(), *result));
  };
  return kernel.forEachScore(size, function);
}

LogicalResult AttentionLowering::emitMask(TileKernel &kernel, Value key,
                                          Value size) {
  auto type = VectorType::get({schedule.getLanes()}, b.getIndexType());
  auto function = [&](Value scores, Value lane, Value row) -> FailureOr<Value> {
    Value q = b.createOrFold<arith::AddIOp>(tile.firstQuery, lane);
    Value k = b.createOrFold<arith::AddIOp>(key, row);
    bool byRows = masking == Masking::Rows;
    Value lower, upper;
    if (byRows) {
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
        b, scores, tile.absoluteBatch, tile.absoluteHead, q, k, lower, upper,
        /*key_end=*/Value(), byRows ? ValueRange() : op.getCaptures(),
        TileLayout::Query, byRows ? getSides() : Sides::Both,
        /*hidden=*/FloatAttr());
    if (!byRows) {
      IRMapping mapping;
      op.getPredicate().cloneInto(&apply.getPredicate(), mapping);
    }
    return apply.getResult();
  };
  return kernel.forEachScore(size, function);
}

//===----------------------------------------------------------------------===//
// The whole attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionLowering::run() {
  RowIntervalOptions options;
  options.buildTables = false;
  plan = planTiles(context, op.getPredicateValue(), options);
  masking = chooseMasking();
  emitFacts();
  Value zero = index(0), one = index(1), step = index(schedule.getQueryTile());
  SmallVector<Value> sizes = {dim(op.getQuery(), 0), dim(op.getQuery(), 1),
                              dim(op.getQuery(), 2)};
  auto loop = scf::ParallelOp::create(b, ValueRange{zero, zero, zero}, sizes,
                                      ValueRange{one, one, step});
  b.setInsertionPoint(loop.getBody()->getTerminator());
  return emitQueryTile(loop.getInductionVars());
}

static FailureOr<ScheduleAttr>
getSchedule(AttentionOp op, const AttentionToTilesOptions &options) {
  if (std::optional<ScheduleAttr> given = op.getSchedule())
    return *given;
  auto schedule = ScheduleAttr::getChecked(
      [&] { return op.emitOpError() << "cannot be scheduled: "; },
      op.getContext(), options.queryTile, options.keyTile, options.lanes,
      options.rows);
  if (!schedule)
    return failure();
  return schedule;
}

LogicalResult
mlir::mask::lowerAttentionToTiles(RewriterBase &rewriter, AttentionOp op,
                                  const AttentionToTilesOptions &options) {
  if (op.hasPureTensorSemantics() || !op.isClosed())
    return op.emitOpError()
           << "must be closed and on memrefs to become loops over tiles";
  Type element = cast<ShapedType>(op.getQuery().getType()).getElementType();
  if (!element.isF32())
    return op.emitOpError()
           << "can be lowered for f32 only, got data of type " << element;
  FailureOr<ScheduleAttr> schedule = getSchedule(op, options);
  if (failed(schedule))
    return failure();
  rewriter.setInsertionPoint(op);
  AttentionLowering lowering(rewriter, op, *schedule);
  if (failed(lowering.run()))
    return failure();
  rewriter.eraseOp(op);
  return success();
}
