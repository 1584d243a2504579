//===- RandomAttentionTest.cpp - random attentions, compiled -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random predicates, parameters, schedules, offsets, types and sizes
// (AttentionForms.h, AttentionArguments.h), compiled and interpreted. Each
// function is compiled once and runs on several sizes, twice: with query and
// key zero and the values one-hot, where the output is the mask, and with
// random data. All arrays lie next to pages that must not be touched
// (GuardedCall.h); keys that no query sees hold NaN and infinities.
//
//   MaskRunTests --gtest_filter='RandomAttention.*' --count=2000 --seed=7
//
//===----------------------------------------------------------------------===//

#include "../TestOptions.h"
#include "AttentionArguments.h"
#include "GuardedCall.h"

#include "Mask/Analysis/TilePlan.h"
#include "Mask/Execution/EmulatedModule.h"
#include "Mask/Pipelines/MaskToGPU.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include "llvm/Support/PrettyStackTrace.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr double kTolerance = 2e-6;

/// How far results may be from those in float64, on inputs that are exact.
struct Bounds {
  /// Of the output, relative to the sum of the magnitudes that it is made of,
  /// and absolute.
  double relative = 0, absolute = kTolerance;
  /// Of the log-sum-exp.
  double logSumExp = kTolerance;
};

Bounds getBounds(const Form &form) {
  const double slack = 1 + 0x1p-6;
  Bounds bounds;
  // Where a region or a cap computes in f32, the rest may be as good as it is.
  bool isPlain = !StringRef(form.text).contains(" score {") &&
                 !StringRef(form.text).contains("soft_cap");
  if (form.elements == "f64" && isPlain)
    bounds.absolute = 1e-12;
  // Half a unit in the last place, and half of the least denormal number.
  if (form.elements == "f16")
    bounds = {0x1p-10 * slack, 0x1p-25};
  // Weights are rounded as well, and their powers are of degree 3; denormal
  // numbers are flushed.
  if (form.elements == "bf16")
    bounds = {form.schedule.pairs ? 0x1p-7 : 0x1p-8 * slack, 0x1p-119};
  if (form.schedule.pairs)
    bounds.logSumExp += 0x1p-13;
  return bounds;
}
/// Functions that are compiled together.
constexpr unsigned kPerModule = 40;
/// Sizes that each function with dynamic ones runs on.
constexpr unsigned kRuns = 6;

/// Largest difference, relative to the largest value above 1: f32 is a relative
/// format. Infinite where one is not a number and the other is.
double getError(ArrayRef<double> computed, ArrayRef<double> expected) {
  double error = 0, largest = 1;
  for (auto [a, b] : llvm::zip_equal(computed, expected)) {
    if (std::isnan(b) ? std::isnan(a) : a == b)
      continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, std::abs(a - b));
    largest = std::max(largest, std::abs(b));
  }
  return error / largest;
}

/// The same of an output that is rounded: the greatest difference, relative to
/// what each may be.
double getOutputError(const GuardedCall &trial, const Bounds &bounds) {
  if (bounds.relative == 0)
    return getError(trial.output, trial.expected.output) / bounds.absolute;
  double error = 0;
  for (auto [a, b, magnitude] :
       llvm::zip_equal(trial.output, trial.expected.output, trial.magnitudes)) {
    if (std::isnan(b) ? std::isnan(a) : a == b)
      continue;
    double bound = bounds.relative * magnitude + bounds.absolute;
    if (!std::isfinite(a) || !std::isfinite(b))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, std::abs(a - b) / bound);
  }
  return error;
}

class RandomAttention : public ::testing::Test {
protected:
  RandomAttention() : random(getSeed()) {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  func::FuncOp parse(const Form &form, ModuleOp module);
  void countPlan(func::FuncOp function, const Form &form);
  /// Draws forms and makes their functions. False after a failure.
  bool drawModule(unsigned first, unsigned count, const ElementChoice &choice,
                  ModuleOp module, std::vector<Form> &forms);
  void checkLoops(unsigned first, unsigned count, JitOptions options,
                  ArrayRef<std::string> types);
  void checkProcessor(unsigned count, StringRef processor,
                      BF16Products products = BF16Products::Native,
                      ArrayRef<std::string> types = {"f32", "bf16", "f16",
                                                     "f64"});
  void checkKernels(unsigned first, unsigned count);
  void checkRuns(func::FuncOp function, const Form &form,
                 const CompiledFunction &code);
  bool checkRun(func::FuncOp function, const Sizes &sizes, const Form &form,
                const CompiledFunction &code);
  void printCounts(unsigned count);
  void poison(FloatArray &key, FloatArray &value, ArrayRef<double> mask,
              const Sizes &sizes);

  MLIRContext context;
  RandomSource random;
  unsigned runs = 0, oneInterval = 0, oneSided = 0;
  int64_t visible = 0, pairs = 0;
};

/// Keys that no query sees hold anything, and a value that only some see is
/// theirs alone.
void RandomAttention::poison(FloatArray &key, FloatArray &value,
                             ArrayRef<double> mask, const Sizes &sizes) {
  int64_t group = sizes.heads / sizes.keyHeads;
  const double kBad[] = {NAN, INFINITY, -INFINITY};
  for (int64_t b = 0; b < sizes.batch; ++b)
    for (int64_t g = 0; g < sizes.keyHeads; ++g)
      for (int64_t j = 0; j < sizes.keys; ++j) {
        bool seen = false;
        int64_t rows = group * sizes.queries;
        int64_t first = (b * sizes.heads + g * group) * sizes.queries;
        for (int64_t row = first; row < first + rows; ++row)
          seen |= mask[row * sizes.keys + j] > 0;
        int64_t at = (b * sizes.keyHeads + g) * sizes.keys + j;
        if (seen && !random.oneIn(60))
          continue;
        for (int64_t d = 0; d < sizes.valueDim; ++d)
          if (!seen || random.oneIn(2))
            value.values[at * sizes.valueDim + d] =
                seen ? NAN : kBad[random.between(0, 2)];
        for (int64_t d = 0; !seen && d < sizes.dim; ++d)
          key.values[at * sizes.dim + d] = kBad[random.between(0, 2)];
      }
}

bool RandomAttention::checkRun(func::FuncOp function, const Sizes &sizes,
                               const Form &form, const CompiledFunction &code) {
  GuardedCall trial(function, code,
                    drawArguments(random, function, form, sizes), random);

  ::testing::ScopedTrace trace(__FILE__, __LINE__, trial.describe());

  // The mask.
  const Sizes &s = sizes;
  auto query = FloatArray::zeros({s.batch, s.heads, s.queries, s.dim}),
       key = FloatArray::zeros({s.batch, s.keyHeads, s.keys, s.dim}),
       value = FloatArray::zeros(
           {s.batch, s.keyHeads, s.keys, std::max<int64_t>(s.keys, 1)});
  for (int64_t i = 0; i < s.batch * s.keyHeads * s.keys; ++i)
    value->values[i * s.keys + i % s.keys] = 1;
  if (!trial.run(query, key, value))
    return false;
  std::vector<double> mask = trial.expected.output;
  for (size_t i = 0; i < mask.size(); ++i) {
    double computed = trial.output[i];
    if (std::isfinite(computed) && (computed > 0) == (mask[i] > 0)) {
      visible += mask[i] > 0;
      continue;
    }
    int64_t columns = trial.expected.shape.back(), row = i / columns;
    ADD_FAILURE() << "mask [" << row / s.queries / s.heads << ", "
                  << row / s.queries % s.heads << ", " << row % s.queries
                  << ", " << i % columns << "] is " << computed << ", expected "
                  << mask[i];
    return false;
  }
  pairs += mask.size();
  Bounds bounds = getBounds(form);
  auto isClose = [](const char *what, double error, double bound) {
    EXPECT_LE(error, bound) << what;
    return error <= bound;
  };
  auto hasGoodLogSumExp = [&](const char *what) {
    double error = getError(trial.logSumExp, trial.expected.logSumExp);
    return isClose(what, error, bounds.logSumExp);
  };
  if (!hasGoodLogSumExp("log-sum-exp of the mask"))
    return false;

  // Random data.
  auto type = cast<FloatType>(
      cast<ShapedType>(function.getArgument(0).getType()).getElementType());
  query = drawFloats(random, query->shape, type);
  key = drawFloats(random, key->shape, type);
  value = drawFloats(random, {s.batch, s.keyHeads, s.keys, s.valueDim}, type);
  poison(*key, *value, mask, sizes);
  if (!trial.run(query, key, value))
    return false;
  if (!isClose("output, relative to its bound", getOutputError(trial, bounds),
               1) ||
      !hasGoodLogSumExp("log-sum-exp"))
    return false;
  ++runs;
  return true;
}

void RandomAttention::checkRuns(func::FuncOp function, const Form &form,
                                const CompiledFunction &code) {
  llvm::PrettyStackTraceString trace(form.text.c_str());
  for (unsigned i = 0; i < (form.isStatic() ? 2 : kRuns); ++i) {
    Sizes sizes = drawSizes(random, form);
    if (!checkRun(function, sizes, form, code)) {
      std::string text;
      llvm::raw_string_ostream(text) << function;
      ADD_FAILURE() << "batch " << sizes.batch << ", heads " << sizes.heads
                    << " of " << sizes.keyHeads << ", queries " << sizes.queries
                    << ", keys " << sizes.keys << ", dim " << sizes.dim << ", "
                    << sizes.valueDim << "\n"
                    << text;
      return;
    }
  }
}

/// The function of `form`, with types drawn for its facts.
func::FuncOp RandomAttention::parse(const Form &form, ModuleOp module) {
  auto own = parseSourceString<ModuleOp>(form.text, &context);
  if (!own)
    return nullptr;
  auto function = own->lookupSymbol<func::FuncOp>(form.name);
  drawTypes(random, function, form);
  function->remove();
  module.push_back(function);
  return succeeded(verify(function)) ? function : nullptr;
}

/// Whether edges have to look at one end of the rows only.
void RandomAttention::countPlan(func::FuncOp function, const Form &form) {
  TilePlanOptions options;
  options.queries = form.schedule.queryTile;
  options.keys = form.schedule.keyTile;
  function.walk([&](AttentionOp op) {
    TermContext terms;
    TilePlan plan = planTiles(terms, op.getPredicateValue(), options);
    oneInterval += plan.isByRows() && !plan.intervals.empty();
    oneSided += llvm::any_of(plan.parts, [](const TilePart &part) {
      return part.onlyWhereLowerHolds;
    });
  });
}

bool RandomAttention::drawModule(unsigned first, unsigned count,
                                 const ElementChoice &choice, ModuleOp module,
                                 std::vector<Form> &forms) {
  for (unsigned i = first; i < first + count; ++i) {
    forms.push_back(drawForm(random, "f" + std::to_string(i), choice));
    func::FuncOp function = parse(forms.back(), module);
    EXPECT_TRUE(function) << forms.back().text;
    if (!function)
      return false;
    countPlan(function, forms.back());
  }
  return true;
}

void RandomAttention::checkLoops(unsigned first, unsigned count,
                                 JitOptions options,
                                 ArrayRef<std::string> types) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  std::vector<Form> forms;
  // What is in question is rather our code than LLVM's.
  options.optimize = first / kPerModule % 4 == 3;
  options.openmp = !getOpenMPLibrary().empty() && random.oneIn(3);
  auto host = describeProcessor(options);
  if (!host)
    FAIL() << llvm::toString(host.takeError());
  ElementChoice choice{types.vec(), host->bf16Dot, host->amx,
                       /*hasPages=*/true,
                       /*chosenKeyTile=*/16 * random.between(1, 4)};
  if (!drawModule(first, count, choice, *module, forms))
    return;
  OwningOpRef<ModuleOp> lowered(cast<ModuleOp>((*module)->clone()));
  // For those that carry no schedule.
  options.decode = true;
  options.schedule.keyTile = choice.chosenKeyTile;
  options.schedule.parts = random.oneIn(2) ? random.between(2, 40) : 1;
  auto code = JitModule::compile(*lowered, "random", options);
  if (failed(code)) {
    module->print(llvm::errs());
    FAIL() << "cannot be compiled";
  }
  for (const Form &form : forms) {
    auto function = (*code)->lookup(form.name);
    if (!function)
      FAIL() << llvm::toString(function.takeError());
    JitModule::Function compiled = *function;
    checkRuns(module->lookupSymbol<func::FuncOp>(form.name), form,
              [&](ArrayRef<void *> arguments) {
                compiled(const_cast<void **>(arguments.data()));
                return llvm::Error::success();
              });
  }
}

/// Sizes of a workgroup's work that fit each other.
static void drawTiles(RandomSource &random, MaskToGPUOptions &options) {
  options.threads = 16 * random.between(1, 4);
  options.queryTile = options.threads / 16 * random.between(1, 4);
  options.keyTile = 16 * random.between(1, 2);
  options.depth = random.between(1, 9);
  options.valueColumns = 16 * random.between(0, 2);
}

/// The same as kernels, whose threads are in any order.
void RandomAttention::checkKernels(unsigned first, unsigned count) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  std::vector<Form> forms;
  if (!drawModule(first, count, {{"f32"}}, *module, forms))
    return;
  OwningOpRef<ModuleOp> lowered(cast<ModuleOp>((*module)->clone()));
  // Schedules are the CPU's.
  lowered->walk([](AttentionOp op) { op.removeScheduleAttr(); });
  PassManager pm(&context);
  MaskToGPUOptions tiles;
  drawTiles(random, tiles);
  buildMaskToGPUPipeline(pm, tiles);
  JitOptions options;
  options.optimize = false;
  FailureOr<std::unique_ptr<EmulatedModule>> code = failure();
  if (succeeded(pm.run(*lowered)))
    code = EmulatedModule::compile(*lowered, "random", options);
  if (failed(code)) {
    module->print(llvm::errs());
    FAIL() << "cannot be compiled";
  }
  for (const Form &form : forms) {
    EmulationOptions emulation;
    emulation.order = static_cast<WarpOrder>(random.between(0, 3));
    emulation.seed = static_cast<uint64_t>(random.between(0, 1000));
    checkRuns(module->lookupSymbol<func::FuncOp>(form.name), form,
              [&](ArrayRef<void *> arguments) {
                return (*code)->call(form.name, arguments, emulation);
              });
  }
}

void RandomAttention::printCounts(unsigned count) {
  std::printf("%u attentions, %u of one interval by its ends, %u with edges "
              "of one end, %u runs, %lld of %lld pairs visible\n",
              count, oneInterval, oneSided, runs,
              static_cast<long long>(visible), static_cast<long long>(pairs));
}

void RandomAttention::checkProcessor(unsigned count, StringRef processor,
                                     BF16Products products,
                                     ArrayRef<std::string> types) {
  llvm::EnablePrettyStackTrace();
  JitOptions options;
  options.processor = processor.str();
  options.bf16Products = products;
  for (unsigned first = 0; first < count && !HasFailure(); first += kPerModule)
    checkLoops(first, std::min(kPerModule, count - first), options, types);
  printCounts(count);
}

TEST_F(RandomAttention, Compiled) { checkProcessor(getCount(20), "native"); }

TEST_F(RandomAttention, InEmulatedPairs) {
  checkProcessor(getCount(6), "native", BF16Products::EmulatedPairs, {"bf16"});
}

TEST_F(RandomAttention, InEmulatedTiles) {
  checkProcessor(getCount(6), "native", BF16Products::EmulatedTiles, {"bf16"});
}

#ifdef __x86_64__
// Registers of 256 and of 128 bits, without pair products; the latter without
// conversions of f16. Every processor has the second.
TEST_F(RandomAttention, CompiledForAVX2) {
  JitOptions options;
  options.processor = "haswell";
  if (auto processor = describeProcessor(options); !processor)
    GTEST_SKIP() << llvm::toString(processor.takeError());
  checkProcessor(getCount(6), "haswell");
}

TEST_F(RandomAttention, CompiledForSSE2) {
  checkProcessor(getCount(6), "x86-64");
}
#endif

TEST_F(RandomAttention, Emulated) {
  llvm::EnablePrettyStackTrace();
  const unsigned count = getCount(6);
  constexpr unsigned kKernelsPerModule = 6;
  for (unsigned first = 0; first < count && !HasFailure();
       first += kKernelsPerModule)
    checkKernels(first, std::min(kKernelsPerModule, count - first));
  printCounts(count);
}

} // namespace
