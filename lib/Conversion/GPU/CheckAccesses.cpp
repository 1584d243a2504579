//===- CheckAccesses.cpp - what kernels do to memory -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using simt::AccessKind;

namespace {

/// Elements in a row of the last dimension that an op reads or writes.
struct MemoryAccess {
  Value memref;
  ValueRange indices;
  AccessKind kind;
  int64_t extent;
  /// How many of the elements are used, if that is less; may be null.
  Value used;
  /// The runtime notes the access where it does it.
  bool noted;

  MemoryAccess(Value memref, ValueRange indices, AccessKind kind,
               int64_t extent = 1, Value used = {}, bool noted = false)
      : memref(memref), indices(indices), kind(kind), extent(extent),
        used(used), noted(noted) {}
};

} // namespace

/// Elements of a vector, or -1 if it is none that lies in one row.
static int64_t getExtent(VectorType type) {
  return type.getRank() == 1 && !type.isScalable() ? type.getDimSize(0) : -1;
}

/// What `op` touches; nothing for an op of another kind.
static SmallVector<MemoryAccess> getAccesses(Operation *op) {
  using Accesses = SmallVector<MemoryAccess>;
  return TypeSwitch<Operation *, Accesses>(op)
      .Case([](memref::LoadOp load) -> Accesses {
        return {{load.getMemRef(), load.getIndices(), AccessKind::Read}};
      })
      .Case([](memref::StoreOp store) -> Accesses {
        return {{store.getMemRef(), store.getIndices(), AccessKind::Write}};
      })
      .Case([](memref::AtomicRMWOp atomic) -> Accesses {
        return {{atomic.getMemref(), atomic.getIndices(), AccessKind::Atomic}};
      })
      .Case([](vector::LoadOp load) -> Accesses {
        return {{load.getBase(), load.getIndices(), AccessKind::Read,
                 getExtent(load.getVectorType())}};
      })
      .Case([](vector::StoreOp store) -> Accesses {
        return {{store.getBase(), store.getIndices(), AccessKind::Write,
                 getExtent(store.getVectorType())}};
      })
      .Case([](nvgpu::LdMatrixOp load) -> Accesses {
        // A row of 8 elements of 16 bits.
        return {{load.getSrcMemref(), load.getIndices(), AccessKind::Read, 8,
                 /*used=*/{}, /*noted=*/true}};
      })
      .Case([](nvgpu::DeviceAsyncCopyOp copy) -> Accesses {
        int64_t elements = copy.getDstElements().getSExtValue();
        return {{copy.getDst(), copy.getDstIndices(), AccessKind::Write,
                 elements, /*used=*/{}, /*noted=*/true},
                {copy.getSrc(), copy.getSrcIndices(), AccessKind::Read,
                 elements, copy.getSrcElements(), /*noted=*/true}};
      })
      .Default([](Operation *) -> Accesses { return {}; });
}

/// Has the runtime check the indices. A call per dimension, since branches
/// would multiply the blocks that are compiled.
static void checkBounds(EmulationBuilder &emulation, OpBuilder &builder,
                        Operation *op, const MemoryAccess &access) {
  Location loc = op->getLoc();
  auto type = cast<MemRefType>(access.memref.getType());
  Value site, used;
  auto getUsed = [&](int64_t extent) {
    if (!access.used)
      return emulation.getI64(builder, loc, extent);
    if (!used)
      used = emulation.toI64(builder, loc, access.used);
    if (extent != 1)
      return used;
    // What reads nothing may point anywhere.
    return arith::MinSIOp::create(builder, loc, used,
                                  emulation.getI64(builder, loc, 1))
        .getResult();
  };
  for (auto [dim, index] : llvm::enumerate(access.indices)) {
    bool isLast = dim + 1 == access.indices.size();
    int64_t extent = isLast ? access.extent : 1;
    std::optional<int64_t> constant = getConstantIntValue(index);
    if (constant && !type.isDynamicDim(dim) && *constant >= 0 &&
        *constant + extent <= type.getDimSize(dim))
      continue;
    Value size =
        builder.createOrFold<memref::DimOp>(loc, access.memref, int64_t(dim));
    if (!site)
      site = emulation.getSite(builder, op);
    emulation.call(builder, loc, "mask_simt_check_bounds", {},
                   {site, emulation.getI32(builder, loc, dim),
                    emulation.toI64(builder, loc, index), getUsed(extent),
                    emulation.toI64(builder, loc, size)});
  }
}

/// Tells the runtime of an access to workgroup memory, and of a write to any
/// other.
static void noteAccess(EmulationBuilder &emulation, OpBuilder &builder,
                       Operation *op, const MemoryAccess &access) {
  auto type = cast<MemRefType>(access.memref.getType());
  bool isWorkgroup = isWorkgroupMemory(type);
  if (access.noted || (!isWorkgroup && access.kind == AccessKind::Read))
    return;
  Location loc = op->getLoc();
  int64_t bytes = access.extent * emulation.getBytes(type.getElementType());
  SmallVector<Value> operands = {
      emulation.getSite(builder, op),
      emulation.getAddress(builder, loc, access.memref, access.indices),
      emulation.getI64(builder, loc, bytes)};
  if (isWorkgroup)
    operands.push_back(emulation.getI32(builder, loc, int32_t(access.kind)));
  emulation.call(builder, loc,
                 isWorkgroup ? "mask_simt_access" : "mask_simt_device_write",
                 {}, operands);
}

LogicalResult mlir::mask::checkAccesses(EmulationBuilder &emulation,
                                        FunctionOpInterface function) {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  OpBuilder builder(function.getContext());
  for (Operation *op : ops) {
    builder.setInsertionPoint(op);
    SmallVector<MemoryAccess> accesses = getAccesses(op);
    for (const MemoryAccess &access : accesses) {
      if (access.extent < 0)
        return op->emitOpError()
               << "is not emulated: its vector does not lie in one row";
      checkBounds(emulation, builder, op, access);
      noteAccess(emulation, builder, op, access);
    }
    // Anything else that touches memory would go unseen.
    auto effects = dyn_cast<MemoryEffectOpInterface>(op);
    if (!accesses.empty() || !effects)
      continue;
    for (Value operand : op->getOperands())
      if (isa<BaseMemRefType>(operand.getType()) &&
          (effects.getEffectOnValue<MemoryEffects::Read>(operand) ||
           effects.getEffectOnValue<MemoryEffects::Write>(operand)))
        return op->emitOpError() << "is not emulated; lower it to loads and "
                                    "stores of elements or vectors";
  }
  return success();
}
