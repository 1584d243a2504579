//===- Options.cpp - the command line of mask-run -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "Mask/IR/Range.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Request/PolicyLibrary.h"
#include "Mask/Support/FileCache.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/WithColor.h"

#include <cmath>
#include <thread>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::options;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static cl::OptionCategory maskCategory("Mask and request",
                                       "A policy, known or from a file, and "
                                       "the facts of a request.");
static cl::OptionCategory dataCategory("Operands and results");
static cl::OptionCategory actionCategory("Testing and timing");
static cl::OptionCategory targetCategory("Running");
static cl::OptionCategory *const kCategories[] = {
    &maskCategory, &dataCategory, &actionCategory, &targetCategory};

/// LLVM's libraries bring options of their own, some under the names that this
/// tool needs. Has to come before the options below.
[[maybe_unused]] static const bool namesAreFree = [] {
  for (StringRef name : {"threads"})
    if (cl::Option *taken = cl::getRegisteredOptions().lookup(name))
      taken->removeArgument();
  return true;
}();

namespace mlir::mask::options {
#define MASK_STRING_OPTION(variable, category, name, help, value)              \
  cl::opt<std::string> variable(name, cl::desc(help), cl::value_desc(value),   \
                                cl::cat(category))
#define MASK_INTEGER_OPTION(variable, category, name, help, initial)           \
  cl::opt<int64_t> variable(name, cl::desc(help), cl::value_desc("count"),     \
                            cl::init(initial), cl::cat(category))

cl::opt<std::string> model(cl::Positional, cl::desc("[model.mlir]"),
                           cl::cat(maskCategory));
MASK_STRING_OPTION(policyName, maskCategory, "policy",
                   "A known policy, or the one to take from the file", "name");
MASK_STRING_OPTION(layerType, maskCategory, "layer-type",
                   "The layer type; not needed where there is one only",
                   "type");
MASK_STRING_OPTION(factsPath, maskCategory, "facts",
                   "A request, or a whole case, as a JSON file", "file");
MASK_STRING_OPTION(packing, maskCategory, "packing",
                   "Rule for packed rows: 5.12, 5.23 or 5.24", "rule");

MASK_STRING_OPTION(queryPath, dataCategory, "query", "[B, H, Sq, D]", "q.npy");
MASK_STRING_OPTION(keyPath, dataCategory, "key", "[B, G, Skv, D]", "k.npy");
MASK_STRING_OPTION(valuePath, dataCategory, "value", "[B, G, Skv, Dv]",
                   "v.npy");
MASK_STRING_OPTION(pagesPath, dataCategory, "key-pages",
                   "[B, pages], where key j of a batch row is row j mod P of\n"
                   "page pages[b, j / P]; key and value are pools of pages,\n"
                   "[pages, G, P, D] and [pages, G, P, Dv]",
                   "pages.npy");
MASK_STRING_OPTION(sinksPath, dataCategory, "sinks",
                   "[H], for a file whose attention has sinks\n"
                   "that are no constant",
                   "sinks.npy");
MASK_STRING_OPTION(output, dataCategory, "o",
                   "Where to write the output, [B, H, Sq, Dv]", "out.npy");
MASK_STRING_OPTION(lsePath, dataCategory, "lse",
                   "Where to write the log-sum-exp, [B, H, Sq]", "lse.npy");
cl::opt<float> scale("scale",
                     cl::desc("That of the file's attention if missing, or\n"
                              "else 1 / sqrt(D)"),
                     cl::cat(dataCategory));
cl::opt<DataType> dataType(
    "dtype",
    cl::desc("The element type; without it the files tell f32\n"
             "from f16, and --bench takes the model's. f64 is computed in f64, "
             "the others in f32"),
    cl::values(clEnumValN(DataType::F32, "f32", "f32"),
               clEnumValN(DataType::F16, "f16", "f16"),
               clEnumValN(DataType::BF16, "bf16",
                          "bf16, in files as uint16 bit patterns"),
               clEnumValN(DataType::F64, "f64", "f64 (--bench and --cases)")),
    cl::cat(dataCategory));

cl::opt<bool> check("check",
                    cl::desc("Compare with the interpreter in float64"),
                    cl::cat(actionCategory));
cl::opt<double>
    tolerance("tolerance",
              cl::desc("The absolute error that --check accepts, for\n"
                       "values around 1 (2e-6)"),
              cl::init(2e-6), cl::cat(actionCategory));
MASK_STRING_OPTION(casesDir, actionCategory, "cases",
                   "Recover the masks of all cases below a directory\n"
                   "and compare them with the files",
                   "dir");
cl::opt<bool> bench("bench",
                    cl::desc("Time random data, print one JSON object"),
                    cl::cat(actionCategory));
MASK_INTEGER_OPTION(heads, actionCategory, "heads", "Query heads (--bench)", 0);
MASK_INTEGER_OPTION(keyHeads, actionCategory, "kv-heads", "Key heads (--bench)",
                    0);
MASK_INTEGER_OPTION(headDim, actionCategory, "head-dim",
                    "Head dimension (--bench)", 0);
MASK_INTEGER_OPTION(
    pageSize, actionCategory, "page-size",
    "Keys of a page, where they lie in shuffled pages (--bench)", 0);
MASK_INTEGER_OPTION(repeat, actionCategory, "repeat", "Timed calls (--bench)",
                    5);

cl::opt<Target> target(
    "target", cl::desc("What runs the attention"), cl::init(Target::CPU),
    cl::values(clEnumValN(Target::CPU, "cpu", "compiled loops (default)"),
               clEnumValN(Target::Interpreter, "interpreter",
                          "the specification, in float64"),
               clEnumValN(Target::SIMTEmulation, "simt-emulation",
                          "GPU kernels, whose threads run here"),
               clEnumValN(Target::Vulkan, "vulkan",
                          "GPU kernels, on a device with a Vulkan driver"),
               clEnumValN(Target::CUDA, "cuda",
                          "GPU kernels, on a device of NVIDIA's")),
    cl::cat(targetCategory));
MASK_INTEGER_OPTION(threads, targetCategory, "threads", "Threads at most (all)",
                    0);
cl::opt<bool>
    isStatic("static",
             cl::desc("Compile for the given sizes, offsets and parameters\n"
                      "alone, as constants (files, --cases)"),
             cl::cat(targetCategory));
MASK_STRING_OPTION(saveTemps, targetCategory, "save-temps",
                   "Keep the intermediate forms of the code", "dir");

cl::opt<std::string> chip("chip",
                          cl::desc("Processor that code of the CPU is made "
                                   "for (native)"),
                          cl::value_desc("name"), cl::init("native"),
                          cl::cat(targetCategory));
MASK_STRING_OPTION(cacheDirectory, targetCategory, "cache-dir",
                   "Where code of the CPU is kept, and taken from if nothing\n"
                   "has changed",
                   "directory");
cl::opt<BF16Products> emulateBF16(
    "emulate-bf16",
    cl::desc("Make code for a processor that multiplies bf16 so, whose\n"
             "products are computed in f32 (--dtype=bf16)"),
    cl::init(BF16Products::Native),
    cl::values(clEnumValN(BF16Products::EmulatedPairs, "pairs",
                          "in pairs, as by AVX-512 BF16"),
               clEnumValN(BF16Products::EmulatedTiles, "amx",
                          "in tiles, as by AMX")),
    cl::cat(targetCategory));
cl::opt<bool> optimize("optimize",
                       cl::desc("Let LLVM optimize code of the CPU (true);\n"
                                "without it that is made in half the time"),
                       cl::init(true), cl::cat(targetCategory));
cl::opt<GPUEmitter> emitter(
    "emitter", cl::desc("What GPU kernels are made of"),
    cl::init(GPUEmitter::Portable),
    cl::values(clEnumValN(GPUEmitter::Portable, "portable",
                          "scalar arithmetic in f32 (default)"),
               clEnumValN(GPUEmitter::TensorCore, "tensor-core",
                          "matrix instructions on f16 or bf16"),
               clEnumValN(GPUEmitter::Auto, "auto",
                          "tensor cores where they can, else portable")),
    cl::cat(targetCategory));
cl::opt<KernelStage>
    stage("stage",
          cl::desc("How far kernels are lowered before they are emulated"),
          cl::init(KernelStage::GPU),
          cl::values(clEnumValN(KernelStage::GPU, "gpu",
                                "to dialects that all GPUs share (default)"),
                     clEnumValN(KernelStage::NVVM, "nvvm",
                                "to the NVVM dialect, as for NVIDIA's")),
          cl::cat(targetCategory));
cl::opt<WarpOrder> warpOrder(
    "warp-order", cl::desc("Which threads of an emulated workgroup are ahead"),
    cl::init(WarpOrder::Forward),
    cl::values(
        clEnumValN(WarpOrder::Forward, "forward", "all in turns (default)"),
        clEnumValN(WarpOrder::Reversed, "reversed", "the same, the last first"),
        clEnumValN(WarpOrder::Random, "random", "any, by --seed"),
        clEnumValN(WarpOrder::Skewed, "skewed",
                   "one warp, as far as barriers let it")),
    cl::cat(targetCategory));
cl::opt<CopyTime> copyTime(
    "copy-time", cl::desc("When emulated asynchronous copies are made"),
    cl::init(CopyTime::Late),
    cl::values(clEnumValN(CopyTime::Late, "late",
                          "when they are waited for (default)"),
               clEnumValN(CopyTime::Early, "early", "at once"),
               clEnumValN(CopyTime::Random, "random", "either, by --seed")),
    cl::cat(targetCategory));
MASK_INTEGER_OPTION(seed, targetCategory, "seed",
                    "For random orders and copy times", 0);
cl::opt<bool>
    byRecord("by-record",
             cl::desc("Launch emulated kernels by the record of their\n"
                      "launches, as on a device, instead of by code"),
             cl::cat(targetCategory));
} // namespace mlir::mask::options

/// LLVM's libraries bring hundreds of options; of those --help shows MLIR's.
void mlir::mask::hideForeignOptions() {
  for (auto &[name, option] : cl::getRegisteredOptions()) {
    bool isOwn = llvm::any_of(option->Categories, [](cl::OptionCategory *own) {
      return llvm::is_contained(kCategories, own);
    });
    if (!isOwn && !name.starts_with("mlir-") && name != "help")
      option->setHiddenFlag(cl::ReallyHidden);
  }
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

LogicalResult mlir::mask::fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "mask-run") << message << "\n";
  return failure();
}

static int failureCode = 1;

int mlir::mask::getFailureCode() { return failureCode; }

LogicalResult mlir::mask::fail(llvm::Error error) {
  if (error.isA<DeviceMissing>())
    failureCode = 77;
  return fail(llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// What goes together
//===----------------------------------------------------------------------===//

bool mlir::mask::runsKernels() {
  return target == Target::SIMTEmulation || target == Target::Vulkan ||
         target == Target::CUDA;
}

static LogicalResult requireOption(const cl::Option &option) {
  if (option.getNumOccurrences())
    return success();
  StringRef dashes = option.ArgStr.size() == 1 ? "-" : "--";
  return fail("needs " + dashes + option.ArgStr);
}

static LogicalResult reject(StringRef what,
                            std::initializer_list<const cl::Option *> options) {
  llvm::Error error = rejectOptions(what, options);
  return error ? fail(std::move(error)) : success();
}

/// Options that this emulation would not look at.
static LogicalResult checkEmulation() {
  if (emitter == GPUEmitter::Portable &&
      failed(reject("portable kernels, which copy nothing asynchronously",
                    {&copyTime})))
    return failure();
  if (stage == KernelStage::NVVM &&
      failed(reject("--stage=nvvm: records are of kernels before it",
                    {&byRecord})))
    return failure();
  if (warpOrder == WarpOrder::Random || copyTime == CopyTime::Random)
    return success();
  return reject("an emulation in which nothing is random", {&seed});
}

static LogicalResult checkTarget() {
  auto name = [](Target target) -> StringRef {
    switch (target) {
    case Target::CPU:
      return "cpu";
    case Target::Interpreter:
      return "interpreter";
    case Target::SIMTEmulation:
      return "simt-emulation";
    case Target::Vulkan:
      return "vulkan";
    case Target::CUDA:
      return "cuda";
    }
    llvm_unreachable("every target has a name");
  };
  if (runsKernels() && failed(reject("kernels of GPUs, which read no pages",
                                     {&pagesPath, &pageSize})))
    return failure();
  if (target == Target::SIMTEmulation)
    return checkEmulation();
  std::string device = "--target=" + name(target).str();
  if (target == Target::Vulkan || target == Target::CUDA) {
    device += ", whose kernels run on a device";
    if (target == Target::Vulkan && failed(reject(device, {&emitter})))
      return failure();
    return reject(device,
                  {&stage, &warpOrder, &copyTime, &seed, &byRecord, &threads});
  }
  if (failed(
          reject(device + "; it is for simt-emulation",
                 {&emitter, &stage, &warpOrder, &copyTime, &seed, &byRecord})))
    return failure();
  if (target == Target::CPU)
    return success();
  // One thread is enough for it, however many there may be.
  return reject("--target=interpreter, which compiles nothing",
                {&saveTemps, &isStatic});
}

/// Code for another processor is for tests; it has to run here.
static LogicalResult checkChip() {
  if (target != Target::CPU)
    return reject("another target than the cpu",
                  {&chip, &emulateBF16, &optimize, &cacheDirectory});
  if (emulateBF16.getNumOccurrences() && dataType != DataType::BF16)
    return fail("--emulate-bf16 is for --dtype=bf16");
  if (!chip.getNumOccurrences())
    return success();
  JitOptions options;
  options.processor = chip;
  llvm::Expected<CPUTarget> processor = describeProcessor(options);
  if (!processor)
    return fail("--chip: " + llvm::toString(processor.takeError()));
  return success();
}

static LogicalResult checkNumbers() {
  constexpr int64_t kMostThreads = 1024;
  if (threads.getNumOccurrences() && (threads < 1 || threads > kMostThreads))
    return fail("--threads must be from 1 to " + Twine(kMostThreads) +
                ", got " + Twine(threads));
  if (repeat < 1)
    return fail("--repeat must be at least 1, got " + Twine(repeat));
  if (!std::isfinite(scale))
    return fail("--scale must be finite in f32, got " +
                llvm::formatv("{0}", scale.getValue()).str());
  // Not a number is not below zero either.
  if (!(tolerance >= 0))
    return fail("--tolerance must be at least 0, got " +
                llvm::formatv("{0}", tolerance.getValue()).str());
  return success();
}

static LogicalResult checkBench() {
  if (failed(reject("--bench",
                    {&queryPath, &keyPath, &valuePath, &pagesPath, &output,
                     &lsePath, &scale, &check, &tolerance, &isStatic})) ||
      failed(requireOption(heads)) || failed(requireOption(keyHeads)) ||
      failed(requireOption(headDim)))
    return failure();
  if (target != Target::CPU && target != Target::CUDA)
    return fail("--bench times the targets cpu and cuda only");
  if (headDim < 1)
    return fail("--head-dim must be at least 1, got " + Twine(headDim));
  if (pageSize.getNumOccurrences() && (pageSize < 1 || pageSize > kMaxTile))
    return fail("--page-size must be from 1 to " + Twine(kMaxTile) + ", got " +
                Twine(pageSize));
  if (keyHeads < 1 || heads < 1 || heads % keyHeads != 0)
    return fail("--kv-heads (" + Twine(keyHeads) + ") must divide --heads (" +
                Twine(heads) + ")");
  return success();
}

static LogicalResult checkFiles() {
  if (dataType == DataType::F64)
    return fail("--dtype=f64 is for --bench and --cases; files hold f32, f16 "
                "or bf16");
  if (failed(reject("files; it is for --bench",
                    {&heads, &keyHeads, &headDim, &pageSize, &repeat})) ||
      failed(requireOption(queryPath)) || failed(requireOption(keyPath)) ||
      failed(requireOption(valuePath)))
    return failure();
  // A check alone needs no output.
  if (!check && (failed(requireOption(output)) ||
                 failed(reject("files without --check", {&tolerance}))))
    return failure();
  if (check && (output == "-" || lsePath == "-"))
    return fail("--check reports on standard output; give -o and --lse files");
  llvm::Error error = checkOutputPaths({{"-o", output}, {"--lse", lsePath}},
                                       {{"--query", queryPath},
                                        {"--key", keyPath},
                                        {"--value", valuePath},
                                        {"--key-pages", pagesPath},
                                        {"--sinks", sinksPath},
                                        {"--facts", factsPath},
                                        {"the model", model}});
  return error ? fail(std::move(error)) : success();
}

static LogicalResult checkCases() {
  if (failed(reject("--cases", {&model,     &policyName, &layerType, &factsPath,
                                &packing,   &queryPath,  &keyPath,   &valuePath,
                                &pagesPath, &sinksPath,  &output,    &lsePath,
                                &scale,     &check,      &tolerance, &bench,
                                &heads,     &keyHeads,   &headDim,   &pageSize,
                                &repeat})))
    return failure();
  if (target == Target::Interpreter)
    return reject("--cases with --target=interpreter", {&dataType});
  return success();
}

LogicalResult mlir::mask::checkOptions() {
  if (failed(checkTarget()) || failed(checkChip()) || failed(checkNumbers()))
    return failure();
  if (!casesDir.empty())
    return checkCases();
  if (model.empty() && policyName.empty())
    return fail("needs --policy or a file with a policy");
  if (failed(requireOption(factsPath)))
    return failure();
  return bench ? checkBench() : checkFiles();
}

int64_t mlir::mask::getThreads() {
  if (getOpenMPLibrary().empty())
    return 1;
  return threads ? threads
                 : std::max<int64_t>(std::thread::hardware_concurrency(), 1);
}

//===----------------------------------------------------------------------===//
// What was asked for
//===----------------------------------------------------------------------===//

EmulationOptions mlir::mask::getEmulationOptions() {
  EmulationOptions emulation;
  emulation.order = warpOrder;
  emulation.copies = copyTime;
  emulation.seed = static_cast<uint64_t>(seed.getValue());
  emulation.threads = static_cast<unsigned>(threads.getValue());
  return emulation;
}

FailureOr<JitOptions> mlir::mask::getJitOptions(Device *device) {
  JitOptions options;
  bool emulates = target == Target::SIMTEmulation;
  options.openmp = getThreads() > 1 && !runsKernels();
  options.device = device;
  options.saveTemps = saveTemps;
  options.processor = chip;
  options.bf16Products = emulateBF16;
  options.optimize = optimize;
  if (!printsIR())
    options.cacheDirectory = cacheDirectory;
  options.stage = stage;
  if (emulates && !device)
    options.emulation = getEmulationOptions();
  if (emulates || target == Target::CUDA)
    options.emitter = emitter;
  options.dataType = dataType;
  options.configure = [](PassManager &pm) {
    applyDefaultTimingPassManagerCLOptions(pm);
    return applyPassManagerCLOptions(pm);
  };
  if (cacheDirectory.getNumOccurrences() && cacheDirectory.empty())
    return fail("--cache-dir needs a directory");
  if (llvm::Error error = FileCache(cacheDirectory).prepare())
    return fail("--cache-dir: " + llvm::toString(std::move(error)));
  if (threads > 1 && !options.openmp && !emulates)
    return fail("--threads=" + Twine(threads) +
                " needs an OpenMP library, and none was found when mask-run "
                "was built");
  if (options.openmp)
    if (llvm::Error error = setOpenMPThreads(getThreads()))
      return fail(std::move(error));
  return options;
}

FailureOr<std::optional<PackingRule>> mlir::mask::getPacking() {
  if (packing.empty())
    return std::optional<PackingRule>();
  std::optional<PackingRule> rule = parsePackingRule(packing);
  if (!rule)
    return fail("--packing must be 5.12, 5.23 or 5.24, got '" + packing + "'");
  return rule;
}

FailureOr<std::string> mlir::mask::getLayerType(PolicyOp policy) {
  if (!layerType.empty())
    return layerType.getValue();
  SmallVector<StringRef> known = policy.getLayerTypes();
  if (known.size() == 1)
    return known[0].str();
  return fail("needs --layer-type; policy '" + policy.getSymName() + "' has " +
              llvm::join(known, ", "));
}
