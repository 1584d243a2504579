//===- AttentionTest.cpp - attention in float64 -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Two query heads on one key head, two queries, three keys, D 1, Dv 2.
struct Problem {
  std::vector<double> query{1, 2, -1, 0.5}, key{1, -2, 3};
  std::vector<double> value{1, 10, 2, 20, 3, 30};
  AttentionData data;
  std::vector<double> output = std::vector<double>(8, NAN);
  std::vector<double> lse = std::vector<double>(4, NAN);

  Problem() {
    data.batch = data.keyHeads = data.dim = 1;
    data.heads = data.queries = data.valueDim = 2;
    data.keys = 3;
    data.query = query;
    data.key = key;
    data.value = value;
  }

  void run(const PredicateFunction &visible) {
    MLIRContext context;
    EXPECT_TRUE(succeeded(interpretAttention(data, visible, output, lse, [&] {
      return emitError(UnknownLoc::get(&context));
    })));
  }
};

TEST(InterpretAttention, IsTheDefinition) {
  Problem p;
  p.data.scale = 0.5;
  p.run([](int64_t, int64_t, int64_t q, int64_t k) { return k <= q + 1; });
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t q = 0; q < 2; ++q) {
      double sum = 0, x = 0, y = 0;
      for (int64_t k = 0; k <= q + 1; ++k) {
        double weight = std::exp(0.5 * p.query[h * 2 + q] * p.key[k]);
        sum += weight;
        x += weight * p.value[k * 2];
        y += weight * p.value[k * 2 + 1];
      }
      EXPECT_NEAR(p.output[(h * 2 + q) * 2], x / sum, 1e-12);
      EXPECT_NEAR(p.output[(h * 2 + q) * 2 + 1], y / sum, 1e-12);
      EXPECT_NEAR(p.lse[h * 2 + q], std::log(sum), 1e-12);
    }
}

TEST(InterpretAttention, EmptyRowsAreZero) {
  Problem p;
  std::vector<double> sinks{1, 2};
  p.data.sinks = sinks;
  p.run([](int64_t, int64_t h, int64_t, int64_t) { return h == 1; });
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(p.output[i], 0);
  EXPECT_EQ(p.lse[0], -kInf);
  EXPECT_EQ(p.lse[1], -kInf);
  EXPECT_TRUE(std::isfinite(p.lse[2]));
}

TEST(InterpretAttention, SinksJoinTheDenominator) {
  Problem p;
  std::vector<double> sinks{std::log(2.0), 0};
  p.data.sinks = sinks;
  p.data.scale = 0;
  p.run([](int64_t, int64_t, int64_t, int64_t) { return true; });
  EXPECT_NEAR(p.output[0], 6.0 / 5, 1e-12);
  EXPECT_NEAR(p.output[4], 6.0 / 4, 1e-12);
}

TEST(InterpretAttention, OffsetsAndScore) {
  Problem p;
  p.data.queryOffset = {10};
  p.data.keyOffset = {9};
  p.data.score = [](double s, int64_t, int64_t h, int64_t q, int64_t k) {
    return s + (h == 0 && q == 10 && k == 10 ? 1000 : 0);
  };
  p.run([](int64_t, int64_t, int64_t q, int64_t k) { return k <= q; });
  EXPECT_NEAR(p.output[0], 2, 1e-12);
  // Large scores do not overflow, and row 0 does not see key 11.
  EXPECT_NEAR(p.lse[0], 1000 - 2, 1e-9);
  double a = std::exp(-1.0), b = std::exp(2.0);
  EXPECT_NEAR(p.output[4], (a * 1 + b * 2) / (a + b), 1e-12);
}

} // namespace
