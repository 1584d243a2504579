//===- AttentionSkeleton.cpp - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionSkeleton.h"

#include "../Emit/LaneBuilder.h"
#include "../EmitOrErase.h"
#include "AttentionOperand.h"
#include "CheckAttention.h"
#include "KeyTileBody.h"
#include "Mask/Analysis/TilePlan.h"
#include "Mask/Conversion/EmitTerm.h"
#include "Mask/IR/Captures.h"
#include "Mask/IR/SoftCap.h"
#include "ReportBounds.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// The lowering of one attention: loops over (b, heads, query tile), bounds of
/// the tile, the loop over key tiles around the kernel.
class AttentionLowering {
public:
  AttentionLowering(ImplicitLocOpBuilder &builder, AttentionOp op,
                    const TileSizes &sizes, ArrayRef<TileEmitter *> emitters,
                    FlatSymbolRefAttr observer)
      : op(op), sizes(sizes), emitters(emitters), observer(observer),
        b(builder) {}

  LogicalResult run(bool reports);

private:
  void emitFacts();
  LogicalResult emitConstants();
  void findShared(Term term);
  LogicalResult emitShared();
  void loadShared(TermScope &rows);
  LogicalResult emitQueryTile(ValueRange position, TileEmitter &emitter);
  void placeHead(Value head, TermScope &rows);
  void placeRows(Value batch, Value row, TermScope &rows);
  Value getTileNumber();
  FailureOr<SmallVector<Value>> emitBounds(TermScope &rows);
  TileForOp createLoop(ValueRange bounds, ValueRange inits, bool visits,
                       const TileEmitter &emitter);

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
  TileSizes sizes;
  ArrayRef<TileEmitter *> emitters;
  FlatSymbolRefAttr observer;
  ImplicitLocOpBuilder &b;
  TermContext context;
  TilePlan plan;
  TermScope scope;
  /// Extrema over the rows of a tile that are the same for all heads, and a
  /// memref of their values, `[batch, tile, extremum]`; null without any.
  SetVector<const Term::Node *> shared;
  Value sharedValues;
  QueryTile tile;
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
  Value amount = offset.getValue();
  if (offset.axis) {
    Value row = *offset.axis == ParameterAxis::Batch ? tile.absoluteBatch
                                                     : tile.absoluteHead;
    amount = memref::LoadOp::create(b, amount, row);
  }
  return add(value, LaneBuilder(b.getLoc(), b, /*lanes=*/1).toLimited(amount));
}

Term AttentionLowering::term(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return context.constant(*constant);
  return context.parameter(index);
}

//===----------------------------------------------------------------------===//
// One tile of queries
//===----------------------------------------------------------------------===//

/// Binds what the predicate's region reads: captures, and the numbers that
/// `hoistFacts` has left in it.
void AttentionLowering::emitFacts() {
  Block &block = op.getPredicate().front();
  for (auto [argument, capture] :
       llvm::zip_equal(block.getArguments(), op.getCaptures()))
    scope.bind(argument, capture);
  for (Operation &nested : block.without_terminator()) {
    Value result = nested.getResult(0);
    if (!isa<PredicateType>(result.getType()))
      scope.bind(result, b.clone(nested)->getResult(0));
  }
}

/// Computes what is the same for the whole call: parameters, extents.
LogicalResult AttentionLowering::emitConstants() {
  TermSymbol places[] = {
      TermSymbol::Batch,      TermSymbol::Head,      TermSymbol::Query,
      TermSymbol::QueryFirst, TermSymbol::QueryLast, TermSymbol::KeyFirst,
      TermSymbol::KeyLast,    TermSymbol::HeadFirst, TermSymbol::HeadLast};
  static_assert(std::size(places) == kNumTermSymbols);
  auto emit = [&](Term term, bool asTruth = false) {
    return emitInvariants(b, b.getLoc(), term, scope, places, asTruth);
  };
  for (const RowInterval &row : plan.rows.intervals)
    for (Term end : {row.outer.lower, row.outer.upper})
      if (failed(emit(end)))
        return failure();
  for (const TileInterval &interval : plan.intervals)
    for (Term bound : {interval.hullLower, interval.coreLower,
                       interval.coreUpper, interval.hullUpper})
      if (failed(emit(bound)))
        return failure();
  if (failed(emit(plan.tileFull, /*asTruth=*/true)))
    return failure();
  return emit(plan.tileEmpty, /*asTruth=*/true);
}

void AttentionLowering::placeHead(Value head, TermScope &rows) {
  tile.head = head;
  // Inside of the loops: without heads there is nothing to divide by.
  Value heads = dim(op.getQuery(), 1), keyHeads = dim(op.getKey(), 1);
  Value group = b.createOrFold<arith::DivUIOp>(heads, keyHeads);
  tile.keyHead = b.createOrFold<arith::DivUIOp>(head, group);
  tile.absoluteHead = shift(head, Parameter(), 1);
  tile.heads = sizes.heads;
  if (sizes.heads == 1) {
    rows.bind(TermSymbol::Head, tile.absoluteHead);
    return;
  }
  rows.bind(TermSymbol::HeadFirst, tile.absoluteHead);
  rows.bind(TermSymbol::HeadLast,
            add(tile.absoluteHead, index(sizes.heads - 1)));
}

/// Where the rows of a tile are: of the head that was placed, if any.
void AttentionLowering::placeRows(Value batch, Value row, TermScope &rows) {
  tile.batch = batch;
  tile.row = row;
  int64_t queryTile = sizes.queries;
  Value queries = dim(op.getQuery(), 2);
  std::optional<int64_t> count = getConstantIntValue(queries);
  bool isWhole = queryTile == 1 || (count && *count % queryTile == 0);
  tile.rows = isWhole ? index(queryTile)
                      : minimum(b.getAffineConstantExpr(queryTile),
                                b.getAffineDimExpr(1) - b.getAffineDimExpr(0),
                                {tile.row, queries});
  tile.absoluteBatch = shift(batch, Parameter(), 0);
  tile.firstQuery = shift(row, op.getQueryOffsetParameter(), 2);
  tile.lastQuery = add(tile.firstQuery, add(tile.rows, index(-1)));
  rows.bind(TermSymbol::Batch, tile.absoluteBatch);
  rows.bind(TermSymbol::QueryFirst, tile.firstQuery);
  rows.bind(TermSymbol::QueryLast, tile.lastQuery);
}

/// Four bounds per interval: indices into the array of keys, within it.
FailureOr<SmallVector<Value>> AttentionLowering::emitBounds(TermScope &rows) {
  Value keys = emitNumKeys(b, op);
  Term first = term(tile.firstKey), end = term(add(tile.firstKey, keys));
  std::optional<int64_t> shift = getConstantIntValue(tile.firstKey);
  SmallVector<Value> bounds;
  for (const TileInterval &interval : plan.intervals) {
    Term terms[] = {context.max(interval.hullLower, first),
                    context.max(interval.coreLower, first),
                    context.min(interval.coreUpper, end),
                    context.min(interval.hullUpper, end)};
    for (Term bound : terms) {
      FailureOr<Value> value = emitTerm(b, b.getLoc(), bound, rows);
      if (failed(value))
        return failure();
      AffineExpr moved = b.getAffineDimExpr(0) - b.getAffineDimExpr(1);
      bounds.push_back(shift == 0
                           ? *value
                           : getValueOrCreateConstantIndexOp(
                                 b, b.getLoc(),
                                 affine::makeComposedFoldedAffineApply(
                                     b, b.getLoc(), moved,
                                     {getAsOpFoldResult(*value),
                                      getAsOpFoldResult(tile.firstKey)})));
    }
  }
  return bounds;
}

//===----------------------------------------------------------------------===//
// What all heads share
//===----------------------------------------------------------------------===//

/// Adds the extrema over rows in `term` that depend on nothing else.
void AttentionLowering::findShared(Term term) {
  if (term.getKind() != TermKind::RowMin &&
      term.getKind() != TermKind::RowMax) {
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      findShared(term.getOperand(i));
    return;
  }
  for (TermSymbol symbol :
       {TermSymbol::Head, TermSymbol::HeadFirst, TermSymbol::HeadLast,
        TermSymbol::KeyFirst, TermSymbol::KeyLast})
    if (term.dependsOn(symbol))
      return;
  shared.insert(term.getNode());
}

Value AttentionLowering::getTileNumber() {
  AffineExpr number = b.getAffineDimExpr(0).floorDiv(sizes.queries);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), number,
                                            {getAsOpFoldResult(tile.row)}));
}

/// Computes the extrema that all heads share, once per tile of rows.
LogicalResult AttentionLowering::emitShared() {
  std::optional<ParameterAxis> axis = op.getQueryOffsetParameter().axis;
  if (getConstantIntValue(dim(op.getQuery(), 1)) == sizes.heads ||
      axis == ParameterAxis::Head)
    return success();
  for (const TileInterval &interval : plan.intervals)
    for (Term bound : {interval.hullLower, interval.coreLower,
                       interval.coreUpper, interval.hullUpper})
      findShared(bound);
  findShared(plan.tileFull);
  findShared(plan.tileEmpty);
  if (shared.empty())
    return success();
  Value batches = dim(op.getQuery(), 0), queries = dim(op.getQuery(), 2);
  int64_t queryTile = sizes.queries;
  OpFoldResult tiles = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(queryTile),
      {getAsOpFoldResult(queries)});
  sharedValues = memref::AllocOp::create(
      b,
      ArrayRef<OpFoldResult>{getAsOpFoldResult(batches), tiles,
                             b.getIndexAttr(shared.size())},
      b.getIndexType());
  auto fill = [&](ValueRange position) -> LogicalResult {
    TermScope rows(&scope);
    placeRows(position[0], position[1], rows);
    Value number = getTileNumber();
    for (auto [column, extremum] : llvm::enumerate(shared)) {
      FailureOr<Value> value = emitTerm(b, b.getLoc(), Term(extremum), rows);
      if (failed(value))
        return failure();
      memref::StoreOp::create(b, *value, sharedValues,
                              ValueRange{position[0], number, index(column)});
    }
    return success();
  };
  return emitters.front()->forEachPoint({batches, queries}, {1, queryTile},
                                        fill);
}

void AttentionLowering::loadShared(TermScope &rows) {
  if (!sharedValues)
    return;
  Value number = getTileNumber();
  for (auto [column, extremum] : llvm::enumerate(shared))
    rows.setEmitted(
        extremum, /*asTruth=*/false,
        memref::LoadOp::create(b, sharedValues,
                               ValueRange{tile.batch, number, index(column)}));
}

//===----------------------------------------------------------------------===//
// One tile of queries
//===----------------------------------------------------------------------===//

LogicalResult AttentionLowering::emitQueryTile(ValueRange position,
                                               TileEmitter &emitter) {
  TermScope rows(&scope);
  placeHead(position[1], rows);
  placeRows(position[0], position[2], rows);
  loadShared(rows);
  tile.firstKey = shift(index(0), op.getKeyOffsetParameter(), 3);

  FailureOr<SmallVector<Value>> bounds = emitBounds(rows);
  if (failed(bounds))
    return failure();
  tile.firstVisited = bounds->empty() ? Value() : bounds->front();
  SmallVector<Value> state = emitter.begin(tile);
  if (Value leavesCore = emitter.leavesCore())
    for (auto [i, interval] : llvm::enumerate(plan.intervals)) {
      Value lower = (*bounds)[4 * i + 1], &upper = (*bounds)[4 * i + 2];
      upper = b.createOrFold<arith::SelectOp>(leavesCore, lower, upper);
    }
  bool isFirst = &emitter == emitters.front();
  KeyTileBody body(b, op, plan, emitter,
                   isFirst ? observer : FlatSymbolRefAttr());
  if (failed(body.emitPrologue(tile, rows)))
    return failure();
  // A predicate without intervals shows nothing.
  if (!bounds->empty()) {
    TileForOp loop = createLoop(*bounds, state, body.classifies(), emitter);
    if (failed(body.emit(loop)))
      return failure();
    state.assign(loop.result_begin(), loop.result_end());
  }
  emitter.finish(state);
  return success();
}

/// The loop over key tiles, with empty blocks.
TileForOp AttentionLowering::createLoop(ValueRange bounds, ValueRange inits,
                                        bool visits,
                                        const TileEmitter &emitter) {
  int64_t ahead = emitter.getTilesAhead();
  KeyPart part = emitter.getKeyPart().value_or(KeyPart());
  auto loop = TileForOp::create(
      b, inits.getTypes(), bounds, /*intervals=*/Value(), /*step=*/Value(),
      /*end=*/Value(), part.index, part.count, inits,
      b.getI64IntegerAttr(sizes.keys), /*align=*/nullptr,
      ahead ? b.getI64IntegerAttr(ahead) : nullptr, emitter.mergesTiles(),
      /*load_first=*/ahead > 0);
  OpBuilder::InsertionGuard guard(b);
  Type index = b.getIndexType(), flag = b.getI1Type();
  auto addBlock = [&](Region &region, ArrayRef<Type> types) {
    b.createBlock(&region, {}, types,
                  SmallVector<Location>(types.size(), b.getLoc()));
  };
  SmallVector<Type> types = {index, index, index, flag, flag};
  if (ahead)
    types.append({flag, index, index});
  llvm::append_range(types, inits.getTypes());
  addBlock(loop.getBody(), types);
  if (visits)
    addBlock(loop.getVisit(), {index, index});
  if (ahead)
    addBlock(loop.getLoad(), {index, index, index});
  return loop;
}

//===----------------------------------------------------------------------===//
// The whole attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionLowering::run(bool reports) {
  TilePlanOptions options;
  options.buildTables = false;
  options.queries = sizes.queries;
  options.keys = sizes.keys;
  options.heads = sizes.heads;
  plan = planTiles(context, op.getPredicateValue(), options);
  if (reports)
    reportBounds(op, plan, context, options);
  emitFacts();
  if (failed(checkTileHeads(b, op, sizes.heads)) || failed(emitConstants()) ||
      failed(emitShared()))
    return failure();
  Value extents[] = {dim(op.getQuery(), 0), dim(op.getQuery(), 1),
                     dim(op.getQuery(), 2)};
  for (TileEmitter *emitter : emitters) {
    auto emitTile = [&](ValueRange position) {
      return emitQueryTile(position, *emitter);
    };
    if (failed(emitter->forEachTile(extents, {1, sizes.heads, sizes.queries},
                                    emitTile)))
      return failure();
  }
  if (sharedValues)
    memref::DeallocOp::create(b, sharedValues);
  return success();
}

LogicalResult mlir::mask::emitAttention(ImplicitLocOpBuilder &builder,
                                        AttentionOp op, const TileSizes &sizes,
                                        ArrayRef<TileEmitter *> emitters,
                                        FlatSymbolRefAttr observer,
                                        bool reports) {
  return AttentionLowering(builder, op, sizes, emitters, observer).run(reports);
}

/// A poisoned index may be any number; MLIR's folds take every constant for
/// one.
static void settlePoison(RewriterBase &rewriter, AttentionOp op) {
  for (OpOperand &operand : op->getOpOperands()) {
    Attribute constant;
    if (!operand.get().getType().isIndex() ||
        !matchPattern(operand.get(), m_Constant(&constant)) ||
        isa<IntegerAttr>(constant))
      continue;
    Value zero = arith::ConstantIndexOp::create(rewriter, op.getLoc(), 0);
    rewriter.modifyOpInPlace(op, [&] { operand.set(zero); });
  }
}

static void prepareAttention(RewriterBase &rewriter, AttentionOp op) {
  hoistFacts(rewriter, op);
  expandSoftCap(rewriter, op);
  rewriter.setInsertionPoint(op);
  settlePoison(rewriter, op);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  emitChecks(builder, op);
}

LogicalResult mlir::mask::replaceAttention(
    RewriterBase &rewriter, AttentionOp op,
    function_ref<LogicalResult(ImplicitLocOpBuilder &, AttentionOp)> emit) {
  auto replace = [&]() -> LogicalResult {
    // Preparing changes the attention: only a copy of it.
    auto copy = cast<AttentionOp>(rewriter.clone(*op));
    prepareAttention(rewriter, copy);
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    if (failed(emit(builder, copy)))
      return failure();
    rewriter.eraseOp(copy);
    return success();
  };
  if (failed(emitOrErase(rewriter, op, replace)))
    return failure();
  rewriter.eraseOp(op);
  return success();
}

FailureOr<FlatSymbolRefAttr> mlir::mask::findObserver(AttentionOp op,
                                                      StringRef observer) {
  if (observer.empty())
    return FlatSymbolRefAttr();
  MLIRContext *context = op.getContext();
  auto name = FlatSymbolRefAttr::get(context, observer);
  auto function =
      SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, name.getAttr());
  if (!function)
    return op.emitOpError()
           << "has no function '" << observer << "' to observe its tiles";
  SmallVector<Type> types(6, IndexType::get(context));
  types.push_back(IntegerType::get(context, 1));
  auto expected = FunctionType::get(context, types, {});
  if (function.getFunctionType() != expected) {
    auto diagnostic = op.emitOpError()
                      << "needs an observer of type " << expected << ", got "
                      << function.getFunctionType();
    diagnostic.attachNote(function.getLoc()) << "declared here";
    return failure();
  }
  return name;
}
