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

/// The most threads that a workgroup may have on every target.
static constexpr int64_t kMostThreads = 1024;
static constexpr int64_t kColumns = PortableSchedule::kColumns;
/// The workgroup memory of a launch that asks for none.
static constexpr int64_t kStaticMemory = 48 * 1024;

/// Begins to say why sizes or data do not fit an emitter.
using RefuseFunction = function_ref<InFlightDiagnostic()>;

static InFlightDiagnostic scheduleError(AttentionOp op) {
  return op.emitOpError() << "cannot be scheduled: ";
}

static LogicalResult checkMultiple(RefuseFunction refuse, StringRef name,
                                   int64_t value, int64_t unit) {
  if (value > 0 && value % unit == 0)
    return success();
  return refuse() << name << " must be a positive multiple of " << unit
                  << ", got " << value;
}

static LogicalResult checkThreads(RefuseFunction refuse, int64_t threads) {
  if (threads <= kMostThreads)
    return success();
  return refuse() << "a workgroup has at most " << kMostThreads
                  << " threads, got " << threads;
}

/// Checks what a launch takes, when all of it is known.
static LogicalResult checkMemory(AttentionOp op, int64_t bytes, int64_t given) {
  if (bytes <= given)
    return success();
  return scheduleError(op) << "its tiles take " << bytes
                           << " bytes of workgroup memory, more than the "
                           << given << " that there are";
}

/// Numbers that are given must make sense, whoever takes them.
static LogicalResult checkParts(RefuseFunction refuse,
                                const GPUSchedule &given) {
  std::pair<StringRef, int64_t> numbers[] = {{"query-tile", given.queryTile},
                                             {"heads", given.heads},
                                             {"parts", given.parts}},
                                fragments[] = {
                                    {"key-tile", given.keyTile},
                                    {"value-columns", given.valueColumns}};
  for (auto [name, value] : numbers)
    if (value && failed(checkMultiple(refuse, name, value, 1)))
      return failure();
  for (auto [name, value] : fragments)
    if (value && failed(checkMultiple(refuse, name, value, 16)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

static int64_t getColumns(Value array) {
  return cast<ShapedType>(array.getType()).getDimSize(3);
}

static int64_t chooseValueColumns(AttentionOp op) {
  int64_t columns = getColumns(op.getValue());
  if (ShapedType::isDynamic(columns))
    return 64;
  return std::clamp<int64_t>(llvm::alignTo(columns, kColumns), kColumns, 128);
}

/// The sizes of a workgroup's work in portable code.
static FailureOr<GPUSchedule>
choosePortableSchedule(AttentionOp op, const AttentionToGPUOptions &options) {
  auto refuse = [&] { return scheduleError(op); };
  GPUSchedule parts = options.schedule;
  if (parts.warpRows)
    return refuse() << "warp-rows is a choice on tensor cores only, got "
                    << parts.warpRows;
  if (failed(checkParts(refuse, parts)))
    return failure();
  chooseTileRows(op, parts);
  if (!parts.queryTile)
    parts.queryTile = 32;
  if (!parts.keyTile)
    parts.keyTile = 32;
  if (!parts.valueColumns)
    parts.valueColumns = chooseValueColumns(op);
  return parts;
}

/// The GPU that the options tell of.
static GPUTarget getTarget(const AttentionToGPUOptions &options) {
  GPUTarget target = getNVIDIATarget(options.chip).value_or(GPUTarget());
  if (options.workgroupMemory)
    target.workgroupMemory = options.workgroupMemory;
  return target;
}

/// Whether the rows of an array can be fragments of matrices.
static LogicalResult checkRows(RefuseFunction refuse, StringRef name,
                               Value array) {
  auto type = cast<MemRefType>(array.getType());
  if (ShapedType::isDynamic(type.getDimSize(3)))
    return refuse() << "on tensor cores the rows of " << name
                    << " must have a static number of elements, got " << type;
  return success();
}

/// The sizes of a workgroup's work on tensor cores, if these can compute it.
static FailureOr<GPUSchedule>
chooseTensorCoreSchedule(AttentionOp op, const AttentionToGPUOptions &options,
                         RefuseFunction refuse) {
  Type element = cast<ShapedType>(op.getQuery().getType()).getElementType();
  if (!element.isF16() && !element.isBF16())
    return refuse()
           << "tensor cores are used for f16 and bf16 only, got data of type "
           << element;
  if (!options.chip.empty() && !getNVIDIATarget(options.chip))
    return refuse() << "no tensor cores for bf16 are known of chip '"
                    << options.chip << "'";
  std::pair<StringRef, int64_t> fixed[] = {{"threads", options.threads},
                                           {"depth", options.depth}};
  for (auto [name, value] : fixed)
    if (value)
      return refuse() << name << " is not a choice on tensor cores, got "
                      << value;
  std::pair<StringRef, Value> arrays[] = {{"query", op.getQuery()},
                                          {"value", op.getValue()}};
  for (auto [name, array] : arrays)
    if (failed(checkRows(refuse, name, array)))
      return failure();
  GPUSchedule parts = options.schedule;
  if (failed(checkParts(refuse, parts)))
    return failure();
  if (parts.warpRows && parts.warpRows != 16 && parts.warpRows != 32)
    return refuse() << "a warp has 16 or 32 rows, got " << parts.warpRows;
  return chooseTensorCoreSchedule(op, getTarget(options), parts, refuse);
}

/// The schedule that fits an attention; the emitter is portable if warps have
/// no rows.
static FailureOr<GPUSchedule>
chooseSchedule(AttentionOp op, const AttentionToGPUOptions &options) {
  if (options.emitter == GPUEmitter::Portable)
    return choosePortableSchedule(op, options);
  bool isStrict = options.emitter == GPUEmitter::TensorCore;
  FailureOr<GPUSchedule> tensorCore =
      chooseTensorCoreSchedule(op, options, [&] {
        return isStrict ? scheduleError(op)
                        : op.emitRemark() << "is computed by portable code: ";
      });
  if (succeeded(tensorCore) || isStrict)
    return tensorCore;
  return choosePortableSchedule(op, options);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

namespace {

/// Emits the launches of one attention, prepared as `replaceAttention` does.
class LaunchEmitter {
public:
  LaunchEmitter(ImplicitLocOpBuilder &b, AttentionOp op, GPUSchedule schedule,
                FlatSymbolRefAttr observer,
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
  GPUSchedule schedule;
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
               batches * heads.ceilDiv(schedule.heads) *
                   queries.ceilDiv(schedule.queryTile) *
                   columns.ceilDiv(schedule.valueColumns),
               {dim(op.getQuery(), 0), dim(op.getQuery(), 1),
                dim(op.getQuery(), 2), dim(op.getValue(), 3)});
}

/// How many parts the keys of a tile are split into: as many as fill the
/// multiprocessors twice, at most the schedule's and one per tile of keys.
Value LaunchEmitter::getParts() {
  Value wanted = b.createOrFold<arith::CeilDivUIOp>(
      index(2 * getTarget(options).multiprocessors),
      b.createOrFold<arith::MaxSIOp>(getTiles(), index(1)));
  Value tiles = apply(b, b.getAffineSymbolExpr(0).ceilDiv(schedule.keyTile),
                      {memref::getMixedSize(b, b.getLoc(), op.getKey(), 2)});
  Value parts = b.createOrFold<arith::MinSIOp>(wanted, tiles);
  parts = b.createOrFold<arith::MinSIOp>(parts, index(schedule.parts));
  return b.createOrFold<arith::MaxSIOp>(parts, index(1));
}

LogicalResult LaunchEmitter::emitTiles(ArrayRef<WorkgroupEmitter *> emitters) {
  SmallVector<TileEmitter *> tiles;
  for (WorkgroupEmitter *emitter : emitters) {
    if (partial)
      emitter->splitKeys(*partial);
    tiles.push_back(emitter);
  }
  TileSizes sizes{schedule.queryTile, schedule.keyTile, schedule.heads};
  return emitAttention(b, op, sizes, tiles, observer);
}

LogicalResult LaunchEmitter::emitPortable() {
  PortableSchedule sizes{schedule.queryTile,
                         schedule.keyTile,
                         options.threads ? options.threads : 128,
                         options.depth ? options.depth : 32,
                         schedule.valueColumns,
                         schedule.heads};
  auto refuse = [&] { return scheduleError(op); };
  if (failed(checkMultiple(refuse, "threads", sizes.threads, kColumns)) ||
      failed(checkThreads(refuse, sizes.threads)) ||
      failed(checkMultiple(refuse, "depth", sizes.depth, 1)))
    return failure();
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
  TensorCoreSchedule sizes{schedule.queryTile,
                           schedule.keyTile,
                           schedule.heads,
                           schedule.warpRows,
                           toFragments(getColumns(op.getKey())),
                           schedule.valueColumns};
  if (failed(checkThreads([&] { return scheduleError(op); }, sizes.threads())))
    return failure();
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
                           getTarget(options).workgroupMemory)))
      return failure();
  return success();
}

LogicalResult LaunchEmitter::run() {
  if (failed(checkExtents(b, op)))
    return failure();
  if (schedule.parts > 1)
    partial = allocatePartialResults(b, op, getParts());
  LogicalResult result = schedule.warpRows ? emitTensorCore() : emitPortable();
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
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(observer) || failed(verifyHoistable(op)))
    return failure();
  if (op.getSchedule())
    return scheduleError(op)
           << "its schedule " << *op.getSchedule() << " is not one of a GPU";
  FailureOr<GPUSchedule> schedule = chooseSchedule(op, options);
  if (failed(schedule))
    return failure();
  auto emit = [&](ImplicitLocOpBuilder &builder, AttentionOp copy) {
    return LaunchEmitter(builder, copy, *schedule, *observer, options).run();
  };
  return replaceAttention(rewriter, op, emit);
}
