//===- ColumnIntervalsTest.cpp - bounds with the roles exchanged -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The laws of row intervals (LawsTest.cpp) for columns, against the
// interpreter: outer intervals contain the queries that see a key, inner ones
// hold no other, exact sets are them, intervals ascend; hull and core of a tile
// of keys alike.
//
//===----------------------------------------------------------------------===//

#include "../Compositions.h"
#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/TilePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr int64_t kMost = 11;

class ColumnIntervalsTest : public ::testing::Test {
protected:
  ColumnIntervalsTest() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect>();
    context.disableMultithreading();
  }

  void check(const Source &source, ArrayRef<int64_t> tiles = {1, 2, 3, 5},
             const std::vector<Fact> &given = makeFacts()) {
    std::string text = source.print(given, /*asPolicy=*/false);
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    Block &body = module->getBody()->front().getRegion(0).front();
    FactEvaluator facts;
    for (auto [i, fact] : llvm::enumerate(given))
      facts.bind(body.getArgument(i), fact.value);
    for (Value predicate : body.getTerminator()->getOperands()) {
      ++predicates;
      checkPredicate(predicate, facts, tiles);
      if (HasFailure()) {
        std::string printed;
        llvm::raw_string_ostream(printed) << predicate;
        FAIL() << "of " << printed << "\nin\n" << text;
      }
    }
  }

  void checkPredicate(Value predicate, FactEvaluator &facts,
                      ArrayRef<int64_t> tiles) {
    auto visible = interpretPredicate(predicate, facts);
    ASSERT_TRUE(succeeded(visible));
    TermContext terms;
    TilePlanOptions options;
    options.inner = InnerAxis::Queries;
    TilePlan plan = planTiles(terms, predicate, options);
    exactSets += plan.rows.exact;
    TermEvaluator evaluator(facts);
    SmallVector<Term> all;
    for (const RowInterval &column : plan.rows.intervals)
      all.append({column.outer.lower, column.outer.upper, column.inner.lower,
                  column.inner.upper});
    for (const TileInterval &tile : plan.intervals)
      all.append(
          {tile.hullLower, tile.coreLower, tile.coreUpper, tile.hullUpper});
    for (Term term : all)
      ASSERT_TRUE(succeeded(evaluator.prepare(term)));
    for (int64_t b = 0; b < kBatch; ++b)
      for (int64_t h = 0; h < kHeads; ++h) {
        checkColumns(plan, evaluator, *visible, b, h);
        for (int64_t keys : tiles)
          checkTiles(plan, evaluator, *visible, b, h, keys);
      }
  }

  void checkColumns(const TilePlan &plan, const TermEvaluator &evaluator,
                    const PredicateFunction &visible, int64_t b, int64_t h) {
    for (int64_t k = -2; k <= kMost; ++k) {
      TermPoint point;
      point.batch = b, point.head = h, point.query = k;
      auto valueOf = [&](Term term) { return evaluator.evaluate(term, point); };
      int64_t previous = std::numeric_limits<int64_t>::min();
      for (const RowInterval &column : plan.rows.intervals) {
        int64_t lower = valueOf(column.outer.lower);
        ASSERT_LE(previous, lower) << "intervals do not ascend at k " << k;
        previous = lower;
      }
      for (int64_t q = -2; q <= kMost; ++q) {
        auto contains = [&](const KeyInterval &interval) {
          return valueOf(interval.lower) <= q && q < valueOf(interval.upper);
        };
        bool outer = false, inner = false, sees = visible(b, h, q, k);
        for (const RowInterval &column : plan.rows.intervals) {
          outer |= contains(column.outer);
          inner |= contains(column.inner);
        }
        ASSERT_TRUE(outer || !sees) << "outer: " << at(b, h, q, k);
        ASSERT_TRUE(sees || !inner) << "inner: " << at(b, h, q, k);
        ASSERT_TRUE(!plan.rows.exact || outer == sees)
            << "exact: " << at(b, h, q, k);
      }
    }
  }

  void checkTiles(const TilePlan &plan, const TermEvaluator &evaluator,
                  const PredicateFunction &visible, int64_t b, int64_t h,
                  int64_t keys) {
    for (int64_t k0 = 0; k0 + keys <= kMost + 1; k0 += keys) {
      TermPoint point;
      point.batch = b, point.head = h;
      point.queryFirst = k0, point.queryLast = k0 + keys - 1;
      auto valueOf = [&](Term term) { return evaluator.evaluate(term, point); };
      for (int64_t q = 0; q <= kMost; ++q) {
        bool inHull = false, inCore = false, any = false, every = true;
        for (const TileInterval &tile : plan.intervals) {
          inHull |= valueOf(tile.hullLower) <= q && q < valueOf(tile.hullUpper);
          inCore |= valueOf(tile.coreLower) <= q && q < valueOf(tile.coreUpper);
        }
        for (int64_t k = k0; k < k0 + keys; ++k) {
          any |= visible(b, h, q, k);
          every &= visible(b, h, q, k);
        }
        ASSERT_TRUE(inHull || !any) << "hull: " << at(b, h, q, k0);
        ASSERT_TRUE(every || !inCore) << "core: " << at(b, h, q, k0);
      }
    }
  }

  static std::string at(int64_t b, int64_t h, int64_t q, int64_t k) {
    return "b " + std::to_string(b) + ", h " + std::to_string(h) + ", q " +
           std::to_string(q) + ", k " + std::to_string(k);
  }

  MLIRContext context;
  unsigned predicates = 0, exactSets = 0;
};

/// Every leaf, and every op over every leaf.
TEST_F(ColumnIntervalsTest, Unary) {
  for (const char *leaf : kLeaves) {
    Source source;
    std::string value = source.add(leaf);
    source.yield(value);
    for (const char *unary : kUnary)
      source.yield(source.add(unary, value));
    check(source);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(exactSets, predicates / 2);
}

/// Every connective of two leaves, the second complemented or not.
TEST_F(ColumnIntervalsTest, Binary) {
  for (const char *left : kLeaves) {
    Source source;
    std::string x = source.add(left);
    for (const char *right : kLeaves) {
      std::string y = source.add(right), notY = source.add("mask.not @0", y);
      source.yield(source.add("mask.and @0, @1", x, y));
      source.yield(source.add("mask.or @0, @1", x, notY));
    }
    check(source, /*tiles=*/{3});
    if (HasFatalFailure())
      return;
  }
}

/// Bounds solved for the query: rounding, signs and conditions.
TEST_F(ColumnIntervalsTest, AffineBoundsAreSolvedExactly) {
  const char *lower[] = {"(q * 2 - 3)", "(-q)", "((q + 1) floordiv 3)",
                         "(4 - (q ceildiv 2) * 3)", "(5)"};
  const char *upper[] = {"(q + 3)", "(q * 3 + 1)", "(12 - q * 2)",
                         "((q floordiv 2) * 5 + 2)", "(7)"};
  for (const char *low : lower)
    for (const char *high : upper) {
      Source source;
      source.yield(
          source.add(std::string("mask.interval lower affine_map<(q) -> ") +
                     low + "> upper affine_map<(q) -> " + high + ">"));
      check(source);
      if (HasFatalFailure())
        return;
    }
  EXPECT_EQ(exactSets, predicates);
}

/// The promise of contiguous ids is one of the keys, not of the queries.
TEST_F(ColumnIntervalsTest, QueriesOfContiguousKeysMayBeScattered) {
  std::vector<Fact> facts = {
      {"a", "tensor<?xi32>", array({kTokens}, {0, 1, 1, 0, 2, 0, 1, 2, 2})},
      {"b", "tensor<?xi32>", array({kTokens}, {0, 0, 1, 1, 1, 2, 2, 2, 3})}};
  Source source;
  for (const char *op : {"mask.block_bidirectional", "mask.document"})
    source.yield(
        source.add(std::string(op) +
                   " %a, %b {contiguous} : tensor<?xi32>, tensor<?xi32>"));
  check(source, {1, 2, 3, 5}, facts);
}

/// What the schedule of a sliding window with blocks needs: one interval.
TEST_F(ColumnIntervalsTest, WindowOverBlocksIsOneInterval) {
  Source source;
  std::string window = source.add("mask.window left 3 right unbounded");
  std::string causal = source.add("mask.causal");
  std::string block = source.add(
      "mask.block_bidirectional %ids {contiguous} : tensor<?x?xi32>");
  std::string either = source.add("mask.or @0, @1", causal, block);
  source.yield(source.add("mask.and @0, @1", window, either));
  check(source);
  EXPECT_EQ(exactSets, 1u);
}

} // namespace
