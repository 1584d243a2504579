//===- LowerKernels.cpp - attention as code of a device -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerKernels.h"

#include "RunPasses.h"

#include "Mask/Device/Device.h"
#include "Mask/Execution/RecordedFunctions.h"
#include "Mask/Pipelines/GPUBinary.h"
#include "Mask/Pipelines/MaskToGPU.h"
#include "Mask/Pipelines/SerializeSPIRV.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::mask;

/// Attention to kernels, in place, with what `pipeline` says beside.
template <typename Pipeline>
static LogicalResult run(ModuleOp module, const JitOptions &options,
                         Pipeline &pipeline,
                         void (*build)(OpPassManager &, const Pipeline &)) {
  pipeline.emitter = options.emitter;
  if (options.schedule.queryTile)
    pipeline.queryTile = options.schedule.queryTile;
  if (options.schedule.keyTile)
    pipeline.keyTile = options.schedule.keyTile;
  if (options.observer)
    pipeline.observer = declareObserver(module).str();
  return runPasses(module, options, VerifyAfter::EachPass,
                   [&](OpPassManager &pm) { build(pm, pipeline); });
}

LogicalResult mlir::mask::lowerToKernels(ModuleOp module,
                                         const JitOptions &options) {
  if (options.stage == KernelStage::NVVM) {
    MaskToNVVMOptions pipeline;
    return run(module, options, pipeline, buildMaskToNVVMPipeline);
  }
  MaskToGPUOptions pipeline;
  return run(module, options, pipeline, buildMaskToGPUPipeline);
}

/// Kernels that are emulated, whose module stays as it is.
static LogicalResult lowerToMLIR(ModuleOp module, const JitOptions &options,
                                 std::string &code) {
  if (failed(lowerToKernels(module, options)))
    return failure();
  OwningOpRef<ModuleOp> kernels = ModuleOp::create(module.getLoc());
  for (auto each : module.getOps<gpu::GPUModuleOp>())
    kernels->push_back(each.clone());
  // Whoever makes a mistake is told where.
  llvm::raw_string_ostream os(code);
  kernels->print(os, OpPrintingFlags().enableDebugInfo());
  return success();
}

static LogicalResult lowerToPTX(ModuleOp module, const JitOptions &options,
                                const DeviceTarget &target, std::string &code) {
  MaskToNVVMOptions pipeline;
  pipeline.chip = getNVIDIAChip(target.major, target.minor);
  if (failed(run(module, options, pipeline, buildMaskToNVVMPipeline)))
    return failure();
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = "isa";
  if (failed(runPasses(module, options, VerifyAfter::EachPass,
                       [&](OpPassManager &pm) {
                         pm.addPass(createGpuModuleToBinaryPass(binary));
                       })))
    return failure();
  FailureOr<StringRef> found = getKernelCode(module);
  if (failed(found))
    return failure();
  code = found->str();
  return success();
}

static LogicalResult lowerToSPIRV(ModuleOp module, const JitOptions &options,
                                  std::string &code) {
  MaskToSPIRVOptions pipeline;
  if (failed(run(module, options, pipeline, buildMaskToSPIRVPipeline)))
    return failure();
  auto words = serializeSPIRV(module);
  if (failed(words))
    return failure();
  code.assign(words->begin(), words->end());
  return success();
}

FailureOr<KernelCode> mlir::mask::lowerForDevice(ModuleOp module,
                                                 const JitOptions &options) {
  KernelCode kernels;
  DeviceTarget target = options.device->getTarget();
  LogicalResult lowered = success();
  switch (target.code) {
  case DeviceTarget::Code::MLIR:
    kernels.dialect = "gpu", kernels.suffix = "kernels.mlir";
    lowered = lowerToMLIR(module, options, kernels.code);
    break;
  case DeviceTarget::Code::PTX:
    kernels.dialect = "nvvm", kernels.suffix = "ptx";
    lowered = lowerToPTX(module, options, target, kernels.code);
    break;
  case DeviceTarget::Code::SPIRV:
    kernels.dialect = "spirv", kernels.suffix = "spv";
    lowered = lowerToSPIRV(module, options, kernels.code);
    break;
  }
  if (failed(lowered) || failed(requireLaunchRecords(module)))
    return failure();
  return kernels;
}
