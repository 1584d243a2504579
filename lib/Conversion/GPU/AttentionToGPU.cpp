//===- AttentionToGPU.cpp - attention as launches of workgroups -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToGPU.h"

#include "../Emit/EmitCheck.h"
#include "../Skeleton/AttentionSkeleton.h"
#include "Mask/IR/Captures.h"
#include "PortableTileEmitter.h"
#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// The most threads that a workgroup may have on every target.
static constexpr int64_t kMostThreads = 1024;
static constexpr int64_t kColumns = PortableSchedule::kColumns;
/// The workgroup memory of a launch that asks for none, and the most that every
/// chip with tensor cores for bf16 has.
static constexpr int64_t kStaticMemory = 48 * 1024,
                         kTensorCoreMemory = 99 * 1024;

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

//===----------------------------------------------------------------------===//
// Portable code
//===----------------------------------------------------------------------===//

static int64_t chooseValueColumns(AttentionOp op) {
  int64_t columns = cast<ShapedType>(op.getValue().getType()).getDimSize(3);
  if (ShapedType::isDynamic(columns))
    return 64;
  return std::clamp<int64_t>(llvm::alignTo(columns, kColumns), kColumns, 128);
}

/// The sizes of a workgroup, if they fit each other.
static FailureOr<PortableSchedule>
getPortableSchedule(AttentionOp op, const AttentionToGPUOptions &options) {
  auto refuse = [&] { return scheduleError(op); };
  auto choose = [](int64_t given, int64_t otherwise) {
    return given ? given : otherwise;
  };
  PortableSchedule schedule{
      choose(options.queryTile, 32), choose(options.keyTile, 32),
      choose(options.threads, 128), choose(options.depth, 32),
      choose(options.valueColumns, chooseValueColumns(op))};
  if (failed(checkMultiple(refuse, "threads", schedule.threads, kColumns)) ||
      failed(checkThreads(refuse, schedule.threads)) ||
      failed(checkMultiple(refuse, "query-tile", schedule.queryTile,
                           schedule.threadRows())) ||
      failed(checkMultiple(refuse, "key-tile", schedule.keyTile, kColumns)) ||
      failed(checkMultiple(refuse, "depth", schedule.depth, 1)) ||
      failed(checkMultiple(refuse, "value-columns", schedule.valueColumns,
                           kColumns)))
    return failure();
  return schedule;
}

static LogicalResult emitPortable(ImplicitLocOpBuilder &builder, AttentionOp op,
                                  const PortableSchedule &schedule,
                                  FlatSymbolRefAttr observer,
                                  const AttentionToGPUOptions &options) {
  PortableTileEmitter emitter(builder, op, schedule);
  TileSizes sizes{schedule.queryTile, schedule.keyTile};
  int64_t memory =
      options.workgroupMemory ? options.workgroupMemory : kStaticMemory;
  if (failed(emitAttention(builder, op, sizes, {&emitter}, observer)))
    return failure();
  return checkMemory(op, emitter.getWorkgroupBytes(), memory);
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

/// Copies are of 16 bytes: rows are static, and lie side by side.
static LogicalResult checkRows(RefuseFunction refuse, StringRef name,
                               Value array) {
  auto type = cast<MemRefType>(array.getType());
  int64_t columns = type.getDimSize(3);
  if (ShapedType::isDynamic(columns) || columns % 16 || columns > 128)
    return refuse()
           << "on tensor cores the rows of " << name
           << " must have a static multiple of 16 elements, at most 128, got "
           << type;
  if (!type.getLayout().isIdentity())
    return refuse() << "on tensor cores the rows of " << name
                    << " must lie side by side, got " << type;
  return success();
}

/// The sizes of a workgroup, if they fit each other and the data.
static FailureOr<TensorCoreSchedule>
getTensorCoreSchedule(AttentionOp op, const AttentionToGPUOptions &options,
                      RefuseFunction refuse) {
  Type element = cast<ShapedType>(op.getQuery().getType()).getElementType();
  if (!element.isF16() && !element.isBF16())
    return refuse()
           << "tensor cores are used for f16 and bf16 only, got data of type "
           << element;
  std::pair<StringRef, int64_t> fixed[] = {
      {"threads", options.threads},
      {"depth", options.depth},
      {"value-columns", options.valueColumns}};
  for (auto [name, value] : fixed)
    if (value)
      return refuse() << name << " is not a choice on tensor cores, got "
                      << value;
  std::pair<StringRef, Value> arrays[] = {{"query", op.getQuery()},
                                          {"key", op.getKey()},
                                          {"value", op.getValue()},
                                          {"output", op.getOutput()}};
  for (auto [name, array] : arrays)
    if (failed(checkRows(refuse, name, array)))
      return failure();
  auto getColumns = [](Value array) {
    return cast<ShapedType>(array.getType()).getDimSize(3);
  };
  TensorCoreSchedule schedule{options.queryTile ? options.queryTile : 64,
                              options.keyTile ? options.keyTile : 64,
                              getColumns(op.getKey()),
                              getColumns(op.getValue())};
  if (failed(checkMultiple(refuse, "query-tile", schedule.queryTile,
                           TensorCoreSchedule::kWarpRows)) ||
      failed(checkMultiple(refuse, "key-tile", schedule.keyTile, 16)) ||
      failed(checkThreads(refuse, schedule.threads())))
    return failure();
  return schedule;
}

/// Stops the program where an array does not start at a multiple of `bytes`.
static void checkAlignment(ImplicitLocOpBuilder &b, AttentionOp op,
                           StringRef name, Value array, int64_t bytes) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, array);
  Value rest = arith::RemUIOp::create(b, address,
                                      arith::ConstantIndexOp::create(b, bytes));
  Value isAligned = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                                          arith::ConstantIndexOp::create(b, 0));
  emitCheck(b, op, isAligned,
            name + " must start at a multiple of " + Twine(bytes) + " bytes");
}

/// A launch for all tiles, and a launch of portable code for those that it has
/// flagged.
static LogicalResult emitTensorCore(ImplicitLocOpBuilder &b, AttentionOp op,
                                    const TensorCoreSchedule &schedule,
                                    FlatSymbolRefAttr observer,
                                    const AttentionToGPUOptions &options) {
  TileSizes sizes{schedule.queryTile, schedule.keyTile};
  checkAlignment(b, op, "query", op.getQuery(), 16);
  checkAlignment(b, op, "key", op.getKey(), 16);
  checkAlignment(b, op, "value", op.getValue(), 16);
  checkAlignment(b, op, "output", op.getOutput(), 4);
  SmallVector<OpFoldResult> shape;
  for (int64_t dim = 0; dim < 3; ++dim) {
    OpFoldResult size = memref::getMixedSize(b, b.getLoc(), op.getQuery(), dim);
    if (dim == 2)
      size = affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(schedule.queryTile),
          size);
    shape.push_back(size);
  }
  Value flags = memref::AllocOp::create(b, shape, b.getI32Type());
  TensorCoreEmitter emitter(b, op, schedule, flags);
  // Small blocks: of the tiles' sizes they are what is left to choose.
  PortableSchedule again{schedule.queryTile, schedule.keyTile,
                         schedule.threads(), /*depth=*/16,
                         /*valueColumns=*/32};
  PortableTileEmitter exact(b, op, again);
  exact.restrictTo(flags);
  if (failed(emitAttention(b, op, sizes, {&emitter, &exact}, observer)))
    return failure();
  memref::DeallocOp::create(b, flags);
  int64_t memory =
      options.workgroupMemory ? options.workgroupMemory : kTensorCoreMemory;
  if (failed(checkMemory(op, emitter.getWorkgroupBytes(), memory)))
    return failure();
  return checkMemory(op, exact.getWorkgroupBytes(), kStaticMemory);
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
  if (op.getSchedule())
    return scheduleError(op)
           << "its schedule " << *op.getSchedule() << " is not one of a GPU";
  FailureOr<FlatSymbolRefAttr> observer = findObserver(op, options.observer);
  if (failed(observer) || failed(verifyHoistable(op)))
    return failure();
  FailureOr<TensorCoreSchedule> tensorCore = failure();
  bool isStrict = options.emitter == GPUEmitter::TensorCore;
  if (options.emitter != GPUEmitter::Portable)
    tensorCore = getTensorCoreSchedule(op, options, [&] {
      return isStrict ? scheduleError(op)
                      : op.emitRemark() << "is computed by portable code: ";
    });
  bool isPortable = failed(tensorCore);
  if (isPortable && isStrict)
    return failure();
  FailureOr<PortableSchedule> portable = failure();
  if (isPortable) {
    portable = getPortableSchedule(op, options);
    if (failed(portable))
      return failure();
  }
  auto emit = [&](ImplicitLocOpBuilder &builder, AttentionOp copy) {
    return isPortable
               ? emitPortable(builder, copy, *portable, *observer, options)
               : emitTensorCore(builder, copy, *tensorCore, *observer, options);
  };
  return replaceAttention(rewriter, op, emit);
}
