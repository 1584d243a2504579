//===- AttentionToTiles.cpp - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToTiles.h"

#include "../Skeleton/AttentionSkeleton.h"
#include "CPUTileEmitter.h"
#include "Mask/IR/Captures.h"

using namespace mlir;
using namespace mlir::mask;

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
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(schedule) || failed(observer))
    return failure();
  if (failed(verifyHoistable(op)))
    return failure();
  prepareAttention(rewriter, op);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  CPUTileEmitter emitter(builder, op, *schedule);
  TileSizes sizes{schedule->getQueryTile(), schedule->getKeyTile()};
  if (failed(emitAttention(builder, op, sizes, emitter, *observer)))
    return failure();
  rewriter.eraseOp(op);
  return success();
}
