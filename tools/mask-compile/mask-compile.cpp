//===- mask-compile.cpp - masked attention to files for GPUs -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/InitAll.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Support/OpsInDiagnostics.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::mask;
namespace cl = llvm::cl;

namespace {
enum class Artefact { PTX, Cubin, AMDGCN };
} // namespace

static cl::OptionCategory category("mask-compile options");

static cl::opt<std::string> input(cl::Positional, cl::desc("<model.mlir>"),
                                  cl::Required, cl::cat(category));
static cl::opt<Artefact> artefact(
    "emit", cl::desc("What to write"), cl::Required,
    cl::values(clEnumValN(Artefact::PTX, "ptx", "assembly of NVIDIA's GPUs"),
               clEnumValN(Artefact::Cubin, "cubin",
                          "their code, by ptxas from the path"),
               clEnumValN(Artefact::AMDGCN, "amdgcn",
                          "assembly of AMD's GPUs")),
    cl::cat(category));
static cl::opt<std::string>
    chip("chip", cl::desc("The target's name (sm_80, or gfx942 for amdgcn)"),
         cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string> tileOptions(
    "tiles",
    cl::desc("Sizes of tiles, as mask-to-nvvm and mask-to-rocdl take\n"
             "them: \"query-tile=64 threads=256\""),
    cl::value_desc("options"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output file"),
                                   cl::value_desc("file"), cl::init("-"),
                                   cl::cat(category));

static bool isNVIDIA() { return artefact != Artefact::AMDGCN; }

static StringRef getChip() {
  if (chip.getNumOccurrences())
    return chip;
  return isNVIDIA() ? "sm_80" : "gfx942";
}

/// LLVM itself takes an unknown name for its oldest target.
static LogicalResult checkChip(Location loc) {
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

/// The version of PTX that the chip needs.
static StringRef getFeatures() {
  unsigned number = 0;
  StringRef name = getChip();
  name.consume_front("sm_");
  (void)name.consumeInteger(10, number);
  if (number >= 120)
    return "+ptx87";
  return number >= 100 ? "+ptx86" : "+ptx80";
}

template <typename Options>
static LogicalResult readOptions(Location loc, Options &options) {
  std::string message;
  llvm::raw_string_ostream os(message);
  options.chip = getChip().str();
  if (succeeded(options.parseFromString(tileOptions, os)))
    return success();
  StringRef reason = message;
  reason.consume_front("<Pass-Options-Parser>: ");
  return emitError(loc) << "--tiles: " << reason.trim();
}

/// Fills the pass manager.
static LogicalResult buildPipeline(Location loc, PassManager &pm) {
  if (failed(applyPassManagerCLOptions(pm)))
    return failure();
  pm.addPass(createMaskSpecializeLayers());
  if (isNVIDIA()) {
    MaskToNVVMOptions options;
    options.features = getFeatures().str();
    if (failed(readOptions(loc, options)))
      return failure();
    buildMaskToNVVMPipeline(pm, options);
  } else {
    MaskToROCDLOptions options;
    if (failed(readOptions(loc, options)))
      return failure();
    buildMaskToROCDLPipeline(pm, options);
  }
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = artefact == Artefact::Cubin ? "bin" : "isa";
  pm.addPass(createGpuModuleToBinaryPass(binary));
  return success();
}

/// The code of the module's only binary.
static FailureOr<StringRef> getCode(ModuleOp module) {
  SmallVector<gpu::BinaryOp> binaries(module.getOps<gpu::BinaryOp>());
  if (binaries.empty())
    return module.emitError() << "has no attention, so no kernels";
  if (binaries.size() > 1)
    return binaries[1].emitOpError()
           << "is beside '" << binaries[0].getName()
           << "'; one module of kernels can be written";
  auto object = cast<gpu::ObjectAttr>(binaries[0].getObjects()[0]);
  return object.getObject().getValue();
}

static LogicalResult run(MLIRContext &context) {
  Location loc = NameLoc::get(StringAttr::get(&context, input.getValue()));
  if (llvm::Error error =
          checkOutputPaths({{"-o", output}}, {{"<model.mlir>", input}}))
    return emitError(loc) << llvm::toString(std::move(error));
  PassManager pm(&context);
  if (failed(checkChip(loc)) || failed(buildPipeline(loc, pm)))
    return failure();
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module || failed(pm.run(*module)))
    return failure();
  FailureOr<StringRef> code = getCode(*module);
  if (failed(code))
    return failure();
  llvm::Error error = writeFile(output, [&](raw_ostream &os) { os << *code; });
  return error ? emitError(loc) << llvm::toString(std::move(error)) : success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // Passes are named by options such as --mlir-print-ir-after.
  mlir::registerAllPasses();
  mlir::mask::registerAllPasses();
  registerPassManagerCLOptions();
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (!llvm::is_contained(option->Categories, &category) &&
        !name.starts_with("mlir-") && name != "help")
      option->setHiddenFlag(cl::ReallyHidden);
  cl::ParseCommandLineOptions(
      argc, argv, "mask-compile: masked attention to files for GPUs\n");
  leaveOpsOutOfDiagnostics();
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllGPUToLLVMIRTranslations(registry);
  mlir::mask::registerAllDialects(registry);
  MLIRContext context(registry);
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    printDiagnostic("mask-compile", diagnostic);
  });
  LogicalResult result = run(context);
  if (llvm::Error error = flushStandardOutput()) {
    llvm::errs() << "mask-compile: error: " << llvm::toString(std::move(error))
                 << "\n";
    result = failure();
  }
  return failed(result) ? 1 : 0;
}
