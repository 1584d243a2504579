//===- Jit.cpp - code for this machine -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/Jit.h"

#include "Mask/Execution/NativeCode.h"
#include "Mask/Pipelines/MaskToCPU.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::mask;

// Found when the project is configured.
#ifndef MASK_OPENMP_LIBRARY
#define MASK_OPENMP_LIBRARY ""
#endif
#ifndef MASK_RUNNER_LIBRARY
#define MASK_RUNNER_LIBRARY ""
#endif

StringRef mlir::mask::getOpenMPLibrary() { return MASK_OPENMP_LIBRARY; }

llvm::Error mlir::mask::setOpenMPThreads(int64_t threads) {
  std::string message;
  auto library = llvm::sys::DynamicLibrary::getPermanentLibrary(
      MASK_OPENMP_LIBRARY, &message);
  if (!library.isValid())
    return llvm::createStringError("cannot load " MASK_OPENMP_LIBRARY ": " +
                                   message);
  auto set = reinterpret_cast<void (*)(int)>(
      library.getAddressOfSymbol("omp_set_num_threads"));
  if (!set)
    return llvm::createStringError(MASK_OPENMP_LIBRARY
                                   " has no omp_set_num_threads");
  set(static_cast<int>(threads));
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

llvm::Error
mlir::mask::saveTemp(const JitOptions &options, const Twine &file,
                     llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (options.saveTemps.empty())
    return llvm::Error::success();
  if (std::error_code code =
          llvm::sys::fs::create_directories(options.saveTemps))
    return llvm::createStringError("cannot make directory '" +
                                   options.saveTemps + "': " + code.message());
  return writeFile((options.saveTemps + "/" + file).str(), print);
}

/// As `createTargetMachine`, for code that runs here.
static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createHostMachine(StringRef processor, llvm::CodeGenOptLevel level) {
  auto machine = createTargetMachine(processor, level);
  if (!machine)
    return machine.takeError();
  if (llvm::Error error = checkHost(**machine))
    return error;
  return machine;
}

llvm::Expected<CPUTarget> mlir::mask::describeProcessor(StringRef processor) {
  auto machine = createHostMachine(processor, llvm::CodeGenOptLevel::None);
  if (!machine)
    return machine.takeError();
  CPUTarget target = describeTarget(**machine);
  target.cores = countCores();
  return target;
}

static constexpr StringLiteral kObserver = "mask_observe_tile";

StringRef mlir::mask::declareObserver(ModuleOp module) {
  if (module.lookupSymbol(kObserver))
    return kObserver;
  auto builder = OpBuilder::atBlockBegin(module.getBody());
  SmallVector<Type> types(6, builder.getIndexType());
  types.push_back(builder.getI1Type());
  auto function = func::FuncOp::create(builder, module.getLoc(), kObserver,
                                       builder.getFunctionType(types, {}));
  function.setPrivate();
  return kObserver;
}

static LogicalResult
lower(ModuleOp module, const JitOptions &options, const CPUTarget &target,
      void (*build)(OpPassManager &, const MaskToCPUOptions &)) {
  PassManager pm(module.getContext());
  if (options.configure && failed(options.configure(pm)))
    return failure();
  MaskToCPUOptions pipeline;
  pipeline.openmp = options.openmp;
  pipeline.queryTile = options.schedule.queryTile;
  pipeline.keyTile = options.schedule.keyTile;
  pipeline.heads = options.schedule.heads;
  pipeline.parts = options.schedule.parts;
  pipeline.lanes = options.schedule.lanes;
  pipeline.rows = options.schedule.rows;
  pipeline.vectorBits = target.vectorBits;
  pipeline.vectorRegisters = target.vectorRegisters;
  pipeline.bf16Dot = target.bf16Dot;
  pipeline.cores = options.openmp ? target.cores : 1;
  if (options.observer)
    pipeline.observer = declareObserver(module).str();
  build(pm, pipeline);
  return pm.run(module);
}

FailureOr<std::unique_ptr<JitModule>>
JitModule::compile(ModuleOp module, StringRef name, const JitOptions &options) {
  return compile(module, name, options, buildMaskToCPUPipeline);
}

FailureOr<std::unique_ptr<JitModule>>
JitModule::compileLoops(ModuleOp module, StringRef name,
                        const JitOptions &options) {
  return compile(module, name, options, buildLoopsToLLVMPipeline);
}

FailureOr<std::unique_ptr<JitModule>>
JitModule::compile(ModuleOp module, StringRef name, const JitOptions &options,
                   Pipeline pipeline) {
  Location loc = module.getLoc();
  auto report = [&](llvm::Error error) -> LogicalResult {
    return emitError(loc) << "cannot compile: "
                          << llvm::toString(std::move(error));
  };
  auto printModule = [&](llvm::raw_ostream &os) { module.print(os); };
  if (llvm::Error error = saveTemp(options, name + ".mlir", printModule))
    return report(std::move(error));
  auto level = options.optimize ? llvm::CodeGenOptLevel::Aggressive
                                : llvm::CodeGenOptLevel::None;
  auto machine = createHostMachine(options.processor, level);
  if (!machine)
    return report(machine.takeError());
  CPUTarget processor = describeTarget(**machine);
  processor.cores = countCores();
  if (failed(lower(module, options, processor, pipeline)))
    return failure();
  if (llvm::Error error = saveTemp(options, name + ".llvm.mlir", printModule))
    return report(std::move(error));
  // The engine owns the machine, and calls this while it is made.
  llvm::TargetMachine *target = machine->get();
  auto transform = [&](llvm::Module *module) -> llvm::Error {
    if (options.optimize)
      optimize(*module, *target);
    return saveTemp(options, name + ".ll",
                    [&](llvm::raw_ostream &os) { module->print(os, nullptr); });
  };
  SmallVector<StringRef> libraries;
  for (StringRef library : {MASK_RUNNER_LIBRARY, MASK_OPENMP_LIBRARY})
    if (!library.empty())
      libraries.push_back(library);
  ExecutionEngineOptions engineOptions;
  engineOptions.transformer = transform;
  engineOptions.jitCodeGenOptLevel = level;
  engineOptions.sharedLibPaths = libraries;
  engineOptions.enableGDBNotificationListener = false;
  engineOptions.enablePerfNotificationListener = false;
  auto engine =
      ExecutionEngine::create(module, engineOptions, std::move(*machine));
  if (!engine)
    return report(engine.takeError());
  (*engine)->registerSymbols([&](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    auto add = [&](StringRef name, auto *function) {
      symbols[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                               llvm::JITSymbolFlags::Exported |
                                   llvm::JITSymbolFlags::Callable};
    };
    if (options.observer)
      add(kObserver, options.observer);
    for (const auto &symbol : options.symbols)
      add(symbol.getKey(), symbol.getValue());
    return symbols;
  });
  return std::unique_ptr<JitModule>(new JitModule(std::move(*engine)));
}

JitModule::JitModule(std::unique_ptr<ExecutionEngine> engine)
    : engine(std::move(engine)) {}

JitModule::~JitModule() = default;

llvm::Expected<JitModule::Function> JitModule::lookup(StringRef name) {
  return engine->lookupPacked(("_mlir_ciface_" + name).str());
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

MemRefDescriptor::MemRefDescriptor(const void *data, ArrayRef<int64_t> shape,
                                   ArrayRef<int64_t> strides) {
  int64_t address = reinterpret_cast<intptr_t>(data);
  words = {address, address, /*offset=*/0};
  llvm::append_range(words, shape);
  if (!strides.empty()) {
    llvm::append_range(words, strides);
    return;
  }
  words.resize(words.size() + shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0; stride *= shape[i])
    words[3 + shape.size() + i] = stride;
}
