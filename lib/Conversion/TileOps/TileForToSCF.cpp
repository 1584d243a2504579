//===- TileForToSCF.cpp - loops over key tiles as scf loops -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An interval becomes a loop per phase; merged edges are one loop, which runs
// twice. What loops have to hand on, beside the values that the op carries, is
// carried too, where it is needed: the ordinal of the next tile, and the tile
// that is loaded ahead.
//
//===----------------------------------------------------------------------===//

#include "../Emit/EmitCheck.h"
#include "Mask/Conversion/TilesToSCF.h"
#include "Mask/IR/Range.h"
#include "TileWalk.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

namespace {

/// Which tiles a copy of the body is for.
enum class Phase { Before, Core, After, Edge, Any };

/// The starts of the tiles of a loop.
struct TileRange {
  Value lower, upper;
  bool isEmpty() const { return isEqualConstantIntOrValue(lower, upper); }
};

struct Phases {
  TileRange before, core, after;
};

class TileForLowering {
public:
  TileForLowering(RewriterBase &rewriter, TileForOp op,
                  const TileForOptions &options)
      : op(op), options(options), b(rewriter, op, options.indexBits),
        number(b.getNumberType()) {}

  /// The results.
  SmallVector<Value> run();

private:
  void emitChecks();
  bool needsOrdinal();
  void beginAhead();
  void load(const Cursor &cursor, Value exists, Value ordinal);

  /// A number of a loop's head as an index, and the other way round.
  Value toIndex(Value value) { return cast(value, b.getIndexType()); }
  Value fromIndex(Value value) { return cast(value, number); }
  Value cast(Value value, Type type) {
    return value.getType() == type
               ? value
               : b.createOrFold<arith::IndexCastOp>(type, value);
  }
  /// The same for what a loop carries beside the op's values.
  SmallVector<Value> castState(ValueRange state, Type type);

  SmallVector<Value> emitInterval(const Interval &interval, ValueRange state);
  using EmitRound =
      llvm::function_ref<SmallVector<Value>(Value variable, ValueRange state)>;
  SmallVector<Value> emitFor(const TileRange &range, Value step,
                             ValueRange state, EmitRound body);
  Phases getPhases(const Interval &interval);
  SmallVector<Value> emitTwice(const Phases &phases, const Interval &interval,
                               ValueRange state);
  SmallVector<Value> emitLoop(const TileRange &range, const Interval &interval,
                              Phase phase, ValueRange state);
  SmallVector<Value> emitTile(Value key, const Interval &interval, Phase phase,
                              ValueRange state);

  TileForOp op;
  const TileForOptions &options;
  TileBuilder b;
  /// What loops count with.
  Type number;
  std::unique_ptr<TileWalk> walk;
  /// The carried values; then the ordinal of the next tile, if somebody asks
  /// for it; then the cursor, at the tile ahead.
  SmallVector<Value> carried;
};

} // namespace

//===----------------------------------------------------------------------===//
// Before the loops
//===----------------------------------------------------------------------===//

/// C2, of values. Not every target of a kernel can stop it, so that of those
/// who launches them has to check.
void TileForLowering::emitChecks() {
  if (!op->getParentOfType<func::FuncOp>())
    return;
  if (Value step = op.getStep()) {
    // As unsigned numbers, negative ones are large.
    Value rest = b.add(step, b.index(-1));
    emitCheck(b, op, b.compare(CmpIPredicate::ult, rest, b.index(kMaxTile)),
              "step must lie between 1 and " + Twine(kMaxTile));
    if (std::optional<int64_t> align = op.getAlign()) {
      Value over = b.createOrFold<arith::RemUIOp>(step, b.index(*align));
      emitCheck(b, op, b.compare(CmpIPredicate::eq, over, b.index(0)),
                "'align' must be a divisor of the step");
    }
  }
  if (op.getPart())
    emitCheck(b, op, b.compare(CmpIPredicate::ult, op.getPart(), op.getParts()),
              "'part' must lie between 0 and the number of parts");
}

bool TileForLowering::needsOrdinal() {
  return (op.getAhead() && !op.getLoadFirst()) || !op.getOrdinal().use_empty();
}

void TileForLowering::load(const Cursor &cursor, Value exists, Value ordinal) {
  auto branch = scf::IfOp::create(b, exists, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  b.inlineRegion(op.getLoad(),
                 {cursor.key, b.getSize(cursor.key, cursor.end), ordinal});
}

/// Loads the first tiles and carries the one that comes after them.
void TileForLowering::beginAhead() {
  Cursor cursor = walk->getFirst();
  for (int64_t i = 0, ahead = *op.getAhead(); i < ahead; ++i) {
    load(cursor, walk->exists(cursor), b.index(i));
    cursor = walk->getNext(cursor);
  }
  llvm::append_range(carried, cursor.getValues());
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Whether no tile starts below the core, as far as is known.
static bool startsInCore(const Interval &interval, bool isAligned) {
  std::optional<int64_t> start = getConstantIntValue(interval.start),
                         coreLower = getConstantIntValue(interval.coreLower);
  if (start && coreLower)
    return *start >= *coreLower;
  // A start that was moved down to a panel may lie below the core.
  return !isAligned &&
         isEqualConstantIntOrValue(interval.hullLower, interval.coreLower);
}

/// The body for one tile, and the state after it.
SmallVector<Value> TileForLowering::emitTile(Value key,
                                             const Interval &interval,
                                             Phase phase, ValueRange state) {
  size_t numInits = op.getInits().size();
  Value size =
      phase == Phase::Core ? b.getStep() : b.getSize(key, interval.hullUpper);
  bool mayFail = phase != Phase::Core;
  Value lowerFails = b.truth(phase == Phase::Before),
        upperFails = b.truth(mayFail);
  if ((phase == Phase::Edge || phase == Phase::Any) &&
      !startsInCore(interval, op.getAlign().has_value()))
    lowerFails = b.compare(CmpIPredicate::slt, key, interval.coreLower);
  // No tile ends above the hull, unless all are whole.
  if (phase == Phase::Any)
    upperFails = interval.coreUpper == interval.hullUpper && !op.getEnd()
                     ? b.truth(false)
                     : b.compare(CmpIPredicate::sgt, b.add(key, size),
                                 interval.coreUpper);
  ValueRange rest = state.drop_front(numInits);
  Value ordinal = needsOrdinal() ? rest.front() : b.index(0);
  SmallVector<Value> arguments = {key, size, ordinal, lowerFails, upperFails};
  SmallVector<Value> after;
  if (needsOrdinal()) {
    after.push_back(b.add(ordinal, b.index(1)));
    rest = rest.drop_front();
  }
  if (op.getAhead()) {
    Cursor cursor(rest);
    Value exists = walk->exists(cursor);
    if (!op.getLoadFirst())
      load(cursor, exists, b.add(ordinal, b.index(*op.getAhead())));
    arguments.append({exists, cursor.key, b.getSize(cursor.key, cursor.end)});
    llvm::append_range(after, walk->getNext(cursor).getValues());
  }
  llvm::append_range(arguments, state.take_front(numInits));
  SmallVector<Value> result = b.inlineRegion(op.getBody(), arguments);
  llvm::append_range(result, after);
  return result;
}

SmallVector<Value> TileForLowering::castState(ValueRange state, Type type) {
  SmallVector<Value> result(state);
  for (Value &value : MutableArrayRef(result).drop_front(op.getInits().size()))
    value = cast(value, type);
  return result;
}

/// A loop that carries a state, and counts with numbers.
SmallVector<Value> TileForLowering::emitFor(const TileRange &range, Value step,
                                            ValueRange state, EmitRound body) {
  auto loop =
      scf::ForOp::create(b, fromIndex(range.lower), fromIndex(range.upper),
                         fromIndex(step), castState(state, number));
  SmallVector<Value> results = castState(loop.getResults(), b.getIndexType());
  OpBuilder::InsertionGuard guard(b);
  if (state.empty())
    b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(loop.getBody());
  Value variable = toIndex(loop.getInductionVar());
  SmallVector<Value> after =
      body(variable, castState(loop.getRegionIterArgs(), b.getIndexType()));
  if (!state.empty())
    scf::YieldOp::create(b, castState(after, number));
  return results;
}

SmallVector<Value> TileForLowering::emitLoop(const TileRange &range,
                                             const Interval &interval,
                                             Phase phase, ValueRange state) {
  if (range.isEmpty())
    return state;
  auto body = [&](Value key, ValueRange inside) -> SmallVector<Value> {
    // Every element of a tile inside of the core is visible.
    if (op.getVisit().empty() || phase == Phase::Core)
      return emitTile(key, interval, phase, inside);
    Value visited = b.isVisited(key, interval.hullUpper);
    auto branch = scf::IfOp::create(b, inside.getTypes(), visited,
                                    /*withElseRegion=*/!inside.empty());
    OpBuilder::InsertionGuard guard(b);
    if (inside.empty()) {
      b.setInsertionPoint(branch.thenBlock()->getTerminator());
      return emitTile(key, interval, phase, inside);
    }
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, emitTile(key, interval, phase, inside));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, inside);
    return branch.getResults();
  };
  return emitFor(range, b.getStep(), state, body);
}

/// Whether the core is empty, as constants tell.
static bool hasNoCore(const Interval &interval) {
  std::optional<int64_t> lower = getConstantIntValue(interval.coreLower),
                         upper = getConstantIntValue(interval.coreUpper);
  return lower && upper && *lower >= *upper;
}

/// The tiles before the core, those inside, and the rest.
Phases TileForLowering::getPhases(const Interval &interval) {
  Value coreStart = interval.start, beforeEnd = interval.start;
  if (!startsInCore(interval, op.getAlign().has_value())) {
    coreStart = b.roundUp(interval.start, interval.coreLower);
    beforeEnd = b.minimum(coreStart, interval.end);
  }
  Value coreEnd = coreStart, loopEnd = coreStart;
  if (!hasNoCore(interval)) {
    coreEnd = b.roundDown(coreStart, interval.coreUpper);
    loopEnd = op.getPart() ? b.minimum(coreEnd, interval.end) : coreEnd;
  }
  return {{interval.start, beforeEnd},
          {coreStart, loopEnd},
          {coreEnd, interval.end}};
}

/// One loop for both edges: a first round over the tiles before the core and
/// those inside, and a second over the rest, which has no core.
SmallVector<Value> TileForLowering::emitTwice(const Phases &phases,
                                              const Interval &interval,
                                              ValueRange state) {
  auto body = [&](Value round, ValueRange inside) {
    const auto &[before, core, after] = phases;
    Value isFirst = b.compare(CmpIPredicate::eq, round, b.index(0));
    TileRange edge{b.select(isFirst, before.lower, after.lower),
                   b.select(isFirst, before.upper, after.upper)};
    SmallVector<Value> between = emitLoop(edge, interval, Phase::Edge, inside);
    return emitLoop({core.lower, b.select(isFirst, core.upper, core.lower)},
                    interval, Phase::Core, between);
  };
  return emitFor({b.index(0), b.index(2)}, b.index(1), state, body);
}

SmallVector<Value> TileForLowering::emitInterval(const Interval &interval,
                                                 ValueRange state) {
  TileRange all{interval.start, interval.end};
  if (op.getMerged())
    return emitLoop(all, interval, Phase::Any, state);
  Phases phases = getPhases(interval);
  if (options.mergeEdges && !phases.before.isEmpty())
    return phases.core.isEmpty() ? emitLoop(all, interval, Phase::Edge, state)
                                 : emitTwice(phases, interval, state);
  SmallVector<Value> current =
      emitLoop(phases.before, interval, Phase::Before, state);
  current = emitLoop(phases.core, interval, Phase::Core, current);
  return emitLoop(phases.after, interval, Phase::After, current);
}

SmallVector<Value> TileForLowering::run() {
  emitChecks();
  carried.assign(op.getInits().begin(), op.getInits().end());
  if (needsOrdinal())
    carried.push_back(b.index(0));
  walk = TileWalk::create(b);
  if (op.getPart())
    walk->restrictToPart();
  if (op.getAhead())
    beginAhead();
  carried = walk->forEachInterval(
      carried, [&](const Interval &interval, ValueRange state) {
        return emitInterval(interval, state);
      });
  carried.truncate(op.getInits().size());
  return carried;
}

void mlir::mask::lowerTileFor(RewriterBase &rewriter, TileForOp op,
                              const TileForOptions &options) {
  rewriter.setInsertionPoint(op);
  rewriter.replaceOp(op, TileForLowering(rewriter, op, options).run());
}
