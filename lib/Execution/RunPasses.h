//===- RunPasses.h - passes over code of our own -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EXECUTION_RUNPASSES_H
#define MASK_LIB_EXECUTION_RUNPASSES_H

#include "Mask/Execution/Jit.h"

#include "mlir/Pass/PassManager.h"

namespace mlir::mask {

/// Runs the passes that `build` adds to what this library made of verified IR,
/// as `options` configures them. Errors are emitted. Only what the last pass
/// leaves is verified: to do so after each takes a quarter of the time that an
/// emulated kernel takes to compile. What users wrote is verified after each
/// pass, since verifiers say what a pass finds wrong with it.
LogicalResult runPasses(ModuleOp module, const JitOptions &options,
                        llvm::function_ref<void(OpPassManager &)> build);

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_RUNPASSES_H
