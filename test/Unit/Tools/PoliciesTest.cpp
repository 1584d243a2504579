//===- PoliciesTest.cpp - vision policies against their formulas -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/Goldens.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace mlir::mask;

namespace {

using I = int64_t;

/// One random prompt: items with gaps of text, some of which touch.
struct Layout {
  std::string prompt;
  std::vector<int> run, item;
  std::vector<I> itemLength;
  I window = 1;

  explicit Layout(unsigned seed) {
    std::mt19937 random(seed);
    auto pick = [&](I n) { return I(random() % n); };
    window = 1 + pick(9);
    int runs = -1, items = -1;
    bool inRun = false;
    for (I segment = 0, count = 1 + pick(6); segment < count; ++segment) {
      bool isItem = pick(2);
      I length = 1 + pick(9);
      runs += isItem && !inRun;
      items += isItem;
      inRun = isItem;
      prompt += (isItem ? "image:" : "text:") + std::to_string(length) + " ";
      run.insert(run.end(), length, isItem ? runs : -1);
      item.insert(item.end(), length, isItem ? items : -1);
      if (isItem)
        itemLength.push_back(length);
    }
  }
  bool sameRun(I q, I k) const { return run[q] >= 0 && run[q] == run[k]; }
  bool sameItem(I q, I k) const { return item[q] >= 0 && item[q] == item[k]; }
  bool sameShortItem(I q, I k) const {
    return sameItem(q, k) && itemLength[item[q]] <= window;
  }
};

using Formula = bool (*)(const Layout &l, I q, I k);
bool causal(I q, I k) { return k <= q; }
bool left(const Layout &l, I q, I k) { return q - k < l.window; }
bool sym(const Layout &l, I q, I k) { return std::abs(q - k) < l.window; }

struct Expected {
  const char *policy;
  Formula full, sliding;
};

bool fullCausal(const Layout &, I q, I k) { return causal(q, k); }
bool fullRun(const Layout &l, I q, I k) {
  return causal(q, k) || l.sameRun(q, k);
}
bool boundedRun(const Layout &l, I q, I k) {
  return left(l, q, k) && fullRun(l, q, k);
}
bool symmetricRun(const Layout &l, I q, I k) {
  return sym(l, q, k) && fullRun(l, q, k);
}
bool freeRun(const Layout &l, I q, I k) {
  return (causal(q, k) && left(l, q, k)) || l.sameRun(q, k);
}
bool freeShortItem(const Layout &l, I q, I k) {
  return (causal(q, k) && left(l, q, k)) || l.sameShortItem(q, k);
}
bool freeItem(const Layout &l, I q, I k) {
  return (causal(q, k) && sym(l, q, k)) || l.sameItem(q, k);
}
bool fullItem(const Layout &l, I q, I k) {
  return causal(q, k) || l.sameItem(q, k);
}
bool boundedItem(const Layout &l, I q, I k) {
  return left(l, q, k) && fullItem(l, q, k);
}
bool fullShortItem(const Layout &l, I q, I k) {
  return causal(q, k) || l.sameShortItem(q, k);
}

const Expected kExpected[] = {
    {"transformers-5.12", fullRun, freeRun},
    {"transformers-5.12-gemma3", fullRun, freeRun},
    {"transformers-5.13-gemma4", fullCausal, boundedRun},
    {"transformers-5.13-gemma3", fullRun, boundedRun},
    {"gemma-jax-gemma4", fullCausal, symmetricRun},
    {"gemma-jax-gemma4-2026-05", fullCausal, fullRun},
    {"gemma-jax-gemma3", fullRun, symmetricRun},
    {"vllm-0.20", fullCausal, freeShortItem},
    {"vllm-0.25-triton", fullCausal, boundedItem},
    {"vllm-0.25-flex", fullCausal, freeItem},
    {"vllm-gemma3", fullShortItem, freeShortItem},
    {"kerashub-gemma3", fullRun, symmetricRun},
    {"kerashub-gemma4", fullCausal, freeRun},
    {"llamacpp-gemma3", fullItem, boundedItem},
};

class PoliciesTest : public ::testing::Test {
protected:
  PoliciesTest() : module(ModuleOp::create(UnknownLoc::get(&context))) {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(PoliciesTest, VisionPoliciesAreTheirFormulas) {
  for (const Expected &expected : kExpected)
    for (unsigned seed = 0; seed < 40; ++seed) {
      Layout layout(seed);
      auto request = parsePrompt(layout.prompt, layout.window);
      ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
      auto policy = loadPolicy(expected.policy, *module);
      ASSERT_TRUE(succeeded(policy));
      for (bool full : {true, false}) {
        auto visible = interpretPolicy(
            *policy, full ? "full_attention" : "sliding_attention",
            std::nullopt, *request);
        ASSERT_TRUE(succeeded(visible));
        Formula formula = full ? expected.full : expected.sliding;
        for (I q = 0; q < request->queries; ++q)
          for (I k = 0; k < request->keys; ++k)
            ASSERT_EQ((*visible)(0, 0, q, k), formula(layout, q, k))
                << expected.policy << " " << layout.prompt << " W "
                << layout.window << " q " << q << " k " << k;
      }
    }
}

TEST_F(PoliciesTest, EveryFileLoads) {
  EXPECT_GE(getPolicies().size(), 34u);
  for (const PolicyEntry &entry : getPolicies()) {
    EXPECT_FALSE(entry.summary.empty()) << entry.name.str();
    EXPECT_TRUE(succeeded(loadPolicy(entry.name, *module))) << entry.name.str();
  }
}

// Plain families get both ANDed last.
TEST_F(PoliciesTest, PaddingAndPackingAreAddedWherePoliciesPlaceNeither) {
  auto request = parseRequest(R"({"q_len": 4, "kv_len": 4,
      "key_valid": [[[1, 1], [0, 1], [1, 2]]],
      "sequence_ids": [[[0, 3], [1, 1]]]})");
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  auto visible = interpretPolicy(*loadPolicy("causal", *module), "any",
                                 std::nullopt, *request);
  ASSERT_TRUE(succeeded(visible));
  EXPECT_EQ(
      evaluateMask(*visible, *request, 1),
      (std::vector<uint8_t>{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1}));
}

TEST_F(PoliciesTest, Errors) {
  std::string errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    errors += diagnostic.str() + "\n";
    return success();
  });
  EXPECT_TRUE(failed(loadPolicy("gemma", *module)));
  EXPECT_NE(errors.find("unknown policy 'gemma'; known are asymmetric-local"),
            std::string::npos)
      << errors;
  auto request = parseRequest(R"({"q_len": 4, "kv_len": 4})");
  ASSERT_TRUE(bool(request));
  auto policy = loadPolicy("vllm-0.20", *module);
  EXPECT_TRUE(failed(
      interpretPolicy(*policy, "full_attention", std::nullopt, *request)));
  EXPECT_NE(errors.find("policy 'vllm-0.20' needs the fact 'window'"),
            std::string::npos)
      << errors;
  EXPECT_TRUE(
      failed(interpretPolicy(*policy, "chunked", std::nullopt, *request)));
  EXPECT_NE(errors.find("policy 'vllm-0.20' has no layer type 'chunked'; known "
                        "are full_attention, sliding_attention"),
            std::string::npos)
      << errors;
  EXPECT_FALSE(parsePackingRule("5.13"));
}

} // namespace
