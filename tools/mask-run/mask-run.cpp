//===- mask-run.cpp - compiles and runs attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "Check.h"

#include "Mask/Device/Vulkan.h"
#include "Mask/Execution/Jit.h"
#include "Mask/InitAll.h"
#include "Mask/Inspect/MaskInstance.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Support/OpsInDiagnostics.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

#include <cmath>
#include <set>
#include <thread>
#include <tuple>

using namespace mlir;
using namespace mlir::mask;
namespace cl = llvm::cl;

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

namespace {
enum class Target { CPU, Interpreter, SIMTEmulation, Vulkan, CUDA };
} // namespace

#define MASK_STRING_OPTION(variable, category, name, help, value)              \
  static cl::opt<std::string> variable(                                        \
      name, cl::desc(help), cl::value_desc(value), cl::cat(category))
#define MASK_INTEGER_OPTION(variable, category, name, help, initial)           \
  static cl::opt<int64_t> variable(name, cl::desc(help),                       \
                                   cl::value_desc("count"), cl::init(initial), \
                                   cl::cat(category))

static cl::opt<std::string> model(cl::Positional, cl::desc("[model.mlir]"),
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
MASK_STRING_OPTION(sinksPath, dataCategory, "sinks",
                   "[H], for a file whose attention has sinks\n"
                   "that are no constant",
                   "sinks.npy");
MASK_STRING_OPTION(output, dataCategory, "o",
                   "Where to write the output, [B, H, Sq, Dv]", "out.npy");
MASK_STRING_OPTION(lsePath, dataCategory, "lse",
                   "Where to write the log-sum-exp, [B, H, Sq]", "lse.npy");
static cl::opt<float>
    scale("scale",
          cl::desc("That of the file's attention if missing, or\n"
                   "else 1 / sqrt(D)"),
          cl::cat(dataCategory));
static cl::opt<DataType> dataType(
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

static cl::opt<bool> check("check",
                           cl::desc("Compare with the interpreter in float64"),
                           cl::cat(actionCategory));
static cl::opt<double>
    tolerance("tolerance",
              cl::desc("The absolute error that --check accepts, for\n"
                       "values around 1 (2e-6)"),
              cl::init(2e-6), cl::cat(actionCategory));
MASK_STRING_OPTION(casesDir, actionCategory, "cases",
                   "Recover the masks of all cases below a directory\n"
                   "and compare them with the files",
                   "dir");
static cl::opt<bool> bench("bench",
                           cl::desc("Time random data, print one JSON object"),
                           cl::cat(actionCategory));
MASK_INTEGER_OPTION(heads, actionCategory, "heads", "Query heads (--bench)", 0);
MASK_INTEGER_OPTION(keyHeads, actionCategory, "kv-heads", "Key heads (--bench)",
                    0);
MASK_INTEGER_OPTION(headDim, actionCategory, "head-dim",
                    "Head dimension (--bench)", 0);
MASK_INTEGER_OPTION(repeat, actionCategory, "repeat", "Timed calls (--bench)",
                    5);

static cl::opt<Target> target(
    "target", cl::desc("What runs the attention"), cl::init(Target::CPU),
    cl::values(clEnumValN(Target::CPU, "cpu", "compiled loops (default)"),
               clEnumValN(Target::Interpreter, "interpreter",
                          "the specification, in float64"),
               clEnumValN(Target::SIMTEmulation, "simt-emulation",
                          "GPU kernels, whose threads run here"),
               clEnumValN(Target::Vulkan, "vulkan",
                          "GPU kernels, on a device with a Vulkan driver"),
               clEnumValN(Target::CUDA, "cuda", "not built")),
    cl::cat(targetCategory));
MASK_INTEGER_OPTION(threads, targetCategory, "threads", "Threads at most (all)",
                    0);
static cl::opt<bool>
    isStatic("static",
             cl::desc("Compile for the given sizes, offsets and parameters\n"
                      "alone, as constants (files, --cases)"),
             cl::cat(targetCategory));
MASK_STRING_OPTION(saveTemps, targetCategory, "save-temps",
                   "Keep the intermediate forms of the code", "dir");

static cl::opt<GPUEmitter> emitter(
    "emitter", cl::desc("What GPU kernels are made of"),
    cl::init(GPUEmitter::Portable),
    cl::values(clEnumValN(GPUEmitter::Portable, "portable",
                          "scalar arithmetic in f32 (default)"),
               clEnumValN(GPUEmitter::TensorCore, "tensor-core",
                          "matrix instructions on f16 or bf16"),
               clEnumValN(GPUEmitter::Auto, "auto",
                          "tensor cores where they can, else portable")),
    cl::cat(targetCategory));
static cl::opt<WarpOrder> warpOrder(
    "warp-order", cl::desc("Which threads of an emulated workgroup are ahead"),
    cl::init(WarpOrder::Forward),
    cl::values(
        clEnumValN(WarpOrder::Forward, "forward", "all in turns (default)"),
        clEnumValN(WarpOrder::Reversed, "reversed", "the same, the last first"),
        clEnumValN(WarpOrder::Random, "random", "any, by --seed"),
        clEnumValN(WarpOrder::Skewed, "skewed",
                   "one warp, as far as barriers let it")),
    cl::cat(targetCategory));
static cl::opt<CopyTime> copyTime(
    "copy-time", cl::desc("When emulated asynchronous copies are made"),
    cl::init(CopyTime::Late),
    cl::values(clEnumValN(CopyTime::Late, "late",
                          "when they are waited for (default)"),
               clEnumValN(CopyTime::Early, "early", "at once"),
               clEnumValN(CopyTime::Random, "random", "either, by --seed")),
    cl::cat(targetCategory));
MASK_INTEGER_OPTION(seed, targetCategory, "seed",
                    "For random orders and copy times", 0);

static LogicalResult fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "mask-run") << message << "\n";
  return failure();
}

/// What the tool exits with if it fails.
static int failureCode = 1;

static LogicalResult fail(llvm::Error error) {
  // So do tests that a machine cannot run.
  if (error.isA<DeviceMissing>())
    failureCode = 77;
  return fail(llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// Whether the target runs kernels for GPUs, which have elements of 16 bits.
static bool runsKernels() {
  return target == Target::SIMTEmulation || target == Target::Vulkan;
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
  if (target == Target::SIMTEmulation)
    return checkEmulation();
  if (target == Target::Vulkan)
    return reject("--target=vulkan, whose kernels run on a device",
                  {&emitter, &warpOrder, &copyTime, &seed, &threads});
  if (failed(reject("--target=" + name(target).str() +
                        "; it is for simt-emulation",
                    {&emitter, &warpOrder, &copyTime, &seed})))
    return failure();
  if (target == Target::CPU)
    return success();
  // Not code 77: whether the machine has such a device was not asked.
  if (target != Target::Interpreter)
    return fail(
        "target '" + name(target) +
        "' is not built; there are cpu, interpreter, simt-emulation and "
        "vulkan");
  // One thread is enough for it, however many there may be.
  return reject("--target=interpreter, which compiles nothing",
                {&saveTemps, &isStatic});
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
                    {&queryPath, &keyPath, &valuePath, &output, &lsePath,
                     &scale, &check, &tolerance, &isStatic})) ||
      failed(requireOption(heads)) || failed(requireOption(keyHeads)) ||
      failed(requireOption(headDim)))
    return failure();
  if (target != Target::CPU)
    return fail("--bench times the target cpu only");
  if (headDim < 1)
    return fail("--head-dim must be at least 1, got " + Twine(headDim));
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
                    {&heads, &keyHeads, &headDim, &repeat})) ||
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
                                        {"--sinks", sinksPath},
                                        {"--facts", factsPath},
                                        {"the model", model}});
  return error ? fail(std::move(error)) : success();
}

static LogicalResult checkCases() {
  if (failed(reject("--cases",
                    {&model, &policyName, &layerType, &factsPath, &packing,
                     &queryPath, &keyPath, &valuePath, &sinksPath, &output,
                     &lsePath, &scale, &check, &tolerance, &bench, &heads,
                     &keyHeads, &headDim, &repeat})))
    return failure();
  if (target == Target::Interpreter)
    return reject("--cases with --target=interpreter", {&dataType});
  return success();
}

static LogicalResult checkOptions() {
  if (failed(checkTarget()) || failed(checkNumbers()))
    return failure();
  if (!casesDir.empty())
    return checkCases();
  if (model.empty() && policyName.empty())
    return fail("needs --policy or a file with a policy");
  if (failed(requireOption(factsPath)))
    return failure();
  return bench ? checkBench() : checkFiles();
}

/// The threads to use: those asked for, or all.
static int64_t getThreads() {
  if (getOpenMPLibrary().empty())
    return 1;
  return threads ? threads
                 : std::max<int64_t>(std::thread::hardware_concurrency(), 1);
}

/// The device of the target, or null.
static Device *device = nullptr;

static FailureOr<JitOptions> getJitOptions() {
  JitOptions options;
  bool emulates = target == Target::SIMTEmulation;
  options.openmp = getThreads() > 1 && !runsKernels();
  options.device = device;
  options.saveTemps = saveTemps;
  if (emulates) {
    EmulationOptions &emulation = options.emulation.emplace();
    emulation.order = warpOrder;
    emulation.copies = copyTime;
    emulation.seed = static_cast<uint64_t>(seed.getValue());
    emulation.threads = static_cast<unsigned>(threads.getValue());
    options.emitter = emitter;
  }
  options.dataType = dataType;
  options.configure = [](PassManager &pm) {
    applyDefaultTimingPassManagerCLOptions(pm);
    return applyPassManagerCLOptions(pm);
  };
  if (threads > 1 && !options.openmp && !emulates)
    return fail("--threads=" + Twine(threads) +
                " needs an OpenMP library, and none was found when mask-run "
                "was built");
  if (options.openmp)
    if (llvm::Error error = setOpenMPThreads(getThreads()))
      return fail(std::move(error));
  return options;
}

static FailureOr<std::optional<PackingRule>> getPacking() {
  if (packing.empty())
    return std::optional<PackingRule>();
  std::optional<PackingRule> rule = parsePackingRule(packing);
  if (!rule)
    return fail("--packing must be 5.12, 5.23 or 5.24, got '" + packing + "'");
  return rule;
}

//===----------------------------------------------------------------------===//
// Policies
//===----------------------------------------------------------------------===//

/// The layer type asked for. A policy with one predicate needs none.
static FailureOr<std::string> getLayerType(PolicyOp policy) {
  if (!layerType.empty())
    return layerType.getValue();
  SmallVector<StringRef> known = policy.getLayerTypes();
  if (known.size() == 1)
    return known[0].str();
  return fail("needs --layer-type; policy '" + policy.getSymName() + "' has " +
              llvm::join(known, ", "));
}

//===----------------------------------------------------------------------===//
// Actions
//===----------------------------------------------------------------------===//

static LogicalResult runCases(MLIRContext &context) {
  FailureOr<JitOptions> options = getJitOptions();
  if (failed(options))
    return failure();
  // Query and key are zero, so that any head dimension will do.
  if (options->emitter != GPUEmitter::Portable) {
    options->headDim = 16;
    options->valueDim = 64;
  }
  KernelCache kernels(*options, isStatic);
  // By policy, layer type and packing; each is compiled per set of facts.
  std::set<std::tuple<std::string, std::string, std::optional<PackingRule>>>
      masks;
  llvm::Expected<GoldenReport> report = checkGoldens(
      casesDir, &context, [&](const GoldenCase &golden, PolicyOp policy) {
        masks.emplace(golden.policyFile + policy.getSymName().str(),
                      golden.layerType, golden.packing);
        if (target == Target::Interpreter)
          return interpretGolden(golden, policy);
        // Compiled code checks no parameter.
        if (failed(interpretPolicy(policy, golden.layerType, golden.packing,
                                   golden.request)))
          return FailureOr<std::vector<uint8_t>>(failure());
        return recoverMask(golden, policy, kernels);
      });
  if (!report)
    return fail(report.takeError());
  for (const std::string &failure : report->failures)
    llvm::outs() << failure << "\n";
  llvm::outs() << report->equal << " passed, "
               << report->compared - report->equal << " failed";
  if (report->skipped)
    llvm::outs() << ", " << report->skipped << " skipped (no policy)";
  if (kernels.size())
    llvm::outs() << "; " << kernels.size() << " compilations for "
                 << masks.size()
                 << " masks (policy, layer type, packing) and the facts that "
                    "their requests give";
  llvm::outs() << "\n";
  if (report->compared == 0)
    return fail("no cases below '" + casesDir + "'");
  return success(report->failures.empty());
}

/// Runs the compiled code on `buffers`.
static LogicalResult runCompiled(PolicyOp policy, StringRef layer,
                                 std::optional<PackingRule> rule,
                                 const Request &request, AttentionOp form,
                                 AttentionBuffers &buffers) {
  FailureOr<JitOptions> options = getJitOptions();
  if (failed(options))
    return failure();
  options->dataType = buffers.type;
  if (options->emitter != GPUEmitter::Portable) {
    options->headDim = buffers.sizes.dim;
    options->valueDim = buffers.sizes.valueDim;
  }
  chooseTileRows(buffers.sizes, *options);
  auto kernel =
      AttentionKernel::compile(policy, layer, rule, request, *options, form,
                               isStatic ? &buffers.sizes : nullptr);
  if (failed(kernel))
    return failure();
  FailureOr<KernelFacts> facts = (*kernel)->bind(request);
  if (failed(facts))
    return failure();
  llvm::Error error = (*kernel)->run(buffers.sizes, *facts);
  return error ? fail(std::move(error)) : success();
}

/// Whether compiled code rounds the weights to the type of the values, to
/// multiply them by matrix instructions or in pairs.
static FailureOr<bool> roundsWeights(DataType type) {
  if (runsKernels())
    return emitter != GPUEmitter::Portable;
  if (type != DataType::BF16)
    return false;
  llvm::Expected<CPUTarget> host = describeHost();
  if (!host)
    return fail(host.takeError());
  return host->bf16Dot;
}

/// What code for 16 bits may lose, relative to what it rounds: half a unit of
/// the last place of the output, of which f16 has 11 bits and bf16 has 8; as
/// much again where weights are rounded, which the output may cancel. Their
/// exponentials on the CPU are as good as they have to be then.
static FailureOr<ErrorBounds> getErrorBounds(DataType type) {
  ErrorBounds bounds{tolerance, 0, {}, 0};
  if (target == Target::Interpreter || type == DataType::F32)
    return bounds;
  FailureOr<bool> rounds = roundsWeights(type);
  if (failed(rounds))
    return failure();
  double unit = type == DataType::F16 ? 0x1p-11 : 0x1p-8;
  bounds.rounding = *rounds ? 2 * unit : unit;
  if (*rounds && target == Target::CPU)
    bounds.logSumExp = 0x1p-13;
  return bounds;
}

/// Of each element of the output the sum of the magnitudes that it is made of:
/// the same attention, of values without sign.
static FailureOr<std::vector<double>>
getMagnitudes(PolicyOp policy, StringRef layer, std::optional<PackingRule> rule,
              const Request &request, const AttentionBuffers &buffers,
              AttentionOp form) {
  AttentionBuffers positive = buffers;
  for (float &value : positive.value)
    value = std::abs(value);
  FailureOr<InterpretedAttention> sums =
      interpretAttention(policy, layer, rule, request, positive, form);
  if (failed(sums))
    return failure();
  return std::move(sums->output);
}

/// Writes both files or none.
static LogicalResult write(const AttentionBuffers &buffers) {
  OutputFiles files;
  auto add = [&](StringRef path, const NpyArray &array) {
    return files.add(path, [&](raw_ostream &os) { os << serializeNpy(array); });
  };
  if (!output.empty())
    if (llvm::Error error = add(output, buffers.getOutput()))
      return fail(std::move(error));
  if (!lsePath.empty())
    if (llvm::Error error = add(lsePath, buffers.getLogSumExp()))
      return fail(std::move(error));
  llvm::Error error = files.keep();
  return error ? fail(std::move(error)) : success();
}

/// Takes the sinks that the file leaves open from --sinks, and checks that
/// there is one per head.
static LogicalResult prepareSinks(AttentionOp form, int64_t heads,
                                  StringRef who) {
  if (sinksPath.getNumOccurrences() > 1)
    return fail("--sinks is given " + Twine(sinksPath.getNumOccurrences()) +
                " times");
  bool isOpen = form && hasOpenSinks(form);
  if (!sinksPath.empty() && !isOpen) {
    if (!form || !form.getSinks())
      return fail("--sinks needs a file whose attention has sinks");
    return form.emitOpError() << "has constant sinks, and --sinks gives others";
  }
  if (isOpen && sinksPath.empty())
    return form.emitOpError()
           << "needs --sinks: its sinks, " << form.getSinks().getType()
           << ", are no constant";
  if (isOpen) {
    int64_t size = cast<ShapedType>(form.getSinks().getType()).getDimSize(0);
    if (!ShapedType::isDynamic(size) && size != heads)
      return form.emitOpError()
             << "has sinks for " << size << " heads, but " << who << heads;
    llvm::Expected<std::vector<float>> sinks = readSinks(sinksPath, heads);
    if (!sinks)
      return fail(sinks.takeError());
    setSinks(form, *sinks);
  }
  int64_t count = form ? getConstantSinks(form).size() : 0;
  if (count && count != heads)
    return form.emitOpError()
           << "has sinks for " << count << " heads, but " << who << heads;
  return success();
}

static LogicalResult runFiles(PolicyOp policy, StringRef layer,
                              std::optional<PackingRule> rule,
                              PolicyMasks &masks, AttentionOp form) {
  const Request &request = masks.getRequest();
  std::optional<DataType> type;
  if (dataType.getNumOccurrences())
    type = dataType;
  std::optional<float> factor;
  if (scale.getNumOccurrences())
    factor = scale;
  else if (form)
    factor = getConstantScale(form);
  llvm::Expected<AttentionBuffers> buffers =
      readAttention(queryPath, keyPath, valuePath, type, factor);
  if (!buffers)
    return fail(buffers.takeError());
  // The buffers have moved.
  buffers->finish(factor);
  if (llvm::Error error = checkExtents(buffers->sizes, request))
    return fail(std::move(error));
  if (failed(masks.checkTables(buffers->sizes.batch)) ||
      failed(prepareSinks(form, buffers->sizes.heads, "the query has ")))
    return failure();

  bool interprets = target == Target::Interpreter;
  FailureOr<InterpretedAttention> expected = failure();
  if (interprets || check) {
    expected = interpretAttention(policy, layer, rule, request, *buffers, form);
    if (failed(expected))
      return failure();
  }
  if (interprets) {
    llvm::copy(expected->output, buffers->output.begin());
    llvm::copy(expected->logSumExp, buffers->logSumExp.begin());
  } else if (failed(
                 runCompiled(policy, layer, rule, request, form, *buffers))) {
    return failure();
  }
  if (check) {
    FailureOr<ErrorBounds> bounds = getErrorBounds(buffers->type);
    if (failed(bounds))
      return failure();
    if (bounds->rounding > 0) {
      auto magnitudes =
          getMagnitudes(policy, layer, rule, request, *buffers, form);
      if (failed(magnitudes))
        return failure();
      bounds->magnitudes = std::move(*magnitudes);
    }
    if (!reportErrors(*buffers, *expected, *bounds, llvm::outs()))
      return fail("differs from the interpreter by more than --tolerance");
  }
  return write(*buffers);
}

static LogicalResult run(MLIRContext &context) {
  if (failed(checkOptions()))
    return failure();
  std::unique_ptr<Device> opened;
  if (target == Target::Vulkan) {
    auto found = createVulkanDevice();
    if (!found)
      return fail(found.takeError());
    opened = std::move(*found);
    device = opened.get();
  }
  if (!casesDir.empty())
    return runCases(context);
  FailureOr<LoadedPolicy> loaded = readPolicy(&context, model, policyName);
  if (failed(loaded))
    return failure();
  PolicyOp policy = loaded->policy;
  FailureOr<std::string> layer = getLayerType(policy);
  FailureOr<std::optional<PackingRule>> rule = getPacking();
  if (failed(layer) || failed(rule))
    return failure();
  llvm::Expected<Request> request = readRequest(factsPath);
  if (!request)
    return fail(request.takeError());
  if (!model.empty() && failed(takeParameters(policy, *layer, *request)))
    return failure();
  *request = placeSequences(policy, std::move(*request));
  // Compiled code checks no parameter.
  if (failed(interpretPolicy(policy, *layer, *rule, *request)))
    return failure();
  FailureOr<AttentionOp> form = findAttentionForm(*loaded->module);
  if (failed(form))
    return failure();
  FailureOr<PolicyMasks> masks =
      PolicyMasks::create(policy, *layer, *rule, *request);
  if (failed(masks))
    return failure();
  reportUnread(&*masks);
  if (!bench)
    return runFiles(policy, *layer, *rule, *masks, *form);
  if (failed(prepareSinks(*form, heads, "--heads says ")))
    return failure();
  FailureOr<JitOptions> jit = getJitOptions();
  if (failed(jit))
    return failure();
  if (*form && !dataType.getNumOccurrences())
    jit->dataType = getDataType(getElementTypeOrSelf(form->getQuery()));
  BenchOptions options;
  options.layerType = *layer;
  options.packing = *rule;
  options.threads = getThreads();
  options.heads = heads;
  options.keyHeads = keyHeads;
  options.dim = headDim;
  options.repeat = repeat;
  options.jit = *jit;
  options.form = *form;
  if (failed(placeBatch(&*masks)))
    return failure();
  return runBench(policy, masks->getRequest(), options, llvm::outs());
}

/// LLVM's libraries bring hundreds of options; of those --help shows MLIR's.
static void hideForeignOptions() {
  for (auto &[name, option] : cl::getRegisteredOptions()) {
    bool isOwn = llvm::any_of(option->Categories, [](cl::OptionCategory *own) {
      return llvm::is_contained(kCategories, own);
    });
    if (!isOwn && !name.starts_with("mlir-") && name != "help")
      option->setHiddenFlag(cl::ReallyHidden);
  }
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // Passes are named by options such as --mlir-print-ir-after.
  mlir::registerAllPasses();
  mlir::mask::registerAllPasses();
  registerPassManagerCLOptions();
  registerDefaultTimingManagerCLOptions();
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  hideForeignOptions();
  cl::ParseCommandLineOptions(
      argc, argv,
      "mask-run: compiles and runs attention under a policy's mask\n");
  leaveOpsOutOfDiagnostics();
  DialectRegistry registry;
  registerJitDialects(registry);
  MLIRContext context(registry);
  context.loadDialect<MaskDialect, arith::ArithDialect,
                      bufferization::BufferizationDialect, func::FuncDialect>();
  // Warnings of a file come again from the passes that compile it.
  std::set<std::string> warnings;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    std::string text;
    llvm::raw_string_ostream(text) << diagnostic.getLocation() << diagnostic;
    if (diagnostic.getSeverity() != DiagnosticSeverity::Warning ||
        warnings.insert(text).second)
      printDiagnostic("mask-run", diagnostic);
  });
  LogicalResult result = run(context);
  if (llvm::Error error = flushStandardOutput())
    result = fail(std::move(error));
  return failed(result) ? failureCode : 0;
}
