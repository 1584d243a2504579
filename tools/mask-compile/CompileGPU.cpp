//===- CompileGPU.cpp - masked attention to kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include "Mask/Pipelines/MaskToGPU.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
class GPUCompiler : public Compiler {
public:
  GPUCompiler(Location loc, CompileOptions options)
      : loc(loc), options(std::move(options)) {}
  LogicalResult build(PassManager &pm) override;
  std::string getTarget() override;
  FailureOr<std::string> emit(ModuleOp module) override;

private:
  bool isNVIDIA() const { return options.artefact != Artefact::AMDGCN; }
  StringRef getChip();
  LogicalResult checkChip();
  template <typename Options>
  LogicalResult readOptions(Options &pipeline);

  Location loc;
  CompileOptions options;
};
} // namespace

StringRef GPUCompiler::getChip() {
  if (options.chip)
    return *options.chip;
  return isNVIDIA() ? "sm_80" : "gfx942";
}

/// LLVM itself takes an unknown name for its oldest target.
LogicalResult GPUCompiler::checkChip() {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeAMDGPUTargetInfo();
  LLVMInitializeAMDGPUTargetMC();
  llvm::Triple triple(isNVIDIA() ? "nvptx64-nvidia-cuda" : "amdgcn-amd-amdhsa");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return emitError(loc) << message;
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (info && !getChip().empty() && info->isCPUStringValid(getChip()))
    return success();
  return emitError(loc) << "--chip: LLVM knows no '" << getChip() << "' of "
                        << triple.getArchName();
}

template <typename Options>
LogicalResult GPUCompiler::readOptions(Options &pipeline) {
  pipeline.chip = getChip().str();
  return readTiles(loc, options.tiles, pipeline);
}

LogicalResult GPUCompiler::build(PassManager &pm) {
  if (failed(checkChip()))
    return failure();
  if (isNVIDIA()) {
    MaskToNVVMOptions pipeline;
    if (failed(readOptions(pipeline)))
      return failure();
    buildMaskToNVVMPipeline(pm, pipeline);
  } else {
    MaskToROCDLOptions pipeline;
    if (failed(readOptions(pipeline)))
      return failure();
    buildMaskToROCDLPipeline(pm, pipeline);
  }
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget =
      options.artefact == Artefact::Cubin ? "bin" : "isa";
  pm.addPass(createGpuModuleToBinaryPass(binary));
  return success();
}

std::string GPUCompiler::getTarget() {
  return llvm::formatv("{0} {1}", static_cast<int>(options.artefact),
                       getChip());
}

/// The code of the module's only binary.
FailureOr<std::string> GPUCompiler::emit(ModuleOp module) {
  SmallVector<gpu::BinaryOp> binaries(module.getOps<gpu::BinaryOp>());
  if (binaries.empty())
    return module.emitError() << "has no attention, so no kernels";
  if (binaries.size() > 1)
    return binaries[1].emitOpError()
           << "is beside '" << binaries[0].getName()
           << "'; one module of kernels can be written";
  auto object = cast<gpu::ObjectAttr>(binaries[0].getObjects()[0]);
  return object.getObject().str();
}

std::unique_ptr<Compiler>
mlir::mask::createGPUCompiler(Location loc, CompileOptions options) {
  return std::make_unique<GPUCompiler>(loc, std::move(options));
}
