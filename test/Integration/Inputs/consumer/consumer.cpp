//===- consumer.cpp - a program that uses mask-mlir -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads a module, simplifies its masks, prints it, and lowers it to the LLVM
// dialect.
//
//===----------------------------------------------------------------------===//

#include "Mask/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

/// Runs the passes that `build` adds on `module` and prints it.
static LogicalResult
runAndPrint(ModuleOp module, llvm::function_ref<void(OpPassManager &)> build) {
  PassManager pm(module.getContext());
  build(pm);
  if (failed(pm.run(module)))
    return failure();
  module.print(llvm::outs());
  return success();
}

int main(int argc, char **argv) {
  if (argc != 2) {
    llvm::errs() << "usage: consumer FILE\n";
    return 1;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  mask::registerAllDialects(registry);
  MLIRContext context(registry);

  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  LogicalResult simplified = runAndPrint(*module, [](OpPassManager &pm) {
    pm.addPass(mask::createMaskSimplify());
  });
  if (failed(simplified))
    return 1;
  LogicalResult lowered = runAndPrint(*module, [](OpPassManager &pm) {
    mask::buildMaskToCPUPipeline(pm, mask::MaskToCPUOptions());
  });
  return failed(lowered) ? 1 : 0;
}
