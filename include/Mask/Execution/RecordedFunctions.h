//===- RecordedFunctions.h - functions with launch records -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_RECORDEDFUNCTIONS_H
#define MASK_EXECUTION_RECORDEDFUNCTIONS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::mask {

/// Fails where a function launches kernels and has no record of it, with the
/// reason. Errors are emitted.
LogicalResult requireLaunchRecords(ModuleOp module);

/// The functions that steps of launch records of `module` call
/// (`#mask.host_call`), with all that they use, in a module of their own; null
/// if no step is the host's.
OwningOpRef<ModuleOp> extractHostFunctions(ModuleOp module);

} // namespace mlir::mask

#endif // MASK_EXECUTION_RECORDEDFUNCTIONS_H
