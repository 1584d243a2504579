//===- SerializeSPIRV.h - kernels as SPIR-V -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_SERIALIZESPIRV_H
#define MASK_PIPELINES_SERIALIZESPIRV_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::mask {

/// The SPIR-V of the kernels of `module`, as `mask-to-spirv` leaves it: one
/// `spirv.module`. Errors are emitted.
FailureOr<SmallVector<char>> serializeSPIRV(ModuleOp module);

} // namespace mlir::mask

#endif // MASK_PIPELINES_SERIALIZESPIRV_H
