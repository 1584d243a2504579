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

LogicalResult
mlir::mask::lowerAttentionToTiles(RewriterBase &rewriter, AttentionOp op,
                                  const AttentionToTilesOptions &options) {
  if (op.hasPureTensorSemantics() || !op.isClosed())
    return op.emitOpError()
           << "must be closed and on memrefs to become loops over tiles";
  FailureOr<CPUScheduleAttr> schedule = getSchedule(op, options);
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(schedule) || failed(observer))
    return failure();
  if (failed(verifyHoistable(op)))
    return failure();
  auto emit = [&](ImplicitLocOpBuilder &builder, AttentionOp copy) {
    std::unique_ptr<CPUEmitter> emitter;
    if (schedule->getColumns())
      emitter = std::make_unique<CPUColumnEmitter>(builder, copy, *schedule);
    else if (schedule->getAmx())
      emitter = std::make_unique<CPUAMXEmitter>(builder, copy, *schedule);
    else
      emitter = std::make_unique<CPUTileEmitter>(builder, copy, *schedule);
    TileSizes sizes{schedule->getQueryTile(), schedule->getKeyTile(),
                    schedule->getHeads()};
    emitter->splitKeys(schedule->getParts(), sizes.queries);
    if (failed(emitAttention(builder, copy, sizes, {emitter.get()}, *observer)))
      return failure();
    emitter->joinParts();
    return success();
  };
  return replaceAttention(rewriter, op, emit);
}
