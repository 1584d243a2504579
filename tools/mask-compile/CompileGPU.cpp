//===- CompileGPU.cpp - masked attention to kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include "Mask/Pipelines/GPUBinary.h"
#include "Mask/Pipelines/MaskToGPU.h"

#include "mlir/Dialect/GPU/Transforms/Passes.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
class GPUCompiler : public Compiler {
public:
  GPUCompiler(Location loc, CompileOptions options)
      : loc(loc), options(std::move(options)) {}
  LogicalResult build(PassManager &pm, PassManager &rest) override;
  std::string getTarget() override;
  FailureOr<std::string> emit(ModuleOp module) override;

private:
  bool isNVIDIA() const { return options.artefact != Artefact::AMDGCN; }
  StringRef getChip();
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

template <typename Options>
LogicalResult GPUCompiler::readOptions(Options &pipeline) {
  pipeline.chip = getChip().str();
  return readTiles(loc, options.tiles, pipeline);
}

LogicalResult GPUCompiler::build(PassManager &pm, PassManager &) {
  llvm::Triple triple = isNVIDIA() ? getNVIDIATriple() : getAMDTriple();
  if (llvm::Error error = checkChip(triple, getChip()))
    return emitError(loc) << "--chip: " << llvm::toString(std::move(error));
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

FailureOr<std::string> GPUCompiler::emit(ModuleOp module) {
  FailureOr<StringRef> code = getKernelCode(module);
  return failed(code) ? FailureOr<std::string>(failure()) : code->str();
}

std::unique_ptr<Compiler>
mlir::mask::createGPUCompiler(Location loc, CompileOptions options) {
  return std::make_unique<GPUCompiler>(loc, std::move(options));
}
