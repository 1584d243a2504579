//===- CanonicalizationTest.cpp - the normal form keeps the mask -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compositions are interpreted before and after canonicalization, on a grid
// that reaches beyond the facts on every side. `MASK_COMPOSITIONS` sets the
// number of random ones.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

#include <cstdlib>
#include <random>

using namespace mlir;
using namespace mlir::mask;

namespace {

constexpr int64_t kTokens = 9;
constexpr int64_t kBatch = 2, kHeads = 2;
constexpr int64_t kFirst = -3, kLast = 12;

/// Facts and parameters; those of an odd bit of `absent` are not given.
struct Fact {
  const char *name, *type;
  HostValue value;
};

HostValue array(SmallVector<int64_t> shape, std::vector<int64_t> values) {
  auto result = std::make_shared<IntegerArray>();
  result->shape = std::move(shape);
  result->values = std::move(values);
  return std::shared_ptr<const IntegerArray>(std::move(result));
}

std::vector<Fact> makeFacts() {
  // The parameter per row has one element: batch row and head 1 lie outside.
  return {
      {"w", "index", int64_t(2)},
      {"n", "index", int64_t(4)},
      {"t", "tensor<?xi32>", array({1}, {3})},
      {"ids", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {-1, 0, 0, 0, -1, 1, 1, -1, 2, //
                                 0, 0, 1, 1, 1, 1, 1, -1, -1})},
      {"docs", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 0, 0, 1, 1, 1, 1, 2, 2, //
                                 5, 5, 7, 7, 5, 5, 7, 7, -3})},
      {"pos", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 1, 2, 0, 1, 2, 3, 0, 1, //
                                 4, 3, 2, 8, 8, 9, -1, 0, 5})},
      {"valid", "tensor<?x?xi1>",
       array({kBatch, kTokens}, {1, 1, 0, 1, 1, 1, 1, 0, 0, //
                                 0, 0, 1, 1, 0, 1, 1, 1, 1})},
      {"lower", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 0, 1, 1, 2, 4, 4, 4, 9, //
                                 3, 0, 9, 2, 2, 2, 2, 1, 1})},
      {"dense", "tensor<?x?xi1>",
       array({3, 4}, {1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1})},
  };
}

const char *kLeaves[] = {
    "mask.full",
    "mask.empty",
    "mask.causal",
    "mask.window left 2 right 1",
    "mask.window left -1 right unbounded",
    "mask.window left unbounded right -2",
    "mask.window left 4 right unbounded",
    "mask.window left 0 right 0",
    "mask.window left 3 right -2",
    "mask.window left -2 right 4",
    "mask.window left -2 right 1",
    "mask.window left %w right unbounded",
    "mask.window left %w right 0",
    "mask.window left 1 right %w",
    "mask.window left %t per batch : tensor<?xi32> right 1",
    "mask.window left unbounded right %t per head : tensor<?xi32>",
    "mask.block_bidirectional %ids : tensor<?x?xi32>",
    "mask.block_bidirectional %docs : tensor<?x?xi32>",
    "mask.document %docs : tensor<?x?xi32>",
    "mask.document %ids, %docs : tensor<?x?xi32>, tensor<?x?xi32>",
    "mask.chunk size 1",
    "mask.chunk size 2",
    "mask.chunk size 2 offset 1",
    "mask.chunk size 4",
    "mask.chunk size 4 offset 5",
    "mask.chunk size %n",
    "mask.chunk size 4 offset %w",
    "mask.chunk size 4 offset %t per batch : tensor<?xi32>",
    "mask.prefix 3",
    "mask.prefix 0",
    "mask.prefix %n",
    "mask.key_length 5",
    "mask.key_length %n",
    "mask.key_length %t per batch : tensor<?xi32>",
    "mask.key_padding %valid : tensor<?x?xi1>",
    "mask.dilated 2",
    "mask.dilated 4",
    "mask.dilated %n",
    R"(mask.interval lower affine_map<(q) -> (q - 2)> upper affine_map<(q) -> (q + 3)>)",
    R"(mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> (q floordiv 2 + 2)>)",
    R"(mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + s)>[%n])",
    R"(mask.interval lower affine_map<(q)[s, t] -> (q + s - t)> upper affine_map<(q)[s, t] -> (q + s)>[%w, %w])",
    "mask.row_range %lower, %ids : tensor<?x?xi32>",
    "mask.dense %dense : tensor<?x?xi1>",
};

/// `@0` and `@1` are operands.
const char *kUnary[] = {
    "mask.not @0",
    "mask.shift @0 query 1 key 3",
    "mask.shift @0 query -4 key -4",
    "mask.shift @0 query 2 key 0",
    "mask.shift @0 query %w key %w",
    "mask.shift @0 query %w key 1",
    "mask.shift @0 query %t per batch : tensor<?xi32> key 0",
    R"(mask.at_positions @0 query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>)",
    "mask.heads @0 in [0]",
    "mask.heads @0 in [0, 1]",
    "mask.batches @0 in [1]",
};
const char *kBinary[] = {
    "mask.and @0, @1",
    "mask.or @0, @1",
    R"(mask.packed @0, @1 rule v5_12 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule v5_23 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule v5_24 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule request sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
};

/// Writes predicates as the body of a policy or of a function.
class Source {
public:
  /// Appends an op; returns its value.
  std::string add(std::string op, const std::string &first = "",
                  const std::string &second = "") {
    for (size_t at; (at = op.find("@0")) != std::string::npos;)
      op.replace(at, 2, first);
    for (size_t at; (at = op.find("@1")) != std::string::npos;)
      op.replace(at, 2, second);
    std::string name = "%v" + std::to_string(count++);
    body += "  " + name + " = " + op + "\n";
    return name;
  }
  void yield(const std::string &value) {
    yields += "  mask.layer_type \"" + std::to_string(numYields++) +
              "\" = " + value + "\n";
    results.push_back(value);
  }
  unsigned getNumYields() const { return numYields; }

  /// In a policy a fact may still be absent, in a function it may not.
  std::string print(const std::vector<Fact> &facts, bool asPolicy) const {
    std::string arguments, types, values;
    for (const Fact &fact : facts) {
      arguments += arguments.empty() ? "" : ", ";
      if (asPolicy)
        arguments += std::string("\"") + fact.name + "\" optional ";
      arguments += std::string("%") + fact.name + ": " + fact.type;
    }
    if (asPolicy)
      return "mask.policy @p(" + arguments + ") {\n" + body + yields + "}\n";
    for (const std::string &result : results) {
      types += (types.empty() ? "" : ", ") + std::string("!mask.predicate");
      values += (values.empty() ? "" : ", ") + result;
    }
    return "func.func @f(" + arguments + ") -> (" + types + ") {\n" + body +
           "  return " + values + " : " + types + "\n}\n";
  }

private:
  std::string body, yields;
  std::vector<std::string> results;
  unsigned count = 0, numYields = 0;
};

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

/// Every leaf, every op over every leaf.
TEST_F(CanonicalizationTest, Unary) {
  for (const char *leaf : kLeaves) {
    Source source;
    std::string value = source.add(leaf);
    source.yield(value);
    for (const char *unary : kUnary) {
      std::string once = source.add(unary, value);
      source.yield(once);
      for (const char *outer : kUnary)
        source.yield(source.add(outer, once));
    }
    check(source, /*asPolicy=*/false, 0);
    for (unsigned absent : {0u, 1u, 2u, 4u, 8u, 16u, 32u, 64u, ~0u})
      check(source, /*asPolicy=*/true, absent);
    if (HasFatalFailure())
      return;
  }
}

/// Every connective of two leaves, complemented or not.
TEST_F(CanonicalizationTest, Binary) {
  for (const char *left : kLeaves) {
    Source source;
    std::string x = source.add(left), notX = source.add("mask.not @0", x);
    for (const char *right : kLeaves) {
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
  unsigned count = 3000;
  if (const char *text = std::getenv("MASK_COMPOSITIONS"))
    count = std::atoi(text);
  constexpr unsigned kTreesPerModule = 20;
  std::mt19937 random(20260101);
  auto pick = [&](auto &list) { return list[random() % std::size(list)]; };
  for (unsigned done = 0; done < count; done += kTreesPerModule) {
    Source source;
    SmallVector<const char *> leaves;
    for (unsigned i = 0; i < 4; ++i)
      leaves.push_back(pick(kLeaves));
    std::function<std::string(unsigned)> grow =
        [&](unsigned depth) -> std::string {
      if (depth == 0 || random() % 8 == 0)
        return source.add(pick(leaves));
      if (random() % 3 == 0)
        return source.add(random() % 2 ? kUnary[0] : pick(kUnary),
                          grow(depth - 1));
      std::string x = grow(depth - 1), y = grow(depth - 1);
      return source.add(random() % 8 ? kBinary[random() % 2] : pick(kBinary), x,
                        y);
    };
    for (unsigned i = 0; i < kTreesPerModule; ++i)
      source.yield(grow(1 + random() % 4));
    bool asPolicy = random() % 2;
    check(source, asPolicy, asPolicy ? random() : 0);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
