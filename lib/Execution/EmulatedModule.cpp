//===- EmulatedModule.cpp - GPU kernels compiled to be emulated -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/EmulatedModule.h"

#include "RunPasses.h"

#include "Mask/Conversion/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::mask;

/// Kernels to functions, and to ops that the CPU's pipeline lowers.
static LogicalResult emulateKernels(ModuleOp module, const JitOptions &options,
                                    bool checkAccesses) {
  return runPasses(module, options, VerifyAfter::LastPass,
                   [&](OpPassManager &pm) {
                     pm.addPass(createGpuKernelOutliningPass());
                     OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
                     kernels.addPass(createConvertVectorToSCFPass());
                     kernels.addPass(createLowerAffinePass());
                     ConvertGPUToSimtEmulationOptions emulation;
                     emulation.checkAccesses = checkAccesses;
                     pm.addPass(createConvertGPUToSimtEmulation(emulation));
                     // Each check and each address has constants of its own: a
                     // half of all ops.
                     pm.addPass(createCSEPass());
                     // Not every processor has instructions for it, nor every C
                     // library calls.
                     arith::ArithExpandOpsPassOptions expand;
                     expand.includeBf16 = true;
                     pm.addPass(arith::createArithExpandOpsPass(expand));
                   });
}

FailureOr<std::unique_ptr<EmulatedModule>>
EmulatedModule::compile(ModuleOp module, StringRef name,
                        const JitOptions &options, bool checkAccesses) {
  if (failed(emulateKernels(module, options, checkAccesses)))
    return failure();
  JitOptions withRuntime = options;
  // A kernel runs a few times: to optimize it takes longer than it saves.
  withRuntime.optimize = false;
  for (const auto &symbol : getEmulationSymbols())
    withRuntime.symbols[symbol.getKey()] = symbol.getValue();
  auto compiled = JitModule::compileLoops(module, name, withRuntime);
  if (failed(compiled))
    return failure();
  return std::unique_ptr<EmulatedModule>(
      new EmulatedModule(std::move(*compiled)));
}

llvm::Error EmulatedModule::launch(const KernelLaunch &launch,
                                   const EmulationOptions &options) {
  // What the launching function takes: grid, block, bytes, arguments.
  SmallVector<int64_t> sizes(launch.grid.begin(), launch.grid.end());
  llvm::append_range(sizes, launch.block);
  sizes.push_back(launch.dynamicBytes);
  SmallVector<void *> arguments;
  for (int64_t &size : sizes)
    arguments.push_back(&size);
  llvm::append_range(arguments, launch.arguments);
  return call(launch.kernel, arguments, options);
}

llvm::Error EmulatedModule::call(StringRef function, ArrayRef<void *> arguments,
                                 const EmulationOptions &options) {
  auto compiled = module->lookup(function);
  if (!compiled)
    return compiled.takeError();
  EmulationSession session(options);
  (*compiled)(const_cast<void **>(arguments.data()));
  return session.takeError();
}
