//===- EmulateKernel.h - kernels to what a fibre runs -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_EMULATEKERNEL_H
#define MASK_LIB_CONVERSION_GPU_EMULATEKERNEL_H

#include "EmulationBuilder.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::mask {

/// In front of every access: a check of its indices, and a call that notes it
/// where its memory is the workgroup's, or where it is a write. Fails on an op
/// that touches memory in another way.
LogicalResult checkAccesses(EmulationBuilder &emulation,
                            FunctionOpInterface function);

/// A buffer of workgroup memory.
struct WorkgroupBuffer {
  int64_t bytes, alignment;
};

/// Replaces what only GPUs have by calls. The attributions of a kernel and what
/// it allocates in workgroup memory go to `buffers`; other functions of a
/// `gpu.module` can have none.
LogicalResult emulateOps(EmulationBuilder &emulation,
                         FunctionOpInterface function,
                         SmallVectorImpl<WorkgroupBuffer> &buffers);

/// The same for a kernel in the NVVM dialect, whose buffers are variables. With
/// `checks` all accesses to memory are noted.
LogicalResult emulateNVVM(EmulationBuilder &emulation,
                          LLVM::LLVMFuncOp function, bool checks,
                          SmallVectorImpl<WorkgroupBuffer> &buffers);

/// Whether a type is that of pointers to workgroup memory.
bool isInWorkgroupMemory(Type type);

/// In front of an op that touches memory through pointers: calls that note what
/// it touches. Fails on an op that touches workgroup memory in another way.
LogicalResult notePointers(EmulationBuilder &emulation, RewriterBase &rewriter,
                           Operation *op);

/// Replaces a meeting of all threads of a warp; fails on one of some threads.
LogicalResult emulateSyncWarp(EmulationBuilder &emulation,
                              RewriterBase &rewriter, NVVM::SyncWarpOp sync);

/// Replaces a call of an approximate instruction by what it approximates. Fails
/// on another intrinsic of a GPU; leaves those of LLVM alone.
LogicalResult emulateIntrinsic(RewriterBase &rewriter,
                               LLVM::CallIntrinsicOp call);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_EMULATEKERNEL_H
