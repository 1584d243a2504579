//===- EmulatedAttention.cpp - attention kernels, run and checked ---------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatedAttention.h"

#include "Mask/Pipelines/MaskToGPU.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

static const llvm::fltSemantics &getSemantics(StringRef element) {
  return element == "bf16"  ? llvm::APFloat::BFloat()
         : element == "f16" ? llvm::APFloat::IEEEhalf()
                            : llvm::APFloat::IEEEsingle();
}

static llvm::APFloat convert(double x, StringRef element) {
  llvm::APFloat number(x);
  bool losesInfo;
  number.convert(getSemantics(element), llvm::APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number;
}

/// Elements as they lie in memory, by their number of bytes.
template <typename Word>
static std::vector<Word> toWords(ArrayRef<double> values, StringRef element) {
  std::vector<Word> words;
  for (double x : values)
    words.push_back(
        static_cast<Word>(convert(x, element).bitcastToAPInt().getZExtValue()));
  return words;
}

static double fromWord(uint64_t word, StringRef element) {
  const llvm::fltSemantics &semantics = getSemantics(element);
  unsigned bits = llvm::APFloat::getSizeInBits(semantics);
  return llvm::APFloat(semantics, llvm::APInt(bits, word)).convertToDouble();
}

double AttentionCase::round(double x) const {
  return convert(x, element).convertToDouble();
}

void AttentionCase::fill(unsigned seed, double queryFactor) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t count, double factor) {
    std::vector<double> values(count);
    for (double &x : values)
      x = round(normal(random) * factor);
    return values;
  };
  query = make(batch * heads * queries * dim, queryFactor);
  key = make(batch * keyHeads * keys * dim, 1);
  value = make(batch * keyHeads * keys * valueDim, 1);
}

static std::string join(ArrayRef<int64_t> shape, StringRef element,
                        StringRef kind) {
  std::string text = kind.str() + "<";
  for (size_t i = 0; i < shape.size(); ++i)
    text += "?x";
  return text + element.str() + ">";
}

std::string Fact::getType() const { return join(shape, element, "tensor"); }

//===----------------------------------------------------------------------===//
// Compiled
//===----------------------------------------------------------------------===//

/// The function with the attention: its results go to memrefs.
static std::string getText(const AttentionCase &a) {
  auto size = [&](int64_t number) {
    return (a.isStatic ? std::to_string(number) : "?") + "x";
  };
  auto data = [&](const char *kind, int64_t heads, int64_t rows,
                  const std::string &columns) {
    return std::string(kind) + "<" + size(a.batch) + size(heads) + size(rows) +
           columns + ">";
  };
  auto wide = [&](int64_t columns) {
    return std::to_string(columns) + "x" + a.element;
  };
  std::string q = data("tensor", a.heads, a.queries, wide(a.dim)),
              k = data("tensor", a.keyHeads, a.keys, wide(a.dim)),
              v = data("tensor", a.keyHeads, a.keys, wide(a.valueDim)),
              o = data("tensor", a.heads, a.queries, wide(a.valueDim)),
              ob = data("memref", a.heads, a.queries, wide(a.valueDim)),
              l = data("tensor", a.heads, a.queries, "f32"),
              lb = data("memref", a.heads, a.queries, "f32"), arguments;
  for (const Fact &fact : a.facts)
    arguments += ", %" + fact.name + ": " + fact.getType();
  for (const auto &[name, value] : a.numbers)
    arguments += ", %" + name + ": f32";
  for (const auto &[name, value] : a.positions)
    arguments += ", %" + name + ": index";
  return "func.func @attention(%q: " + q + ", %k: " + k + ", %v: " + v +
         ", %o: " + ob + ", %l: " + lb + arguments +
         ") attributes {llvm.emit_c_interface} {\n  " + a.mask +
         "\n  %ot = bufferization.to_tensor %o restrict writable : " + ob +
         " to " + o +
         "\n  %lt = bufferization.to_tensor %l restrict writable : " + lb +
         " to " + l + "\n  %r:2 = mask.attention ins(%q, %k, %v : " + q + ", " +
         k + ", " + v + ") outs(%ot, %lt : " + o + ", " + l + ") mask(%p) " +
         a.clauses + " -> " + o + ", " + l +
         "\n  bufferization.materialize_in_destination %r#0 in restrict "
         "writable %o : (" +
         o + ", " + ob +
         ") -> ()\n  bufferization.materialize_in_destination %r#1 in restrict "
         "writable %l : (" +
         l + ", " + lb + ") -> ()\n  return\n}\n";
}

namespace {

/// Applies a mutation when kernels have been made.
struct Mutator : PassInstrumentation {
  explicit Mutator(const Mutation &mutation) : mutation(mutation) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    auto function = dyn_cast<func::FuncOp>(op);
    if (pass->getArgument() != "convert-mask-to-gpu" || !function ||
        function.getName() != "attention")
      return;
    EXPECT_TRUE(mutation(function)) << "there is nothing to mutate";
  }

  const Mutation &mutation;
};

} // namespace

template <typename Options>
static LogicalResult lower(ModuleOp module, const std::string &text,
                           const Mutation &mutation,
                           void (*build)(OpPassManager &, const Options &)) {
  auto options = Options::createFromString(text);
  if (!options)
    return failure();
  PassManager pm(module.getContext());
  if (mutation)
    pm.addInstrumentation(std::make_unique<Mutator>(mutation));
  build(pm, *options);
  return pm.run(module);
}

std::unique_ptr<EmulatedModule> EmulatedAttentionTest::compileAttention(
    const AttentionCase &attention, const std::string &options,
    const Mutation &mutation, KernelStage stage) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(getText(attention), &context);
  if (!module ||
      failed(stage == KernelStage::NVVM
                 ? lower(*module, options, mutation, buildMaskToNVVMPipeline)
                 : lower(*module, options, mutation, buildMaskToGPUPipeline))) {
    ADD_FAILURE() << "cannot lower\n" << getText(attention);
    return nullptr;
  }
  auto compiled = EmulatedModule::compile(*module, "attention", JitOptions());
  if (failed(compiled)) {
    ADD_FAILURE() << "cannot compile\n" << getText(attention);
    return nullptr;
  }
  return std::move(*compiled);
}

static void addFact(Arguments &arguments, const Fact &fact,
                    std::deque<std::vector<char>> &memory) {
  auto copy = [&](auto words) {
    auto *bytes = reinterpret_cast<const char *>(words.data());
    memory.emplace_back(bytes, bytes + words.size() * sizeof(words[0]));
  };
  if (fact.element == "f32")
    copy(toWords<uint32_t>(fact.values, "f32"));
  else if (fact.element == "i1")
    copy(std::vector<uint8_t>(fact.values.begin(), fact.values.end()));
  else if (fact.element == "i64")
    copy(std::vector<int64_t>(fact.values.begin(), fact.values.end()));
  else
    copy(std::vector<int32_t>(fact.values.begin(), fact.values.end()));
  arguments.add(memory.back(), fact.shape);
}

//===----------------------------------------------------------------------===//
// Compared
//===----------------------------------------------------------------------===//

static HostValue makeFloats(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  auto array = FloatArray::zeros(shape);
  array->values.assign(values.begin(), values.end());
  return std::shared_ptr<const FloatArray>(array);
}

static HostValue makeFact(const Fact &fact) {
  if (fact.element == "f32")
    return makeFloats(fact.shape, fact.values);
  auto array = IntegerArray::zeros(fact.shape);
  array->values.assign(fact.values.begin(), fact.values.end());
  return std::shared_ptr<const IntegerArray>(array);
}

/// The interpreter's results for the values `value`.
static FailureOr<InterpretedAttention> interpretValues(const AttentionCase &a,
                                                       ModuleOp module,
                                                       ArrayRef<double> value) {
  AttentionOp op;
  module.walk([&](AttentionOp found) { op = found; });
  Block &block = module.lookupSymbol<func::FuncOp>("attention").front();
  SmallVector<HostValue> values = {
      makeFloats({a.batch, a.heads, a.queries, a.dim}, a.query),
      makeFloats({a.batch, a.keyHeads, a.keys, a.dim}, a.key),
      makeFloats({a.batch, a.keyHeads, a.keys, a.valueDim}, value),
      AbsentValue(), AbsentValue()};
  for (const Fact &fact : a.facts)
    values.push_back(makeFact(fact));
  for (const auto &[name, number] : a.numbers)
    values.push_back(static_cast<double>(number));
  for (const auto &[name, position] : a.positions)
    values.push_back(position);
  FactEvaluator facts;
  for (auto [argument, host] : llvm::zip_equal(block.getArguments(), values))
    facts.bind(argument, host);
  return interpretAttention(op, facts);
}

namespace {

/// What no run writes: NaN in f16 and bf16.
constexpr uint16_t kPattern = 0x7fff;

/// Words that lie `shift` words after a multiple of 16 bytes, with others
/// around them that make NaN of what reads them.
class GuardedWords {
public:
  GuardedWords(const std::vector<uint16_t> &words, int64_t shift)
      : memory(words.size() + shift + 8 + 2 * kGuard, kPattern),
        size(words.size()) {
    auto address = reinterpret_cast<uintptr_t>(memory.data() + kGuard);
    first = kGuard + (16 - address % 16) % 16 / 2 + shift;
    llvm::copy(words, memory.begin() + first);
  }
  MutableArrayRef<uint16_t> get() {
    return MutableArrayRef(memory).slice(first, size);
  }
  /// Whether nothing was written around the words.
  bool isIntact() const {
    auto isGuard = [](uint16_t word) { return word == kPattern; };
    ArrayRef<uint16_t> all(memory);
    return llvm::all_of(all.take_front(first), isGuard) &&
           llvm::all_of(all.drop_front(first + size), isGuard);
  }

private:
  static constexpr size_t kGuard = 256;
  std::vector<uint16_t> memory;
  size_t first, size;
};

} // namespace

static bool isClose(double x, double expected, double tolerance) {
  if (std::isnan(expected))
    return std::isnan(x);
  return x == expected || std::abs(x - expected) <= tolerance;
}

std::vector<EmulationOptions> EmulatedAttentionTest::getAdversaries() {
  std::vector<EmulationOptions> all(2);
  for (auto [i, options] : llvm::enumerate(all)) {
    options.order = WarpOrder::Skewed;
    options.copies = i ? CopyTime::Early : CopyTime::Late;
  }
  return all;
}

ExpectedAttention EmulatedAttentionTest::interpret(const AttentionCase &a) {
  OwningOpRef<ModuleOp> source =
      parseSourceString<ModuleOp>(getText(a), &context);
  std::vector<double> magnitudes(a.value);
  for (double &x : magnitudes)
    x = std::isfinite(x) ? std::abs(x) : 1;
  auto exact = interpretValues(a, *source, a.value);
  auto bounds = interpretValues(a, *source, magnitudes);
  if (succeeded(exact) && succeeded(bounds))
    return {std::move(*exact), std::move(*bounds)};
  ADD_FAILURE() << "cannot be interpreted\n" << getText(a);
  return {};
}

AttentionResults EmulatedAttentionTest::run(EmulatedModule &module,
                                            const AttentionCase &a,
                                            const EmulationOptions &schedule) {
  SmallVector<int64_t> q = {a.batch, a.heads, a.queries, a.dim},
                       k = {a.batch, a.keyHeads, a.keys, a.dim},
                       v = {a.batch, a.keyHeads, a.keys, a.valueDim},
                       o = {a.batch, a.heads, a.queries, a.valueDim},
                       rows = {a.batch, a.heads, a.queries};
  size_t numRows = a.batch * a.heads * a.queries;
  GuardedWords qw(toWords<uint16_t>(a.query, a.element), a.shift),
      kw(toWords<uint16_t>(a.key, a.element), a.shift),
      vw(toWords<uint16_t>(a.value, a.element), a.shift),
      ow(std::vector<uint16_t>(numRows * a.valueDim, kPattern), a.shift);
  AttentionResults results;
  results.logSumExp.assign(numRows, std::nanf(""));
  Arguments arguments;
  arguments.add(qw.get().data(), q)
      .add(kw.get().data(), k)
      .add(vw.get().data(), v)
      .add(ow.get().data(), o)
      .add(results.logSumExp, rows);
  std::deque<std::vector<char>> memory;
  for (const Fact &fact : a.facts)
    addFact(arguments, fact, memory);
  for (const auto &[name, number] : a.numbers)
    arguments.add(number);
  for (const auto &[name, position] : a.positions)
    arguments.add(position);
  OutputWatch outputs;
  outputs.add("output", ow.get().data(), o, sizeof(uint16_t));
  outputs.add("log-sum-exp", results.logSumExp.data(), rows, sizeof(float));
  EmulationOptions options = schedule;
  options.outputs = &outputs;
  results.message =
      messageOf(module.call("attention", arguments.get(), options));
  if (results.message.empty())
    results.message = messageOf(outputs.finish());
  llvm::append_range(results.output, ow.get());
  for (const GuardedWords *words : {&qw, &kw, &vw, &ow})
    if (results.message.empty() && !words->isIntact())
      results.message = "something was written around an array";
  return results;
}

std::string EmulatedAttentionTest::compare(const AttentionCase &a,
                                           const AttentionResults &results,
                                           const ExpectedAttention &expected) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto report = [&](StringRef what, size_t i, double x, double correct) {
    os << what << " " << i << " is " << x << ", expected " << correct;
    return text;
  };
  const InterpretedAttention &exact = expected.exact;
  for (size_t i = 0; i < results.output.size(); ++i) {
    double x = fromWord(results.output[i], a.element);
    double tolerance = a.getTolerance() * expected.magnitudes.output[i] + 1e-5;
    if (!isClose(x, exact.output[i], tolerance))
      return report("output", i, x, exact.output[i]);
  }
  for (size_t i = 0; i < results.logSumExp.size(); ++i) {
    double tolerance = 2e-5 + 2e-6 * std::abs(exact.logSumExp[i]);
    if (!isClose(results.logSumExp[i], exact.logSumExp[i], tolerance))
      return report("log-sum-exp", i, results.logSumExp[i], exact.logSumExp[i]);
  }
  return "";
}

void EmulatedAttentionTest::check(const AttentionCase &a,
                                  const std::string &options,
                                  ArrayRef<EmulationOptions> schedules) {
  std::unique_ptr<EmulatedModule> module = compileAttention(a, options);
  ASSERT_TRUE(module);
  ExpectedAttention expected = interpret(a);
  for (const EmulationOptions &schedule : schedules) {
    AttentionResults results = run(*module, a, schedule);
    ASSERT_EQ(results.message, "");
    EXPECT_EQ(compare(a, results, expected), "") << print(schedule);
  }
}
