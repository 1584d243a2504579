//===- CPUEmitter.cpp - what emitters for processors share -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUEmitter.h"

#include "Mask/Conversion/AttentionToTiles.h"
#include "Mask/Conversion/Exp2.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

const double CPUEmitter::kLowest = -std::numeric_limits<float>::max();

CPUEmitter::CPUEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                       CPUScheduleAttr schedule, bool pairs)
    : LoopBuilder(builder), op(op),
      elements(cast<FloatType>(getElementTypeOrSelf(op.getQuery())), pairs,
               schedule.getLanes()),
      heads(schedule.getHeads()), keyTile(schedule.getKeyTile()),
      lanes(schedule.getLanes()), sums(elements.getSums()) {}

void CPUEmitter::place(const QueryTile &tile) {
  this->tile = tile;
  query = {op.getQuery(), tile.batch, tile.head};
  key = {op.getKey(), tile.batch, tile.keyHead};
  value = {op.getValue(), tile.batch, tile.keyHead};
  output = {op.getOutput(), tile.batch, tile.head};
  scoreFactor = emitScale(b, op, elements.sum);
  if (op.getScore().empty())
    scoreFactor = b.createOrFold<arith::MulFOp>(
        scoreFactor,
        arith::ConstantOp::create(
            b, b.getFloatAttr(elements.sum, llvm::numbers::log2e)));
}

Value CPUEmitter::splat(double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(sums, b.getFloatAttr(elements.sum, value)));
}

Value CPUEmitter::load(Value memref, ValueRange indices) {
  return vector::LoadOp::create(b, sums, memref, indices);
}

void CPUEmitter::store(Value vector, Value memref, ValueRange indices) {
  vector::StoreOp::create(b, vector, memref, indices);
}

//===----------------------------------------------------------------------===//
// Grid
//===----------------------------------------------------------------------===//

/// A parallel loop over a grid. With OpenMP it is one loop over all positions,
/// which threads take as they become free, in order.
static LogicalResult
parallelLoop(ImplicitLocOpBuilder &b, ValueRange extents,
             ArrayRef<int64_t> steps,
             llvm::function_ref<LogicalResult(ValueRange)> body) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  SmallVector<Value> position(extents.size(), zero), lower, upper, stepValues;
  SmallVector<unsigned> loops;
  // A loop of one round is none: folded later, it would take the mark along.
  for (auto [i, extent, step] : llvm::enumerate(extents, steps)) {
    std::optional<int64_t> size = getConstantIntValue(extent);
    if (size && *size > 0 && *size <= step)
      continue;
    loops.push_back(i);
    lower.push_back(zero);
    upper.push_back(extent);
    stepValues.push_back(arith::ConstantIndexOp::create(b, step));
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
LogicalResult CPUEmitter::forEachTile(ValueRange extents,
                                      ArrayRef<int64_t> steps,
                                      PositionFunction body) {
  int64_t step = steps.back();
  Value last = getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), (b.getAffineDimExpr(0) - 1).floorDiv(step) * step,
          getAsOpFoldResult(extents.back())));
  SmallVector<Value> ends(extents);
  SmallVector<int64_t> allSteps(steps);
  if (split) {
    ends.push_back(split->parts);
    allSteps.push_back(1);
  }
  return parallelLoop(b, ends, allSteps, [&](ValueRange position) {
    SmallVector<Value> tile(position.take_front(extents.size()));
    tile.back() = b.createOrFold<arith::SubIOp>(last, tile.back());
    if (split) {
      split->part = position.back();
      split->tile = numberTile(tile);
    }
    return body(tile);
  });
}

LogicalResult CPUEmitter::forEachPoint(ValueRange extents,
                                       ArrayRef<int64_t> steps,
                                       PositionFunction body) {
  return parallelLoop(b, extents, steps, body);
}

//===----------------------------------------------------------------------===//
// Rows and columns
//===----------------------------------------------------------------------===//

std::pair<Value, Value> CPUEmitter::locate(Value row) {
  AffineExpr first = b.getAffineDimExpr(0), r = b.getAffineDimExpr(1);
  return {apply(first + r % heads, {tile.head, row}),
          apply(first + r.floorDiv(heads), {tile.row, row})};
}

std::pair<Value, Value> CPUEmitter::locateExisting(Value row) {
  Value last = offset(getNumRows(), -1);
  return locate(b.createOrFold<arith::MinSIOp>(row, last));
}

Value CPUEmitter::getNumRows() {
  return b.createOrFold<arith::MulIOp>(tile.rows, index(heads));
}

FailureOr<Value> CPUEmitter::mapLanes(int64_t count, Value end, int64_t period,
                                      RowFunction function) {
  Value buffer = workspace->take(count, b.getI32Type());
  LogicalResult result = success();
  forLoop(index(0), end, 1, [&](Value lane) {
    AffineExpr first = b.getAffineDimExpr(0),
               row = b.getAffineDimExpr(1) % period;
    Value at = b.createOrFold<arith::MinSIOp>(
        apply(first + row.floorDiv(heads), {tile.firstQuery, lane}),
        tile.lastQuery);
    Value head = apply(first + row % heads, {tile.absoluteHead, lane});
    FailureOr<Value> number = function(head, at);
    if (failed(number))
      result = failure();
    else
      memref::StoreOp::create(b, *number, buffer, lane);
  });
  if (failed(result))
    return failure();
  return buffer;
}

Value CPUEmitter::gatherSinks(int64_t count, int64_t period) {
  Value sinks = op.getSinks();
  if (!sinks)
    return Value();
  Value buffer = workspace->take(count, elements.sum);
  forLoop(index(0), index(count), 1, [&](Value lane) {
    Value row = apply(b.getAffineDimExpr(0) % period, lane);
    Value sink = memref::LoadOp::create(b, sinks, locate(row).first);
    memref::StoreOp::create(b, CPUElements::convert(b, sink, elements.sum),
                            buffer, lane);
  });
  return buffer;
}

void CPUEmitter::forColumns(
    Value columns, int64_t step,
    llvm::function_ref<void(Value column, bool inBounds)> body) {
  foldColumns(columns, step, {}, [&](Value column, bool inBounds, ValueRange) {
    body(column, inBounds);
    return SmallVector<Value>();
  });
}

SmallVector<Value> CPUEmitter::foldColumns(
    Value columns, int64_t step, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(Value, bool, ValueRange)> body) {
  Value whole = roundDown(columns, step);
  SmallVector<Value> folded = forLoop(
      index(0), whole, step, inits, [&](Value column, ValueRange carried) {
        return body(column, /*inBounds=*/true, carried);
      });
  return forLoop(whole, columns, step, folded,
                 [&](Value column, ValueRange carried) {
                   return body(column, /*inBounds=*/false, carried);
                 });
}

Value CPUEmitter::readVector(const AttentionOperand &operand, Value row,
                             Value column, VectorType type, bool inBounds) {
  Value zero = arith::ConstantOp::create(b, b.getFloatAttr(elements.data, 0));
  return vector::TransferReadOp::create(b, type, operand.getArray(),
                                        operand.locate(b, row, column), zero,
                                        ArrayRef<bool>(inBounds));
}

Value CPUEmitter::clampKey(Value key) {
  return b.createOrFold<arith::MinSIOp>(key, offset(emitNumKeys(b, op), -1));
}

void CPUEmitter::prefetch(const AttentionOperand &operand, Value row,
                          Value column, int64_t lines, bool isWrite) {
  for (int64_t i = 0; i < lines; ++i)
    memref::PrefetchOp::create(
        b, operand.getArray(),
        operand.locate(b, row, offset(column, i * getElementsOfLine())),
        isWrite, /*localityHint=*/3, /*isDataCache=*/true);
}

void CPUEmitter::prefetchRow(const AttentionOperand &operand, Value row,
                             bool isWrite) {
  constexpr int64_t kLines = 4;
  int64_t line = getElementsOfLine();
  Value width = operand.getSize(b, 3), whole = roundDown(width, kLines * line);
  forLoop(index(0), whole, kLines * line, [&](Value column) {
    prefetch(operand, row, column, kLines, isWrite);
  });
  forLoop(whole, width, line,
          [&](Value column) { prefetch(operand, row, column, 1, isWrite); });
}

void CPUEmitter::prefetchKeys(const AttentionOperand &operand, Value first,
                              int64_t count) {
  Value left = b.createOrFold<arith::SubIOp>(emitNumKeys(b, op), first);
  forLoop(index(0), b.createOrFold<arith::MinSIOp>(index(count), left), 1,
          [&](Value i) { prefetchRow(operand, add(first, i)); });
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

Value CPUEmitter::exp2(Value x) {
  return emitExp2(
      b, x, elements.roundsWeights() ? Exp2Degree::Three : Exp2Degree::Five);
}

Value CPUEmitter::getBase2Factor() {
  return op.getScore().empty() ? Value() : splat(llvm::numbers::log2e);
}

void CPUEmitter::whereMoved(Value factor, Value total,
                            llvm::function_ref<void()> body) {
  auto differs = [&](Value x, double number) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x,
                                 splat(number));
  };
  Value moved = arith::AndIOp::create(b, differs(factor, 1), differs(total, 0));
  Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR, moved);
  auto branch = scf::IfOp::create(b, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

Value CPUEmitter::getMaximum(Value x, Value y) {
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, greater, x, y);
}

void CPUEmitter::finishRows(Value lane, Value total, Value sinks) {
  Value m = load(maximum, lane), weight = splat(1);
  Value empty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total, splat(0));
  if (sinks) {
    Value logit = arith::MulFOp::create(b, load(sinks, lane),
                                        splat(llvm::numbers::log2e));
    Value reference = arith::MaxNumFOp::create(b, m, logit);
    weight = exp2(arith::SubFOp::create(b, m, reference));
    Value sinkWeight = exp2(arith::SubFOp::create(b, logit, reference));
    total = arith::AddFOp::create(b, arith::MulFOp::create(b, total, weight),
                                  sinkWeight);
    m = reference;
  }
  Value factor = arith::DivFOp::create(b, weight, total);
  store(arith::SelectOp::create(b, empty, splat(0), factor), sum, lane);
  Value logSumExp = vector::FMAOp::create(
      b, m, splat(llvm::numbers::ln2),
      math::LogOp::create(b, total, arith::FastMathFlags::afn));
  Value none = splat(-std::numeric_limits<double>::infinity());
  store(arith::SelectOp::create(b, empty, none, logSumExp), maximum, lane);
}

void CPUEmitter::storeLogSumExp(Value row) {
  auto [head, at] = locate(row);
  Value number = memref::LoadOp::create(b, maximum, row);
  memref::StoreOp::create(b, CPUElements::convert(b, number, b.getF32Type()),
                          op.getLogSumExp(), ValueRange{tile.batch, head, at});
}

Value CPUEmitter::scanWhere(Value hidden, llvm::function_ref<Value()> scan) {
  auto check =
      scf::IfOp::create(b, b.getI1Type(), hidden, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(check.thenBlock());
  scf::YieldOp::create(b, scan());
  b.setInsertionPointToStart(check.elseBlock());
  scf::YieldOp::create(
      b, arith::ConstantOp::create(b, b.getBoolAttr(false)).getResult());
  return check.getResult(0);
}

LogicalResult CPUEmitter::addValues(Value nonFinite,
                                    llvm::function_ref<void()> plain,
                                    llvm::function_ref<LogicalResult()> exact) {
  if (!nonFinite) {
    plain();
    return success();
  }
  auto branch = scf::IfOp::create(b, nonFinite, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  plain();
  b.setInsertionPointToStart(branch.thenBlock());
  return exact();
}
