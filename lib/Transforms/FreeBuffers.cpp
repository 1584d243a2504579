//===- FreeBuffers.cpp - deallocation of temporary buffers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/CallInterfaces.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKFREEBUFFERS
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Whether a use hands the buffer to code after the end of `block`.
static bool escapes(OpOperand &use, Block *block) {
  Operation *user = use.getOwner();
  if (user == block->getTerminator())
    return true;
  // A callee may return its argument.
  return isa<CallOpInterface>(user) &&
         llvm::any_of(user->getResultTypes(), llvm::IsaPred<MemRefType>);
}

/// Whether nothing reads or writes the buffer once its block ends, and nobody
/// frees it yet.
static bool isTemporary(memref::AllocOp alloc,
                        const BufferViewFlowAnalysis &aliases) {
  Block *block = alloc->getBlock();
  for (Value alias : aliases.resolve(alloc.getResult())) {
    if (!block->findAncestorOpInBlock(*alias.getParentBlock()->getParentOp()) &&
        alias.getParentBlock() != block)
      return false;
    for (OpOperand &use : alias.getUses())
      if (isa<memref::DeallocOp>(use.getOwner()) || escapes(use, block))
        return false;
  }
  return true;
}

namespace {
struct FreeBuffersPass
    : public mask::impl::MaskFreeBuffersBase<FreeBuffersPass> {
  void runOnOperation() override {
    BufferViewFlowAnalysis aliases(getOperation());
    SmallVector<memref::AllocOp> temporaries;
    getOperation()->walk([&](memref::AllocOp alloc) {
      if (isTemporary(alloc, aliases))
        temporaries.push_back(alloc);
    });
    for (memref::AllocOp alloc : temporaries) {
      OpBuilder builder(alloc->getBlock()->getTerminator());
      memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
    }
  }
};
} // namespace
