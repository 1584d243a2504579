//===- SimplifyTest.cpp - simplified masks show the same keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Closed predicates are interpreted before and after `mask-simplify`, at every
// query and key of their attention: sizes and offsets are static, or known only
// to the interpreter, or one per batch row. `--count` and `--seed` are those of
// the random ones.
//
//===----------------------------------------------------------------------===//

#include "../Compositions.h"
#include "../TestOptions.h"
#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Mask.h"
#include "Mask/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <cstdlib>
#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

/// What an attention asks its predicate about.
struct Extents {
  int64_t queries, keys, queryOffset, keyOffset;
};

std::string replaceAll(std::string text, StringRef from, StringRef to) {
  for (size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to.str());
  return text;
}

/// Facts that are computed before the attention, of which more is known: blocks
/// of at most two tokens, and none.
const char *const kComputedFacts = R"(
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %runs = mask.runs %docs of [2, 5] : tensor<?x?xi32> -> tensor<?x?xi32>
  %short = mask.drop_long %runs longer_than %c2 : tensor<?x?xi32>
  %none = mask.drop_long %runs longer_than %c0 : tensor<?x?xi32>
)";

/// The leaves of all compositions, and some over these.
std::vector<const char *> makeLeaves() {
  std::vector<const char *> leaves(std::begin(kLeaves), std::end(kLeaves));
  leaves.insert(leaves.end(),
                {"mask.block_bidirectional %short : tensor<?x?xi32>",
                 "mask.block_bidirectional %none : tensor<?x?xi32>",
                 "mask.document %short : tensor<?x?xi32>",
                 "mask.window left 1 right unbounded"});
  return leaves;
}

class SimplifyTest : public ::testing::Test {
protected:
  SimplifyTest() {
    DialectRegistry registry;
    arith::registerValueBoundsOpInterfaceExternalModels(registry);
    tensor::registerValueBoundsOpInterfaceExternalModels(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<MaskDialect, affine::AffineDialect, arith::ArithDialect,
                        func::FuncDialect, tensor::TensorDialect>();
    context.disableMultithreading();
  }

  template <typename... Passes>
  void run(ModuleOp module, Passes... created) {
    PassManager passes(&context);
    passes.enableVerifier();
    (passes.addPass(std::move(created)), ...);
    ASSERT_TRUE(succeeded(passes.run(module)));
  }

  static std::string toString(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream(text) << module;
    return text;
  }

  static SmallVector<AttentionOp> getAttentions(ModuleOp module) {
    SmallVector<AttentionOp> result;
    module.walk([&](AttentionOp op) { result.push_back(op); });
    return result;
  }

  /// A function with one attention per predicate of `source`. `known` numbers
  /// are in the types and attributes, others are arguments.
  static std::string print(const Source &source, const Extents &extents,
                           bool known, bool perBatch) {
    std::string rows = known ? std::to_string(extents.queries) : "?";
    std::string columns = known ? std::to_string(extents.keys) : "?";
    std::string batch = std::to_string(kBatch), heads = std::to_string(kHeads);
    std::string query =
        "tensor<" + batch + "x" + heads + "x" + rows + "x4xf32>";
    std::string key =
        "tensor<" + batch + "x" + heads + "x" + columns + "x4xf32>";
    std::string offsets;
    if (perBatch)
      offsets = " query_offset %o0 per batch : tensor<2xi32>"
                " key_offset %o1 per batch : tensor<2xi32>";
    else if (known)
      offsets = " query_offset " + std::to_string(extents.queryOffset) +
                " key_offset " + std::to_string(extents.keyOffset);
    else
      offsets = " query_offset %o2 key_offset %o3";
    std::string text = source.print(makeFacts(), /*asPolicy=*/false);
    std::string more = "%q: " + query + ", %k: " + key +
                       ", %o0: tensor<2xi32>, %o1: tensor<2xi32>, "
                       "%o2: index, %o3: index) ";
    text.replace(text.find(") "), 2, ", " + more);
    size_t results = text.find("-> ("), body = text.find("{\n");
    text.resize(text.find("  return"));
    // Attention without uses is dead.
    std::string types, values;
    unsigned count = 0;
    for (const std::string &predicate : source.getResults()) {
      std::string value = "%r" + std::to_string(count++);
      text += "  " + value + " = mask.attention ins(%q, %k, %k : " + query +
              ", " + key + ", " + key + ") outs(%q : " + query + ")" + offsets +
              " mask(" + predicate + ") -> " + query + "\n";
      types += (types.empty() ? "" : ", ") + query;
      values += (values.empty() ? "" : ", ") + value;
    }
    text.replace(results, body - results, "-> (" + types + ") ");
    text.insert(text.find("{\n") + 2, kComputedFacts);
    return text + "  return " + values + " : " + types + "\n}\n";
  }

  FailureOr<PredicateFunction> interpret(AttentionOp attention,
                                         const std::vector<Fact> &facts) {
    FactEvaluator outer;
    Block &body = attention->getParentOfType<func::FuncOp>().front();
    for (auto [argument, fact] : llvm::zip(body.getArguments(), facts))
      outer.bind(argument, fact.value);
    evaluators.emplace_back();
    for (auto [outside, inside] :
         llvm::zip_equal(attention.getCaptures(),
                         attention.getPredicate().getArguments())) {
      FailureOr<HostValue> value = outer.evaluate(outside);
      if (failed(value))
        return failure();
      evaluators.back().bind(inside, *value);
    }
    return interpretPredicate(attention.getPredicateValue(), evaluators.back());
  }

  void check(const Source &source, const Extents &extents, bool known,
             bool perBatch, bool staticFacts) {
    std::vector<Fact> facts = makeFacts();
    std::string text = print(source, extents, known, perBatch);
    if (staticFacts) {
      text = replaceAll(text, "tensor<?x?xi32>", "tensor<2x9xi32>");
      text = replaceAll(text, "tensor<?xi32>", "tensor<1xi32>");
    }
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    run(*module, createMaskClosePredicates());
    OwningOpRef<ModuleOp> simplified = module->clone();
    run(*simplified, createMaskSimplify());
    for (auto [before, after] :
         llvm::zip_equal(getAttentions(*module), getAttentions(*simplified))) {
      ++predicates;
      constants +=
          isa<FullOp, EmptyOp>(after.getPredicateValue().getDefiningOp());
      auto expected = interpret(before, facts),
           actual = interpret(after, facts);
      ASSERT_TRUE(succeeded(expected) && succeeded(actual)) << text;
      for (int64_t b = 0; b < kBatch; ++b)
        for (int64_t h = 0; h < kHeads; ++h)
          for (int64_t i = 0; i < extents.queries; ++i)
            for (int64_t j = 0; j < extents.keys; ++j) {
              // Of per-row offsets the second row is three further.
              int64_t q = i + extents.queryOffset + (perBatch ? 3 * b : 0);
              int64_t k = j + extents.keyOffset + (perBatch ? 3 * b : 0);
              ASSERT_EQ((*expected)(b, h, q, k), (*actual)(b, h, q, k))
                  << "b " << b << ", h " << h << ", q " << q << ", k " << k
                  << "\n"
                  << text << "\n"
                  << toString(*simplified);
            }
      evaluators.clear();
    }
  }

  MLIRContext context;
  std::vector<FactEvaluator> evaluators;
  unsigned predicates = 0, constants = 0;
};

/// Both connectives of two leaves, the first complemented for `or`.
TEST_F(SimplifyTest, Binary) {
  const std::vector<const char *> leaves = makeLeaves();
  for (const char *left : leaves) {
    Source source;
    std::string x = source.add(left), notX = source.add("mask.not @0", x);
    for (const char *right : leaves) {
      std::string y = source.add(right);
      source.yield(source.add("mask.and @0, @1", x, y));
      source.yield(source.add("mask.or @0, @1", notX, y));
    }
    check(source, {3, 4, 1, 0}, /*known=*/true, /*perBatch=*/false,
          /*staticFacts=*/true);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(constants, predicates / 8);
}

/// Random trees on random extents.
TEST_F(SimplifyTest, Random) {
  const unsigned count = getCount(400);
  std::mt19937 random(getSeed());
  const std::vector<const char *> leaves = makeLeaves();
  constexpr unsigned kTreesPerModule = 10;
  for (unsigned done = 0; done < count; done += kTreesPerModule) {
    Source source;
    for (unsigned i = 0; i < kTreesPerModule; ++i)
      source.yield(growTree(source, random, leaves, 1 + random() % 4));
    Extents extents{1 + static_cast<int64_t>(random() % 6),
                    1 + static_cast<int64_t>(random() % 8),
                    static_cast<int64_t>(random() % 7),
                    static_cast<int64_t>(random() % 7)};
    check(source, extents, /*known=*/random() % 4 != 0,
          /*perBatch=*/random() % 4 == 0, /*staticFacts=*/random() % 2);
    if (HasFatalFailure())
      return;
  }
  std::printf("%u compositions, none changed, %u constant\n", predicates,
              constants);
}

} // namespace
