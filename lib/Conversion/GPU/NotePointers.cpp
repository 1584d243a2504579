//===- NotePointers.cpp - what a kernel of pointers touches -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What CheckAccesses.cpp is to memrefs, of kernels in the NVVM dialect.
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using simt::AccessKind;

bool mlir::mask::isInWorkgroupMemory(Type type) {
  auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
  return pointer &&
         pointer.getAddressSpace() == unsigned(NVVM::NVVMMemorySpace::Shared);
}

/// Ops that pass pointers on, and those whose calls note what they touch.
static bool touchesNoMemory(Operation *op) {
  return isa<LLVM::GEPOp, LLVM::BrOp, LLVM::CondBrOp, LLVM::SwitchOp,
             LLVM::SelectOp, LLVM::InsertValueOp, LLVM::ICmpOp,
             NVVM::LdMatrixOp, NVVM::CpAsyncOp>(op);
}

/// Whether a pointer is to a variable of the module, and to no array of a
/// launch.
static bool isOfVariable(Value pointer) {
  while (auto element = pointer.getDefiningOp<LLVM::GEPOp>())
    pointer = element.getBase();
  return pointer.getDefiningOp<LLVM::AddressOfOp>() != nullptr;
}

LogicalResult mlir::mask::notePointers(EmulationBuilder &emulation,
                                       RewriterBase &rewriter, Operation *op) {
  auto note = [&](Value address, Type type, AccessKind kind) {
    bool isWorkgroup = isInWorkgroupMemory(address.getType());
    if (!isWorkgroup && isOfVariable(address))
      return success();
    Location loc = op->getLoc();
    Value generic = UnrealizedConversionCastOp::create(
                        rewriter, loc, emulation.getPointerType(), address)
                        .getResult(0);
    emulation.call(rewriter, loc,
                   isWorkgroup ? "mask_simt_access" : "mask_simt_device_access",
                   {},
                   {emulation.getSite(rewriter, op), generic,
                    emulation.getI64(rewriter, loc, emulation.getBytes(type)),
                    emulation.getI32(rewriter, loc, int32_t(kind))});
    return success();
  };
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LLVM::LoadOp load) {
        return note(load.getAddr(), load.getType(), AccessKind::Read);
      })
      .Case([&](LLVM::StoreOp store) {
        return note(store.getAddr(), store.getValue().getType(),
                    AccessKind::Write);
      })
      .Case([&](LLVM::AtomicRMWOp atomic) {
        return note(atomic.getPtr(), atomic.getType(), AccessKind::Atomic);
      })
      .Case([&](LLVM::AtomicCmpXchgOp atomic) {
        return note(atomic.getPtr(), atomic.getVal().getType(),
                    AccessKind::Atomic);
      })
      .Default([&](Operation *) -> LogicalResult {
        // Anything else that touches memory would go unseen.
        if (touchesNoMemory(op) ||
            llvm::none_of(op->getOperandTypes(), isInWorkgroupMemory))
          return success();
        return op->emitOpError()
               << "is not emulated: it has a pointer to workgroup memory";
      });
}
