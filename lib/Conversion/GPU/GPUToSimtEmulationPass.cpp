//===- GPUToSimtEmulationPass.cpp - the pass convert-gpu-to-simt-emulation -*-
// C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateLaunch.h"

#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_CONVERTGPUTOSIMTEMULATION
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// A function that is declared only is one of the process, which the host may
/// call, too.
static bool isDeclaration(Operation *op) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return function && function.isExternal();
}

static bool isKernel(FunctionOpInterface function) {
  return function->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()) ||
         function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
}

static LogicalResult emulate(EmulationBuilder &emulation,
                             FunctionOpInterface function, bool checks,
                             SmallVectorImpl<WorkgroupBuffer> &buffers) {
  if (auto lowered = dyn_cast<LLVM::LLVMFuncOp>(*function))
    return emulateNVVM(emulation, lowered, checks, buffers);
  if (checks && failed(checkAccesses(emulation, function)))
    return failure();
  return emulateOps(emulation, function, buffers);
}

/// Takes apart, by upstream's patterns, what is made of other ops: reductions
/// over a warp, global ids.
static void expandCompositeOps(gpu::GPUModuleOp kernels) {
  bool any = false;
  kernels.walk([&](Operation *op) {
    any |= isa<gpu::GlobalIdOp, gpu::SubgroupReduceOp>(op);
  });
  if (!any)
    return;
  RewritePatternSet patterns(kernels.getContext());
  populateGpuGlobalIdPatterns(patterns);
  // Not those of `gpu.all_reduce`: several threads write one word, if the same
  // value.
  populateGpuBreakDownSubgroupReducePatterns(patterns);
  populateGpuLowerSubgroupReduceToShufflePatterns(patterns,
                                                  /*subgroupSize=*/32);
  populateGpuLowerClusteredSubgroupReduceToShufflePatterns(patterns,
                                                           /*subgroupSize=*/32);
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  (void)applyPatternsGreedily(kernels, std::move(patterns), config);
}

/// Makes functions of one `gpu.module`.
static LogicalResult emulateModule(ModuleOp module, gpu::GPUModuleOp kernels,
                                   const LaunchTypes &launches, bool checks) {
  EmulationBuilder emulation(module);
  expandCompositeOps(kernels);
  using Buffers = SmallVector<WorkgroupBuffer>;
  SmallVector<std::pair<FunctionOpInterface, Buffers>> functions;
  for (auto function : kernels.getOps<FunctionOpInterface>()) {
    if (isDeclaration(function))
      continue;
    Buffers buffers;
    if (failed(emulate(emulation, function, checks, buffers)))
      return failure();
    if (isKernel(function) || isa<gpu::GPUFuncOp>(*function))
      functions.emplace_back(function, std::move(buffers));
    else if (!buffers.empty())
      return function->emitOpError()
             << "is not emulated: workgroup memory belongs to a kernel";
  }
  // They are buffers now.
  for (auto variable :
       llvm::make_early_inc_range(kernels.getOps<LLVM::GlobalOp>()))
    if (variable.getAddrSpace() == unsigned(NVVM::NVVMMemorySpace::Shared))
      variable.erase();
  // What kernels share goes along, under a name of its own.
  SymbolTable symbols(kernels);
  for (auto symbol : kernels.getOps<SymbolOpInterface>()) {
    auto function = dyn_cast<FunctionOpInterface>(*symbol);
    if ((function && (isKernel(function) || isa<gpu::GPUFuncOp>(*function))) ||
        isDeclaration(symbol))
      continue;
    if (failed(symbols.rename(
            symbol, getEmulatedName(kernels.getName(), symbol.getName()))))
      return symbol.emitError() << "cannot be renamed";
  }
  EmulatedLaunches functionsOfKernels(emulation, kernels, launches, checks);
  for (auto &[kernel, buffers] : functions) {
    if (!isKernel(kernel))
      return kernel->emitOpError() << "is not emulated: it is no kernel";
    if (failed(functionsOfKernels.convert(kernel, buffers)))
      return failure();
  }
  SymbolTable outside(kernels->getParentOp());
  for (Operation &op : llvm::make_early_inc_range(kernels.getOps())) {
    if (isDeclaration(&op) && outside.lookup(SymbolTable::getSymbolName(&op)))
      op.erase();
    else
      op.moveBefore(kernels);
  }
  kernels.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Hosts
//===----------------------------------------------------------------------===//

/// What the host asks of a GPU; everything is done when it is asked for.
static LogicalResult convertHost(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  SmallVector<Operation *> ops;
  module.walk([&](gpu::LaunchFuncOp op) { ops.push_back(op); });
  for (Operation *op : ops) {
    auto launch = cast<gpu::LaunchFuncOp>(op);
    Location loc = launch.getLoc();
    if (launch.getAsyncToken() || !launch.getAsyncDependencies().empty() ||
        launch.getAsyncObject() || launch.hasClusterSize())
      return launch.emitOpError()
             << "is not emulated with tokens, streams or clusters";
    rewriter.setInsertionPoint(launch);
    gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
    gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
    Value bytes = launch.getDynamicSharedMemorySize();
    if (!bytes)
      bytes = arith::ConstantIntOp::create(rewriter, loc, 0, 32);
    SmallVector<Value> operands;
    for (Value size :
         {grid.x, grid.y, grid.z, block.x, block.y, block.z, bytes}) {
      if (!size.getType().isIndex())
        size = arith::IndexCastOp::create(rewriter, loc,
                                          rewriter.getIndexType(), size);
      operands.push_back(size);
    }
    llvm::append_range(operands, launch.getKernelOperands());
    std::string name = getEmulatedName(launch.getKernelModuleName().getValue(),
                                       launch.getKernelName().getValue());
    func::CallOp::create(rewriter, loc, name, TypeRange(), operands);
    rewriter.eraseOp(launch);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

static LaunchTypes getLaunchTypes(ModuleOp module) {
  LaunchTypes types;
  module.walk([&](gpu::LaunchFuncOp op) {
    types[getEmulatedName(op.getKernelModuleName(), op.getKernelName())] =
        llvm::to_vector(op.getKernelOperands().getTypes());
  });
  return types;
}

/// All memory is the CPU's, and there are no tokens.
static void replaceTypes(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
    return dropMemorySpace(type);
  });
  replacer.addReplacement(
      [](LLVM::LLVMPointerType type) -> std::optional<Type> {
        return LLVM::LLVMPointerType::get(type.getContext());
      });
  replacer.addReplacement(
      [](nvgpu::DeviceAsyncTokenType type) -> std::optional<Type> {
        return IntegerType::get(type.getContext(), 32);
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

namespace {

struct ConvertGPUToSimtEmulation
    : mask::impl::ConvertGPUToSimtEmulationBase<ConvertGPUToSimtEmulation> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    LaunchTypes launches = getLaunchTypes(module);
    if (failed(convertHost(module)))
      return signalPassFailure();
    SmallVector<gpu::GPUModuleOp> kernels(module.getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp gpuModule : kernels)
      if (failed(emulateModule(module, gpuModule, launches, checkAccesses)))
        return signalPassFailure();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
    replaceTypes(module);
  }
};

} // namespace
