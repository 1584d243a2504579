//===- RowChangesTest.cpp - where rows change -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two neighbouring keys of a row that the interpreter does not see alike are a
// change that is named, for all compositions and all small facts; and leaves
// that are not looked at key by key name little else.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/RowChanges.h"
#include "LawsFixture.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

using Values = std::vector<int64_t>;

/// Rows beyond the facts on both sides, and on the far side of the batch.
constexpr KeyRange kKeys = {kFirst - 1, kLast + 2};
constexpr KeyRange kParts[] = {kKeys, {0, 5}, {2, 9}, {4, 5}, {3, 3}};

class RowChangesTest : public ::testing::Test {
protected:
  RowChangesTest() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
    context.disableMultithreading();
  }

  /// Parses `source`; the predicates are its results.
  void parse(const Source &source, const std::vector<Fact> &given) {
    std::string text = source.print(given, /*asPolicy=*/false);
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    Block &body = module->getBody()->front().getRegion(0).front();
    predicates.assign(body.getTerminator()->operand_begin(),
                      body.getTerminator()->operand_end());
    facts = FactEvaluator();
    for (auto [i, fact] : llvm::enumerate(given))
      facts.bind(body.getArgument(i), fact.value);
  }

  void parse(ArrayRef<std::string> leaves, const std::vector<Fact> &given) {
    Source source;
    for (const std::string &leaf : leaves)
      source.yield(source.add(leaf));
    parse(source, given);
  }

  /// The keys that are named, sorted, each once.
  static std::vector<int64_t> collect(const RowChanges &changes,
                                      const TermPoint &row, KeyRange keys) {
    SmallVector<int64_t> named;
    changes(row, keys, named);
    llvm::sort(named);
    named.erase(llvm::unique(named), named.end());
    return {named.begin(), named.end()};
  }

  enum class Names { Enough, Exactly };

  /// Checks every predicate on every row and range of keys.
  void check(Names names = Names::Enough) {
    for (Value predicate : predicates) {
      auto visible = interpretPredicate(predicate, facts);
      auto changes = findRowChanges(predicate, facts);
      ASSERT_TRUE(succeeded(visible) && succeeded(changes));
      TermPoint row;
      for (row.batch = 0; row.batch <= kBatch; ++row.batch)
        for (row.head = 0; row.head < kHeads; ++row.head)
          for (row.query = kFirst; row.query <= kLast; ++row.query)
            for (KeyRange keys : kParts)
              checkRow(*visible, *changes, row, keys, names);
      if (HasFailure()) {
        std::string text;
        llvm::raw_string_ostream(text) << predicate << "\nin\n" << *module;
        FAIL() << "of " << text;
      }
    }
  }

  static void checkRow(const PredicateFunction &visible,
                       const RowChanges &changes, const TermPoint &row,
                       KeyRange keys, Names names) {
    std::vector<int64_t> named = collect(changes, row, keys), real;
    for (int64_t k = keys.first + 1; k < keys.end; ++k)
      if (visible(row.batch, row.head, row.query, k - 1) !=
          visible(row.batch, row.head, row.query, k))
        real.push_back(k);
    if (names == Names::Exactly)
      ASSERT_EQ(named, real) << "b " << row.batch << " q " << row.query;
    ASSERT_TRUE(llvm::includes(named, real))
        << "b " << row.batch << " h " << row.head << " q " << row.query;
    if (!named.empty())
      ASSERT_TRUE(named.front() > keys.first && named.back() < keys.end);
  }

  /// One fact `%a` with every vector of `size` numbers.
  void checkVectors(ArrayRef<std::string> predicatesOfFact, const char *type,
                    unsigned size, int64_t least, int64_t greatest,
                    Names names) {
    forEachVector(size, least, greatest, [&](const Values &values) {
      parse(predicatesOfFact, {{"a", type, array({size}, values)}});
      check(names);
      return !HasFailure();
    });
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  FactEvaluator facts;
  SmallVector<Value> predicates;
};

/// Every op over every leaf, and every op over that.
TEST_F(RowChangesTest, Unary) {
  for (const char *leaf : kLeaves) {
    parse(makeUnaryTrees(leaf), makeFacts());
    check();
    if (HasFailure())
      return;
  }
}

TEST_F(RowChangesTest, Random) {
  std::mt19937 random(getSeed());
  for (unsigned done = 0, count = getCount(300); done < count; done += 20) {
    Source source;
    for (unsigned i = done; i < std::min(done + 20, count); ++i)
      source.yield(growTree(source, random, kLeaves, 5));
    parse(source, makeFacts());
    check();
    if (HasFailure())
      return;
  }
}

TEST_F(RowChangesTest, PaddingChangesAtTheEndsOfRuns) {
  for (unsigned tokens = 0; tokens <= 6; ++tokens)
    checkVectors({"mask.key_padding %a : tensor<?xi1>"}, "tensor<?xi1>", tokens,
                 0, 1, Names::Exactly);
}

TEST_F(RowChangesTest, IdsChangeAtTheEndsOfTheirOwnRuns) {
  for (unsigned tokens = 0; tokens <= 4; ++tokens) {
    checkVectors({"mask.document %a : tensor<?xi32>"}, "tensor<?xi32>", tokens,
                 -1, 2, Names::Exactly);
    checkVectors({"mask.block_bidirectional %a : tensor<?xi32>"},
                 "tensor<?xi32>", tokens, -1, 2, Names::Enough);
  }
}

/// Positions that rise, fall, stand still and repeat.
TEST_F(RowChangesTest, Positions) {
  SmallVector<std::string> leaves;
  for (const char *leaf :
       {"causal", "chunk size 2", "dilated 2", "window left 1 right 1",
        "document %a : tensor<?xi32>"})
    leaves.push_back(std::string("mask.") + leaf);
  auto checkPositions = [&](const Values &values) {
    Source source;
    for (const std::string &leaf : leaves)
      source.yield(source.add("mask.at_positions @0 query %a key %a : "
                              "tensor<?xi32>, tensor<?xi32>",
                              source.add(leaf)));
    parse(source,
          {{"a", "tensor<?xi32>", array({int64_t(values.size())}, values)}});
    check();
    return !HasFailure();
  };
  for (unsigned tokens = 0; tokens <= 4; ++tokens)
    forEachVector(tokens, -1, 3, checkPositions);
}

//===----------------------------------------------------------------------===//
// What a row costs
//===----------------------------------------------------------------------===//

constexpr int64_t kMany = 100000;

/// Half of the keys are holes, but few lie in the window.
TEST_F(RowChangesTest, ManyHolesCostOnlyWhereOneLooks) {
  Values valid(kMany);
  for (int64_t k = 0; k < kMany; ++k)
    valid[k] = k % 2;
  parse({"mask.key_padding %a : tensor<?xi1>"},
        {{"a", "tensor<?xi1>", array({kMany}, valid)}});
  auto changes = findRowChanges(predicates[0], facts);
  ASSERT_TRUE(succeeded(changes));
  EXPECT_EQ(collect(*changes, {}, {500, 504}), (Values{501, 502, 503}));
  EXPECT_EQ(collect(*changes, {}, {0, kMany}).size(), size_t(kMany - 1));
}

/// Of a thousand ids that alternate, a row looks at its own.
TEST_F(RowChangesTest, IdsOfOthersCostNothing) {
  Values ids(kMany);
  for (int64_t k = 0; k < kMany; ++k)
    ids[k] = k % 1000;
  parse({"mask.document %a : tensor<?xi32>"},
        {{"a", "tensor<?xi32>", array({kMany}, ids)}});
  auto changes = findRowChanges(predicates[0], facts);
  ASSERT_TRUE(succeeded(changes));
  TermPoint row;
  row.query = 7;
  EXPECT_EQ(collect(*changes, row, {0, kMany}).size(),
            size_t(2 * (kMany / 1000)));
}

/// A hundred packed sequences, each with its own positions.
TEST_F(RowChangesTest, PositionsCostTheirRuns) {
  Values positions(kMany);
  for (int64_t k = 0; k < kMany; ++k)
    positions[k] = k % 1000;
  Source source;
  source.yield(source.add("mask.at_positions @0 query %a key %a : "
                          "tensor<?xi32>, tensor<?xi32>",
                          source.add("mask.causal")));
  parse(source, {{"a", "tensor<?xi32>", array({kMany}, positions)}});
  auto changes = findRowChanges(predicates[0], facts);
  ASSERT_TRUE(succeeded(changes));
  TermPoint row;
  row.query = 50500;
  EXPECT_EQ(collect(*changes, row, {50000, 51000}), (Values{50501}));
  EXPECT_EQ(collect(*changes, row, {0, kMany}).size(), size_t(199));
}

} // namespace
