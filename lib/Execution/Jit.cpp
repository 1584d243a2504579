//===- Jit.cpp - code for this machine -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/Jit.h"

#include "LoadObject.h"
#include "RunPasses.h"

#include "Mask/Execution/NativeCode.h"
#include "Mask/Pipelines/MaskToCPU.h"
#include "Mask/Support/FileCache.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
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

static CPUTarget chooseTarget(const llvm::TargetMachine &machine,
                              const JitOptions &options) {
  CPUTarget target = describeTarget(machine);
  target.cores = countCores();
  switch (options.bf16Products) {
  case BF16Products::Native:
    target.amx = target.amx && options.optimize && requestTileRegisters();
    break;
  case BF16Products::EmulatedPairs:
    target.bf16Dot = true;
    target.amx = false;
    break;
  case BF16Products::EmulatedTiles:
    // Who has AMX has AVX-512.
    target.vectorBits = 512;
    target.vectorRegisters = 32;
    target.bf16Dot = false;
    target.amx = true;
    break;
  }
  return target;
}

llvm::Expected<CPUTarget>
mlir::mask::describeProcessor(const JitOptions &options) {
  auto machine =
      createHostMachine(options.processor, llvm::CodeGenOptLevel::None);
  if (!machine)
    return machine.takeError();
  return chooseTarget(**machine, options);
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
  MaskToCPUOptions pipeline;
  pipeline.openmp = options.openmp;
  pipeline.queryTile = options.schedule.queryTile;
  pipeline.keyTile = options.schedule.keyTile;
  pipeline.heads = options.schedule.heads;
  pipeline.parts = options.schedule.parts;
  pipeline.lanes = options.schedule.lanes;
  pipeline.rows = options.schedule.rows;
  pipeline.decode = options.decode;
  pipeline.vectorBits = target.vectorBits;
  pipeline.vectorRegisters = target.vectorRegisters;
  pipeline.bf16Dot = target.bf16Dot;
  pipeline.amx = target.amx;
  pipeline.emulateBF16 = options.bf16Products != BF16Products::Native;
  pipeline.cores = options.openmp ? target.cores : 1;
  if (options.observer)
    pipeline.observer = declareObserver(module).str();
  // Loops are what pipelines for GPUs made.
  bool hasMasks = build == buildMaskToCPUPipeline;
  if (hasMasks && failed(runPasses(module, options, VerifyAfter::EachPass,
                                   [](OpPassManager &pm) {
                                     buildMaskToBuffersPipeline(pm);
                                   })))
    return failure();
  return runPasses(module, options, VerifyAfter::LastPass,
                   [&](OpPassManager &pm) {
                     if (hasMasks)
                       buildMaskToLoopsPipeline(pm, pipeline);
                     buildLoopsToLLVMPipeline(pm, pipeline);
                   });
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

static LogicalResult report(ModuleOp module, llvm::Error error) {
  return emitError(module.getLoc())
         << "cannot compile: " << llvm::toString(std::move(error));
}

/// What code depends on besides the build of this program.
static std::string getKey(ModuleOp module, const JitOptions &options,
                          const llvm::TargetMachine &machine) {
  std::string key;
  llvm::raw_string_ostream os(key);
  const CPUScheduleParts &s = options.schedule;
  os << machine.getTargetTriple().str() << ' ' << machine.getTargetCPU() << ' '
     << machine.getTargetFeatureString() << ' ' << countCores() << ' '
     << options.openmp << options.optimize << options.decode
     << (options.observer != nullptr) << static_cast<int>(options.bf16Products)
     << chooseTarget(machine, options).amx;
  llvm::interleave(
      ArrayRef{s.queryTile, s.keyTile, s.heads, s.parts, s.lanes, s.rows},
      os << ' ', "x");
  // Checks in compiled code say where they come from.
  module->print(os << '\n', OpPrintingFlags().enableDebugInfo());
  return key;
}

FailureOr<std::string> JitModule::makeObject(ModuleOp module, StringRef name,
                                             const JitOptions &options,
                                             llvm::TargetMachine &machine,
                                             Pipeline pipeline) {
  auto printModule = [&](llvm::raw_ostream &os) { module.print(os); };
  if (llvm::Error error = saveTemp(options, name + ".mlir", printModule))
    return report(module, std::move(error));
  if (failed(lower(module, options, chooseTarget(machine, options), pipeline)))
    return failure();
  if (llvm::Error error = saveTemp(options, name + ".llvm.mlir", printModule))
    return report(module, std::move(error));
  auto transform = [&](llvm::Module &code) -> llvm::Error {
    addPackedFunctions(code);
    if (options.optimize)
      optimize(code, machine);
    return saveTemp(options, name + ".ll",
                    [&](llvm::raw_ostream &os) { code.print(os, nullptr); });
  };
  return emitNativeCode(module, machine, NativeCode::Object, transform);
}

FailureOr<std::unique_ptr<JitModule>>
JitModule::compile(ModuleOp module, StringRef name, const JitOptions &options,
                   Pipeline pipeline) {
  auto level = options.optimize ? llvm::CodeGenOptLevel::Aggressive
                                : llvm::CodeGenOptLevel::None;
  auto machine = createHostMachine(options.processor, level);
  if (!machine)
    return report(module, machine.takeError());
  FileCache cache(options.cacheDirectory);
  std::string key;
  if (!options.cacheDirectory.empty())
    key = getKey(module, options, **machine);
  // Who wants the intermediate forms wants them made.
  std::optional<std::string> object;
  if (options.saveTemps.empty())
    object = cache.lookup(key);
  bool fromCache = object.has_value();
  if (!fromCache) {
    auto made = makeObject(module, name, options, **machine, pipeline);
    if (failed(made))
      return failure();
    object = std::move(*made);
    if (llvm::Error error = cache.store(key, *object))
      return report(module, std::move(error));
  }
  SmallVector<StringRef> libraries;
  for (StringRef library : {MASK_RUNNER_LIBRARY, MASK_OPENMP_LIBRARY})
    if (!library.empty())
      libraries.push_back(library);
  llvm::StringMap<void *> symbols = options.symbols;
  if (options.observer)
    symbols[kObserver] = reinterpret_cast<void *>(options.observer);
  auto code = loadObject(*object, libraries, symbols);
  if (!code)
    return report(module, code.takeError());
  return std::unique_ptr<JitModule>(new JitModule(std::move(*code), fromCache));
}

JitModule::JitModule(std::unique_ptr<llvm::orc::LLJIT> code, bool fromCache)
    : code(std::move(code)), fromCache(fromCache) {}

JitModule::~JitModule() = default;

llvm::Expected<JitModule::Function> JitModule::lookup(StringRef name) {
  auto address = code->lookup(getPackedName(name));
  if (!address)
    return address.takeError();
  return address->toPtr<Function>();
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
