//===- AttentionToGPU.cpp - attention as launches of workgroups -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToGPU.h"

#include "../Skeleton/AttentionSkeleton.h"
#include "AlignRows.h"
#include "CheckExtents.h"
#include "Mask/IR/Captures.h"
#include "MergeParts.h"
#include "PortableTileEmitter.h"
#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

/// The workgroup memory of a launch that asks for none.
static constexpr int64_t kStaticMemory = 48 * 1024;

static InFlightDiagnostic scheduleError(AttentionOp op) {
  return op.emitOpError() << "cannot be scheduled: ";
}

/// Checks what a launch takes, when all of it is known.
static LogicalResult checkMemory(AttentionOp op, int64_t bytes, int64_t given) {
  if (bytes <= given)
    return success();
  return scheduleError(op) << "its tiles take " << bytes
                           << " bytes of workgroup memory, more than the "
                           << given << " that there are";
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

namespace {

/// Emits the launches of one attention, prepared as `replaceAttention` does.
class LaunchEmitter {
public:
  LaunchEmitter(ImplicitLocOpBuilder &b, AttentionOp op,
                GPUScheduleAttr schedule, FlatSymbolRefAttr observer,
                const AttentionToGPUOptions &options)
      : b(b), op(op), schedule(schedule), observer(observer), options(options) {
  }

  LogicalResult run();

private:
  LogicalResult emitPortable();
  LogicalResult emitTensorCore();
  LogicalResult emitTiles(ArrayRef<WorkgroupEmitter *> emitters);
  Value getTiles();
  Value getParts();
  Value allocateFlags();
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  GPUScheduleAttr schedule;
  FlatSymbolRefAttr observer;
  const AttentionToGPUOptions &options;
  std::optional<PartialResults> partial;
};

} // namespace

static Value apply(ImplicitLocOpBuilder &b, AffineExpr expr,
                   ArrayRef<OpFoldResult> sizes) {
  OpFoldResult result =
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, sizes);
  return getValueOrCreateConstantIndexOp(b, b.getLoc(), result);
}

/// How many workgroups there are for each part of the keys.
Value LaunchEmitter::getTiles() {
  AffineExpr batches, heads, queries, columns;
  bindSymbols(b.getContext(), batches, heads, queries, columns);
  auto dim = [&](Value array, int64_t dim) {
    return memref::getMixedSize(b, b.getLoc(), array, dim);
  };
  return apply(b,
               batches * heads.ceilDiv(schedule.getHeads()) *
                   queries.ceilDiv(schedule.getQueryTile()) *
                   columns.ceilDiv(schedule.getValueColumns()),
               {dim(op.getQuery(), 0), dim(op.getQuery(), 1),
                dim(op.getQuery(), 2), dim(op.getValue(), 3)});
}

/// How many parts the keys of a tile are split into: as many as fill the
/// multiprocessors twice, at most the schedule's and one per tile of keys.
Value LaunchEmitter::getParts() {
  Value wanted = b.createOrFold<arith::CeilDivUIOp>(
      index(2 * options.getTarget().multiprocessors),
      b.createOrFold<arith::MaxSIOp>(getTiles(), index(1)));
  Value tiles =
      apply(b, b.getAffineSymbolExpr(0).ceilDiv(schedule.getKeyTile()),
            {memref::getMixedSize(b, b.getLoc(), op.getKey(), 2)});
  Value parts = b.createOrFold<arith::MinSIOp>(wanted, tiles);
  parts = b.createOrFold<arith::MinSIOp>(parts, index(schedule.getParts()));
  return b.createOrFold<arith::MaxSIOp>(parts, index(1));
}

LogicalResult LaunchEmitter::emitTiles(ArrayRef<WorkgroupEmitter *> emitters) {
  SmallVector<TileEmitter *> tiles;
  for (WorkgroupEmitter *emitter : emitters) {
    if (partial)
      emitter->splitKeys(*partial);
    emitter->setOrder(schedule.getOrder());
    tiles.push_back(emitter);
  }
  TileSizes sizes{schedule.getQueryTile(), schedule.getKeyTile(),
                  schedule.getHeads()};
  return emitAttention(b, op, sizes, tiles, observer);
}

LogicalResult LaunchEmitter::emitPortable() {
  PortableSchedule sizes{schedule.getQueryTile(),    schedule.getKeyTile(),
                         schedule.getThreads(),      schedule.getDepth(),
                         schedule.getValueColumns(), schedule.getHeads()};
  PortableTileEmitter emitter(b, op, sizes);
  if (failed(emitTiles({&emitter})))
    return failure();
  return checkMemory(op, emitter.getWorkgroupBytes(),
                     options.workgroupMemory ? options.workgroupMemory
                                             : kStaticMemory);
}

/// One for each workgroup.
Value LaunchEmitter::allocateFlags() {
  Value workgroups = getTiles();
  if (partial)
    workgroups = b.createOrFold<arith::MulIOp>(partial->parts, workgroups);
  return memref::AllocOp::create(
      b, ArrayRef<OpFoldResult>{getAsOpFoldResult(workgroups)}, b.getI32Type());
}

/// A launch for all tiles, and a launch of portable code for those that it has
/// flagged.
LogicalResult LaunchEmitter::emitTensorCore() {
  auto toFragments = [](int64_t columns) {
    return static_cast<int64_t>(llvm::alignTo(columns, 16));
  };
  TensorCoreSchedule sizes{
      schedule.getQueryTile(),
      schedule.getKeyTile(),
      schedule.getHeads(),
      schedule.getWarpRows(),
      toFragments(cast<ShapedType>(op.getKey().getType()).getDimSize(3)),
      schedule.getValueColumns()};
  Value flags = allocateFlags();
  AlignedRows rows(b, op);
  Value query = rows.align(op.getQuery()), key = rows.align(op.getKey()),
        value = rows.align(op.getValue());
  Value output = partial ? partial->output : op.getOutput();
  int64_t pair =
      cast<MemRefType>(output.getType()).getElementTypeBitWidth() / 4;
  TensorCoreEmitter emitter(
      b, op, sizes,
      {flags, query, key, value, hasAlignedRows(b, output, pair)});
  // Small blocks: of the tiles' sizes they are what is left to choose.
  PortableSchedule again{sizes.queryTile, sizes.keyTile,
                         sizes.threads(),
                         /*depth=*/16,    sizes.valueColumns % 32 ? 16 : 32,
                         sizes.heads};
  PortableTileEmitter exact(b, op, again);
  exact.restrictTo(flags, sizes.valueColumns);
  exact.useDynamicMemory();
  if (failed(emitTiles({&emitter, &exact})))
    return failure();
  memref::DeallocOp::create(b, flags);
  rows.deallocate();
  for (const WorkgroupEmitter *each :
       {static_cast<WorkgroupEmitter *>(&emitter),
        static_cast<WorkgroupEmitter *>(&exact)})
    if (failed(checkMemory(op, each->getWorkgroupBytes(),
                           options.getTarget().workgroupMemory)))
      return failure();
  return success();
}

LogicalResult LaunchEmitter::run() {
  if (failed(checkExtents(b, op)))
    return failure();
  if (schedule.getParts() > 1)
    partial = allocatePartialResults(b, op, getParts());
  LogicalResult result =
      schedule.hasTensorCores() ? emitTensorCore() : emitPortable();
  if (failed(result) || !partial)
    return result;
  emitMerge(b, op, *partial);
  deallocatePartialResults(b, *partial);
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

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
  if (op.isPaged())
    return op.emitOpError() << "reads its keys through pages, which kernels of "
                               "GPUs do not do";
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(observer) || failed(verifyHoistable(op)))
    return failure();
  FailureOr<GPUScheduleAttr> schedule = getGPUSchedule(op, options);
  if (failed(schedule))
    return failure();
  auto emit = [&](ImplicitLocOpBuilder &builder, AttentionOp copy) {
    return LaunchEmitter(builder, copy, *schedule, *observer, options).run();
  };
  return replaceAttention(rewriter, op, emit);
}
