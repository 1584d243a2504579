//===- LawsTest.cpp - bounds hold for every composition -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The laws of the analysis against the interpreter, on grids that reach beyond
// the facts:
//   1. the outer intervals of a row contain its visible keys;
//   2. every key in an inner interval is visible;
//   3. the outer intervals of an exact set are the visible keys;
//   4. intervals ascend;
//   5. outside of the hulls of a tile nothing is visible, inside of a core
//      everything is;
//   6. a tile that is called full is, and one that is called empty is.
// `MASK_COMPOSITIONS` sets the number of random ones, `MASK_SEED` the seed.
//
//===----------------------------------------------------------------------===//

#include "../Compositions.h"
#include "Mask/Analysis/TermEvaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <limits>
#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr int64_t kSize = 12;
constexpr int64_t kMaxTile = 5;

class LawsTest : public ::testing::Test {
protected:
  LawsTest() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect>();
    context.disableMultithreading();
  }

  /// Checks every predicate of `source`. Tile shapes up to `maxTile`.
  void check(const Source &source, int64_t maxTile) {
    std::vector<Fact> given = makeFacts();
    std::string text = source.print(given, /*asPolicy=*/false);
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    Block &body = module->getBody()->front().getRegion(0).front();
    FactEvaluator facts;
    for (auto [i, fact] : llvm::enumerate(given))
      facts.bind(body.getArgument(i), fact.value);
    for (Value predicate : body.getTerminator()->getOperands()) {
      ++predicates;
      std::string broken = findBrokenLaw(predicate, facts, maxTile);
      ASSERT_TRUE(broken.empty())
          << broken << "\nof " << toString(predicate) << "\nin\n"
          << text;
    }
  }

  static std::string toString(Value value) {
    std::string text;
    for (Value operand : value.getDefiningOp()->getOperands())
      if (isa<PredicateType>(operand.getType()))
        text += toString(operand) + "\n";
    llvm::raw_string_ostream(text) << value;
    return text;
  }

  std::string findBrokenLaw(Value predicate, FactEvaluator &facts,
                            int64_t maxTile) {
    auto visible = interpretPredicate(predicate, facts);
    if (failed(visible))
      return "the interpreter";
    TermContext terms;
    TilePlan plan = planTiles(terms, predicate);
    TermEvaluator evaluator(facts);
    SmallVector<Term> all = {plan.tileFull, plan.tileEmpty};
    for (const RowInterval &row : plan.rows.intervals)
      all.append(
          {row.outer.lower, row.outer.upper, row.inner.lower, row.inner.upper});
    for (const TileInterval &tile : plan.intervals)
      all.append(
          {tile.hullLower, tile.coreLower, tile.coreUpper, tile.hullUpper});
    for (Term term : all)
      if (failed(evaluator.prepare(term)))
        return "preparing terms";
    exactSets += plan.rows.exact;
    for (int64_t b = 0; b < kBatch; ++b)
      for (int64_t h = 0; h < kHeads; ++h) {
        std::string broken = checkRows(plan, evaluator, *visible, b, h);
        for (int64_t rows = 1; rows <= maxTile && broken.empty(); ++rows)
          for (int64_t keys = 1; keys <= maxTile && broken.empty(); ++keys)
            broken = checkTiles(plan, evaluator, *visible, b, h, rows, keys);
        if (!broken.empty())
          return broken;
      }
    return "";
  }

  static std::string at(const char *law, int64_t b, int64_t h, int64_t q,
                        int64_t k) {
    return std::string("law ") + law + " at b " + std::to_string(b) + ", h " +
           std::to_string(h) + ", q " + std::to_string(q) + ", k " +
           std::to_string(k);
  }

  std::string checkRows(const TilePlan &plan, const TermEvaluator &evaluator,
                        const PredicateFunction &visible, int64_t b,
                        int64_t h) {
    for (int64_t q = 0; q <= kSize; ++q) {
      TermPoint point;
      point.batch = b, point.head = h, point.query = q;
      auto valueOf = [&](Term term) { return evaluator.evaluate(term, point); };
      int64_t previous = std::numeric_limits<int64_t>::min();
      for (const RowInterval &row : plan.rows.intervals) {
        int64_t lower = valueOf(row.outer.lower);
        if (lower < previous)
          return at("4", b, h, q, lower);
        previous = lower;
      }
      for (int64_t k = 0; k <= kSize; ++k) {
        bool outer = false, inner = false;
        for (const RowInterval &row : plan.rows.intervals) {
          outer |=
              valueOf(row.outer.lower) <= k && k < valueOf(row.outer.upper);
          inner |=
              valueOf(row.inner.lower) <= k && k < valueOf(row.inner.upper);
        }
        bool sees = visible(b, h, q, k);
        if (sees && !outer)
          return at("1", b, h, q, k);
        if (inner && !sees)
          return at("2", b, h, q, k);
        if (plan.rows.exact && outer != sees)
          return at("3", b, h, q, k);
      }
    }
    return "";
  }

  std::string checkTiles(const TilePlan &plan, const TermEvaluator &evaluator,
                         const PredicateFunction &visible, int64_t b, int64_t h,
                         int64_t rows, int64_t keys) {
    for (int64_t q0 = 0; q0 + rows <= kSize + 1; q0 += rows) {
      TermPoint point;
      point.batch = b, point.head = h;
      point.queryFirst = q0, point.queryLast = q0 + rows - 1;
      auto valueOf = [&](Term term) { return evaluator.evaluate(term, point); };
      auto all = [&](int64_t k, bool expected) {
        for (int64_t q = q0; q < q0 + rows; ++q)
          if (visible(b, h, q, k) != expected)
            return false;
        return true;
      };
      for (int64_t k = 0; k <= kSize; ++k) {
        bool inHull = false, inCore = false;
        for (const TileInterval &tile : plan.intervals) {
          inHull |= valueOf(tile.hullLower) <= k && k < valueOf(tile.hullUpper);
          inCore |= valueOf(tile.coreLower) <= k && k < valueOf(tile.coreUpper);
        }
        if ((!inHull && !all(k, false)) || (inCore && !all(k, true)))
          return at("5", b, h, q0, k) + ", rows " + std::to_string(rows);
      }
      for (int64_t k0 = 0; k0 + keys <= kSize + 1; k0 += keys) {
        point.keyFirst = k0, point.keyLast = k0 + keys - 1;
        bool full = valueOf(plan.tileFull), empty = valueOf(plan.tileEmpty);
        for (int64_t k = k0; k < k0 + keys; ++k)
          if ((full && !all(k, true)) || (empty && !all(k, false)))
            return at("6", b, h, q0, k0) + ", tile " + std::to_string(rows) +
                   " x " + std::to_string(keys);
      }
    }
    return "";
  }

  MLIRContext context;
  unsigned predicates = 0, exactSets = 0;
};

/// Every leaf, every op over every leaf, all tile shapes.
TEST_F(LawsTest, Unary) {
  for (const char *leaf : kLeaves) {
    Source source;
    std::string value = source.add(leaf);
    source.yield(value);
    for (const char *unary : kUnary)
      source.yield(source.add(unary, value));
    check(source, kMaxTile);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(exactSets, predicates / 2);
}

/// Every connective of two leaves, the second complemented or not.
TEST_F(LawsTest, Binary) {
  for (const char *left : kLeaves) {
    Source source;
    std::string x = source.add(left);
    for (const char *right : kLeaves) {
      std::string y = source.add(right), notY = source.add("mask.not @0", y);
      for (const char *op : {"mask.and @0, @1", "mask.or @0, @1"}) {
        source.yield(source.add(op, x, y));
        source.yield(source.add(op, x, notY));
      }
    }
    check(source, /*maxTile=*/2);
    if (HasFatalFailure())
      return;
  }
}

/// Random trees of depth one to four.
TEST_F(LawsTest, Random) {
  unsigned count = 1000, seed = 20260101;
  if (const char *text = std::getenv("MASK_COMPOSITIONS"))
    count = std::atoi(text);
  if (const char *text = std::getenv("MASK_SEED"))
    seed = std::atoi(text);
  std::mt19937 random(seed);
  auto pick = [&](auto &list) { return list[random() % std::size(list)]; };
  std::function<std::string(Source &, unsigned)> grow =
      [&](Source &source, unsigned depth) -> std::string {
    if (depth == 0 || random() % 8 == 0)
      return source.add(pick(kLeaves));
    if (random() % 3 == 0) {
      std::string x = grow(source, depth - 1);
      return source.add(random() % 2 ? kUnary[0] : pick(kUnary), x);
    }
    std::string x = grow(source, depth - 1), y = grow(source, depth - 1);
    return source.add(random() % 8 ? kBinary[random() % 2] : pick(kBinary), x,
                      y);
  };
  constexpr unsigned kTreesPerModule = 20;
  for (unsigned done = 0; done < count; done += kTreesPerModule) {
    Source source;
    for (unsigned i = 0; i < kTreesPerModule; ++i)
      source.yield(grow(source, 1 + random() % 4));
    check(source, /*maxTile=*/3);
    if (HasFatalFailure())
      return;
  }
  std::printf("%u compositions, 0 laws broken, %u exact\n", predicates,
              exactSets);
}

} // namespace
