//===- TileForToSCF.cpp - loops over key tiles as scf loops -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/TilesToSCF.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Which tiles a copy of the region is for.
enum class Phase { Left, Core, Right };

/// One interval's bounds.
struct Interval {
  Value hullLower, coreLower, coreUpper, hullUpper;

  bool hasNoLeftEdge() const {
    return isEqualConstantIntOrValue(hullLower, coreLower);
  }
  bool hasNoCore() const {
    std::optional<int64_t> lower = getConstantIntValue(coreLower);
    std::optional<int64_t> upper = getConstantIntValue(coreUpper);
    return lower && upper && *lower >= *upper;
  }
};

class TileForLowering {
public:
  TileForLowering(RewriterBase &rewriter, TileForOp op)
      : op(op), b(op.getLoc(), rewriter), step(op.getStep()),
        carried(op.getInits()) {}

  /// The results.
  SmallVector<Value> run();

private:
  void lowerInterval(const Interval &interval, Value start);
  void emitLoop(Value lower, Value upper, Value hullUpper, Phase phase);
  void specialize(scf::ForOp loop, Phase phase);
  Value affineMax(ArrayRef<AffineExpr> expressions, ValueRange operands);
  Value affineMin(ArrayRef<AffineExpr> expressions, ValueRange operands);

  TileForOp op;
  ImplicitLocOpBuilder b;
  int64_t step;
  SmallVector<Value> carried;
};

} // namespace

Value TileForLowering::affineMax(ArrayRef<AffineExpr> expressions,
                                 ValueRange operands) {
  AffineMap map =
      AffineMap::get(operands.size(), 0, expressions, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineMax(b, b.getLoc(), map,
                                          getAsOpFoldResult(operands)));
}

Value TileForLowering::affineMin(ArrayRef<AffineExpr> expressions,
                                 ValueRange operands) {
  AffineMap map =
      AffineMap::get(operands.size(), 0, expressions, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineMin(b, b.getLoc(), map,
                                          getAsOpFoldResult(operands)));
}

/// What is left of the row bounds `given` in tiles where only `possible` ones
/// can fail.
static Sides narrow(Sides given, Sides possible) {
  if (given == Sides::Both || given == possible)
    return possible;
  return possible == Sides::Both ? given : Sides::None;
}

void TileForLowering::specialize(scf::ForOp loop, Phase phase) {
  for (Operation *user :
       llvm::make_early_inc_range(loop.getInductionVar().getUsers()))
    if (auto onEdge = dyn_cast<OnEdgeOp>(user)) {
      OpBuilder builder(onEdge);
      Value answer = arith::ConstantOp::create(
          builder, onEdge.getLoc(), builder.getBoolAttr(phase != Phase::Core));
      onEdge.replaceAllUsesWith(answer);
      onEdge.erase();
    }
  SmallVector<ApplyOp> applies;
  loop.walk([&](ApplyOp apply) { applies.push_back(apply); });
  for (ApplyOp apply : applies) {
    // A loop inside of the region answers for its own tiles.
    if (apply->getParentOfType<TileForOp>() != op->getParentOfType<TileForOp>())
      continue;
    if (phase == Phase::Core) {
      apply.replaceAllUsesWith(apply.getScores());
      apply.erase();
      continue;
    }
    Sides possible = phase == Phase::Right ? Sides::Upper
                     : op.getWideCore()    ? Sides::Lower
                                           : Sides::Both;
    apply.setSides(narrow(apply.getSides(), possible));
  }
}

void TileForLowering::emitLoop(Value lower, Value upper, Value hullUpper,
                               Phase phase) {
  if (isEqualConstantIntOrValue(lower, upper))
    return;
  Value stepValue = arith::ConstantIndexOp::create(b, step);
  auto loop = scf::ForOp::create(b, lower, upper, stepValue, carried);
  OpBuilder::InsertionGuard guard(b);
  if (carried.empty())
    b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(loop.getBody());
  AffineExpr first = b.getAffineDimExpr(0), end = b.getAffineDimExpr(1);
  Value size = phase == Phase::Core
                   ? stepValue
                   : affineMin({b.getAffineConstantExpr(step), end - first},
                               {loop.getInductionVar(), hullUpper});
  IRMapping mapping;
  Block &body = op.getBody().front();
  mapping.map(body.getArgument(0), loop.getInductionVar());
  mapping.map(body.getArgument(1), size);
  mapping.map(body.getArguments().drop_front(2), loop.getRegionIterArgs());
  for (Operation &nested : body.without_terminator())
    b.clone(nested, mapping);
  if (!carried.empty()) {
    SmallVector<Value> yielded;
    for (Value value : body.getTerminator()->getOperands())
      yielded.push_back(mapping.lookupOrDefault(value));
    scf::YieldOp::create(b, yielded);
  }
  specialize(loop, phase);
  carried.assign(loop.result_begin(), loop.result_end());
}

void TileForLowering::lowerInterval(const Interval &interval, Value start) {
  if (interval.hasNoCore())
    return emitLoop(start, interval.hullUpper, interval.hullUpper, Phase::Left);
  AffineExpr from = b.getAffineDimExpr(0), bound = b.getAffineDimExpr(1);
  Value coreStart = start;
  if (!(interval.hasNoLeftEdge() && start == interval.hullLower)) {
    // The first tile that starts at or after the core's lower end.
    coreStart = affineMax({from, from + (bound - from).ceilDiv(step) * step},
                          {start, interval.coreLower});
    Value leftEnd = affineMin({from, bound}, {coreStart, interval.hullUpper});
    emitLoop(start, leftEnd, interval.hullUpper, Phase::Left);
  }
  // One past the last whole tile inside of the core.
  Value coreEnd = affineMax({from, from + (bound - from).floorDiv(step) * step},
                            {coreStart, interval.coreUpper});
  emitLoop(coreStart, coreEnd, interval.hullUpper, Phase::Core);
  emitLoop(coreEnd, interval.hullUpper, interval.hullUpper, Phase::Right);
}

SmallVector<Value> TileForLowering::run() {
  OperandRange bounds = op.getBounds();
  // One past the last key visited so far.
  Value visited;
  for (size_t i = 0; i < bounds.size(); i += 4) {
    Interval interval{bounds[i], bounds[i + 1], bounds[i + 2], bounds[i + 3]};
    Value start = interval.hullLower;
    if (visited)
      start = affineMax({b.getAffineDimExpr(0), b.getAffineDimExpr(1)},
                        {start, visited});
    lowerInterval(interval, start);
    if (i + 4 == bounds.size())
      break;
    // An interval without tiles leaves the end where it was.
    Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, start,
                                       interval.hullUpper);
    Value before = visited ? visited
                           : arith::ConstantIndexOp::create(
                                 b, std::numeric_limits<int32_t>::min());
    visited = arith::SelectOp::create(b, some, interval.hullUpper, before);
  }
  return carried;
}

void mlir::mask::lowerTileFor(RewriterBase &rewriter, TileForOp op) {
  rewriter.setInsertionPoint(op);
  TileForLowering lowering(rewriter, op);
  rewriter.replaceOp(op, lowering.run());
}
