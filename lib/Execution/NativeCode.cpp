//===- NativeCode.cpp - machine code of masked attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/NativeCode.h"

#include "DefineTruncation.h"
#include "KeepBlends.h"

#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/Threading.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Vectorize/LoopVectorize.h"

using namespace mlir;
using namespace mlir::mask;

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
mlir::mask::createTargetMachine(StringRef processor,
                                llvm::CodeGenOptLevel level) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  if (processor != "native") {
    // LLVM itself takes an unknown name for its oldest processor.
    builder->setCPU("").setFeatures("");
    auto generic = builder->createTargetMachine();
    if (!generic)
      return generic.takeError();
    if (processor.empty() ||
        !(*generic)->getMCSubtargetInfo()->isCPUStringValid(processor))
      return llvm::createStringError(
          "LLVM knows no '" + processor + "' of " +
          (*generic)->getTargetTriple().getArchName());
    // LLVM aborts where a processor of 32 bits is to run code of 64.
    llvm::Triple triple = (*generic)->getTargetTriple();
    std::unique_ptr<llvm::MCSubtargetInfo> features(
        (*generic)->getTarget().createMCSubtargetInfo(triple, processor, ""));
    if (triple.isX86_64() && !features->checkFeatures("+64bit"))
      return llvm::createStringError("'" + processor +
                                     "' does not run code of 64 bits");
    builder->setCPU(processor.str());
  }
  builder->setCodeGenOptLevel(level);
  builder->setRelocationModel(llvm::Reloc::PIC_);
  return builder->createTargetMachine();
}

llvm::Error mlir::mask::checkHost(const llvm::TargetMachine &machine) {
  // Names that the host does not report are about speed, not instructions.
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  SmallVector<StringRef> missing;
  for (const llvm::SubtargetFeatureKV &feature :
       machine.getMCSubtargetInfo()->getEnabledProcessorFeatures()) {
    auto known = host.find(feature.Key);
    if (known != host.end() && !known->second)
      missing.push_back(known->getKey());
  }
  if (missing.empty())
    return llvm::Error::success();
  return llvm::createStringError("this processor lacks " +
                                 llvm::join(missing, ", ") + ", which '" +
                                 machine.getTargetCPU() + "' has");
}

static bool has(const llvm::TargetMachine &machine,
                const llvm::MCSubtargetInfo &subtarget, const char *features) {
  return machine.getTargetTriple().isX86() && subtarget.checkFeatures(features);
}

/// Whether masked stores are, on some processor with these instructions, slower
/// than to read, blend and write: those of AVX, not those of AVX-512.
static bool hasSlowMaskedStores(const llvm::TargetMachine &machine) {
  const llvm::MCSubtargetInfo &features = *machine.getMCSubtargetInfo();
  return has(machine, features, "+avx") && !has(machine, features, "+avx512vl");
}

bool mlir::mask::hasPairProducts(const llvm::TargetMachine &machine) {
  return has(machine, *machine.getMCSubtargetInfo(), "+avx512bf16,+avx512vl");
}

/// Whether processors of this name have AMX, be it that this one may not use
/// it. They begin a product of pairs in every second cycle, and two
/// multiply-adds of f32 in each: a product of pairs takes twice as long as if
/// it were done in f32.
static bool isOfKindWithAMX(const llvm::TargetMachine &machine) {
  std::unique_ptr<llvm::MCSubtargetInfo> kind(
      machine.getTarget().createMCSubtargetInfo(
          machine.getTargetTriple(), machine.getTargetCPU(), /*Features=*/""));
  return kind && has(machine, *kind, "+amx-bf16");
}

CPUTarget mlir::mask::describeTarget(const llvm::TargetMachine &machine) {
  llvm::LLVMContext context;
  llvm::Module module("target", context);
  module.setDataLayout(machine.createDataLayout());
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, "any", module);
  auto target = machine.getTargetTransformInfo(*function);
  int64_t bits =
      target
          .getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector)
          .getFixedValue();
  int64_t registers = target.getNumberOfRegisters(
      target.getRegisterClassForType(/*Vector=*/true));
  const llvm::MCSubtargetInfo &features = *machine.getMCSubtargetInfo();
  // Of many processors LLVM prefers registers of 256 bits, since their clock
  // slows down where a few instructions of other code are wider.
  if (has(machine, features, "+avx512f"))
    bits = 512;
  // LLVM aborts if it has to multiply tiles for a processor that only has them.
  bool amx = has(machine, features, "+amx-tile,+amx-bf16");
  return {bits, registers,
          hasPairProducts(machine) && !isOfKindWithAMX(machine), amx};
}

int64_t mlir::mask::countCores() {
  return llvm::hardware_concurrency().compute_thread_count();
}

void mlir::mask::skipLoopStrengthReduction() {
  llvm::cl::Option *flag =
      llvm::cl::getRegisteredOptions().lookup("disable-lsr");
  if (flag)
    static_cast<llvm::cl::opt<bool> *>(flag)->setValue(true);
}

// The loops that count are register tiles, which are unrolled and in registers
// already. What is left is to join addresses, to move out of loops what does
// not change in them, and to have loops count as loop strength reduction
// expects (where that runs, a step of decoding takes a quarter longer on AVX2
// without it); loops over facts become vectors, but not in functions of layers.
// These take descriptors word by word, of which they do not use all.
static constexpr StringLiteral kPasses =
    "globaldce,deadargelim,function("
    "early-cse,simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop-mssa(loop-rotate,licm),loop(indvars),vectorize-scalar-code,"
    "instcombine<no-verify-fixpoint>,simplifycfg,keep-blends)";

namespace {
/// Vectorizes loops of functions that compute nothing in vectors. What else is
/// in a function that does is short beside that, but not its code: a loop over
/// the rows of a tile becomes three.
struct VectorizeScalarCode : llvm::PassInfoMixin<VectorizeScalarCode> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &manager) {
    bool hasVectors =
        llvm::any_of(llvm::instructions(function), [](llvm::Instruction &i) {
          return i.getType()->isVectorTy();
        });
    if (hasVectors)
      return llvm::PreservedAnalyses::all();
    return llvm::LoopVectorizePass().run(function, manager);
  }
};
} // namespace

void mlir::mask::optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  builder.registerPipelineParsingCallback(
      [&](StringRef name, llvm::FunctionPassManager &passes,
          ArrayRef<llvm::PassBuilder::PipelineElement>) {
        if (name == "vectorize-scalar-code")
          passes.addPass(VectorizeScalarCode());
        else if (name == "keep-blends" && hasSlowMaskedStores(machine))
          passes.addPass(KeepBlends());
        else
          return name == "keep-blends";
        return true;
      });
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager calls;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(calls);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, calls, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, kPasses));
  passes.run(module, modules);
  if (machine.getTargetTriple().isX86() && !hasPairProducts(machine))
    defineBF16Truncation(module);
}

FailureOr<std::string> mlir::mask::emitNativeCode(
    ModuleOp module, llvm::TargetMachine &machine, NativeCode kind,
    llvm::function_ref<llvm::Error(llvm::Module &)> transform) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context);
  if (!code)
    return module.emitError() << "cannot be translated to LLVM IR";
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  if (!transform)
    optimize(*code, machine);
  else if (llvm::Error error = transform(*code))
    return module.emitError() << llvm::toString(std::move(error));
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  if (kind == NativeCode::LLVM) {
    code->print(os, nullptr);
    return text.str().str();
  }
  llvm::legacy::PassManager passes;
  auto type = kind == NativeCode::Object ? llvm::CodeGenFileType::ObjectFile
                                         : llvm::CodeGenFileType::AssemblyFile;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return module.emitError()
           << "cannot be written for " << machine.getTargetTriple().str();
  passes.run(*code);
  return text.str().str();
}
