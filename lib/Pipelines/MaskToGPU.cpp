//===- MaskToGPU.cpp - from masks to GPU kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/MaskToGPU.h"

#include "Mask/Conversion/Passes.h"
#include "Mask/Pipelines/MaskToCPU.h"
#include "PipelineStages.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/GPUToROCDL/GPUToROCDLPass.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRVPass.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRVPass.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::mask;

/// Indices that fit into 32 bits, as the sizes of workgroups and loops prove,
/// are computed in 32: a GPU adds 64 in two instructions. Emulated kernels gain
/// nothing from it, so it is not a part of `mask-to-gpu`.
static void addNarrowing(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>().nest<gpu::GPUFuncOp>();
  kernels.addPass(arith::createIntRangeOptimizationsPass());
  arith::ArithIntRangeNarrowingOptions narrow;
  narrow.bitwidthsSupported = {32};
  kernels.addPass(arith::createArithIntRangeNarrowing(narrow));
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

/// Masks to kernels, for a chip of NVIDIA's if it is given; else their
/// workgroups have at most `workgroupMemory` bytes where the options say
/// nothing, and 0 leaves that to the emitter.
template <typename Options>
static void addKernelStages(OpPassManager &pm, const Options &options,
                            StringRef chip = StringRef(),
                            int64_t workgroupMemory = 0) {
  buildMaskToBuffersPipeline(pm);
  MaskScheduleGPUOptions schedule;
  schedule.emitter = options.emitter;
  schedule.queryTile = options.queryTile;
  schedule.keyTile = options.keyTile;
  schedule.heads = options.heads;
  schedule.parts = options.parts;
  schedule.warpRows = options.warpRows;
  schedule.threads = options.threads;
  schedule.depth = options.depth;
  schedule.valueColumns = options.valueColumns;
  schedule.workgroupMemory =
      options.workgroupMemory ? options.workgroupMemory : workgroupMemory;
  schedule.chip = chip.str();
  pm.addNestedPass<func::FuncOp>(createMaskScheduleGPU(schedule));
  ConvertMaskToGPUOptions tiles;
  tiles.chip = schedule.chip;
  tiles.workgroupMemory = schedule.workgroupMemory;
  tiles.observer = options.observer;
  pm.addNestedPass<func::FuncOp>(createConvertMaskToGPU(tiles));
  addTileStages(pm, {/*indexBits=*/32, /*mergeEdges=*/false});
  pm.addNestedPass<func::FuncOp>(createMaskLowerGathers());
  // What can be computed in a kernel from less is no argument of it.
  pm.addPass(createGpuLaunchSinkIndexComputationsPass());
  pm.addPass(createGpuKernelOutliningPass());
  // Shaders are launched by the record alone.
  MaskRecordLaunchesOptions record;
  record.explain = std::is_same_v<Options, MaskToSPIRVOptions>;
  pm.addPass(createMaskRecordLaunches(record));
}

/// Kernels to what all targets of LLVM understand.
static void addKernelLLVMStages(OpPassManager &kernels, bool isNVVM) {
  kernels.addPass(createMaskLowerKernelMath({isNVVM}));
  kernels.addPass(createConvertVectorToSCFPass());
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
}

static void addCleanup(OpPassManager &kernels) {
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::mask::buildMaskToGPUPipeline(OpPassManager &pm,
                                        const MaskToGPUOptions &options) {
  addKernelStages(pm, options);
}

/// The version of PTX that the chip needs, as a feature of LLVM's target.
static StringRef getPTXFeature(StringRef chip) {
  unsigned number = 0;
  chip.consume_front("sm_");
  (void)chip.consumeInteger(10, number);
  if (number >= 120)
    return "+ptx87";
  return number >= 100 ? "+ptx86" : "+ptx80";
}

void mlir::mask::buildMaskToNVVMPipeline(OpPassManager &pm,
                                         const MaskToNVVMOptions &options) {
  addKernelStages(pm, options, options.chip);
  addNarrowing(pm);
  GpuNVVMAttachTargetOptions target;
  target.chip = options.chip;
  target.features = options.features.empty() ? getPTXFeature(options.chip).str()
                                             : options.features.getValue();
  target.optLevel = 3;
  pm.addPass(createGpuNVVMAttachTarget(target));
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  addKernelLLVMStages(kernels, /*isNVVM=*/true);
  kernels.addPass(createMaskPrepareNVVM());
  kernels.addPass(createConvertNVGPUToNVVMPass());
  kernels.addPass(createConvertNVVMToLLVMPass());
  kernels.addPass(createConvertGpuOpsToNVVMOps());
  addCleanup(kernels);
}

void mlir::mask::buildMaskToROCDLPipeline(OpPassManager &pm,
                                          const MaskToROCDLOptions &options) {
  addKernelStages(pm, options);
  addNarrowing(pm);
  GpuROCDLAttachTargetOptions target;
  target.chip = options.chip;
  target.optLevel = 3;
  pm.addPass(createGpuROCDLAttachTarget(target));
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  addKernelLLVMStages(kernels, /*isNVVM=*/false);
  ConvertGpuOpsToROCDLOpsOptions convert;
  convert.chipset = options.chip;
  convert.runtime = gpu::amd::Runtime::HIP;
  kernels.addPass(createConvertGpuOpsToROCDLOps(convert));
  addCleanup(kernels);
}

void mlir::mask::buildMaskToSPIRVPipeline(OpPassManager &pm,
                                          const MaskToSPIRVOptions &options) {
  // What Mesa's software driver has, and every GPU of today.
  constexpr int64_t kWorkgroupMemory = 32 * 1024;
  addKernelStages(pm, options, /*chip=*/StringRef(), kWorkgroupMemory);
  addNarrowing(pm);
  auto addKernelPass = [&](std::unique_ptr<Pass> pass) {
    pm.nest<gpu::GPUModuleOp>().addPass(std::move(pass));
  };
  MaskLowerKernelMathOptions math;
  math.spirv = true;
  addKernelPass(createMaskLowerKernelMath(math));
  addKernelPass(createConvertVectorToSCFPass());
  addKernelPass(createLowerAffinePass());
  // Ceilings of quotients, and bf16, which Vulkan does not know.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  addKernelPass(arith::createArithExpandOpsPass(expand));
  // Products of parameters are exact, in 128 bits.
  arith::ArithEmulateWideIntOptions wide;
  wide.widestIntSupported = 64;
  addKernelPass(arith::createArithEmulateWideInt(wide));
  pm.addPass(createMaskPrepareSPIRV());
  addKernelPass(createCanonicalizerPass());
  addKernelPass(createCSEPass());
  addKernelPass(createLoopInvariantCodeMotionPass());
  addKernelPass(createConvertMathToSPIRVPass());
  std::unique_ptr<Pass> convert = createConvertGPUToSPIRVPass();
  // Bounds are of 64 bits, and are compared with numbers beyond all keys.
  (void)convert->initializeOptions("use-64bit-index=true",
                                   [](const Twine &) { return failure(); });
  pm.addPass(std::move(convert));
  OpPassManager &shaders = pm.nest<spirv::ModuleOp>();
  shaders.addPass(spirv::createSPIRVLowerABIAttributesPass());
  shaders.addPass(spirv::createSPIRVUpdateVCEPass());
}

void mlir::mask::registerMaskToGPUPipelines() {
  PassPipelineRegistration<MaskToGPUOptions>(
      "mask-to-gpu", "lower masked attention on tensors to GPU kernels",
      buildMaskToGPUPipeline);
  PassPipelineRegistration<MaskToNVVMOptions>(
      "mask-to-nvvm",
      "lower masked attention on tensors to GPU kernels in the NVVM dialect",
      buildMaskToNVVMPipeline);
  PassPipelineRegistration<MaskToROCDLOptions>(
      "mask-to-rocdl",
      "lower masked attention on tensors to GPU kernels in the ROCDL dialect",
      buildMaskToROCDLPipeline);
  PassPipelineRegistration<MaskToSPIRVOptions>(
      "mask-to-spirv",
      "lower masked attention on tensors to SPIR-V kernels for Vulkan",
      buildMaskToSPIRVPipeline);
}
