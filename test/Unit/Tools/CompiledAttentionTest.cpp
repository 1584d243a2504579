//===- CompiledAttentionTest.cpp - attention ops, compiled -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Attention ops in the forms that no policy has, compiled and interpreted:
// score regions, caps, sinks, origins, offsets per batch row and head,
// predicates that read floats. Unit variance, f32: at most 2e-6 apart. All
// functions of a test are compiled at once.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Execution/Jit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>
#include <deque>
#include <random>

using namespace mlir;
using namespace mlir::mask;

namespace {

/// More than one tile, none of them whole; two query heads per key head.
constexpr int64_t kBatch = 2, kHeads = 4, kKeyHeads = 2, kQueries = 70,
                  kKeys = 83, kDim = 24, kValueDim = 20;
constexpr double kTolerance = 2e-6;

struct Case {
  std::string name;
  /// Arguments after the data, and their values.
  std::string arguments;
  std::vector<HostValue> values;
  /// Ops before the attention, and what follows its outputs.
  std::string before, clauses;
};

HostValue integers(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  auto array = IntegerArray::zeros(shape);
  array->values.assign(values.begin(), values.end());
  return std::shared_ptr<const IntegerArray>(array);
}

/// Bytes of an argument as compiled code reads them.
template <typename Element>
std::vector<char> pack(ArrayRef<Element> elements) {
  auto *bytes = reinterpret_cast<const char *>(elements.data());
  return std::vector<char>(bytes, bytes + elements.size() * sizeof(Element));
}

class CompiledAttentionTest : public ::testing::Test {
protected:
  CompiledAttentionTest() {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
    query = random({kBatch, kHeads, kQueries, kDim});
    key = random({kBatch, kKeyHeads, kKeys, kDim});
    value = random({kBatch, kKeyHeads, kKeys, kValueDim});
  }

  /// Unit variance, exact in f32.
  HostValue random(ArrayRef<int64_t> shape) {
    auto array = FloatArray::zeros(shape);
    std::normal_distribution<float> normal;
    for (double &element : array->values)
      element = normal(engine);
    return std::shared_ptr<const FloatArray>(array);
  }

  static std::string print(const Case &test) {
    std::string data = "tensor<?x?x?x?xf32>";
    return "func.func @" + test.name + "(%q: " + data + ", %k: " + data +
           ", %v: " + data +
           ", %o: memref<?x?x?x?xf32>, %l: memref<?x?x?xf32>" +
           (test.arguments.empty() ? "" : ", " + test.arguments) +
           ") attributes {llvm.emit_c_interface} {\n" + R"(
      %ot = bufferization.to_tensor %o restrict writable : memref<?x?x?x?xf32> to tensor<?x?x?x?xf32>
      %lt = bufferization.to_tensor %l restrict writable : memref<?x?x?xf32> to tensor<?x?x?xf32>
      %causal = mask.causal
)" + test.before +
           "\n%r:2 = mask.attention ins(%q, %k, %v : " + data + ", " + data +
           ", " + data + ") outs(%ot, %lt : " + data + ", tensor<?x?x?xf32>) " +
           test.clauses + " -> " + data + ", tensor<?x?x?xf32>" + R"(
      bufferization.materialize_in_destination %r#0 in restrict writable %o : (tensor<?x?x?x?xf32>, memref<?x?x?x?xf32>) -> ()
      bufferization.materialize_in_destination %r#1 in restrict writable %l : (tensor<?x?x?xf32>, memref<?x?x?xf32>) -> ()
      return
    })";
  }

  void check(ArrayRef<Case> tests) {
    std::string text;
    for (const Case &test : tests)
      text += print(test) + "\n";
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    OwningOpRef<ModuleOp> lowered(cast<ModuleOp>((*module)->clone()));
    auto code = JitModule::compile(*lowered, "test", JitOptions());
    ASSERT_TRUE(succeeded(code));
    for (const Case &test : tests) {
      auto function = (*code)->lookup(test.name);
      if (!function)
        FAIL() << llvm::toString(function.takeError());
      compare(test, module->lookupSymbol<func::FuncOp>(test.name), *function);
    }
  }

  void compare(const Case &test, func::FuncOp function,
               JitModule::Function code) {
    FactEvaluator facts;
    std::vector<HostValue> arguments = {query, key, value, AbsentValue(),
                                        AbsentValue()};
    llvm::append_range(arguments, test.values);
    for (auto [argument, host] :
         llvm::zip_equal(function.getArguments(), arguments))
      facts.bind(argument, host);
    AttentionOp op;
    function.walk([&](AttentionOp found) { op = found; });
    FailureOr<InterpretedAttention> expected = interpretAttention(op, facts);
    ASSERT_TRUE(succeeded(expected)) << test.name;
    std::vector<float> output(expected->output.size(), NAN);
    std::vector<float> logSumExp(expected->logSumExp.size(), NAN);
    run(function, arguments, code, output, logSumExp);
    expectNear(test.name, output, expected->output);
    expectNear(test.name + ", log-sum-exp", logSumExp, expected->logSumExp);
  }

  /// Relative to the largest value, since f32 is a relative format, unless an
  /// absolute bound is set.
  void expectNear(const std::string &name, ArrayRef<float> computed,
                  ArrayRef<double> expected) const {
    double error = 0, largest = 1;
    for (auto [a, b] : llvm::zip_equal(computed, expected)) {
      if (std::isinf(b)) {
        ASSERT_EQ(a, b) << name;
        continue;
      }
      ASSERT_TRUE(std::isfinite(a)) << name;
      error = std::max(error, std::abs(a - b));
      largest = std::max(largest, std::abs(b));
    }
    EXPECT_LE(error, absolute.value_or(kTolerance * largest)) << name;
  }

  static void run(func::FuncOp function, ArrayRef<HostValue> arguments,
                  JitModule::Function code, std::vector<float> &output,
                  std::vector<float> &logSumExp) {
    std::deque<std::vector<char>> storage;
    std::deque<MemRefDescriptor> descriptors;
    std::deque<void *> pointers;
    SmallVector<void *> packed;
    auto addMemRef = [&](const void *data, ArrayRef<int64_t> shape) {
      pointers.push_back(descriptors.emplace_back(data, shape).get());
      packed.push_back(&pointers.back());
    };
    for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
      if (i == 3) {
        addMemRef(output.data(), {kBatch, kHeads, kQueries, kValueDim});
        continue;
      }
      if (i == 4) {
        addMemRef(logSumExp.data(), {kBatch, kHeads, kQueries});
        continue;
      }
      const HostValue &host = arguments[i];
      if (auto *array = std::get_if<std::shared_ptr<const FloatArray>>(&host)) {
        std::vector<float> narrow((*array)->values.begin(),
                                  (*array)->values.end());
        storage.push_back(pack<float>(narrow));
        addMemRef(storage.back().data(), (*array)->shape);
      } else if (auto *array =
                     std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
        std::vector<int32_t> narrow((*array)->values.begin(),
                                    (*array)->values.end());
        storage.push_back(pack<int32_t>(narrow));
        addMemRef(storage.back().data(), (*array)->shape);
      } else if (auto *number = std::get_if<double>(&host)) {
        storage.push_back(pack<float>(static_cast<float>(*number)));
        packed.push_back(storage.back().data());
      } else {
        storage.push_back(pack<int64_t>(std::get<int64_t>(host)));
        packed.push_back(storage.back().data());
      }
    }
    code(packed.data());
  }

  MLIRContext context;
  std::mt19937 engine{7};
  HostValue query, key, value;
  std::optional<double> absolute;
};

/// `score` over the tables of its captures.
std::string score(const std::string &captures, const std::string &types,
                  const std::string &arguments, const std::string &body) {
  std::string clause = "mask(%causal) ";
  if (!captures.empty())
    clause += "score_captures(" + captures + " : " + types + ") ";
  return clause +
         "score {\n^bb0(%s: f32, %b: index, %h: index, %i: index, "
         "%j: index" +
         (arguments.empty() ? "" : ", " + arguments) + "):\n" + body +
         "\nmask.yield %y : f32\n}";
}

TEST_F(CompiledAttentionTest, Scores) {
  check({
      {"soft_cap", "", {}, "", "mask(%causal) soft_cap 50.0"},
      {"tight_cap",
       "%x: f32",
       {3.0},
       "",
       "mask(%causal) scale(%x) soft_cap 1.5"},
      {"alibi",
       "%x: tensor<?xf32>",
       {random({kHeads})},
       "",
       score("%x", "tensor<?xf32>", "%t: tensor<?xf32>", R"(
        %slope = tensor.extract %t[%h] : tensor<?xf32>
        %d = arith.subi %j, %i : index
        %n = arith.index_cast %d : index to i32
        %f = arith.sitofp %n : i32 to f32
        %c = arith.constant 0.0625 : f32
        %g = arith.mulf %f, %c : f32
        %bias = arith.mulf %slope, %g : f32
        %y = arith.addf %s, %bias : f32)")},
      // Rows without a finite score have no weights, and their sinks none
      // either.
      {"hidden_by_score",
       "%x: tensor<?xf32>",
       {random({kHeads})},
       "",
       "mask(%causal) sinks(%x : tensor<?xf32>) score {\n"
       "^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):\n"
       R"(
        %lowest = arith.constant 0xFF800000 : f32
        %six = arith.constant 6 : index
        %early = arith.cmpi ult, %j, %six : index
        %y = arith.select %early, %lowest, %s : f32
        mask.yield %y : f32
       })"},
      // The table ends early: further keys have no bias. The cap comes first.
      {"relative_bias",
       "%x: tensor<?x?xf32>",
       {random({kHeads, 30})},
       "",
       score("%x", "tensor<?x?xf32>", "%t: tensor<?x?xf32>", R"(
        %d = arith.subi %i, %j : index
        %bias = tensor.extract %t[%h, %d] : tensor<?x?xf32>
        %y = arith.addf %s, %bias : f32)")},
      {"branches", "", {}, "", score("", "", "", R"(
        %zero = arith.constant 0.0 : f32
        %p = arith.cmpf ogt, %s, %zero : f32
        %y = scf.if %p -> f32 {
          %e = math.exp %s : f32
          %u = math.log1p %e : f32
          scf.yield %u : f32
        } else {
          %a = math.absf %s : f32
          %r = math.sqrt %a : f32
          %n = arith.negf %r : f32
          scf.yield %n : f32
        })")},
  });
}

/// The error of a sum of products grows with their number; 512 added one after
/// the other miss this bound.
TEST_F(CompiledAttentionTest, ManyColumns) {
  absolute = 1.25e-6;
  for (int64_t columns : {128, 129, 500, 512}) {
    query = random({kBatch, kHeads, kQueries, columns});
    key = random({kBatch, kKeyHeads, kKeys, columns});
    check(
        {{"columns_" + std::to_string(columns), "", {}, "", "mask(%causal)"}});
  }
}

TEST_F(CompiledAttentionTest, Placement) {
  std::vector<int64_t> ids(3 * 100);
  for (auto [i, id] : llvm::enumerate(ids))
    id = i / 9 % 4;
  check({
      {"sinks",
       "%x: tensor<?xf32>",
       {random({kHeads})},
       "",
       "mask(%causal) sinks(%x : tensor<?xf32>) key_offset 20"},
      {"per_batch",
       "%x: tensor<?xi32>",
       {integers({2}, {5, 13})},
       "",
       "mask(%causal) query_offset %x per batch : tensor<?xi32>"},
      {"per_head",
       "%x: tensor<?xi32>",
       {integers({4}, {0, 40, 3, 13})},
       "",
       "mask(%causal) key_offset %x per head : tensor<?xi32>"},
      {"origin",
       "%ids: tensor<?x?xi32>, %one: index, %n: index",
       {integers({3, 100}, ids), int64_t(1), int64_t(3)},
       "%d = mask.document %ids : tensor<?x?xi32>\n"
       "%p = mask.and %causal, %d\n"
       "%odd = mask.heads %p in [4, 6]\n%all = mask.or %odd, %d",
       R"(origin(%one, %n, %one, %n) mask(%all) score {
       ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
         %t = arith.addi %b, %h : index
         %u = arith.muli %t, %j : index
         %m = arith.index_cast %u : index to i64
         %f = arith.sitofp %m : i64 to f32
         %c = arith.constant 0.005 : f32
         %y = math.fma %f, %c, %s : f32
         mask.yield %y : f32
       })"},
  });
}

/// The second batch row has no parameter: each leaf is false there (law 1), its
/// complement true, and there is no division by what was not read.
TEST_F(CompiledAttentionTest, ParametersThatEnd) {
  check({
      {"ends",
       "%x: tensor<?xi32>",
       {integers({1}, {3})},
       R"(
       %w = mask.window left %x per batch : tensor<?xi32> right 3
       %e = mask.window left 3 right %x per batch : tensor<?xi32>
       %c = mask.chunk size %x per batch : tensor<?xi32>
       %f = mask.chunk size 4 offset %x per batch : tensor<?xi32>
       %d = mask.dilated %x per batch : tensor<?xi32>
       %n = mask.key_length %x per batch : tensor<?xi32>
       %s = mask.shift %causal query %x per batch : tensor<?xi32> key -60
       %any = mask.or %w, %e, %c, %f, %d, %n, %s
       %two = mask.dilated 2
       %rest = mask.not %any
       %even = mask.and %rest, %two)",
       "mask(%even)"},
      {"ends_alone",
       "%x: tensor<?xi32>",
       {integers({1}, {3})},
       R"(
       %w = mask.window left %x per batch : tensor<?xi32> right 3
       %c = mask.chunk size %x per batch : tensor<?xi32>
       %d = mask.dilated %x per batch : tensor<?xi32>
       %any = mask.or %w, %c, %d)",
       "mask(%any)"},
  });
}

TEST_F(CompiledAttentionTest, Generic) {
  std::vector<int64_t> divisors(kKeys);
  for (auto [i, divisor] : llvm::enumerate(divisors))
    divisor = int64_t(i % 4) - 1;
  check({
      {"floats",
       "%x: tensor<?xf32>, %w: f32",
       {random({60}), 0.25},
       R"(%g = mask.generic captures(%x, %w : tensor<?xf32>, f32) {
       ^bb0(%b: index, %h: index, %i: index, %j: index, %t: tensor<?xf32>, %c: f32):
         %e = tensor.extract %t[%j] : tensor<?xf32>
         %n = arith.index_cast %i : index to i64
         %f = arith.sitofp %n : i64 to f32
         %m = arith.mulf %e, %f : f32
         %y = arith.cmpf olt, %m, %c : f32
         mask.yield %y : i1
       })",
       "mask(%g)"},
      // A quotient by zero does not exist: invisible, and no trap.
      {"quotients",
       "%x: tensor<?xi32>",
       {integers({kKeys}, divisors)},
       R"(%g = mask.generic captures(%x : tensor<?xi32>) {
       ^bb0(%b: index, %h: index, %i: index, %j: index, %t: tensor<?xi32>):
         %e = tensor.extract %t[%j] : tensor<?xi32>
         %n = arith.index_cast %i : index to i32
         %z = arith.divsi %n, %e : i32
         %five = arith.constant 15 : i32
         %y = arith.cmpi slt, %z, %five : i32
         mask.yield %y : i1
       })",
       "mask(%g)"},
  });
}

} // namespace
