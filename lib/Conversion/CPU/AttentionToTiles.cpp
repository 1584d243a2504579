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

#include "mlir/Dialect/Func/IR/FuncOps.h"

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

/// The function that is told of every tile, or null.
static FailureOr<FlatSymbolRefAttr>
getObserver(AttentionOp op, const AttentionToTilesOptions &options) {
  if (options.observer.empty())
    return FlatSymbolRefAttr();
  MLIRContext *context = op.getContext();
  auto name = FlatSymbolRefAttr::get(context, options.observer);
  auto function =
      SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, name.getAttr());
  if (!function)
    return op.emitOpError() << "has no function '" << options.observer
                            << "' to observe its tiles";
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
  FailureOr<FlatSymbolRefAttr> observer = getObserver(op, options);
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
