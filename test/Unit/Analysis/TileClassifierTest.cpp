//===- TileClassifierTest.cpp - scalar code and positions over tiles -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The classifier of predicates without an interval form against the
// interpreter, on facts of several blocks and tiles that start anywhere and
// reach beyond the facts: a tile that is called full is, one that is called
// empty is; and of those that are, how many are told.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/TilePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Facts have five blocks of keys, the last one ragged.
constexpr int64_t kTokens = 4 * kRangeBlock + 37, kBatch = 2;

constexpr int64_t kShapes[][2] = {{1, 1},   {3, 5},    {16, 16}, {64, 64},
                                  {40, 65}, {24, 100}, {3, 190}, {2, 280}};

struct Outcome {
  int64_t uniform = 0, told = 0;
};

HostValue array(SmallVector<int64_t> shape,
                llvm::function_ref<int64_t(int64_t)> element) {
  auto result = std::make_shared<IntegerArray>();
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  result->shape = std::move(shape);
  for (int64_t i = 0; i < size; ++i)
    result->values.push_back(element(i));
  return std::shared_ptr<const IntegerArray>(std::move(result));
}

class TileClassifierTest : public ::testing::Test {
protected:
  TileClassifierTest() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
    context.disableMultithreading();
  }

  /// Classifies `body`, which defines `%p`, by tiles of every shape.
  std::vector<Outcome> classify(StringRef body) {
    std::string text =
        ("func.func @f(%n: index, %time: tensor<?xi32>, %ids: tensor<?x?xi32>, "
         "%valid: tensor<?x?xi1>, %ring: tensor<?x?xi32>, %far: tensor<?xi64>) "
         "-> !mask.predicate {\n" +
         body + "\n  return %p : !mask.predicate\n}\n")
            .str();
    std::vector<Outcome> outcomes(std::size(kShapes));
    auto module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << text;
      return outcomes;
    }
    Block &block = module->getBody()->front().getRegion(0).front();
    FactEvaluator facts;
    bind(facts, block);
    Value predicate = block.getTerminator()->getOperand(0);
    auto visible = interpretPredicate(predicate, facts);
    TermContext terms;
    TilePlan plan = planTiles(terms, predicate);
    TermEvaluator evaluator(facts);
    EXPECT_TRUE(succeeded(visible) &&
                succeeded(evaluator.prepare(plan.tileFull)) &&
                succeeded(evaluator.prepare(plan.tileEmpty)));
    for (int64_t b = 0; b < kBatch; ++b) {
      std::vector<uint8_t> mask(kExtent * kExtent);
      for (int64_t q = 0; q < kExtent; ++q)
        for (int64_t k = 0; k < kExtent; ++k)
          mask[q * kExtent + k] = (*visible)(b, 0, q, k);
      for (auto [shape, outcome] : llvm::zip_equal(kShapes, outcomes))
        for (int64_t q = 0; q + shape[0] <= kExtent; q += 13)
          for (int64_t k = 0; k + shape[1] <= kExtent; k += 11) {
            if (!check(plan, evaluator, mask, b, {q, shape[0], k, shape[1]},
                       outcome)) {
              ADD_FAILURE() << text;
              return outcomes;
            }
          }
    }
    return outcomes;
  }

  /// Of the tiles that are full or empty at least `percent` are told: where
  /// they are as large as a block and may be smaller.
  void expectTold(StringRef body, int64_t percent, int64_t percentOfSmall) {
    for (auto [shape, outcome] : llvm::zip_equal(kShapes, classify(body))) {
      // What meets more than three blocks is not looked up.
      if (shape[1] > 2 * kRangeBlock)
        continue;
      EXPECT_GT(outcome.told, 0) << body.str();
      EXPECT_GE(outcome.told * 100,
                outcome.uniform *
                    (shape[1] < kRangeBlock ? percentOfSmall : percent))
          << shape[0] << " x " << shape[1] << ": " << outcome.told << " of "
          << outcome.uniform << "\n"
          << body.str();
    }
  }

private:
  static constexpr int64_t kExtent = kTokens + 20;
  struct Tile {
    int64_t query, rows, key, keys;
  };

  static void bind(FactEvaluator &facts, Block &block) {
    facts.bind(block.getArgument(0), int64_t(16));
    // Time goes on, and starts again after 250 tokens.
    facts.bind(block.getArgument(1),
               array({kTokens}, [](int64_t i) { return (i % 250) / 3; }));
    facts.bind(block.getArgument(2), array({kBatch, kTokens}, [](int64_t i) {
                 return i < kTokens ? i / 100 % 3 : i / 75 % 2;
               }));
    facts.bind(block.getArgument(3),
               array({kBatch, kTokens}, [](int64_t i) { return i / 120 % 2; }));
    // A cache of 190 slots that has wrapped.
    facts.bind(block.getArgument(4), array({kBatch, kTokens}, [](int64_t i) {
                 return (i + 50) % 190 + 20;
               }));
    facts.bind(block.getArgument(5), array({kTokens}, [](int64_t i) {
                 return i < 80 ? i : (int64_t(1) << 62) - i;
               }));
  }

  /// False if the classifier claims what is not so.
  static bool check(const TilePlan &plan, const TermEvaluator &evaluator,
                    const std::vector<uint8_t> &mask, int64_t b, Tile tile,
                    Outcome &outcome) {
    TermPoint point;
    point.batch = b;
    point.queryFirst = tile.query, point.queryLast = tile.query + tile.rows - 1;
    point.keyFirst = tile.key, point.keyLast = tile.key + tile.keys - 1;
    bool any = false, all = true;
    for (int64_t q = tile.query; q <= point.queryLast; ++q)
      for (int64_t k = tile.key; k <= point.keyLast; ++k) {
        any |= mask[q * kExtent + k];
        all &= mask[q * kExtent + k];
      }
    bool full = evaluator.evaluate(plan.tileFull, point),
         empty = evaluator.evaluate(plan.tileEmpty, point);
    EXPECT_TRUE(!full || all) << "full: " << tile.query << ", " << tile.key;
    EXPECT_TRUE(!empty || !any) << "empty: " << tile.query << ", " << tile.key;
    outcome.uniform += all || !any;
    outcome.told += (all && full) || (!any && empty);
    return (!full || all) && (!empty || !any);
  }

  MLIRContext context;
};

/// `mask.generic` over the facts with `code` as its region, that yields `%v`.
std::string generic(StringRef code) {
  return ("%p = mask.generic captures(%n, %time, %ids, %valid, %far : index, "
          "tensor<?xi32>, tensor<?x?xi32>, tensor<?x?xi1>, tensor<?xi64>) {\n"
          "^bb0(%b: index, %h: index, %q: index, %k: index, %w: index, "
          "%t: tensor<?xi32>, %d: tensor<?x?xi32>, %ok: tensor<?x?xi1>, "
          "%f: tensor<?xi64>):\n" +
          code + "\nmask.yield %v : i1\n}")
      .str();
}

/// What is compared over facts at the query and at the key is told exactly,
/// up to tiles within one block.
TEST_F(TileClassifierTest, Loads) {
  const char *const codes[] = {
      R"(%x = tensor.extract %d[%b, %q] : tensor<?x?xi32>
         %y = tensor.extract %d[%b, %k] : tensor<?x?xi32>
         %v = arith.cmpi eq, %x, %y : i32)",
      R"(%x = tensor.extract %t[%q] : tensor<?xi32>
         %y = tensor.extract %t[%k] : tensor<?xi32>
         %v = arith.cmpi sle, %y, %x : i32)",
      R"(%v = tensor.extract %ok[%b, %k] : tensor<?x?xi1>)",
      R"(%x = tensor.extract %ok[%b, %q] : tensor<?x?xi1>
         %y = tensor.extract %ok[%b, %k] : tensor<?x?xi1>
         %v = arith.cmpi ne, %x, %y : i1)"};
  // Ids 2 and 0 may be 1, for all that a range says: they come round again.
  expectTold(generic(codes[0]), 80, 50);
  for (const char *code : ArrayRef(codes).drop_front())
    expectTold(generic(code), 90, 50);
}

/// A picture of 16 columns: each patch sees its neighbours.
TEST_F(TileClassifierTest, Neighbourhood) {
  std::string code = generic(R"(
    %one = arith.constant 1 : index
    %zero = arith.constant 0 : index
    %qr = arith.floordivsi %q, %w : index
    %kr = arith.floordivsi %k, %w : index
    %qc = arith.remsi %q, %w : index
    %kc = arith.remsi %k, %w : index
    %dr = arith.subi %qr, %kr : index
    %dc = arith.subi %qc, %kc : index
    %mr = arith.subi %zero, %dr : index
    %mc = arith.subi %zero, %dc : index
    %ar = arith.maxsi %dr, %mr : index
    %ac = arith.maxsi %dc, %mc : index
    %a = arith.maxsi %ar, %ac : index
    %v = arith.cmpi sle, %a, %one : index)");
  // Rows of the picture are told, columns only within one row.
  expectTold(code, 90, 80);
}

/// A cache that wraps: positions of a tile are a short stretch, but where it
/// wraps. That is in one of three tiles of rows, and of keys.
TEST_F(TileClassifierTest, Ring) {
  expectTold(R"(
      %w = mask.window left 20 right 0
      %p = mask.at_positions %w query %ring key %ring : tensor<?x?xi32>, tensor<?x?xi32>)",
             30, 30);
}

/// A tile of keys that meets four blocks is not judged by the three that are
/// looked up: time starts again in the other one.
TEST_F(TileClassifierTest, LongStretches) {
  for (const char *length : {"2", "70"})
    classify(std::string("%w = mask.prefix ") + length + R"(
      %p = mask.at_positions %w query %time key %time : tensor<?xi32>, tensor<?xi32>)");
}

/// Nothing is claimed of numbers that wrap, of facts that end, of flags as
/// signed numbers, of branches that are not taken; rules that are rarely used.
TEST_F(TileClassifierTest, Sound) {
  const char *const codes[] = {
      // Wraps in i32 for times from one on.
      R"(%c = arith.constant 2147483647 : i32
         %x = tensor.extract %t[%k] : tensor<?xi32>
         %y = arith.addi %x, %c : i32
         %v = arith.cmpi sge, %y, %c : i32)",
      R"(%c = arith.constant 1103515245 : i32
         %x = tensor.extract %t[%q] : tensor<?xi32>
         %y = arith.muli %x, %c : i32
         %z = arith.constant 0 : i32
         %v = arith.cmpi sge, %y, %z : i32)",
      // Wraps at the other end.
      R"(%c = arith.constant -2147483600 : i32
         %x = tensor.extract %t[%k] : tensor<?xi32>
         %y = arith.subi %c, %x : i32
         %v = arith.cmpi sle, %y, %c : i32)",
      // Beyond what terms tell from infinity.
      R"(%x = tensor.extract %f[%k] : tensor<?xi64>
         %c = arith.constant 4611686018427387904 : i64
         %y = arith.addi %x, %c : i64
         %z = arith.constant 0 : i64
         %v = arith.cmpi sge, %y, %z : i64)",
      // Narrowing.
      R"(%x = tensor.extract %f[%k] : tensor<?xi64>
         %y = arith.trunci %x : i64 to i8
         %z = arith.constant 0 : i8
         %v = arith.cmpi sge, %y, %z : i8)",
      // Reads beyond the ends, where the whole is hidden.
      R"(%c = arith.constant 9 : index
         %i = arith.addi %k, %c : index
         %j = arith.subi %q, %c : index
         %x = tensor.extract %t[%i] : tensor<?xi32>
         %y = tensor.extract %t[%j] : tensor<?xi32>
         %z = arith.cmpi sge, %x, %y : i32
         %true = arith.constant true
         %v = arith.ori %z, %true : i1)",
      // True is minus one where flags are compared as signed numbers.
      R"(%x = tensor.extract %ok[%b, %q] : tensor<?x?xi1>
         %y = tensor.extract %ok[%b, %k] : tensor<?x?xi1>
         %v = arith.cmpi sgt, %x, %y : i1)",
      R"(%x = tensor.extract %ok[%b, %k] : tensor<?x?xi1>
         %y = arith.extsi %x : i1 to i32
         %z = arith.constant 0 : i32
         %v = arith.cmpi slt, %y, %z : i32)",
      R"(%x = tensor.extract %ok[%b, %k] : tensor<?x?xi1>
         %y = arith.extui %x : i1 to i32
         %z = arith.constant 0 : i32
         %v = arith.cmpi ugt, %y, %z : i32)",
      // Differences are of both signs.
      R"(%x = arith.subi %q, %k : index
         %v = arith.cmpi ult, %x, %w : index)",
      R"(%x = arith.subi %q, %k : index
         %y = arith.remsi %x, %w : index
         %c = arith.constant 3 : index
         %v = arith.cmpi sle, %y, %c : index)",
      R"(%x = arith.subi %q, %k : index
         %y = arith.divsi %x, %w : index
         %c = arith.constant 1 : index
         %v = arith.cmpi sle, %y, %c : index)",
      R"(%x = arith.subi %q, %k : index
         %y = arith.ceildivsi %x, %w : index
         %c = arith.constant 1 : index
         %v = arith.cmpi sle, %y, %c : index)",
      R"(%x = arith.divui %q, %w : index
         %y = arith.remui %k, %w : index
         %v = arith.cmpi uge, %x, %y : index)",
      // As a natural number, a negative difference is large.
      R"(%x = arith.subi %q, %k : index
         %y = arith.divui %x, %w : index
         %c = arith.constant 20 : index
         %v = arith.cmpi sle, %y, %c : index)",
      R"(%x = arith.subi %q, %k : index
         %y = arith.remui %x, %w : index
         %z = arith.constant 0 : index
         %v = arith.cmpi sge, %y, %z : index)",
      R"(%c = arith.constant 80 : index
         %near = arith.cmpi slt, %k, %c : index
         %x = arith.select %near, %q, %w : index
         %a = arith.cmpi sle, %k, %x : index
         %o = arith.cmpi sge, %q, %c : index
         %v = arith.xori %a, %o : i1)",
      R"(%x = tensor.extract %t[%w] : tensor<?xi32>
         %y = arith.index_cast %x : i32 to index
         %z = arith.minsi %q, %k : index
         %v = arith.cmpi sge, %z, %y : index)",
      // A division by zero hides, whatever is made of it.
      R"(%z = arith.constant 0 : index
         %x = arith.divsi %q, %z : index
         %y = arith.cmpi eq, %x, %k : index
         %true = arith.constant true
         %v = arith.ori %y, %true : i1)",
      // A row of a fact that is chosen by its own element.
      R"(%x = tensor.extract %t[%k] : tensor<?xi32>
         %y = arith.index_cast %x : i32 to index
         %z = tensor.extract %d[%b, %y] : tensor<?x?xi32>
         %c = arith.constant 1 : i32
         %v = arith.cmpi slt, %z, %c : i32)",
  };
  for (const char *code : codes)
    classify(generic(code));
}

/// The connectives and changes of coordinates pass classes on.
TEST_F(TileClassifierTest, Composed) {
  std::string later = generic(R"(
    %x = tensor.extract %t[%q] : tensor<?xi32>
    %y = tensor.extract %t[%k] : tensor<?xi32>
    %v = arith.cmpi sle, %y, %x : i32)");
  later.replace(later.find("%p"), 2, "%g");
  for (const char *rest :
       {"%p = mask.not %g", "%p = mask.shift %g query 7 key -9",
        "%w = mask.window left 30 right 4\n %p = mask.and %g, %w",
        "%c = mask.dilated 2\n %p = mask.or %g, %c",
        "%p = mask.at_positions %g query %ring key %ring : tensor<?x?xi32>, "
        "tensor<?x?xi32>",
        "%p = mask.batches %g in [1]"})
    EXPECT_GT(classify(later + "\n" + rest)[2].told, 0) << rest;
}

} // namespace
