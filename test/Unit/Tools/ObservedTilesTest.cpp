//===- ObservedTilesTest.cpp - what compiled loops visit -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Compiled loops, and kernels that are emulated, report their tiles. Against
// the interpreter: no pair is computed twice, every visible pair is computed
// once, tiles without a mask are visible as a whole. How many pairs are
// computed, and how many tiles are masked, is counted by hand.
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/Jit.h"
#include "Mask/Execution/ObserveTiles.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <optional>

using namespace mlir;
using namespace mlir::mask;

namespace {

constexpr int64_t kTile = 16;

/// Of all batch rows and heads.
struct Counts {
  int64_t visible = 0, computed = 0;
  /// Tiles without and with a mask, and those of the latter that show nothing
  /// or everything: what the classifier could not tell.
  int64_t core = 0, edge = 0, blank = 0, missed = 0;
};

/// The parameter: kernels for GPUs rather than loops.
class ObservedTilesTest : public ::testing::TestWithParam<bool> {
protected:
  ObservedTilesTest() {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  PolicyOp load(StringRef source) {
    auto parsed = parseSourceString<ModuleOp>(source, &context);
    EXPECT_TRUE(parsed);
    module = std::move(parsed);
    return cast<PolicyOp>(module->getBody()->front());
  }

  static Request makeRequest(StringRef json) {
    llvm::Expected<Request> request = parseRequest(json);
    if (!request) {
      ADD_FAILURE() << llvm::toString(request.takeError());
      return Request();
    }
    return std::move(*request);
  }

  /// Observes the policy's only layer type on each request, one compilation for
  /// all, and checks the laws above.
  std::vector<Counts> observe(StringRef source, ArrayRef<const char *> requests,
                              int64_t heads = 1) {
    PolicyOp policy = load(source);
    JitOptions options;
    options.optimize = false;
    options.schedule.queryTile = options.schedule.keyTile = kTile;
    if (GetParam())
      options.emulation.emplace();
    std::vector<Counts> result;
    std::optional<TileObserver> observer;
    for (const char *json : requests) {
      Request request = makeRequest(json);
      if (!observer) {
        auto compiled =
            TileObserver::compile(policy, "*", std::nullopt, request, options);
        EXPECT_TRUE(succeeded(compiled));
        if (failed(compiled))
          return result;
        observer.emplace(std::move(*compiled));
      }
      result.push_back(check(policy, request, *observer, heads));
      if (HasFailure())
        ADD_FAILURE() << json << "\n" << source.str();
    }
    return result;
  }

  static Counts check(PolicyOp policy, const Request &request,
                      const TileObserver &observer, int64_t heads) {
    FailureOr<PredicateFunction> function =
        interpretPolicy(policy, "*", std::nullopt, request);
    auto offset = [&](ArrayRef<int64_t> offsets, int64_t b) {
      return offsets.size() == 1 ? offsets[0] : offsets[b];
    };
    auto sees = [&](int64_t b, int64_t h, int64_t i, int64_t j) {
      return (*function)(b, h, i + offset(request.queryOffset, b),
                         j + offset(request.keyOffset, b));
    };
    int64_t queries = request.queries, keys = request.keys;
    std::vector<uint8_t> covered(request.batch * heads * queries * keys);
    auto at = [&](int64_t b, int64_t h, int64_t i, int64_t j) -> uint8_t & {
      return covered[((b * heads + h) * queries + i) * keys + j];
    };
    Counts counts;
    auto visit = [&](const ObservedTile &tile) {
      ASSERT_LE(tile.query + tile.queries, queries);
      ASSERT_LE(tile.key + tile.keys, keys);
      bool any = false, all = true;
      for (int64_t i = tile.query; i < tile.query + tile.queries; ++i)
        for (int64_t j = tile.key; j < tile.key + tile.keys; ++j) {
          bool visible = sees(tile.batch, tile.head, i, j);
          any |= visible;
          all &= visible;
          ASSERT_EQ(at(tile.batch, tile.head, i, j)++, 0) << i << ", " << j;
        }
      ASSERT_TRUE(tile.masked || all) << tile.query << ", " << tile.key;
      counts.computed += tile.getNumPairs();
      (tile.masked ? counts.edge : counts.core) += 1;
      counts.blank += tile.masked && !any;
      counts.missed += tile.masked && all;
    };
    EXPECT_TRUE(succeeded(observer.observe(request, heads, visit)));
    for (int64_t b = 0; b < request.batch; ++b)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t i = 0; i < queries; ++i)
          for (int64_t j = 0; j < keys; ++j)
            if (sees(b, h, i, j)) {
              ++counts.visible;
              EXPECT_EQ(at(b, h, i, j), 1) << i << ", " << j;
            }
    return counts;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

/// Loops start at the hull, not at a multiple of the tile: the first tile of a
/// row is cut by the window and the last by causality.
TEST_P(ObservedTilesTest, Window) {
  auto counts = observe(R"mlir(
    mask.policy @p("window" %w: index) {
      %one = arith.constant 1 : index
      %l = arith.subi %w, %one : index
      %p = mask.window left %l right 0
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 128, "kv_len": 128, "window": 32})",
                         R"({"q_len": 70, "kv_len": 70, "window": 32})"});
  ASSERT_EQ(counts.size(), 2u);
  // Rows of 16, 32 and six times 16 + 31 keys.
  EXPECT_EQ(counts[0].computed, 16 * (16 + 32 + 6 * 47));
  EXPECT_EQ(counts[0].blank, 0);
  // The last six queries exist alone: 70 - 33 keys.
  EXPECT_EQ(counts[1].computed, 16 * (16 + 32 + 2 * 47) + 6 * 37);
}

/// Two intervals: the loops of the second do not visit what the first did.
TEST_P(ObservedTilesTest, SinksAndWindow) {
  auto counts = observe(R"mlir(
    mask.policy @p() {
      %s = mask.prefix 4
      %w = mask.window left 31 right 0
      %c = mask.causal
      %e = mask.or %s, %w
      %p = mask.and %c, %e
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 128, "kv_len": 128})"});
  ASSERT_EQ(counts.size(), 1u);
  // Where the window has left the sinks: 4 keys, and 47 from q0 - 31 on.
  EXPECT_EQ(counts[0].computed, 16 * (16 + 32 + (4 + 47 - 3) + 5 * (4 + 47)));
  EXPECT_EQ(counts[0].blank, 0);
}

/// Four documents of 40 tokens.
TEST_P(ObservedTilesTest, Documents) {
  auto counts = observe(R"mlir(
    mask.policy @p("document_ids" %d: tensor<?x?xi32>) {
      %s = mask.document %d : tensor<?x?xi32>
      %c = mask.causal
      %p = mask.and %c, %s
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 160, "kv_len": 160,
      "document_ids": [[[0, 40], [1, 40], [2, 40], [3, 40]]]})",
                         R"({"q_len": 64, "kv_len": 64,
      "document_ids": [[[0, 10], [1, 30], [0, 24]]]})"});
  ASSERT_EQ(counts.size(), 2u);
  // Rows begin at tokens 0 (twice), 0 for the tile that holds 39 | 40, 40, 40,
  // and so on with a period of 80.
  EXPECT_EQ(counts[0].computed, 2 * 16 * (16 + 32 + 48 + 24 + 40));
}

/// Every second key, in chunks: no interval; a tile of 16 keys has some of each
/// class, but chunks are told apart.
TEST_P(ObservedTilesTest, Dilated) {
  auto counts = observe(R"mlir(
    mask.policy @p() {
      %d = mask.dilated 2
      %c = mask.causal
      %p = mask.and %c, %d
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 64, "kv_len": 64})"});
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].computed, 16 * (16 + 32 + 48 + 64));
}

/// A region that reads a fact at the query and at the key: tiles of other
/// documents are told from the fact's ranges, and those of one need no mask.
TEST_P(ObservedTilesTest, GenericKeys) {
  auto counts = observe(R"mlir(
    mask.policy @p("document_ids" %d: tensor<?x?xi32>) {
      %p = mask.generic captures(%d : tensor<?x?xi32>) {
      ^bb0(%b: index, %h: index, %q: index, %k: index, %i: tensor<?x?xi32>):
        %x = tensor.extract %i[%b, %q] : tensor<?x?xi32>
        %y = tensor.extract %i[%b, %k] : tensor<?x?xi32>
        %v = arith.cmpi eq, %x, %y : i32
        mask.yield %v : i1
      }
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 256, "kv_len": 256,
      "document_ids": [[[0, 64], [1, 128], [2, 64]]]})",
                         R"({"q_len": 100, "kv_len": 100,
      "document_ids": [[[3, 50], [1, 50]]]})"});
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].computed, counts[0].visible);
  EXPECT_EQ(counts[0].edge, 0);
  EXPECT_EQ(counts[0].core, 4 * 4 + 8 * 8 + 4 * 4);
  // Only the row and the column of tiles that both documents meet are masked;
  // of these the two that show nothing are not known to.
  EXPECT_EQ(counts[1].core, 3 * 3 + 3 * 3);
}

/// A cache of slots that has wrapped: the positions of a tile of keys are near
/// each other, but for the one where it wraps.
TEST_P(ObservedTilesTest, Ring) {
  std::string positions;
  for (int64_t slot = 0; slot < 256; ++slot)
    positions += (slot ? ", " : "") + std::to_string((slot + 140) % 256 + 44);
  auto counts = observe(
      R"mlir(
    mask.policy @p("window" %w: index, "query_positions" %q: tensor<?x?xi32>, "key_positions" %k: tensor<?x?xi32>) {
      %one = arith.constant 1 : index
      %l = arith.subi %w, %one : index
      %s = mask.window left %l right 0
      %p = mask.at_positions %s query %q key %k : tensor<?x?xi32>, tensor<?x?xi32>
      mask.layer_type "*" = %p
    })mlir",
      {(R"({"q_len": 2, "kv_len": 256, "q_offset": 0, "window": 99, "query_positions": [[298, 299]],
      "key_positions": [[)" +
        positions + "]]}")
           .c_str()});
  ASSERT_EQ(counts.size(), 1u);
  // The last 100 positions lie in slots 16 to 115.
  EXPECT_EQ(counts[0].visible, 99 + 99);
  EXPECT_EQ(counts[0].computed, 2 * 7 * 16);
  EXPECT_EQ(counts[0].blank, 0);
}

/// Padding with holes: whole tiles of valid keys stay unmasked, whole tiles of
/// padding are skipped.
TEST_P(ObservedTilesTest, Holes) {
  auto counts = observe(R"mlir(
    mask.policy @p("key_valid" %v: tensor<?x?xi1>) {
      %k = mask.key_padding %v : tensor<?x?xi1>
      %c = mask.causal
      %p = mask.and %c, %k
      mask.layer_type "*" = %p
    })mlir",
                        {R"({"q_len": 160, "kv_len": 160,
      "key_valid": [[[1, 40], [0, 40], [1, 80]]]})"});
  ASSERT_EQ(counts.size(), 1u);
  // Columns of tiles: 0, 1 full; 2 mixed; 3, 4 empty; 5 to 9 full. Core tiles
  // are the full ones below the diagonal.
  EXPECT_EQ(counts[0].core, (9 + 8) + (4 + 3 + 2 + 1));
  EXPECT_EQ(counts[0].edge, 2 + 8 + 5);
  EXPECT_EQ(counts[0].computed, (27 + 15) * 256);
  EXPECT_EQ(counts[0].blank, 0);
  EXPECT_EQ(counts[0].missed, 0);
}

/// A tree of draft tokens behind a cache: drafts see the cache, their ancestors
/// and themselves. Where the cache ends is a number of the call.
TEST_P(ObservedTilesTest, DraftTree) {
  constexpr int64_t kDrafts = 48;
  std::string rows;
  for (int64_t draft = 0; draft < kDrafts; ++draft) {
    std::vector<bool> sees(kDrafts);
    for (int64_t i = draft; i >= 0; i = i ? (i - 1) / 2 : -1)
      sees[i] = true;
    rows += draft ? ", [" : "[";
    for (int64_t i = 0; i < kDrafts; ++i)
      rows += std::string(i ? ", " : "") + (sees[i] ? "true" : "false");
    rows += "]";
  }
  auto counts = observe(
      R"mlir(
    mask.policy @p("prefix" %n: index) {
      %tree = arith.constant dense<[)mlir" +
          rows +
          R"mlir(]> : tensor<48x48xi1>
      %zero = arith.constant 0 : index
      %back = arith.subi %zero, %n : index
      %drafts = mask.dense %tree : tensor<48x48xi1>
      %behind = mask.shift %drafts query %back key %back
      %cache = mask.prefix %n
      %either = mask.or %cache, %behind
      %causal = mask.causal
      %p = mask.and %causal, %either
      mask.layer_type "*" = %p
    })mlir",
      {R"({"q_len": 48, "kv_len": 248, "q_offset": 200, "prefix": 200})",
       R"({"q_len": 48, "kv_len": 112, "q_offset": 64, "prefix": 64})"});
  ASSERT_EQ(counts.size(), 2u);
  // Tiles of the cache but for the one that the drafts begin in.
  const int64_t cacheTiles[] = {3 * 12, 3 * 4};
  for (auto [count, core] : llvm::zip_equal(counts, cacheTiles)) {
    EXPECT_GE(count.core, core);
    EXPECT_LE(5 * (count.core + count.edge),
              6 * (count.core + count.edge - count.blank));
  }
}

/// The same in two batch rows, whose caches end far from each other.
TEST_P(ObservedTilesTest, DraftTreePerBatchRow) {
  auto counts = observe(
      R"mlir(
    mask.policy @p() {
      %tree = arith.constant dense<[[true, false, false, false], [true, true, false, false],
                                    [true, false, true, false], [true, true, false, true]]> : tensor<4x4xi1>
      %history = arith.constant dense<[400, 20]> : tensor<2xi32>
      %back = arith.constant dense<[-400, -20]> : tensor<2xi32>
      %drafts = mask.dense %tree : tensor<4x4xi1>
      %behind = mask.shift %drafts query %back per batch : tensor<2xi32> key %back per batch : tensor<2xi32>
      %cache = mask.prefix %history per batch : tensor<2xi32>
      %either = mask.or %cache, %behind
      mask.layer_type "*" = %either
    })mlir",
      {R"({"q_len": 4, "kv_len": 404, "q_offset": [400, 20]})"});
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].core, 400 / 16 + 1);
  EXPECT_EQ(counts[0].edge, 2);
  EXPECT_EQ(counts[0].blank, 0);
  EXPECT_EQ(counts[0].missed, 0);
}

INSTANTIATE_TEST_SUITE_P(All, ObservedTilesTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool> &info) {
                           return info.param ? "Kernels" : "Loops";
                         });

} // namespace
