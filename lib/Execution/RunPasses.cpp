//===- RunPasses.cpp - passes of compiled code -*- C++ -*-===//
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
                      VerifyAfter verifyAfter,
                      llvm::function_ref<void(OpPassManager &)> build) {
  bool afterEach = verifyAfter == VerifyAfter::EachPass;
  PassManager pm(module.getContext());
  pm.enableVerifier(afterEach);
  if (options.configure && failed(options.configure(pm)))
    return failure();
  build(pm);
  if (failed(pm.run(module)))
    return failure();
  return afterEach ? success() : verify(module);
}
