//===- RunPasses.h - passes of compiled code -*- C++ -*-===//
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

/// After which passes the IR is verified.
enum class VerifyAfter {
  /// For what users wrote: verifiers say what a pass finds wrong with it.
  EachPass,
  /// For what this library made of verified IR. To verify loops and vectors
  /// after each pass takes a quarter of the time that all passes take.
  LastPass
};

/// Runs the passes that `build` adds, as `options` configures them. Errors are
/// emitted.
LogicalResult runPasses(ModuleOp module, const JitOptions &options,
                        VerifyAfter verifyAfter,
                        llvm::function_ref<void(OpPassManager &)> build);

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_RUNPASSES_H
