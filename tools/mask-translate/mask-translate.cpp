//===- mask-translate.cpp - model configs to mask IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"
#include "Mask/Support/OutputFile.h"
#include "Mask/Target/HuggingFace/ConfigImport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::mask;
namespace cl = llvm::cl;

static cl::OptionCategory category("mask-translate options");

static cl::opt<std::string> input(cl::Positional, cl::desc("<config.json>"),
                                  cl::Required, cl::cat(category));
static cl::opt<bool>
    importHfConfig("import-hf-config",
                   cl::desc("Translate a Hugging Face config.json to mask IR"),
                   cl::cat(category));
static cl::opt<std::string> policyName(
    "policy",
    cl::desc("A known policy, or a system and its version: transformers@5.20,\n"
             "vllm@0.26, gemma@4.0.1, keras-hub@0.32 or llamacpp\n"
             "(the newest rule of Transformers if missing)"),
    cl::value_desc("name"), cl::cat(category));
static cl::list<std::string>
    without("without", cl::CommaSeparated,
            cl::desc("Optional facts that the model never gets, such as\n"
                     "key_valid,sequence_ids,positions"),
            cl::value_desc("facts"), cl::cat(category));
static cl::opt<bool> assumeCausal(
    "assume-causal",
    cl::desc("Import a model type that is not known as a causal decoder"),
    cl::cat(category));
static cl::opt<std::string> dataType(
    "dtype",
    cl::desc(
        "The element type of the data: f32, f16, bf16, or that of the config,\n"
        "which is an error if it names none (by default it is f32 then)"),
    cl::value_desc("f32|f16|bf16|config"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output file"),
                                   cl::value_desc("file"), cl::init("-"),
                                   cl::cat(category));

/// Diagnostics are about a file, whose path is the location.
static void printDiagnostic(Diagnostic &diagnostic) {
  auto print = [](Diagnostic &d) {
    bool isError = d.getSeverity() == DiagnosticSeverity::Error;
    llvm::errs() << "mask-translate: " << (isError ? "error: " : "note: ");
    if (auto name = dyn_cast<NameLoc>(d.getLocation()))
      llvm::errs() << name.getName().getValue() << ": ";
    llvm::errs() << d << "\n";
  };
  print(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    print(note);
}

/// Writes the whole module, or no file.
static LogicalResult write(Location loc, ModuleOp module) {
  OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  llvm::Error error =
      writeFile(output, [&](raw_ostream &os) { module.print(os, flags); });
  if (error)
    return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

static LogicalResult run(Location loc) {
  if (!importHfConfig)
    return emitError(loc) << "say what to do with it: --import-hf-config";
  if (llvm::Error error =
          checkOutputPaths({{"-o", output}}, {{"<config.json>", input}}))
    return emitError(loc) << llvm::toString(std::move(error));
  auto file = llvm::MemoryBuffer::getFileOrSTDIN(input, /*IsText=*/true);
  if (!file)
    return emitError(loc) << "cannot read: " << file.getError().message();
  FailureOr<ModelConfig> config =
      readModelConfig(loc, (*file)->getBuffer(), assumeCausal);
  if (failed(config))
    return failure();
  FailureOr<PolicyChoice> choice = choosePolicy(loc, *config, policyName);
  if (failed(choice))
    return failure();
  FailureOr<FloatType> elementType = chooseElementType(loc, *config, dataType);
  if (failed(elementType))
    return failure();
  SmallVector<std::string> absent(without.begin(), without.end());
  FailureOr<OwningOpRef<ModuleOp>> module =
      importConfig(loc, *config, *choice, *elementType, absent);
  if (failed(module) || failed(verify(**module)))
    return failure();
  return write(loc, **module);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "mask-translate: model configs to mask IR\n");
  MLIRContext context;
  context.printOpOnDiagnostic(false);
  context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                      math::MathDialect, tensor::TensorDialect>();
  ScopedDiagnosticHandler handler(&context, printDiagnostic);
  Location loc = NameLoc::get(StringAttr::get(&context, input.getValue()));
  return succeeded(run(loc)) ? 0 : 1;
}
