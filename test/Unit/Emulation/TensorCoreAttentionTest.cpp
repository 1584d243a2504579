//===- TensorCoreAttentionTest.cpp - attention on tensor cores, emulated
//-----------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every element of output and log-sum-exp against the interpreter.
//
//===----------------------------------------------------------------------===//

#include "EmulatedAttention.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
/// Tiles that are chosen, and such that kernels are small: what hangs on the
/// mask is the same in both.
constexpr const char *kEmitter = "emitter=tensor-core";
constexpr const char *kSmall = "emitter=tensor-core query-tile=32 key-tile=32";

/// Whose scores leave no registers for sums, if values have 64 columns or more.
constexpr const char *kSlices = " query-tile=128 key-tile=64 warp-rows=32";

using TensorCoreAttentionTest = EmulatedAttentionTest;

AttentionCase makeSmall() {
  AttentionCase a;
  a.dim = a.valueDim = 32;
  a.queries = a.keys = 80;
  return a;
}

/// One schedule is enough where only sizes differ.
std::vector<EmulationOptions> getLateCopies() {
  EmulationOptions options;
  options.order = WarpOrder::Skewed;
  options.copies = CopyTime::Late;
  return {options};
}

/// Three documents in each batch row.
Fact makeDocuments(int64_t batch, int64_t tokens) {
  Fact fact{"docs", "i32", {batch, tokens}, {}};
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < tokens; ++i)
      fact.values.push_back((i + 17 * b) * 3 / tokens);
  return fact;
}

/// Keys that are valid: with holes, and none at the end.
Fact makeValid(int64_t batch, int64_t tokens) {
  Fact fact{"valid", "i1", {batch, tokens}, {}};
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < tokens; ++i)
      fact.values.push_back(i % 7 != 3 && i < tokens - 20 * (b + 1));
  return fact;
}

TEST_F(TensorCoreAttentionTest, Causal) {
  AttentionCase a;
  a.queries = a.keys = 140;
  a.heads = 1;
  a.fill(1);
  check(a, kEmitter, getSchedules());
}

TEST_F(TensorCoreAttentionTest, Half) {
  AttentionCase a;
  a.element = "f16";
  a.queries = a.keys = 100;
  a.fill(18);
  check(a, kEmitter, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, WideHeads) {
  AttentionCase a;
  a.dim = a.valueDim = 128;
  a.queries = a.keys = 130;
  a.fill(2);
  check(a, kEmitter, getAdversaries());
}

/// Columns that threads do not divide, and different ones for values.
TEST_F(TensorCoreAttentionTest, OddHeads) {
  AttentionCase a;
  a.dim = 80;
  a.valueDim = 48;
  a.queries = a.keys = 70;
  a.fill(3);
  check(a, kEmitter, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, Window) {
  AttentionCase a = makeSmall();
  a.mask = "%p = mask.window left 40 right 0";
  a.queries = a.keys = 130;
  a.heads = 1;
  a.fill(4);
  check(a, kSmall, getAdversaries());
}

/// Columns that fragments have and data lack, of which rows of 72 and 40 can be
/// copied 16 bytes at a time, and rows of 36 and 1 cannot.
TEST_F(TensorCoreAttentionTest, PaddedColumns) {
  for (auto [dim, valueDim] : {std::pair{72, 40}, {36, 1}, {1, 37}}) {
    AttentionCase a;
    a.dim = dim;
    a.valueDim = valueDim;
    a.queries = a.keys = 70;
    a.heads = 1;
    a.fill(20);
    check(a, kEmitter, getLateCopies());
  }
}

/// Data that start anywhere are moved; so are those of which rows are.
TEST_F(TensorCoreAttentionTest, UnalignedData) {
  AttentionCase a = makeSmall();
  a.shift = 1;
  a.queries = a.keys = 70;
  a.batch = 2;
  a.fill(21);
  check(a, kSmall, getLateCopies());
}

/// Q stays in workgroup memory; and values are cut into blocks.
TEST_F(TensorCoreAttentionTest, WideRows) {
  AttentionCase a;
  a.dim = a.valueDim = 256;
  a.mask = "%p = mask.window left 20 right 0";
  a.queries = a.keys = 70;
  a.heads = 1;
  a.fill(22);
  check(a, kEmitter, getAdversaries());
  check(a, kEmitter + std::string(" value-columns=96"), getLateCopies());
}

/// 32 rows of a warp, with Q in workgroup memory; and a flagged tile of them.
TEST_F(TensorCoreAttentionTest, TallWarps) {
  AttentionCase a;
  a.dim = a.valueDim = 128;
  a.mask = "%p = mask.window left 50 right 0";
  a.queries = a.keys = 140;
  a.heads = 1;
  a.clauses = "scale(%scale)";
  a.numbers = {{"scale", -0.125f}};
  a.fill(23);
  a.value[100 * a.dim + 5] = kInf;
  check(a, kEmitter + std::string(" query-tile=128 key-tile=32 warp-rows=32"),
        getAdversaries());
}

/// 64 keys in two slices: the last tile has no keys for one of them, or part of
/// it. What is hidden is not finite.
TEST_F(TensorCoreAttentionTest, Slices) {
  for (int64_t keys : {150, 180}) {
    AttentionCase a;
    a.dim = a.valueDim = 128;
    a.mask = "%p = mask.window left 50 right 0";
    a.queries = a.keys = keys;
    a.heads = 1;
    a.clauses = "scale(%scale)";
    a.numbers = {{"scale", -0.125f}};
    a.fill(26);
    a.value[100 * a.dim + 5] = std::nan("");
    a.key[40 * a.dim + 7] = kInf;
    check(a, kEmitter + std::string(kSlices), getAdversaries());
  }
}

/// The same, where no row is masked but the last tile is not whole, and with a
/// score region that hides all of some rows.
TEST_F(TensorCoreAttentionTest, SlicesOfScores) {
  AttentionCase a;
  a.dim = 16;
  a.valueDim = 80;
  a.mask = "%p = mask.full";
  a.queries = 70;
  a.keys = 145;
  a.clauses = R"(score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %none = arith.constant 0xFF800000 : f32
      %d = arith.subi %j, %i : index
      %c40 = arith.constant 40 : index
      %near = arith.cmpi ult, %d, %c40 : index
      %y = arith.select %near, %s, %none : f32
      mask.yield %y : f32
    })";
  a.fill(27);
  check(a, kEmitter + std::string(kSlices), getAdversaries());
}

/// A slice does what a tile of as many keys does, bit for bit: whatever is
/// summed, and scaled by one where no maximum moves.
TEST_F(TensorCoreAttentionTest, SlicesAreTiles) {
  const std::string first = R"(%w = mask.window left 30 right 0
    %f = mask.prefix 4
    %c = mask.causal
    %u = mask.or %w, %f
    %p = mask.and %u, %c)";
  for (const std::string &mask : {std::string("%p = mask.causal"), first}) {
    AttentionCase a;
    a.dim = 16;
    a.valueDim = 80;
    a.mask = mask;
    a.heads = 1;
    a.queries = 140;
    a.keys = 170;
    a.fill(28, /*queryFactor=*/4);
    std::vector<AttentionResults> results;
    for (const char *keys : {" key-tile=64", " key-tile=32"}) {
      auto kernel = compileAttention(
          a, kEmitter + std::string(" query-tile=128 warp-rows=32") + keys);
      ASSERT_TRUE(kernel);
      results.push_back(run(*kernel, a, getLateCopies().front()));
      ASSERT_EQ(results.back().message, "");
    }
    EXPECT_EQ(results[0].output, results[1].output) << mask;
    EXPECT_EQ(results[0].logSumExp, results[1].logSumExp) << mask;
  }
}

/// One query of each of six heads of a group, against all keys in three parts:
/// the rows of a tile are heads, some rows have no visible key in a part, and
/// sinks count once.
TEST_F(TensorCoreAttentionTest, Decoding) {
  for (const char *options : {" parts=3", ""}) {
    AttentionCase a;
    a.mask = R"(%c = mask.causal
      %w = mask.key_padding %valid : tensor<?x?xi1>
      %p = mask.and %c, %w)";
    a.clauses = "query_offset %offset sinks(%sinks : tensor<?xf32>)";
    a.facts = {makeValid(2, 230), {"sinks", "f32", {12}, {}}};
    for (int64_t h = 0; h < 12; ++h)
      a.facts.back().values.push_back(h - 6);
    a.positions = {{"offset", 229}};
    a.isStatic = true;
    a.batch = 2;
    a.heads = 12;
    a.keyHeads = 2;
    a.queries = 1;
    a.keys = 230;
    a.fill(24);
    for (int64_t d = 0; d < a.valueDim; ++d)
      a.value[(a.keys + 3) * a.valueDim + d] = std::nan("");
    check(a, kEmitter + std::string(options), getLateCopies());
  }
}

/// A few queries of several heads, in tiles of which the last has fewer; parts
/// of a window of which some are empty.
TEST_F(TensorCoreAttentionTest, HeadsAndParts) {
  AttentionCase a;
  a.mask = "%p = mask.window left 40 right 0";
  a.heads = 3;
  a.queries = a.keys = 50;
  a.fill(25);
  check(a, kEmitter + std::string(" query-tile=12 heads=3 parts=4 key-tile=16"),
        getAdversaries());
}

/// No mask, but a last tile that is not whole.
TEST_F(TensorCoreAttentionTest, Unmasked) {
  AttentionCase a = makeSmall();
  a.mask = "%p = mask.full";
  a.batch = 2;
  a.heads = a.keyHeads = 1;
  a.queries = 65;
  a.keys = 100;
  a.fill(5);
  check(a, kSmall, getAdversaries());
}

/// The first keys and a window: two intervals.
TEST_F(TensorCoreAttentionTest, FirstKeysAndWindow) {
  AttentionCase a = makeSmall();
  a.mask = R"(%w = mask.window left 30 right 0
    %f = mask.prefix 4
    %c = mask.causal
    %u = mask.or %w, %f
    %p = mask.and %u, %c)";
  a.queries = a.keys = 130;
  a.heads = 1;
  a.fill(6);
  check(a, kSmall, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, Documents) {
  AttentionCase a = makeSmall();
  a.mask = R"(%c = mask.causal
    %d = mask.document %docs : tensor<?x?xi32>
    %p = mask.and %c, %d)";
  a.batch = 2;
  a.queries = a.keys = 100;
  a.facts = {makeDocuments(2, 100)};
  a.fill(7);
  check(a, kSmall, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, PaddingWithHoles) {
  AttentionCase a = makeSmall();
  a.mask = R"(%c = mask.causal
    %w = mask.key_padding %valid : tensor<?x?xi1>
    %p = mask.and %c, %w)";
  a.batch = 2;
  a.facts = {makeValid(2, 80)};
  a.fill(8);
  check(a, kSmall, getAdversaries());
}

/// Values and keys that nobody sees are not finite, in tiles that others see.
TEST_F(TensorCoreAttentionTest, HiddenNaN) {
  AttentionCase a = makeSmall();
  a.mask = R"(%c = mask.causal
    %w = mask.key_padding %valid : tensor<?x?xi1>
    %p = mask.and %c, %w)";
  a.facts = {makeValid(1, 80)};
  a.fill(9);
  for (int64_t k = 0; k < a.keys; ++k)
    if (!a.facts[0].values[k])
      for (int64_t d = 0; d < a.dim; ++d) {
        a.value[k * a.dim + d] = d % 2 ? kInf : std::nan("");
        a.key[k * a.dim + d] = std::nan("");
      }
  check(a, kSmall, getAdversaries());
}

/// What some rows see and others do not.
TEST_F(TensorCoreAttentionTest, VisibleInfinity) {
  AttentionCase a = makeSmall();
  a.fill(10);
  a.value[50 * a.dim + 5] = kInf;
  a.value[70 * a.dim + 7] = std::nan("");
  check(a, kSmall, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, Sinks) {
  AttentionCase a = makeSmall();
  a.mask = "%p = mask.window left 40 right 0";
  a.clauses = "sinks(%sinks : tensor<?xf32>)";
  a.facts = {{"sinks", "f32", {2}, {1.5, -2.0}}};
  a.fill(11);
  check(a, kSmall, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, SoftCap) {
  AttentionCase a = makeSmall();
  a.clauses = "soft_cap 2.0";
  a.fill(12, /*queryFactor=*/4);
  check(a, kSmall, getAdversaries());
}

/// A score region that reads where an element is; and rows of whose scores all
/// are minus infinity, inside of the core too.
TEST_F(TensorCoreAttentionTest, ScoreRegion) {
  AttentionCase a = makeSmall();
  a.clauses = R"(score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %d = arith.subi %j, %i : index
      %n = arith.addi %h, %d : index
      %w = arith.index_cast %n : index to i32
      %f = arith.sitofp %w : i32 to f32
      %c = arith.constant 0.03125 : f32
      %m = arith.mulf %f, %c : f32
      %x = arith.addf %s, %m : f32
      %none = arith.constant 0xFF800000 : f32
      %c3 = arith.constant 3 : index
      %r = arith.remui %i, %c3 : index
      %c0 = arith.constant 0 : index
      %dead = arith.cmpi eq, %r, %c0 : index
      %y = arith.select %dead, %none, %x : f32
      mask.yield %y : f32
    })";
  a.fill(13);
  check(a, kSmall, getAdversaries());
}

TEST_F(TensorCoreAttentionTest, Scales) {
  for (float scale : {0.0f, -0.25f, 1.0f, 3.0f}) {
    AttentionCase a = makeSmall();
    a.clauses = "scale(%scale)";
    a.numbers = {{"scale", scale}};
    a.queries = a.keys = 70;
    a.heads = 1;
    a.fill(14);
    check(a, kSmall, getAdversaries());
  }
}

/// The maximum moves in every tile, far.
TEST_F(TensorCoreAttentionTest, GreatScores) {
  AttentionCase a = makeSmall();
  a.element = "f16";
  a.queries = a.keys = 100;
  a.fill(15, /*queryFactor=*/30);
  for (int64_t k = 0; k < a.keys; ++k)
    for (int64_t d = 0; d < a.dim; ++d)
      a.key[k * a.dim + d] = a.round(a.key[k * a.dim + d] * (1 + k / 16));
  check(a, kSmall, getAdversaries());
}

/// Queries of a cache: more keys than queries, and rows that see nothing.
TEST_F(TensorCoreAttentionTest, Offsets) {
  AttentionCase a = makeSmall();
  a.mask = "%p = mask.window left 30 right 0";
  a.clauses = "query_offset %offset";
  a.positions = {{"offset", 60}};
  a.queries = 100;
  a.keys = 120;
  a.fill(16);
  check(a, kSmall, getAdversaries());
}

/// Other tiles, other numbers of warps.
TEST_F(TensorCoreAttentionTest, TileShapes) {
  for (const char *tiles :
       {" query-tile=16 key-tile=16", " query-tile=32 key-tile=128",
        " query-tile=128 key-tile=32"}) {
    AttentionCase a;
    a.mask = "%p = mask.window left 50 right 0";
    a.queries = a.keys = 130;
    a.heads = 1;
    a.fill(17);
    check(a, kEmitter + std::string(tiles), getAdversaries());
  }
}

} // namespace
