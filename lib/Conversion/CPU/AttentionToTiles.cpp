//===- AttentionToTiles.cpp - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToTiles.h"

#include "../Skeleton/AttentionSkeleton.h"
#include "CPUAMXEmitter.h"
#include "CPUColumnEmitter.h"
#include "Mask/IR/Captures.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

/// The one that the attention carries, or else a chosen one.
static FailureOr<CPUScheduleAttr>
getSchedule(AttentionOp op, const AttentionToTilesOptions &options) {
  std::optional<ScheduleAttrInterface> given = op.getSchedule();
  if (!given)
    return chooseCPUSchedule(
        [&] { return op.emitOpError() << "cannot be scheduled: "; },
        op.getContext(), options.target, getAttentionShape(op),
        options.schedule);
  auto schedule = dyn_cast<CPUScheduleAttr>(*given);
  if (!schedule)
    return op.emitOpError() << "has a schedule of another target: needs a "
                            << "#mask.cpu_schedule, got " << *given;
  if (!schedule.getPairs())
    return schedule;
  Type element = getElementTypeOrSelf(op.getQuery());
  if (!element.isBF16())
    return op.emitOpError() << "has a schedule with pairs, which are of bf16, "
                            << "but data of " << element;
  if (!schedule.getAmx() && !options.target.bf16Dot)
    return op.emitOpError() << "has a schedule with pairs, but the target does "
                            << "not multiply bf16 in pairs (bf16-dot)";
  if (schedule.getAmx() && !options.target.amx)
    return op.emitOpError() << "has a schedule with amx, but the target does "
                            << "not multiply tiles of bf16 (amx)";
  return schedule;
}

/// What calls of few queries get, if the attention carries no schedule.
static FailureOr<std::optional<FewQueries>>
getFewQueries(AttentionOp op, const AttentionToTilesOptions &options) {
  // Few tokens have few keys among them.
  bool isAmongThemselves = op.getQuery() == op.getKey();
  if (!options.decode || op.getSchedule() || isAmongThemselves)
    return std::optional<FewQueries>();
  return chooseFewQueries(
      [&] { return op.emitOpError() << "cannot be scheduled: "; },
      op.getContext(), options.target, getAttentionShape(op), options.schedule);
}

/// Emits the loops of one schedule.
static LogicalResult emitTiles(ImplicitLocOpBuilder &builder, AttentionOp op,
                               CPUScheduleAttr schedule,
                               FlatSymbolRefAttr observer,
                               bool reports = true) {
  std::unique_ptr<CPUEmitter> emitter;
  if (schedule.getColumns())
    emitter = std::make_unique<CPUColumnEmitter>(builder, op, schedule);
  else if (schedule.getAmx())
    emitter = std::make_unique<CPUAMXEmitter>(builder, op, schedule);
  else
    emitter = std::make_unique<CPUTileEmitter>(builder, op, schedule);
  TileSizes sizes{schedule.getQueryTile(), schedule.getKeyTile(),
                  schedule.getHeads()};
  emitter->splitKeys(schedule.getParts(), sizes.queries);
  if (failed(emitAttention(builder, op, sizes, {emitter.get()}, observer,
                           reports)))
    return failure();
  emitter->joinParts();
  return success();
}

/// Emits a choice between `few` and `emitMany` by the number of queries.
static LogicalResult emitChoice(ImplicitLocOpBuilder &builder, AttentionOp op,
                                const FewQueries &few,
                                FlatSymbolRefAttr observer,
                                function_ref<LogicalResult()> emitMany) {
  Value queries = builder.createOrFold<memref::DimOp>(op.getQuery(), 2);
  Value most = arith::ConstantIndexOp::create(builder, few.most);
  Value isFew =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::sle, queries, most);
  auto choice = scf::IfOp::create(builder, isFew, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  // The bounds are those of the other, which have been told there.
  if (failed(emitTiles(builder, op, few.schedule, observer, /*reports=*/false)))
    return failure();
  builder.setInsertionPointToStart(choice.elseBlock());
  return emitMany();
}

LogicalResult
mlir::mask::lowerAttentionToTiles(RewriterBase &rewriter, AttentionOp op,
                                  const AttentionToTilesOptions &options) {
  if (op.hasPureTensorSemantics() || !op.isClosed())
    return op.emitOpError()
           << "must be closed and on memrefs to become loops over tiles";
  FailureOr<CPUScheduleAttr> schedule = getSchedule(op, options);
  if (failed(schedule))
    return failure();
  FailureOr<std::optional<FewQueries>> few = getFewQueries(op, options);
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(few) || failed(observer))
    return failure();
  if (failed(verifyHoistable(op)))
    return failure();
  auto emit = [&](ImplicitLocOpBuilder &builder, AttentionOp copy) {
    auto emitMany = [&] {
      return emitTiles(builder, copy, *schedule, *observer);
    };
    if (*few)
      return emitChoice(builder, copy, **few, *observer, emitMany);
    return emitMany();
  };
  return replaceAttention(rewriter, op, emit);
}
