//===- RunPasses.cpp - passes over code of our own -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunPasses.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace mlir::mask;

LogicalResult
mlir::mask::runPasses(ModuleOp module, const JitOptions &options,
                      llvm::function_ref<void(OpPassManager &)> build) {
  PassManager pm(module.getContext());
  pm.enableVerifier(false);
  if (options.configure && failed(options.configure(pm)))
    return failure();
  build(pm);
  return failed(pm.run(module)) ? failure() : verify(module);
}
