//===- AttentionToGPU.cpp - attention as launches of workgroups -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToGPU.h"

#include "../Skeleton/AttentionSkeleton.h"
#include "Mask/IR/Captures.h"
#include "PortableTileEmitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// The most threads that a workgroup may have on every target.
static constexpr int64_t kMostThreads = 1024;
static constexpr int64_t kColumns = PortableSchedule::kColumns;

static int64_t chooseValueColumns(AttentionOp op) {
  int64_t columns = cast<ShapedType>(op.getValue().getType()).getDimSize(3);
  if (ShapedType::isDynamic(columns))
    return 64;
  return std::clamp<int64_t>(llvm::alignTo(columns, kColumns), kColumns, 128);
}

/// The sizes of a workgroup, if they fit each other.
static FailureOr<PortableSchedule>
getSchedule(AttentionOp op, const AttentionToGPUOptions &options) {
  auto error = [&] { return op.emitOpError() << "cannot be scheduled: "; };
  if (op.getSchedule())
    return error() << "its schedule " << *op.getSchedule()
                   << " is not one of a GPU";
  auto checkMultiple = [&](StringRef name, int64_t value,
                           int64_t unit) -> LogicalResult {
    if (value > 0 && value % unit == 0)
      return success();
    return error() << name << " must be a positive multiple of " << unit
                   << ", got " << value;
  };
  PortableSchedule schedule{
      options.queryTile, options.keyTile, options.threads, options.depth,
      options.valueColumns ? options.valueColumns : chooseValueColumns(op)};
  if (failed(checkMultiple("threads", options.threads, kColumns)))
    return failure();
  if (options.threads > kMostThreads)
    return error() << "a workgroup has at most " << kMostThreads
                   << " threads, got " << options.threads;
  if (failed(checkMultiple("query-tile", schedule.queryTile,
                           schedule.threadRows())) ||
      failed(checkMultiple("key-tile", schedule.keyTile, kColumns)) ||
      failed(checkMultiple("depth", schedule.depth, 1)) ||
      failed(checkMultiple("value-columns", schedule.valueColumns, kColumns)))
    return failure();
  return schedule;
}

/// Checks what the launch takes, when all of it is known.
static LogicalResult checkMemory(AttentionOp op, int64_t bytes,
                                 const AttentionToGPUOptions &options) {
  if (bytes <= options.workgroupMemory)
    return success();
  return op.emitOpError() << "cannot be scheduled: its tiles take " << bytes
                          << " bytes of workgroup memory, more than the "
                          << options.workgroupMemory << " that there are";
}

LogicalResult
mlir::mask::lowerAttentionToGPU(RewriterBase &rewriter, AttentionOp op,
                                const AttentionToGPUOptions &options) {
  if (op.hasPureTensorSemantics() || !op.isClosed())
    return op.emitOpError() << "must be closed and on memrefs to become a "
                               "launch of workgroups";
  Type element = cast<ShapedType>(op.getQuery().getType()).getElementType();
  if (!element.isF32() && !element.isF16() && !element.isBF16())
    return op.emitOpError() << "can be lowered for f32, f16 and bf16 only, got "
                               "data of type "
                            << element;
  FailureOr<PortableSchedule> schedule = getSchedule(op, options);
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(schedule) || failed(observer))
    return failure();
  if (failed(verifyHoistable(op)))
    return failure();
  prepareAttention(rewriter, op);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  PortableTileEmitter emitter(builder, op, *schedule);
  TileSizes sizes{schedule->queryTile, schedule->keyTile};
  if (failed(emitAttention(builder, op, sizes, {&emitter}, *observer)) ||
      failed(checkMemory(op, emitter.getWorkgroupBytes(), options)))
    return failure();
  rewriter.eraseOp(op);
  return success();
}
