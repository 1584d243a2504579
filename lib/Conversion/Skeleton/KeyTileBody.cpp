//===- KeyTileBody.cpp - the body of the loop over key tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyTileBody.h"

#include "../Emit/LaneBuilder.h"
#include "AttentionOperand.h"
#include "Mask/Conversion/EmitPredicate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Once per tile of queries
//===----------------------------------------------------------------------===//

/// Evaluates the ends of the rows once, for all edge tiles: as indices into the
/// array of keys, within it, so that they fit in 32 bits.
FailureOr<Value> KeyTileBody::emitRowEnds(Term end) {
  Value keys = emitNumKeys(b, op);
  return emitter.mapRows([&](Value head, Value query) -> FailureOr<Value> {
    TermScope inner(scope);
    inner.bind(TermSymbol::Head, head);
    inner.bind(TermSymbol::Query, query);
    FailureOr<Value> absolute = emitTerm(b, b.getLoc(), end, inner);
    if (failed(absolute))
      return failure();
    Value position = *absolute;
    if (getConstantIntValue(tile.firstKey) != 0)
      position = b.createOrFold<arith::SubIOp>(position, tile.firstKey);
    position = b.createOrFold<arith::MaxSIOp>(position, index(0));
    position = b.createOrFold<arith::MinSIOp>(position, keys);
    return b.createOrFold<arith::IndexCastOp>(b.getI32Type(), position);
  });
}

LogicalResult KeyTileBody::emitPrologue(const QueryTile &tile,
                                        TermScope &scope) {
  this->tile = tile;
  this->scope = &scope;
  SmallVector<Term> classes;
  if (classifies())
    classes.push_back(plan.tileEmpty);
  for (const TilePart &part : plan.parts) {
    parts.push_back({&part, Value(), Value()});
    if (part.kind == TilePart::Condition) {
      classes.push_back(part.full);
      continue;
    }
    FailureOr<Value> ends = emitRowEnds(part.end);
    if (failed(ends))
      return failure();
    parts.back().rowEnds = *ends;
  }
  TermSymbol keys[] = {TermSymbol::KeyFirst, TermSymbol::KeyLast};
  for (Term term : classes)
    if (failed(emitInvariants(b, b.getLoc(), term, scope, keys,
                              /*asTruth=*/true)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Which tiles are visited
//===----------------------------------------------------------------------===//

/// Binds the absolute keys of a tile.
void KeyTileBody::placeKeys(Value first, Value size, TermScope &scope) {
  Value absolute = first;
  if (getConstantIntValue(tile.firstKey) != 0)
    absolute = add(first, tile.firstKey);
  scope.bind(TermSymbol::KeyFirst, absolute);
  scope.bind(TermSymbol::KeyLast, add(add(absolute, size), index(-1)));
}

LogicalResult KeyTileBody::emitVisit(Block &block) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&block);
  TermScope inner(scope);
  placeKeys(block.getArgument(0), block.getArgument(1), inner);
  FailureOr<Value> isEmpty = emitTruth(b, b.getLoc(), plan.tileEmpty, inner);
  if (failed(isEmpty))
    return failure();
  YieldOp::create(b, b.createOrFold<arith::XOrIOp>(*isEmpty, truth(true)));
  return success();
}

//===----------------------------------------------------------------------===//
// One tile of keys
//===----------------------------------------------------------------------===//

/// Which parts may hide something of the tile; whether any does, or null.
FailureOr<Value> KeyTileBody::emitConditions(TileForOp loop, TermScope &scope) {
  auto both = [&](Value x, Value y) {
    return b.createOrFold<arith::AndIOp>(x, y);
  };
  auto negation = [&](Value x) {
    return b.createOrFold<arith::XOrIOp>(x, truth(true));
  };
  Value any;
  for (Part &part : parts) {
    const TilePart &plan = *part.plan;
    part.fails = plan.whereUpperFails ? Value(loop.getUpperFails())
                                      : Value(loop.getLowerFails());
    if (plan.whereLowerFails && plan.whereUpperFails)
      part.fails = b.createOrFold<arith::OrIOp>(loop.getLowerFails(),
                                                loop.getUpperFails());
    if (plan.onlyWhereLowerHolds)
      part.fails = both(part.fails, negation(loop.getLowerFails()));
    if (plan.kind == TilePart::Condition && !plan.full.isConstant(0)) {
      FailureOr<Value> full = emitTruth(b, b.getLoc(), plan.full, scope);
      if (failed(full))
        return failure();
      part.fails = both(part.fails, negation(*full));
    }
    any = any ? b.createOrFold<arith::OrIOp>(any, part.fails) : part.fails;
  }
  return any;
}

/// The map `over` from the indices of a vector of `shape`, as one from the
/// position of an element among all of them.
static AffineMap flatten(AffineMap over, ArrayRef<int64_t> shape) {
  AffineExpr position = getAffineDimExpr(0, over.getContext());
  SmallVector<AffineExpr> indices(shape.size());
  for (int64_t dim = shape.size() - 1; dim > 0; --dim) {
    indices[dim] = position % shape[dim];
    position = position.floorDiv(shape[dim]);
  }
  indices[0] = position;
  return over.replaceDimsAndSymbols(indices, {}, /*numResultDims=*/1,
                                    over.getNumSymbols());
}

Value KeyTileBody::reshape(Value vector, VectorType type) {
  return b.createOrFold<vector::ShapeCastOp>(type, vector);
}

LogicalResult KeyTileBody::emitScoreRegion(const KeyTile &keys,
                                           SmallVectorImpl<Value> &scores) {
  if (op.getScore().empty())
    return success();
  auto function = [&](Value scores,
                      const ScoreLayout &layout) -> FailureOr<Value> {
    auto type = cast<VectorType>(scores.getType());
    int64_t lanes = type.getNumElements();
    auto lineType = VectorType::get(lanes, type.getElementType());
    scores = reshape(scores, lineType);
    // Regions are of f32 (C8).
    bool isWide = type.getElementType().isF64();
    if (isWide)
      scores =
          arith::TruncFOp::create(b, lineType.clone(b.getF32Type()), scores);
    AffineMap over = flatten(layout.over, type.getShape());
    LaneBuilder builder(b.getLoc(), b, lanes);
    Value step =
        vector::StepOp::create(b, builder.getLaneType(b.getIndexType()));
    auto coordinate = [&](unsigned i, Value first) {
      Value distance =
          emitAffine(builder, over.getResult(i), step, layout.symbols);
      return builder.add(first, distance);
    };
    SmallVector<Value> arguments = {
        scores, tile.absoluteBatch, coordinate(0, tile.absoluteHead),
        coordinate(1, tile.firstQuery), coordinate(2, tile.firstKey)};
    llvm::append_range(arguments, op.getScoreCaptures());
    FailureOr<Value> result =
        emitLaneRegion(b, b.getLoc(), op.getScore(), arguments, lanes);
    if (failed(result))
      return failure();
    Value rewritten = *result;
    if (!isa<VectorType>(rewritten.getType()))
      rewritten = vector::BroadcastOp::create(b, lineType.clone(b.getF32Type()),
                                              rewritten);
    if (isWide)
      rewritten = arith::ExtFOp::create(b, lineType, rewritten);
    return reshape(rewritten, type);
  };
  return emitter.mapScores(keys, scores, function);
}

/// One vector of scores, `hidden` (minus infinity if null) where the part hides
/// the key.
Value KeyTileBody::apply(const Part &part, const KeyTile &keys, Value scores,
                         const ScoreLayout &layout, FloatAttr hidden) {
  const TilePart &plan = *part.plan;
  bool isCondition = plan.kind == TilePart::Condition;
  Value ends = isCondition ? Value() : emitter.getRows(part.rowEnds, layout);
  if (plan.kind == TilePart::UpperEnd && emitter.hasMissingKeys()) {
    Value last = getKeyEnd(keys);
    if (isa<VectorType>(ends.getType()))
      last = vector::BroadcastOp::create(b, ends.getType(), last);
    ends = arith::MinSIOp::create(b, ends, last);
  }
  // Together with the lower ends, one select is enough.
  Value keyEnd;
  if (plan.kind == TilePart::LowerEnd && hidesMissingKeys())
    keyEnd = getKeyEnd(keys);
  auto apply = ApplyOp::create(
      b, scores, tile.absoluteBatch, tile.absoluteHead, tile.firstQuery,
      tile.firstKey, layout.symbols,
      plan.kind == TilePart::LowerEnd ? ends : Value(),
      plan.kind == TilePart::UpperEnd ? ends : Value(), keyEnd,
      /*when=*/Value(), isCondition ? op.getCaptures() : ValueRange(),
      layout.over, hidden);
  if (isCondition) {
    IRMapping mapping;
    op.getPredicate().cloneInto(&apply.getPredicate(), mapping);
    apply.getPredicate().front().getTerminator()->setOperand(
        0, mapping.lookup(plan.predicate));
  }
  return apply.getResult();
}

const KeyTileBody::Part *KeyTileBody::findPart(TilePart::Kind kind) {
  auto *part = llvm::find_if(
      parts, [&](const Part &part) { return part.plan->kind == kind; });
  return part == parts.end() ? nullptr : part;
}

/// Whether the keys of an interval's last tile that do not exist are hidden
/// apart from upper ends of rows, in the tiles that lower ends cut: upper ends
/// would hide them, but do not look at these tiles.
bool KeyTileBody::hidesMissingKeys() {
  const Part *upperEnds = findPart(TilePart::UpperEnd);
  return emitter.hasMissingKeys() &&
         (!upperEnds || upperEnds->plan->onlyWhereLowerHolds);
}

/// How many keys a slice of a tile has.
int64_t KeyTileBody::getSliceSize(TileForOp loop) {
  return *loop.getStaticStep() / emitter.getSlices();
}

/// Hides the keys of an interval's last tile that do not exist, where no ends
/// of rows do: a tile that is not whole does not lie inside of the core, or is
/// one of a merged loop.
LogicalResult KeyTileBody::hideMissingKeys(const KeyTile &keys, TileForOp loop,
                                           SmallVectorImpl<Value> &scores) {
  const Part *upperEnds = findPart(TilePart::UpperEnd),
             *lowerEnds = findPart(TilePart::LowerEnd);
  bool mergesUpper = loop.getMerged() && upperEnds;
  if (!emitter.hasMissingKeys() ||
      (!mergesUpper && (!hidesMissingKeys() || (upperEnds && lowerEnds))))
    return success();
  Value isShort = b.createOrFold<arith::CmpIOp>(
      arith::CmpIPredicate::slt, keys.size, index(getSliceSize(loop)));
  auto unless = [&](Value flag) {
    isShort = b.createOrFold<arith::AndIOp>(
        isShort, b.createOrFold<arith::XOrIOp>(flag, truth(true)));
  };
  if (mergesUpper)
    unless(loop.getUpperFails());
  else if (upperEnds)
    isShort = b.createOrFold<arith::AndIOp>(isShort, loop.getLowerFails());
  if (lowerEnds && hidesMissingKeys())
    unless(loop.getLowerFails());
  auto function = [&](Value scores,
                      const ScoreLayout &layout) -> FailureOr<Value> {
    return ApplyOp::create(b, scores, tile.absoluteBatch, tile.absoluteHead,
                           tile.firstQuery, tile.firstKey, layout.symbols,
                           /*lower=*/Value(), /*upper=*/Value(),
                           getKeyEnd(keys), isShort, /*captures=*/ValueRange(),
                           layout.over, /*hidden=*/FloatAttr())
        .getResult();
  };
  return emitter.mapScores(keys, scores, function);
}

/// One past the last key of a tile.
Value KeyTileBody::getKeyEnd(const KeyTile &keys) {
  return b.createOrFold<arith::IndexCastOp>(b.getI32Type(),
                                            add(keys.first, keys.size));
}

LogicalResult KeyTileBody::emitMask(const KeyTile &keys,
                                    SmallVectorImpl<Value> &scores) {
  for (const Part &part : parts) {
    SmallVector<Value> masked(scores.begin(), scores.end());
    auto branch =
        scf::IfOp::create(b, ValueRange(scores).getTypes(), part.fails,
                          /*withElseRegion=*/!scores.empty());
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      auto function = [&](Value scores,
                          const ScoreLayout &layout) -> FailureOr<Value> {
        return apply(part, keys, scores, layout, FloatAttr());
      };
      if (failed(emitter.mapScores(keys, masked, function)))
        return failure();
      if (!scores.empty()) {
        scf::YieldOp::create(b, masked);
        b.setInsertionPointToStart(branch.elseBlock());
        scf::YieldOp::create(b, scores);
      }
    }
    scores.assign(branch.result_begin(), branch.result_end());
  }
  return success();
}

void KeyTileBody::observe(const KeyTile &keys, Value masked) {
  emitter.once([&] {
    for (int64_t head = 0; head < tile.heads; ++head)
      func::CallOp::create(b, observer, TypeRange(),
                           ValueRange{tile.batch, add(tile.head, index(head)),
                                      tile.row, keys.first, tile.rows,
                                      keys.size, masked});
  });
}

/// The arguments of the body that tell of the tile ahead.
NextTile KeyTileBody::getNext(TileForOp loop, int64_t ahead) {
  Block &body = loop.getBody().front();
  return {body.getArgument(5),
          {body.getArgument(6), body.getArgument(7),
           add(loop.getOrdinal(), index(ahead))}};
}

/// What becomes of the keys of a tile, or of a slice of it.
LogicalResult KeyTileBody::emitSlice(const KeyTile &keys, TileForOp loop,
                                     Value masked,
                                     SmallVectorImpl<Value> &state) {
  SmallVector<Value> scores = emitter.scores(keys);
  if (failed(emitScoreRegion(keys, scores)))
    return failure();
  if (failed(hideMissingKeys(keys, loop, scores)))
    return failure();
  if (failed(emitMask(keys, scores)))
    return failure();
  FloatAttr zero = b.getF32FloatAttr(0);
  auto visible = [&](Value flags,
                     const ScoreLayout &layout) -> FailureOr<Value> {
    for (const Part &part : parts)
      flags = apply(part, keys, flags, layout, zero);
    return flags;
  };
  return emitter.update(keys, scores, masked, visible, state);
}

LogicalResult KeyTileBody::emitSlices(const KeyTile &keys, TileForOp loop,
                                      Value masked,
                                      SmallVectorImpl<Value> &state) {
  if (emitter.getSlices() == 1)
    return emitSlice(keys, loop, masked, state);
  auto slices =
      scf::ForOp::create(b, index(0), index(*loop.getStaticStep()),
                         index(getSliceSize(loop)), ValueRange(state));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(slices.getBody());
  KeyTile slice = keys;
  slice.offset = slices.getInductionVar();
  slice.first = add(keys.first, slice.offset);
  slice.size = b.createOrFold<arith::SubIOp>(keys.size, slice.offset);
  SmallVector<Value> inner(slices.getRegionIterArgs());
  if (failed(emitSlice(slice, loop, masked, inner)))
    return failure();
  if (!inner.empty())
    scf::YieldOp::create(b, inner);
  state.assign(slices.result_begin(), slices.result_end());
  return success();
}

LogicalResult KeyTileBody::emitBody(TileForOp loop) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&loop.getBody().front());
  KeyTile keys{loop.getKey(), loop.getSize(), loop.getOrdinal()};
  keys.lowerFails = loop.getLowerFails();
  keys.upperFails = loop.getUpperFails();
  TermScope inner(scope);
  placeKeys(keys.first, keys.size, inner);
  FailureOr<Value> masked = emitConditions(loop, inner);
  if (failed(masked))
    return failure();
  if (observer)
    observe(keys, *masked ? *masked : truth(false));
  if (std::optional<int64_t> ahead = loop.getAhead())
    emitter.receive(keys, getNext(loop, *ahead));
  for (const Part &part : parts) {
    if (part.plan->kind == TilePart::LowerEnd)
      keys.lower = {part.rowEnds, part.fails};
    if (part.plan->kind == TilePart::UpperEnd)
      keys.upper = {part.rowEnds, part.fails};
  }
  SmallVector<Value> state(loop.getRegionIterArgs());
  if (failed(emitSlices(keys, loop, *masked, state)))
    return failure();
  YieldOp::create(b, state);
  return success();
}

void KeyTileBody::emitLoad(Block &block) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&block);
  emitter.fetch(
      {block.getArgument(0), block.getArgument(1), block.getArgument(2)});
  YieldOp::create(b, ValueRange());
}

LogicalResult KeyTileBody::emit(TileForOp loop) {
  if (!loop.getVisit().empty() && failed(emitVisit(loop.getVisit().front())))
    return failure();
  if (!loop.getLoad().empty())
    emitLoad(loop.getLoad().front());
  return emitBody(loop);
}
