//===- HeadTilesTest.cpp - plans of tiles of several heads -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The laws of tiles (see LawChecker.h) where the rows of a tile are a box of
// heads and queries: random compositions over leaves that differ by head,
// against the interpreter.
//
//===----------------------------------------------------------------------===//

#include "LawsFixture.h"

#include "mlir/Parser/Parser.h"

#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr int64_t kNumHeads = 4;

const char *const kHeadLeaves[] = {
    "mask.window left %u per head : tensor<?xi32> right 0",
    "mask.window left 1 right %u per head : tensor<?xi32>",
    "mask.prefix %u per head : tensor<?xi32>",
    "mask.key_length %u per head : tensor<?xi32>",
    "mask.chunk size %c per head : tensor<?xi32>",
    "mask.chunk size 3 offset %u per head : tensor<?xi32>",
    "mask.dilated %c per head : tensor<?xi32>",
    R"(mask.generic {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %sum = arith.addi %h, %j : index
      %r = arith.cmpi sle, %sum, %i : index
      mask.yield %r : i1
    })",
};

std::vector<Fact> makeHeadFacts() {
  std::vector<Fact> facts = makeFacts();
  facts.push_back({"u", "tensor<?xi32>", array({kNumHeads}, {1, 4, 0, 6})});
  facts.push_back({"c", "tensor<?xi32>", array({kNumHeads}, {2, 3, 1, 5})});
  return facts;
}

/// A set of keys, a bit for each.
struct Keys {
  uint32_t some = 0, every = ~0u;
};

class HeadTiles : public ::testing::Test {
protected:
  HeadTiles() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
    context.disableMultithreading();
  }

  static constexpr int64_t kSize = kLast - kFirst + 1;

  /// What the rows of the box at `point` see.
  static Keys see(const PredicateFunction &visible, const TermPoint &point) {
    Keys keys;
    for (int64_t h = point.headFirst; h <= point.headLast; ++h)
      for (int64_t q = point.queryFirst; q <= point.queryLast; ++q) {
        uint32_t row = 0;
        for (int64_t i = 0; i < kSize; ++i)
          row |= uint32_t(visible(point.batch, h, q, kFirst + i)) << i;
        keys.some |= row;
        keys.every &= row;
      }
    return keys;
  }

  static uint32_t bits(int64_t lower, int64_t upper) {
    lower = std::max<int64_t>(lower - kFirst, 0);
    upper = std::min<int64_t>(upper - kFirst, kSize);
    return lower < upper
               ? uint32_t((uint64_t(1) << upper) - (uint64_t(1) << lower))
               : 0;
  }

  /// The law that the hulls and cores break, or nothing.
  static StringRef checkIntervals(const TilePlan &plan, const Keys &keys,
                                  const TermEvaluator &evaluator,
                                  const TermPoint &point) {
    uint32_t visited = 0;
    int64_t end = -kInfinity;
    for (const TileInterval &tile : plan.intervals) {
      auto at = [&](Term term) { return evaluator.evaluate(term, point); };
      if (bits(at(tile.coreLower), at(tile.coreUpper)) & ~keys.every)
        return "5 (the core)";
      int64_t start = std::max(at(tile.hullLower), end),
              upper = at(tile.hullUpper);
      if (visited & bits(start, upper))
        return "8 (twice)";
      visited |= bits(start, upper);
      if (start < upper)
        end = upper;
    }
    return keys.some & ~visited ? "5 (the hull)" : "";
  }

  StringRef checkClasses(const TilePlan &plan, const Keys &keys,
                         ArrayRef<Keys> partKeys,
                         const TermEvaluator &evaluator, TermPoint point) {
    for (int64_t size = 1; size <= 5; size += 2)
      for (int64_t k = kFirst; k <= kLast; k += size) {
        point.keyFirst = k;
        point.keyLast = std::min(k + size - 1, kLast);
        uint32_t tile = bits(k, point.keyLast + 1);
        auto holds = [&](Term term) {
          return evaluator.evaluate(term, point) != 0;
        };
        bool full = holds(plan.tileFull), empty = holds(plan.tileEmpty);
        told += full || empty;
        if (full && (tile & ~keys.every))
          return "9 (full)";
        if (empty && (tile & keys.some))
          return "9 (empty)";
        for (auto [part, seen] : llvm::zip_equal(plan.parts, partKeys))
          if (part.full && holds(part.full) && (tile & ~seen.every))
            return "9 (a part)";
      }
    return "";
  }

  /// Checks one predicate at every box of the grid that has one of these
  /// numbers of rows.
  std::string check(const TilePlan &plan, Value predicate, FactEvaluator &facts,
                    ArrayRef<int64_t> rowCounts) {
    TermEvaluator evaluator(facts);
    auto prepare = [&](Term term) {
      return !term || succeeded(evaluator.prepare(term));
    };
    bool ready = prepare(plan.tileFull) && prepare(plan.tileEmpty);
    for (const TileInterval &tile : plan.intervals)
      ready &= prepare(tile.hullLower) && prepare(tile.coreLower) &&
               prepare(tile.coreUpper) && prepare(tile.hullUpper);
    std::vector<PredicateFunction> parts;
    for (const TilePart &part : plan.parts) {
      ready &= prepare(part.full);
      auto visible = interpretPredicate(
          part.kind == TilePart::Condition ? part.predicate : predicate, facts);
      if (failed(visible))
        return "the interpreter";
      parts.push_back(*visible);
    }
    auto visible = interpretPredicate(predicate, facts);
    if (!ready || failed(visible))
      return "preparing terms";
    constexpr std::pair<int64_t, int64_t> kBoxes[] = {
        {0, 1}, {2, 3}, {0, 3}, {1, 3}, {2, 2}};
    TermPoint point;
    // No term of a tile may look at one of its heads.
    point.head = -1;
    for (point.batch = 0; point.batch < kBatch; ++point.batch)
      for (auto [first, last] : kBoxes)
        for (int64_t rows : rowCounts)
          for (int64_t q = kFirst; q <= kLast; q += rows) {
            point.headFirst = first;
            point.headLast = last;
            point.queryFirst = q;
            point.queryLast = std::min(q + rows - 1, kLast);
            Keys keys = see(*visible, point);
            SmallVector<Keys> partKeys;
            for (const PredicateFunction &part : parts)
              partKeys.push_back(see(part, point));
            StringRef broken = checkIntervals(plan, keys, evaluator, point);
            if (broken.empty())
              broken = checkClasses(plan, keys, partKeys, evaluator, point);
            if (!broken.empty())
              return (broken + " at b " + Twine(point.batch) + ", heads " +
                      Twine(first) + " to " + Twine(last) + ", queries " +
                      Twine(q) + " to " + Twine(point.queryLast))
                  .str();
          }
    return "";
  }

  /// Whether no term of a tile depends on `symbol`.
  static bool isFree(const TilePlan &plan, TermSymbol symbol) {
    auto depends = [&](Term term) { return term && term.dependsOn(symbol); };
    bool any = depends(plan.tileFull) || depends(plan.tileEmpty);
    for (const TileInterval &tile : plan.intervals)
      any |= depends(tile.hullLower) || depends(tile.coreLower) ||
             depends(tile.coreUpper) || depends(tile.hullUpper);
    for (const TilePart &part : plan.parts)
      any |= depends(part.full);
    return !any;
  }

  MLIRContext context;
  int64_t told = 0;
};

TEST_F(HeadTiles, RandomCompositions) {
  std::mt19937 random(getSeed());
  std::vector<const char *> leaves(std::begin(kLeaves), std::end(kLeaves));
  // As many leaves that differ by head as others.
  for (size_t i = 0; i < std::size(kLeaves) / std::size(kHeadLeaves); ++i)
    llvm::append_range(leaves, kHeadLeaves);
  unsigned byHead = 0;
  for (unsigned i = 0; i < getCount(60); ++i) {
    Source source;
    source.yield(growTree(source, random, leaves, random() % 4));
    std::vector<Fact> given = makeHeadFacts();
    std::string text = source.print(given, /*asPolicy=*/false);
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    Block &body = module->getBody()->front().getRegion(0).front();
    FactEvaluator facts;
    for (auto [argument, fact] : llvm::zip_equal(body.getArguments(), given))
      facts.bind(argument, fact.value);
    Value predicate = body.getTerminator()->getOperand(0);
    TermContext terms;
    TilePlanOptions options;
    options.heads = 2;
    TilePlan plan = planTiles(terms, predicate, options);
    ASSERT_TRUE(isFree(plan, TermSymbol::Head)) << text;
    for (const TileInterval &tile : plan.intervals)
      byHead += tile.hullLower.dependsOn(TermSymbol::HeadFirst) ||
                tile.hullUpper.dependsOn(TermSymbol::HeadFirst);
    std::string broken = check(plan, predicate, facts, {1, 4});
    ASSERT_TRUE(broken.empty()) << "law " << broken << " of\n" << text;
    // A tile of one row has no last one.
    options.queries = 1;
    TilePlan ofOneRow = planTiles(terms, predicate, options);
    ASSERT_TRUE(isFree(ofOneRow, TermSymbol::QueryLast)) << text;
    broken = check(ofOneRow, predicate, facts, {1});
    ASSERT_TRUE(broken.empty()) << "law " << broken << " of a row of\n" << text;
  }
  EXPECT_GT(byHead, 0u);
  EXPECT_GT(told, 0);
}

} // namespace
