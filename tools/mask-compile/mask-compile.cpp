//===- mask-compile.cpp - masked attention to machine code -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bundle.h"

#include "Mask/Execution/NativeCode.h"
#include "Mask/InitAll.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Support/FileCache.h"
#include "Mask/Support/OpsInDiagnostics.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

#include <array>

using namespace mlir;
using namespace mlir::mask;
namespace cl = llvm::cl;

static cl::OptionCategory category("mask-compile options");

static cl::opt<std::string> input(cl::Positional, cl::desc("<model.mlir>"),
                                  cl::Required, cl::cat(category));
static cl::opt<Artefact> artefact(
    "emit", cl::desc("What to write"), cl::Required,
    cl::values(clEnumValN(Artefact::Object, "object",
                          "code of a processor, to be linked"),
               clEnumValN(Artefact::Assembly, "asm", "its assembly"),
               clEnumValN(Artefact::LLVM, "llvm", "its LLVM IR, optimized"),
               clEnumValN(Artefact::PTX, "ptx", "assembly of NVIDIA's GPUs"),
               clEnumValN(Artefact::Cubin, "cubin",
                          "their code, by ptxas from the path"),
               clEnumValN(Artefact::CUDABundle, "cuda-bundle",
                          "a folder of kernels for NVIDIA's GPUs, a manifest\n"
                          "and a Python script that runs them"),
               clEnumValN(Artefact::AMDGCN, "amdgcn", "assembly of AMD's GPUs"),
               clEnumValN(Artefact::SPIRV, "spirv",
                          "binary shaders for Vulkan 1.3")),
    cl::cat(category));
static cl::opt<std::string>
    chip("chip",
         cl::desc("The target's name (sm_80, gfx942 for amdgcn, or native for\n"
                  "processors, where it can be any name LLVM knows)"),
         cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string> tileOptions(
    "tiles",
    cl::desc("Options of mask-to-cpu, mask-to-nvvm and its like:\n"
             "\"openmp query-tile=64\", \"query-tile=64 threads=256\""),
    cl::value_desc("options"), cl::cat(category));
static cl::opt<std::string>
    cacheDirectory("cache-dir",
                   cl::desc("Where what was written is kept, and taken from\n"
                            "if nothing has changed"),
                   cl::value_desc("directory"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output file, or folder"),
                                   cl::value_desc("file"), cl::init("-"),
                                   cl::cat(category));

static CompileOptions getOptions() {
  CompileOptions options{artefact, std::nullopt, tileOptions};
  if (chip.getNumOccurrences())
    options.chip = chip;
  return options;
}

static std::unique_ptr<Compiler> createCompiler(Location loc) {
  CompileOptions options = getOptions();
  switch (artefact) {
  case Artefact::Object:
  case Artefact::Assembly:
  case Artefact::LLVM:
    return createCPUCompiler(loc, options);
  case Artefact::PTX:
  case Artefact::Cubin:
  case Artefact::AMDGCN:
    return createGPUCompiler(loc, options);
  case Artefact::SPIRV:
    return createSPIRVCompiler(loc, options);
  case Artefact::CUDABundle:
    break; // is no file
  }
  llvm_unreachable("all files are made");
}

static OwningOpRef<ModuleOp> parse(std::unique_ptr<llvm::MemoryBuffer> file,
                                   MLIRContext &context) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}

/// Writes a folder, whole or not at all.
static LogicalResult writeBundle(MLIRContext &context, Location loc,
                                 PassManager &pm) {
  if (llvm::Error error = rejectOptions("--emit=cuda-bundle, which is no file",
                                        {&cacheDirectory}))
    return emitError(loc) << llvm::toString(std::move(error));
  if (output == "-")
    return emitError(loc)
           << "--emit=cuda-bundle is several files: give a folder with -o";
  BundleCompiler compiler(loc, getOptions());
  if (failed(compiler.build(pm)))
    return failure();
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(input, &message);
  if (!file)
    return emitError(loc) << message;
  OwningOpRef<ModuleOp> module = parse(std::move(file), context);
  if (!module || failed(pm.run(*module)))
    return failure();
  FailureOr<FileContents> files = compiler.emit(*module);
  if (failed(files))
    return failure();
  llvm::Error error = writeDirectory(output, *files, kManifest);
  return error ? emitError(loc) << llvm::toString(std::move(error)) : success();
}

static LogicalResult run(MLIRContext &context) {
  Location loc = NameLoc::get(StringAttr::get(&context, input.getValue()));
  if (llvm::Error error =
          checkOutputPaths({{"-o", output}}, {{"<model.mlir>", input}}))
    return emitError(loc) << llvm::toString(std::move(error));
  PassManager pm(&context), rest(&context);
  if (failed(applyPassManagerCLOptions(pm)) ||
      failed(applyPassManagerCLOptions(rest)))
    return failure();
  rest.enableVerifier(false);
  pm.addPass(createMaskSpecializeLayers());
  if (artefact == Artefact::CUDABundle)
    return writeBundle(context, loc, pm);
  std::unique_ptr<Compiler> compiler = createCompiler(loc);
  if (failed(compiler->build(pm, rest)))
    return failure();
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(input, &message);
  if (!file)
    return emitError(loc) << message;
  // Checks in compiled code name the file.
  std::string key =
      llvm::join(std::array<StringRef, 4>{compiler->getTarget(), tileOptions,
                                          input, file->getBuffer()},
                 "\n");
  FileCache cache(printsIR() ? StringRef() : StringRef(cacheDirectory));
  std::optional<std::string> code = cache.lookup(key);
  if (!code) {
    OwningOpRef<ModuleOp> module = parse(std::move(file), context);
    if (!module || failed(pm.run(*module)) || failed(rest.run(*module)) ||
        failed(verify(*module)))
      return failure();
    FailureOr<std::string> compiled = compiler->emit(*module);
    if (failed(compiled))
      return failure();
    code = std::move(*compiled);
    if (llvm::Error error = cache.store(key, *code))
      emitWarning(loc) << "--cache-dir: " << llvm::toString(std::move(error));
  }
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
  // Who says otherwise, says it later.
  skipLoopStrengthReduction();
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (!llvm::is_contained(option->Categories, &category) &&
        !name.starts_with("mlir-") && name != "help")
      option->setHiddenFlag(cl::ReallyHidden);
  cl::ParseCommandLineOptions(
      argc, argv, "mask-compile: masked attention to machine code\n");
  leaveOpsOutOfDiagnostics();
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllToLLVMIRTranslations(registry);
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
