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

std::unique_ptr<EmulatedModule>
EmulatedAttentionTest::compileAttention(const AttentionCase &attention,
                                        const std::string &options) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(getText(attention), &context);
  if (!module)
    return nullptr;
  PassManager pm(&context);
  auto parsed = MaskToGPUOptions::createFromString(options);
  if (!parsed)
    return nullptr;
  buildMaskToGPUPipeline(pm, *parsed);
  if (failed(pm.run(*module)))
    return nullptr;
  auto compiled = EmulatedModule::compile(*module, "attention", JitOptions());
  return succeeded(compiled) ? std::move(*compiled) : nullptr;
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
static FailureOr<InterpretedAttention>
interpret(const AttentionCase &a, ModuleOp module, ArrayRef<double> value) {
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

/// Words that lie `shift` words after a multiple of 16 bytes.
class ShiftedWords {
public:
  ShiftedWords(const std::vector<uint16_t> &words, int64_t shift)
      : memory(words.size() + shift + 8), size(words.size()) {
    auto address = reinterpret_cast<uintptr_t>(memory.data());
    first = (16 - address % 16) % 16 / 2 + shift;
    llvm::copy(words, memory.begin() + first);
  }
  MutableArrayRef<uint16_t> get() {
    return MutableArrayRef(memory).slice(first, size);
  }

private:
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

void EmulatedAttentionTest::check(const AttentionCase &a,
                                  const std::string &options,
                                  ArrayRef<EmulationOptions> schedules) {
  std::unique_ptr<EmulatedModule> module = compileAttention(a, options);
  ASSERT_TRUE(module) << getText(a);
  OwningOpRef<ModuleOp> source =
      parseSourceString<ModuleOp>(getText(a), &context);
  std::vector<double> magnitudes(a.value);
  for (double &x : magnitudes)
    x = std::isfinite(x) ? std::abs(x) : 1;
  auto expected = interpret(a, *source, a.value);
  auto bounds = interpret(a, *source, magnitudes);
  ASSERT_TRUE(succeeded(expected) && succeeded(bounds));
  SmallVector<int64_t> q = {a.batch, a.heads, a.queries, a.dim},
                       k = {a.batch, a.keyHeads, a.keys, a.dim},
                       v = {a.batch, a.keyHeads, a.keys, a.valueDim},
                       o = {a.batch, a.heads, a.queries, a.valueDim},
                       rows = {a.batch, a.heads, a.queries};
  ShiftedWords qw(toWords<uint16_t>(a.query, a.element), a.shift),
      kw(toWords<uint16_t>(a.key, a.element), a.shift),
      vw(toWords<uint16_t>(a.value, a.element), a.shift);
  for (const EmulationOptions &schedule : schedules) {
    ShiftedWords ow(std::vector<uint16_t>(expected->output.size(), 0x7fff),
                    a.shift);
    MutableArrayRef<uint16_t> output = ow.get();
    std::vector<float> logSumExp(expected->logSumExp.size(), std::nanf(""));
    Arguments arguments;
    arguments.add(qw.get().data(), q)
        .add(kw.get().data(), k)
        .add(vw.get().data(), v)
        .add(output.data(), o)
        .add(logSumExp, rows);
    std::deque<std::vector<char>> memory;
    for (const Fact &fact : a.facts)
      addFact(arguments, fact, memory);
    for (const auto &[name, number] : a.numbers)
      arguments.add(number);
    for (const auto &[name, position] : a.positions)
      arguments.add(position);
    ASSERT_EQ(messageOf(module->call("attention", arguments.get(), schedule)),
              "");
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      double tolerance = a.getTolerance() * bounds->output[i] + 1e-5;
      if (!isClose(fromWord(output[i], a.element), expected->output[i],
                   tolerance) &&
          wrong++ == 0)
        first = i;
    }
    EXPECT_EQ(wrong, 0u) << "output " << first << " of " << output.size()
                         << " is " << fromWord(output[first], a.element)
                         << ", expected " << expected->output[first];
    wrong = 0;
    for (size_t i = 0; i < logSumExp.size(); ++i)
      if (!isClose(logSumExp[i], expected->logSumExp[i],
                   2e-5 + 2e-6 * std::abs(expected->logSumExp[i])) &&
          wrong++ == 0)
        first = i;
    EXPECT_EQ(wrong, 0u) << "log-sum-exp " << first << " of "
                         << logSumExp.size() << " is " << logSumExp[first]
                         << ", expected " << expected->logSumExp[first];
  }
}
