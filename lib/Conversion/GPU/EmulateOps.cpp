//===- EmulateOps.cpp - ops of GPUs to calls -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using simt::IdKind;

namespace {

/// Replaces the ops of one kernel.
class OpEmulator {
public:
  OpEmulator(EmulationBuilder &emulation, FunctionOpInterface function,
             SmallVectorImpl<WorkgroupBuffer> &buffers)
      : emulation(emulation), function(function), buffers(buffers),
        rewriter(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult replace(Operation *op);
  LogicalResult replaceId(Operation *op, IdKind kind, int64_t dim = 0);
  LogicalResult replaceShuffle(gpu::ShuffleOp op);
  LogicalResult replaceLoadMatrix(nvgpu::LdMatrixOp op);
  LogicalResult replaceMultiply(nvgpu::MmaSyncOp op);
  LogicalResult replaceCopy(nvgpu::DeviceAsyncCopyOp op);
  LogicalResult replaceAllocation(Operation *op);
  LogicalResult replaceDynamicMemory(gpu::DynamicSharedMemoryOp op);
  LogicalResult replaceAttributions(gpu::GPUFuncOp kernel);

  Value getScratch(int which) {
    return emulation.getScratch(rewriter, function, which);
  }
  /// A buffer of workgroup memory, at the insertion point.
  FailureOr<Value> makeBuffer(Location loc, MemRefType type, int64_t alignment);
  /// A value as a vector of one dimension in memory, and back.
  void store(Value value, Value address);
  Value load(Location loc, Type type, Value address);
  /// Copies are waited for by number, not by token.
  Value makeToken(Location loc) {
    return UnrealizedConversionCastOp::create(
               rewriter, loc,
               nvgpu::DeviceAsyncTokenType::get(rewriter.getContext()),
               emulation.getI32(rewriter, loc, 0))
        .getResult(0);
  }

  EmulationBuilder &emulation;
  FunctionOpInterface function;
  SmallVectorImpl<WorkgroupBuffer> &buffers;
  IRRewriter rewriter;
};

} // namespace

LogicalResult OpEmulator::run() {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  rewriter.setInsertionPointToStart(&function.getFunctionBody().front());
  if (auto kernel = dyn_cast<gpu::GPUFuncOp>(*function))
    if (failed(replaceAttributions(kernel)))
      return failure();
  for (Operation *op : ops) {
    if (op == function)
      continue;
    rewriter.setInsertionPoint(op);
    if (failed(replace(op)))
      return failure();
  }
  return success();
}

LogicalResult OpEmulator::replace(Operation *op) {
  Location loc = op->getLoc();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](gpu::ThreadIdOp id) {
        return replaceId(op, IdKind::ThreadId, int64_t(id.getDimension()));
      })
      .Case([&](gpu::BlockIdOp id) {
        return replaceId(op, IdKind::BlockId, int64_t(id.getDimension()));
      })
      .Case([&](gpu::BlockDimOp id) {
        return replaceId(op, IdKind::BlockDim, int64_t(id.getDimension()));
      })
      .Case([&](gpu::GridDimOp id) {
        return replaceId(op, IdKind::GridDim, int64_t(id.getDimension()));
      })
      .Case([&](gpu::LaneIdOp) { return replaceId(op, IdKind::LaneId); })
      .Case(
          [&](gpu::SubgroupIdOp) { return replaceId(op, IdKind::SubgroupId); })
      .Case([&](gpu::NumSubgroupsOp) {
        return replaceId(op, IdKind::SubgroupCount);
      })
      .Case([&](gpu::SubgroupSizeOp) {
        return replaceId(op, IdKind::SubgroupSize);
      })
      .Case([&](gpu::BarrierOp) {
        emulation.call(rewriter, loc, "mask_simt_barrier", {},
                       emulation.getSite(rewriter, op));
        rewriter.eraseOp(op);
        return success();
      })
      .Case([&](gpu::ShuffleOp shuffle) { return replaceShuffle(shuffle); })
      .Case([&](gpu::DynamicSharedMemoryOp memory) {
        return replaceDynamicMemory(memory);
      })
      .Case<memref::AllocaOp, memref::AllocOp, memref::DeallocOp>(
          [&](auto) { return replaceAllocation(op); })
      .Case([&](nvgpu::LdMatrixOp load) { return replaceLoadMatrix(load); })
      .Case(
          [&](nvgpu::MmaSyncOp multiply) { return replaceMultiply(multiply); })
      .Case([&](nvgpu::DeviceAsyncCopyOp copy) { return replaceCopy(copy); })
      .Case([&](nvgpu::DeviceAsyncCreateGroupOp group) {
        emulation.call(rewriter, loc, "mask_simt_commit", {}, {});
        rewriter.replaceOp(group, makeToken(loc));
        return success();
      })
      .Case([&](nvgpu::DeviceAsyncWaitOp wait) {
        emulation.call(
            rewriter, loc, "mask_simt_wait", {},
            emulation.getI32(rewriter, loc, wait.getNumGroups().value_or(0)));
        rewriter.eraseOp(wait);
        return success();
      })
      .Case([&](nvgpu::RcpOp reciprocal) {
        Value one = arith::ConstantOp::create(
            rewriter, loc, rewriter.getOneAttr(reciprocal.getType()));
        rewriter.replaceOpWithNewOp<arith::DivFOp>(reciprocal, one,
                                                   reciprocal.getIn());
        return success();
      })
      .Case([&](NVVM::SyncWarpOp sync) {
        return emulateSyncWarp(emulation, rewriter, sync);
      })
      .Case([&](LLVM::CallIntrinsicOp call) {
        return emulateIntrinsic(rewriter, call);
      })
      .Case([&](gpu::ReturnOp) { return success(); })
      .Default([&](Operation *) -> LogicalResult {
        if (isa_and_nonnull<gpu::GPUDialect, nvgpu::NVGPUDialect,
                            NVVM::NVVMDialect>(op->getDialect()))
          return op->emitOpError() << "is not emulated";
        return success();
      });
}

LogicalResult OpEmulator::replaceId(Operation *op, IdKind kind, int64_t dim) {
  Location loc = op->getLoc();
  Value id = emulation.getId(rewriter, loc, kind, dim);
  rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, rewriter.getIndexType(),
                                                  id);
  return success();
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

/// The vector type with all elements in one dimension.
static VectorType flatten(VectorType type) {
  return VectorType::get(type.getNumElements(), type.getElementType());
}

void OpEmulator::store(Value value, Value address) {
  Location loc = value.getLoc();
  if (auto type = dyn_cast<VectorType>(value.getType());
      type && type.getRank() != 1)
    value = vector::ShapeCastOp::create(rewriter, loc, flatten(type), value);
  LLVM::StoreOp::create(rewriter, loc, value, address, /*alignment=*/16);
}

Value OpEmulator::load(Location loc, Type type, Value address) {
  auto vectorType = dyn_cast<VectorType>(type);
  Type flat = vectorType ? flatten(vectorType) : type;
  Value value =
      LLVM::LoadOp::create(rewriter, loc, flat, address, /*alignment=*/16);
  if (flat == type)
    return value;
  return vector::ShapeCastOp::create(rewriter, loc, type, value);
}

LogicalResult OpEmulator::replaceShuffle(gpu::ShuffleOp op) {
  Location loc = op.getLoc();
  Type type = op.getValue().getType();
  int64_t bytes = emulation.getBytes(type);
  if (bytes > 16)
    return op.emitOpError()
           << "is not emulated for " << bytes << " bytes; at most 16 are";
  Value value = getScratch(0);
  store(op.getValue(), value);
  Value valid = emulation.call(
      rewriter, loc, "mask_simt_shuffle", rewriter.getI32Type(),
      {emulation.getSite(rewriter, op),
       emulation.getI32(rewriter, loc, int32_t(op.getMode())), value,
       emulation.getI32(rewriter, loc, bytes), op.getOffset(), op.getWidth()});
  Value zero = emulation.getI32(rewriter, loc, 0);
  Value isValid = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::ne,
                                        valid, zero);
  rewriter.replaceOp(op, {load(loc, type, value), isValid});
  return success();
}

LogicalResult OpEmulator::replaceLoadMatrix(nvgpu::LdMatrixOp op) {
  Location loc = op.getLoc();
  auto type = op.getSrcMemref().getType();
  if (type.getElementTypeBitWidth() != 16)
    return op.emitOpError()
           << "is not emulated for elements of "
           << type.getElementTypeBitWidth() << " bits; only 16 are";
  Value fragment = getScratch(0);
  emulation.call(
      rewriter, loc, "mask_simt_ldmatrix", {},
      {emulation.getSite(rewriter, op),
       emulation.getAddress(rewriter, loc, op.getSrcMemref(), op.getIndices()),
       emulation.getI32(rewriter, loc, op.getNumTiles()),
       emulation.getI32(rewriter, loc, op.getTranspose()), fragment});
  rewriter.replaceOp(op, load(loc, op.getType(), fragment));
  return success();
}

LogicalResult OpEmulator::replaceMultiply(nvgpu::MmaSyncOp op) {
  Location loc = op.getLoc();
  auto [m, n, k] = op.getMmaShapeAsArray();
  Type element = op.getMatrixA().getType().getElementType();
  bool isHalf = element.isF16() || element.isBF16();
  if (m != 16 || n != 8 || (k != 8 && k != 16) || !isHalf ||
      !op.getMatrixC().getType().getElementType().isF32())
    return op.emitOpError()
           << "is not emulated for shape " << m << "x" << n << "x" << k
           << " of " << element << " with sums in "
           << op.getMatrixC().getType().getElementType()
           << "; only 16x8x16 and 16x8x8 of f16 or bf16 with sums in f32 are";
  Value a = getScratch(0), b = getScratch(1), c = getScratch(2);
  store(op.getMatrixA(), a);
  store(op.getMatrixB(), b);
  store(op.getMatrixC(), c);
  auto type = element.isF16() ? simt::HalfType::F16 : simt::HalfType::BF16;
  emulation.call(rewriter, loc, "mask_simt_mma", {},
                 {emulation.getSite(rewriter, op),
                  emulation.getI32(rewriter, loc, int32_t(type)),
                  emulation.getI32(rewriter, loc, k), a, b, c});
  rewriter.replaceOp(op, load(loc, op.getType(), c));
  return success();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LogicalResult OpEmulator::replaceCopy(nvgpu::DeviceAsyncCopyOp op) {
  Location loc = op.getLoc();
  int64_t bytes = emulation.getBytes(op.getDst().getType().getElementType());
  Value to =
      emulation.getAddress(rewriter, loc, op.getDst(), op.getDstIndices());
  Value from =
      emulation.getAddress(rewriter, loc, op.getSrc(), op.getSrcIndices());
  Value toBytes = emulation.getI64(rewriter, loc,
                                   op.getDstElements().getSExtValue() * bytes);
  Value fromBytes = toBytes;
  if (Value elements = op.getSrcElements())
    fromBytes = arith::MulIOp::create(rewriter, loc,
                                      emulation.toI64(rewriter, loc, elements),
                                      emulation.getI64(rewriter, loc, bytes));
  emulation.call(
      rewriter, loc, "mask_simt_copy", {},
      {emulation.getSite(rewriter, op), to, from, toBytes, fromBytes});
  rewriter.replaceOp(op, makeToken(loc));
  return success();
}

FailureOr<Value> OpEmulator::makeBuffer(Location loc, MemRefType type,
                                        int64_t alignment) {
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitError(loc) << "workgroup memory of type " << type
                          << " is not emulated: it has no static size";
  int64_t bytes =
      type.getNumElements() * emulation.getBytes(type.getElementType());
  buffers.push_back({bytes, alignment});
  Value address = emulation.call(
      rewriter, loc, "mask_simt_workgroup_buffer", emulation.getPointerType(),
      emulation.getI32(rewriter, loc, buffers.size() - 1));
  return emulation.makeMemRef(rewriter, loc, type, address);
}

LogicalResult OpEmulator::replaceAttributions(gpu::GPUFuncOp kernel) {
  for (BlockArgument argument : kernel.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(argument.getType());
    FailureOr<Value> buffer =
        makeBuffer(kernel.getLoc(), type, /*alignment=*/128);
    if (failed(buffer))
      return failure();
    rewriter.replaceAllUsesWith(argument, *buffer);
  }
  for (BlockArgument argument : kernel.getPrivateAttributions()) {
    auto type = dropMemorySpace(cast<MemRefType>(argument.getType()));
    Value memory = memref::AllocaOp::create(rewriter, kernel.getLoc(), type);
    argument.setType(type);
    rewriter.replaceAllUsesWith(argument, memory);
  }
  return success();
}

LogicalResult OpEmulator::replaceAllocation(Operation *op) {
  if (auto dealloc = dyn_cast<memref::DeallocOp>(op)) {
    if (isWorkgroupMemory(cast<BaseMemRefType>(dealloc.getMemref().getType())))
      rewriter.eraseOp(op);
    return success();
  }
  auto type = cast<MemRefType>(op->getResult(0).getType());
  if (!isWorkgroupMemory(type))
    return success();
  if (!isa<gpu::GPUFuncOp>(*function))
    return op->emitOpError() << "is not emulated: workgroup memory belongs to "
                                "a kernel";
  FailureOr<Value> buffer = makeBuffer(op->getLoc(), type, /*alignment=*/128);
  if (failed(buffer))
    return failure();
  rewriter.replaceOp(op, *buffer);
  return success();
}

LogicalResult OpEmulator::replaceDynamicMemory(gpu::DynamicSharedMemoryOp op) {
  Location loc = op.getLoc();
  Value address = emulation.call(rewriter, loc, "mask_simt_dynamic_memory",
                                 emulation.getPointerType(), {});
  Value bytes = emulation.call(rewriter, loc, "mask_simt_dynamic_bytes",
                               rewriter.getI64Type(), {});
  rewriter.replaceOp(
      op, emulation.makeDynamicVector(
              rewriter, loc, cast<MemRefType>(op.getType()), address, bytes));
  return success();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult
mlir::mask::emulateOps(EmulationBuilder &emulation,
                       FunctionOpInterface function,
                       SmallVectorImpl<WorkgroupBuffer> &buffers) {
  return OpEmulator(emulation, function, buffers).run();
}
