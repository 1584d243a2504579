//===- CanonicalizationTest.cpp - the normal form keeps the mask -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compositions are interpreted before and after canonicalization, on a grid
// that reaches beyond the facts on every side. `--count` and `--seed` are
// those of the random ones.
//
//===----------------------------------------------------------------------===//

#include "../Compositions.h"
#include "../TestOptions.h"
#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

class CanonicalizationTest : public ::testing::Test {
protected:
  CanonicalizationTest() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect>();
    context.disableMultithreading();
  }

  void canonicalize(ModuleOp module) {
    PassManager passes(&context);
    passes.enableVerifier();
    passes.addPass(createCanonicalizerPass());
    ASSERT_TRUE(succeeded(passes.run(module)));
  }

  static Block &getBody(ModuleOp module) {
    return module.getBody()->front().getRegion(0).front();
  }
  static SmallVector<Value> getPredicates(ModuleOp module) {
    SmallVector<Value> predicates;
    for (Operation &op : getBody(module)) {
      if (auto layer = dyn_cast<LayerTypeOp>(op))
        predicates.push_back(layer.getPredicate());
      if (auto result = dyn_cast<func::ReturnOp>(op))
        llvm::append_range(predicates, result.getOperands());
    }
    return predicates;
  }
  static std::string toString(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream(text) << module;
    return text;
  }

  /// Compares every predicate before and after, and the normal form with its
  /// own. `absent` holds a bit per fact.
  void check(const Source &source, bool asPolicy, unsigned absent) {
    std::vector<Fact> facts = makeFacts();
    std::string text = source.print(facts, asPolicy);
    auto original = parseSourceString<ModuleOp>(text, &context);
    auto canonical = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(original && canonical) << text;
    canonicalize(*canonical);
    std::string once = toString(*canonical);
    canonicalize(*canonical);
    EXPECT_EQ(once, toString(*canonical)) << "not a normal form";

    FactEvaluator before, after;
    for (auto [i, fact] : llvm::enumerate(facts)) {
      HostValue value = absent >> i & 1 ? HostValue(AbsentValue()) : fact.value;
      before.bind(getBody(*original).getArgument(i), value);
      after.bind(getBody(*canonical).getArgument(i), value);
    }
    for (auto [x, y] :
         llvm::zip_equal(getPredicates(*original), getPredicates(*canonical)))
      ASSERT_TRUE(isSame(x, before, y, after))
          << "facts absent: " << absent << "\n"
          << text << "\n"
          << once;
  }

  static bool isSame(Value x, FactEvaluator &before, Value y,
                     FactEvaluator &after) {
    auto expected = interpretPredicate(x, before);
    auto actual = interpretPredicate(y, after);
    if (failed(expected) || failed(actual))
      return false;
    for (int64_t b = 0; b < kBatch; ++b)
      for (int64_t h = 0; h < kHeads; ++h)
        for (int64_t q = kFirst; q <= kLast; ++q)
          for (int64_t k = kFirst; k <= kLast; ++k)
            if ((*expected)(b, h, q, k) != (*actual)(b, h, q, k)) {
              ADD_FAILURE() << "differs at b " << b << ", h " << h << ", q "
                            << q << ", k " << k;
              return false;
            }
    return true;
  }

  MLIRContext context;
};

/// Every leaf, every op over every leaf; facts are absent all at once, or (of
/// every leaf in its turn, or with `--exhaustive`) one at a time.
TEST_F(CanonicalizationTest, Unary) {
  for (auto [i, leaf] : llvm::enumerate(kLeaves)) {
    Source source = makeUnaryTrees(leaf);
    check(source, /*asPolicy=*/false, 0);
    for (unsigned absent : {0u, ~0u})
      check(source, /*asPolicy=*/true, absent);
    for (unsigned fact = 0; fact < 7; ++fact)
      if (isExhaustive() || (i + fact) % 2 == 0)
        check(source, /*asPolicy=*/true, 1u << fact);
    if (HasFatalFailure())
      return;
  }
}

/// Every connective of two leaves, complemented or not; both orders of two
/// leaves with `--exhaustive`.
TEST_F(CanonicalizationTest, Binary) {
  for (auto [i, left] : llvm::enumerate(kLeaves)) {
    Source source;
    std::string x = source.add(left), notX = source.add("mask.not @0", x);
    for (auto [j, right] : llvm::enumerate(kLeaves)) {
      // One of (i, j) and (j, i).
      if (!isExhaustive() && i != j && ((i + j) % 2 == 0) == (i < j))
        continue;
      std::string y = source.add(right), notY = source.add("mask.not @0", y);
      for (const char *op : {"mask.and @0, @1", "mask.or @0, @1"}) {
        source.yield(source.add(op, x, y));
        source.yield(source.add(op, notX, y));
        source.yield(source.add(op, notX, notY));
      }
    }
    check(source, /*asPolicy=*/false, 0);
    check(source, /*asPolicy=*/true, 0);
    check(source, /*asPolicy=*/true, ~0u);
    check(source, /*asPolicy=*/true, 0x15);
    if (HasFatalFailure())
      return;
  }
}

/// Random trees, over few leaves each so that they have something in common.
TEST_F(CanonicalizationTest, Random) {
  const unsigned count = getCount(3000);
  constexpr unsigned kTreesPerModule = 20;
  std::mt19937 random(getSeed());
  auto pick = [&](auto &list) { return list[random() % std::size(list)]; };
  for (unsigned done = 0; done < count; done += kTreesPerModule) {
    Source source;
    SmallVector<const char *> leaves;
    for (unsigned i = 0; i < 4; ++i)
      leaves.push_back(pick(kLeaves));
    for (unsigned i = 0; i < kTreesPerModule; ++i)
      source.yield(growTree(source, random, leaves, 1 + random() % 4));
    bool asPolicy = random() % 2;
    check(source, asPolicy, asPolicy ? random() : 0);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
