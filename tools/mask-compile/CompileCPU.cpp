//===- CompileCPU.cpp - masked attention to code for processors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include "Mask/Execution/NativeCode.h"
#include "Mask/Pipelines/MaskToCPU.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/RequestCWrappers.h"
#include "mlir/Pass/Pass.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
class CPUCompiler : public Compiler {
public:
  CPUCompiler(Location loc, CompileOptions options)
      : loc(loc), options(std::move(options)) {}
  LogicalResult build(PassManager &pm, PassManager &rest) override;
  std::string getTarget() override;
  FailureOr<std::string> emit(ModuleOp module) override;

private:
  Location loc;
  CompileOptions options;
  std::unique_ptr<llvm::TargetMachine> machine;
};
} // namespace

LogicalResult CPUCompiler::build(PassManager &pm, PassManager &rest) {
  auto created = createTargetMachine(options.chip.value_or("native"),
                                     llvm::CodeGenOptLevel::Aggressive);
  if (!created)
    return emitError(loc) << "--chip: " << llvm::toString(created.takeError());
  machine = std::move(*created);
  MaskToCPUOptions pipeline;
  CPUTarget target = describeTarget(*machine);
  pipeline.vectorBits = target.vectorBits;
  pipeline.vectorRegisters = target.vectorRegisters;
  pipeline.bf16Dot = target.bf16Dot;
  // A body serves prompts and decode steps alike.
  pipeline.decode = true;
  if (failed(readTiles(loc, options.tiles, pipeline)))
    return failure();
  // Code for this machine is shared by all that it has.
  if (pipeline.openmp && !options.chip && !pipeline.cores.hasValue())
    pipeline.cores = countCores();
  // LLVM would abort.
  bool isMissing = pipeline.bf16Dot && !hasPairProducts(*machine),
       lacksTiles = pipeline.amx && !target.amx;
  if (!pipeline.emulateBF16 && (isMissing || lacksTiles))
    return emitError(loc) << "--tiles: " << (isMissing ? "bf16-dot" : "amx")
                          << ", but '" << machine->getTargetCPU()
                          << "' does not multiply "
                          << (isMissing ? "bf16 in pairs" : "tiles of bf16");
  // `_mlir_ciface_NAME` takes pointers to descriptors of memrefs.
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  buildMaskToBuffersPipeline(pm, pipeline.strided);
  buildMaskToLoopsPipeline(rest, pipeline);
  buildLoopsToLLVMPipeline(rest, pipeline);
  return success();
}

std::string CPUCompiler::getTarget() {
  return llvm::formatv(
      "{0} {1} {2} {3} {4}", static_cast<int>(options.artefact), countCores(),
      machine->getTargetTriple().str(), machine->getTargetCPU(),
      machine->getTargetFeatureString());
}

FailureOr<std::string> CPUCompiler::emit(ModuleOp module) {
  // Layers' functions are nobody else's, nor are their C interfaces.
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (function.isPrivate() && !function.isExternal())
      function.setLinkage(LLVM::Linkage::Internal);
  NativeCode kind = options.artefact == Artefact::Object ? NativeCode::Object
                    : options.artefact == Artefact::Assembly
                        ? NativeCode::Assembly
                        : NativeCode::LLVM;
  return emitNativeCode(module, *machine, kind);
}

std::unique_ptr<Compiler>
mlir::mask::createCPUCompiler(Location loc, CompileOptions options) {
  return std::make_unique<CPUCompiler>(loc, std::move(options));
}
