//===- TileForToSCF.cpp - loops over key tiles as scf loops -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An interval becomes a loop per phase. What loops have to hand on, beside the
// values that the op carries, is carried too, where it is needed: the ordinal
// of the next tile, and the tile that is loaded ahead.
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/TilesToSCF.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

namespace {

/// Which tiles a copy of the body is for.
enum class Phase { Before, Core, After, Any };

/// One interval's bounds, and the part of its hull that is walked: from `start`
/// on, while a tile's first key lies below `end`.
struct Interval {
  Value hullLower, coreLower, coreUpper, hullUpper;
  Value start, end;

  /// Whether the core is empty, as constants tell.
  bool hasNoCore() const {
    std::optional<int64_t> lower = getConstantIntValue(coreLower);
    std::optional<int64_t> upper = getConstantIntValue(coreUpper);
    return lower && upper && *lower >= *upper;
  }
};

/// A tile that is to be loaded: its first key, the end of its interval's hull,
/// and whether there is one. Nothing is carried where nothing is loaded ahead.
struct Cursor {
  Value key, end, exists;
};

class TileForLowering {
public:
  TileForLowering(RewriterBase &rewriter, TileForOp op)
      : op(op), b(op.getLoc(), rewriter), step(op.getStep()),
        carried(op.getInits()) {}

  /// The results.
  FailureOr<SmallVector<Value>> run();

private:
  // Index arithmetic.
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value truth(bool value) {
    return arith::ConstantOp::create(b, b.getBoolAttr(value));
  }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value compare(CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return b.createOrFold<arith::SelectOp>(condition, x, y);
  }
  using MakeExtremum = OpFoldResult (*)(OpBuilder &, Location, AffineMap,
                                        ArrayRef<OpFoldResult>);
  Value affineExtremum(MakeExtremum make, ArrayRef<AffineExpr> expressions,
                       ValueRange operands);
  Value affineMax(ArrayRef<AffineExpr> expressions, ValueRange operands) {
    return affineExtremum(affine::makeComposedFoldedAffineMax, expressions,
                          operands);
  }
  Value affineMin(ArrayRef<AffineExpr> expressions, ValueRange operands) {
    return affineExtremum(affine::makeComposedFoldedAffineMin, expressions,
                          operands);
  }
  Value affineApply(AffineExpr expression, ValueRange operands);
  Value roundUp(Value start, Value bound);

  // Intervals.
  Interval place(ValueRange bounds, Value visited);
  Value getEndOfTiles(const Interval &interval, Value visited);
  Value countTiles(const Interval &interval);
  void restrictToPart(MutableArrayRef<Interval> intervals);
  void lowerInterval(const Interval &interval);
  void lowerFromMemory();

  // Loops.
  bool needsOrdinal();
  void emitLoop(Value lower, Value upper, const Interval &interval,
                Phase phase);
  SmallVector<Value> emitTile(Value key, const Interval &interval, Phase phase,
                              ValueRange state);
  Value getSize(Value key, Value end);
  SmallVector<Value> inlineRegion(Region &region, ValueRange arguments);

  // What is loaded ahead.
  void beginAhead();
  Cursor firstTile();
  Cursor nextTile(const Cursor &cursor);
  Cursor skipUnvisited(Cursor cursor);
  void load(const Cursor &cursor, Value ordinal);

  TileForOp op;
  ImplicitLocOpBuilder b;
  int64_t step;
  /// The carried values; then the ordinal of the next tile, if somebody asks
  /// for it; then the cursor.
  SmallVector<Value> carried;
  SmallVector<Interval> intervals;
};

} // namespace

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value TileForLowering::affineExtremum(MakeExtremum make,
                                      ArrayRef<AffineExpr> expressions,
                                      ValueRange operands) {
  AffineMap map =
      AffineMap::get(operands.size(), 0, expressions, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(), make(b, b.getLoc(), map, getAsOpFoldResult(operands)));
}

Value TileForLowering::affineApply(AffineExpr expression, ValueRange operands) {
  AffineMap map = AffineMap::get(operands.size(), 0, expression);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), map,
                                            getAsOpFoldResult(operands)));
}

/// The first start of a tile, counted from `start`, at or after `bound`.
Value TileForLowering::roundUp(Value start, Value bound) {
  AffineExpr from = b.getAffineDimExpr(0), to = b.getAffineDimExpr(1);
  return affineMax({from, from + (to - from).ceilDiv(step) * step},
                   {start, bound});
}

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

/// The interval, walked from where the ones before it ended (`visited`, which
/// may be null).
Interval TileForLowering::place(ValueRange bounds, Value visited) {
  Interval interval{bounds[0], bounds[1], bounds[2],
                    bounds[3], bounds[0], bounds[3]};
  if (std::optional<int64_t> align = op.getAlign()) {
    // An empty hull stays empty.
    Value some = compare(CmpIPredicate::slt, bounds[0], bounds[3]);
    Value aligned =
        affineApply(b.getAffineDimExpr(0).floorDiv(*align) * *align, bounds[0]);
    interval.start = select(some, aligned, bounds[0]);
  }
  if (visited)
    interval.start = affineMax({b.getAffineDimExpr(0), b.getAffineDimExpr(1)},
                               {interval.start, visited});
  return interval;
}

/// One past the last key visited so far: an interval without tiles leaves it
/// where it was.
Value TileForLowering::getEndOfTiles(const Interval &interval, Value visited) {
  Value some = compare(CmpIPredicate::slt, interval.start, interval.hullUpper);
  Value end = op.getEnd() ? roundUp(interval.start, interval.hullUpper)
                          : interval.hullUpper;
  if (!visited)
    visited = index(std::numeric_limits<int32_t>::min());
  return select(some, end, visited);
}

Value TileForLowering::countTiles(const Interval &interval) {
  if (op.getVisit().empty()) {
    AffineExpr from = b.getAffineDimExpr(0), to = b.getAffineDimExpr(1);
    return affineMax({b.getAffineConstantExpr(0), (to - from).ceilDiv(step)},
                     {interval.start, interval.end});
  }
  auto loop = scf::ForOp::create(b, interval.start, interval.end, index(step),
                                 ValueRange(index(0)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value key = loop.getInductionVar();
  Value visit =
      inlineRegion(op.getVisit(), {key, getSize(key, interval.hullUpper)})[0];
  Value more = arith::IndexCastUIOp::create(b, b.getIndexType(), visit);
  scf::YieldOp::create(b, add(loop.getRegionIterArg(0), more));
  return loop.getResult(0);
}

/// Cuts the intervals down to the tiles of the op's part. Where tiles may be
/// skipped, they are counted by the loops instead.
void TileForLowering::restrictToPart(MutableArrayRef<Interval> intervals) {
  Value total = index(0);
  SmallVector<Value> counts;
  for (const Interval &interval : intervals) {
    counts.push_back(countTiles(interval));
    total = add(total, counts.back());
  }
  auto share = [&](Value part) -> Value {
    Value product = b.createOrFold<arith::MulIOp>(total, part);
    return b.createOrFold<arith::DivUIOp>(product, op.getParts());
  };
  Value first = share(op.getPart()), last = share(add(op.getPart(), index(1)));
  Value before = index(0);
  AffineExpr start = b.getAffineDimExpr(0), end = b.getAffineDimExpr(1),
             from = b.getAffineDimExpr(2), skipped = b.getAffineDimExpr(3);
  for (auto [interval, count] : llvm::zip_equal(intervals, counts)) {
    Value begin = interval.start;
    interval.start = affineMax({start, start + (from - skipped) * step},
                               {begin, interval.end, first, before});
    interval.end = affineMin({end, start + (from - skipped) * step},
                             {begin, interval.end, last, before});
    before = add(before, count);
  }
}

void TileForLowering::lowerInterval(const Interval &interval) {
  if (op.getMerged())
    return emitLoop(interval.start, interval.end, interval, Phase::Any);
  // A start that was moved down to a panel may lie below the core.
  std::optional<int64_t> start = getConstantIntValue(interval.start),
                         coreLower = getConstantIntValue(interval.coreLower);
  bool startsInCore =
      (start && coreLower && *start >= *coreLower) ||
      (!op.getAlign() &&
       isEqualConstantIntOrValue(interval.hullLower, interval.coreLower));
  Value coreStart = interval.start;
  if (!startsInCore) {
    coreStart = roundUp(interval.start, interval.coreLower);
    Value beforeEnd = affineMin({b.getAffineDimExpr(0), b.getAffineDimExpr(1)},
                                {coreStart, interval.end});
    emitLoop(interval.start, beforeEnd, interval, Phase::Before);
  }
  Value coreEnd = coreStart;
  if (!interval.hasNoCore()) {
    // One past the last whole tile inside of the core.
    AffineExpr from = b.getAffineDimExpr(0), to = b.getAffineDimExpr(1);
    Value wholeTiles =
        affineMax({from, from + (to - from).floorDiv(step) * step},
                  {coreStart, interval.coreUpper});
    coreEnd = wholeTiles;
    Value coreLoopEnd = wholeTiles;
    if (op.getPart())
      coreLoopEnd = affineMin({b.getAffineDimExpr(0), b.getAffineDimExpr(1)},
                              {wholeTiles, interval.end});
    emitLoop(coreStart, coreLoopEnd, interval, Phase::Core);
  }
  emitLoop(coreEnd, interval.end, interval, Phase::After);
}

/// A loop over the rows of bounds, around the loops of one interval.
void TileForLowering::lowerFromMemory() {
  Value memory = op.getIntervals();
  Value count = b.createOrFold<memref::DimOp>(memory, 0);
  SmallVector<Value> inits(carried);
  inits.push_back(index(std::numeric_limits<int32_t>::min()));
  auto loop = scf::ForOp::create(b, index(0), count, index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> bounds;
  for (int64_t column = 0; column < 4; ++column)
    bounds.push_back(memref::LoadOp::create(
        b, memory, ValueRange{loop.getInductionVar(), index(column)}));
  ValueRange state = loop.getRegionIterArgs();
  carried.assign(state.begin(), std::prev(state.end()));
  Interval interval = place(bounds, state.back());
  Value visited = getEndOfTiles(interval, state.back());
  lowerInterval(interval);
  SmallVector<Value> yielded(carried);
  yielded.push_back(visited);
  scf::YieldOp::create(b, yielded);
  carried.assign(loop.result_begin(), std::prev(loop.result_end()));
}

//===----------------------------------------------------------------------===//
// What is loaded ahead
//===----------------------------------------------------------------------===//

Cursor TileForLowering::firstTile() {
  Cursor first{index(0), index(0), truth(false)};
  for (const Interval &interval : llvm::reverse(intervals)) {
    Value some = compare(CmpIPredicate::slt, interval.start, interval.end);
    first = {select(some, interval.start, first.key),
             select(some, interval.end, first.end),
             b.createOrFold<arith::OrIOp>(some, first.exists)};
  }
  return skipUnvisited(first);
}

/// The next tile of the interval, or the first one of the next interval that
/// has any.
Cursor TileForLowering::nextTile(const Cursor &cursor) {
  Value key = add(cursor.key, index(step));
  Cursor next{key, cursor.end, truth(false)};
  for (const Interval &interval :
       llvm::reverse(ArrayRef(intervals).drop_front())) {
    Value some = compare(CmpIPredicate::slt, interval.start, interval.end);
    Value follows = compare(CmpIPredicate::sge, interval.start, cursor.end);
    some = b.createOrFold<arith::AndIOp>(some, follows);
    next = {select(some, interval.start, next.key),
            select(some, interval.end, next.end),
            b.createOrFold<arith::OrIOp>(some, next.exists)};
  }
  Value more = compare(CmpIPredicate::slt, key, cursor.end);
  Value exists = b.createOrFold<arith::OrIOp>(more, next.exists);
  return {select(more, key, next.key), select(more, cursor.end, next.end),
          b.createOrFold<arith::AndIOp>(cursor.exists, exists)};
}

/// The first tile from `cursor` on that is visited. Of a tile that does not
/// exist the region is not asked: it may read a table at its key.
Cursor TileForLowering::skipUnvisited(Cursor cursor) {
  if (op.getVisit().empty())
    return cursor;
  SmallVector<Type> types = {b.getIndexType(), b.getIndexType(), b.getI1Type()};
  auto loop = scf::WhileOp::create(
      b, types, ValueRange{cursor.key, cursor.end, cursor.exists},
      [&](OpBuilder &, Location, ValueRange at) {
        auto isSkipped = scf::IfOp::create(b, b.getI1Type(), at[2],
                                           /*withElseRegion=*/true);
        scf::ConditionOp::create(b, isSkipped.getResult(0), at);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(isSkipped.thenBlock());
        Value visit =
            inlineRegion(op.getVisit(), {at[0], getSize(at[0], at[1])})[0];
        Value skip = arith::XOrIOp::create(b, visit, truth(true));
        scf::YieldOp::create(b, skip);
        b.setInsertionPointToStart(isSkipped.elseBlock());
        scf::YieldOp::create(b, truth(false));
      },
      [&](OpBuilder &, Location, ValueRange at) {
        Cursor next = nextTile({at[0], at[1], at[2]});
        scf::YieldOp::create(b, ValueRange{next.key, next.end, next.exists});
      });
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

void TileForLowering::load(const Cursor &cursor, Value ordinal) {
  auto branch = scf::IfOp::create(b, cursor.exists, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  inlineRegion(op.getLoad(),
               {cursor.key, getSize(cursor.key, cursor.end), ordinal});
}

/// Loads the first tiles and carries the one that comes after them.
void TileForLowering::beginAhead() {
  Cursor cursor = firstTile();
  for (int64_t i = 0, ahead = *op.getAhead(); i < ahead; ++i) {
    load(cursor, index(i));
    cursor = skipUnvisited(nextTile(cursor));
  }
  carried.append({cursor.key, cursor.end, cursor.exists});
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// A copy of the region's only block; what it yields.
SmallVector<Value> TileForLowering::inlineRegion(Region &region,
                                                 ValueRange arguments) {
  IRMapping mapping;
  Block &block = region.front();
  mapping.map(block.getArguments(), arguments);
  for (Operation &nested : block.without_terminator())
    b.clone(nested, mapping);
  return llvm::map_to_vector(
      block.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

bool TileForLowering::needsOrdinal() {
  return op.getAhead() || !op.getOrdinal().use_empty() ||
         (op.getPart() && !op.getVisit().empty());
}

/// The keys of the tile that exist, of an interval whose hull ends at `end`.
Value TileForLowering::getSize(Value key, Value end) {
  AffineExpr first = b.getAffineDimExpr(0), last = b.getAffineDimExpr(1);
  return affineMin({b.getAffineConstantExpr(step), last - first},
                   {key, op.getEnd() ? op.getEnd() : end});
}

/// The body for one tile, and the state after it.
SmallVector<Value> TileForLowering::emitTile(Value key,
                                             const Interval &interval,
                                             Phase phase, ValueRange state) {
  size_t numInits = op.getInits().size();
  Value size =
      phase == Phase::Core ? index(step) : getSize(key, interval.hullUpper);
  bool mayFail = phase != Phase::Core;
  Value lowerFails = truth(phase == Phase::Before), upperFails = truth(mayFail);
  if (phase == Phase::Any) {
    lowerFails = compare(CmpIPredicate::slt, key, interval.coreLower);
    upperFails =
        compare(CmpIPredicate::sgt, add(key, size), interval.coreUpper);
  }
  Value ordinal = needsOrdinal() ? state[numInits] : index(0);
  SmallVector<Value> arguments = {key, size, ordinal, lowerFails, upperFails};
  SmallVector<Value> after;
  if (op.getAhead()) {
    Cursor cursor{state[numInits + 1], state[numInits + 2],
                  state[numInits + 3]};
    load(cursor, add(ordinal, index(*op.getAhead())));
    arguments.append(
        {cursor.exists, cursor.key, getSize(cursor.key, cursor.end)});
    cursor = skipUnvisited(nextTile(cursor));
    after = {cursor.key, cursor.end, cursor.exists};
  }
  llvm::append_range(arguments, state.take_front(numInits));
  SmallVector<Value> result = inlineRegion(op.getBody(), arguments);
  if (needsOrdinal())
    result.push_back(add(ordinal, index(1)));
  llvm::append_range(result, after);
  return result;
}

void TileForLowering::emitLoop(Value lower, Value upper,
                               const Interval &interval, Phase phase) {
  if (isEqualConstantIntOrValue(lower, upper))
    return;
  auto loop = scf::ForOp::create(b, lower, upper, index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  Value key = loop.getInductionVar();
  ValueRange state = loop.getRegionIterArgs();
  if (carried.empty())
    b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(loop.getBody());
  // Every element of a tile inside of the core is visible.
  if (op.getVisit().empty() || phase == Phase::Core) {
    SmallVector<Value> after = emitTile(key, interval, phase, state);
    if (!carried.empty())
      scf::YieldOp::create(b, after);
  } else {
    Value visit =
        inlineRegion(op.getVisit(), {key, getSize(key, interval.hullUpper)})[0];
    auto branch = scf::IfOp::create(b, state.getTypes(), visit,
                                    /*withElseRegion=*/!carried.empty());
    if (!carried.empty())
      scf::YieldOp::create(b, branch.getResults());
    if (carried.empty())
      b.setInsertionPoint(branch.thenBlock()->getTerminator());
    else
      b.setInsertionPointToStart(branch.thenBlock());
    SmallVector<Value> after = emitTile(key, interval, phase, state);
    if (!carried.empty()) {
      scf::YieldOp::create(b, after);
      b.setInsertionPointToStart(branch.elseBlock());
      scf::YieldOp::create(b, state);
    }
  }
  carried.assign(loop.result_begin(), loop.result_end());
}

FailureOr<SmallVector<Value>> TileForLowering::run() {
  bool fromMemory = bool(op.getIntervals());
  bool skips = !op.getVisit().empty();
  if (fromMemory && (op.getAhead() || op.getPart()))
    return op.emitOpError() << "cannot be lowered with bounds in memory and "
                            << (op.getAhead() ? "'ahead'" : "'part'");
  if (skips && op.getPart())
    return op.emitOpError() << "cannot be lowered with both 'visit' and 'part'";
  if (needsOrdinal())
    carried.push_back(index(0));
  if (fromMemory) {
    lowerFromMemory();
  } else {
    Value visited;
    for (size_t i = 0, size = op.getBounds().size(); i < size; i += 4) {
      intervals.push_back(place(op.getBounds().slice(i, 4), visited));
      if (i + 4 < size)
        visited = getEndOfTiles(intervals.back(), visited);
    }
    if (op.getPart())
      restrictToPart(intervals);
    if (op.getAhead())
      beginAhead();
    for (const Interval &interval : intervals)
      lowerInterval(interval);
  }
  carried.truncate(op.getInits().size());
  return carried;
}

LogicalResult mlir::mask::lowerTileFor(RewriterBase &rewriter, TileForOp op) {
  rewriter.setInsertionPoint(op);
  FailureOr<SmallVector<Value>> results = TileForLowering(rewriter, op).run();
  if (failed(results))
    return failure();
  rewriter.replaceOp(op, *results);
  return success();
}
