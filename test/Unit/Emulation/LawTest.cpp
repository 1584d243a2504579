//===- LawTest.cpp - what may not change what kernels compute -------------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {
using LawTest = EmulatedAttentionTest;
} // namespace

static void expectEqualBits(const AttentionResults &x,
                            const AttentionResults &y) {
  EXPECT_EQ(x.message, "");
  EXPECT_EQ(y.message, "");
  EXPECT_EQ(x.output, y.output);
  EXPECT_EQ(x.logSumExp, y.logSumExp);
}

/// Code of the core is that of edges, less the mask.
TEST_F(LawTest, AllEdgesAreTheSameBits) {
  EmulationOptions schedule = getAdversaries().front();
  for (const AttentionCase &a : {makeCase(), makeTwoIntervals()})
    for (const char *options : {kCores, kPortable}) {
      auto kernel = compileAttention(a, options);
      auto edges = compileAttention(a, options, makeAllEdges);
      ASSERT_TRUE(kernel && edges);
      expectEqualBits(run(*kernel, a, schedule), run(*edges, a, schedule));
    }
}

/// Only differences of positions count.
TEST_F(LawTest, ShiftedOriginsAreTheSameBits) {
  AttentionCase a = makeCase();
  a.mask = "%p = mask.window left 40 right 3";
  a.clauses = "query_offset %query key_offset %key";
  for (const char *options : {kCores, kPortable}) {
    a.positions = {{"query", 7}, {"key", 0}};
    auto kernel = compileAttention(a, options);
    ASSERT_TRUE(kernel);
    EmulationOptions schedule = getAdversaries().front();
    AttentionResults first = run(*kernel, a, schedule);
    EXPECT_EQ(compare(a, first, interpret(a)), "");
    for (int64_t origin : {int64_t(1000003), -(int64_t(1) << 40)}) {
      a.positions = {{"query", origin + 7}, {"key", origin}};
      expectEqualBits(first, run(*kernel, a, schedule));
    }
  }
}

/// What a row of a batch and a head are computed from is theirs alone.
TEST_F(LawTest, PermutedRowsAndHeads) {
  AttentionCase a = makeCase();
  a.batch = 2;
  a.heads = a.keyHeads = 2;
  a.queries = a.keys = 70;
  a.mask = R"(%c = mask.causal
    %d = mask.document %docs : tensor<?x?xi32>
    %p = mask.and %c, %d)";
  a.facts = {{"docs", "i32", {2, 70}, {}}};
  for (int64_t i = 0; i < 140; ++i)
    a.facts[0].values.push_back(i < 70 ? i / 30 : i / 45);
  a.fill(3);
  AttentionCase turned = a;
  auto reverse = [](auto &data, int64_t parts, int64_t last) {
    auto copy = data;
    int64_t size = data.size() / parts;
    for (int64_t i = 0; i < parts; ++i)
      std::copy_n(copy.begin() + (last - i) * size, size,
                  data.begin() + i * size);
  };
  // Batch rows and heads at once: the four matrices in reversed order.
  for (std::vector<double> *data : {&turned.query, &turned.key, &turned.value})
    reverse(*data, 4, 3);
  reverse(turned.facts[0].values, 2, 1);
  for (const char *options : {kCores, kPortable}) {
    auto kernel = compileAttention(a, options);
    ASSERT_TRUE(kernel);
    EmulationOptions schedule = getAdversaries().front();
    AttentionResults first = run(*kernel, a, schedule);
    EXPECT_EQ(compare(a, first, interpret(a)), "");
    reverse(first.output, 4, 3);
    reverse(first.logSumExp, 4, 3);
    expectEqualBits(first, run(*kernel, turned, schedule));
  }
}

/// Ids that only the upper half of 64 bits tells apart.
TEST_F(LawTest, IdsThatDifferBy32Bits) {
  AttentionCase a = makeCase();
  a.mask = R"(%c = mask.causal
    %d = mask.document %docs : tensor<?x?xi64>
    %p = mask.and %c, %d)";
  a.facts = {{"docs", "i64", {1, 130}, {}}};
  for (int64_t i = 0; i < 130; ++i)
    a.facts[0].values.push_back(5 + double(i / 40) * 0x1p32);
  for (const char *options : {kCores, kPortable})
    check(a, options, getAdversaries());
}

/// Tiles before the first visible key are not visited, and rows begin in
/// different ones.
TEST_F(LawTest, FirstTilesSkipped) {
  AttentionCase a = makeCase();
  a.mask = "%p = mask.window left 10 right 0";
  a.clauses = "query_offset %offset";
  a.positions = {{"offset", 95}};
  a.queries = 35;
  a.fill(4);
  for (const char *options : {kCores, kPortable})
    check(a, options, getAdversaries());
}
