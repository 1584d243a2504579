//===- FactsTest.cpp - ids, positions, tables and numbers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fixture.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

using I = int64_t;
constexpr I kNone = kNoKey;

class FactEvaluatorTest : public InterpreterTest {
protected:
  void checkArray(const std::string &arguments, ArrayRef<HostValue> values,
                  const std::string &body, const std::string &type,
                  ArrayRef<I> shape, ArrayRef<I> expected) {
    Value value = parse(arguments, body, type);
    ASSERT_TRUE(bool(value));
    FactEvaluator facts;
    bind(facts, values);
    auto result = facts.evaluateArray(value);
    ASSERT_TRUE(succeeded(result)) << errors;
    EXPECT_EQ(ArrayRef<I>((*result)->shape), shape) << body;
    EXPECT_EQ(ArrayRef<I>((*result)->values), expected) << body;
  }

  void checkNumber(const std::string &body, I expected) {
    Value value = parse("", body, "index");
    FactEvaluator facts;
    FailureOr<I> result = facts.evaluateNumber(value);
    ASSERT_TRUE(succeeded(result)) << errors;
    EXPECT_EQ(*result, expected) << body;
  }
};

TEST_F(FactEvaluatorTest, Arithmetic) {
  const std::string numbers =
      "%a = arith.constant -7 : index\n%b = arith.constant 2 : index\n";
  checkNumber(numbers + "%p = arith.addi %a, %b : index", -5);
  checkNumber(numbers + "%p = arith.subi %a, %b : index", -9);
  checkNumber(numbers + "%p = arith.muli %a, %b : index", -14);
  checkNumber(numbers + "%p = arith.divsi %a, %b : index", -3);
  checkNumber(numbers + "%p = arith.floordivsi %a, %b : index", -4);
  checkNumber(numbers + "%p = arith.ceildivsi %a, %b : index", -3);
  checkNumber(numbers + "%p = arith.maxsi %a, %b : index", 2);
  checkNumber(numbers + "%p = arith.minsi %a, %b : index", -7);
}

TEST_F(FactEvaluatorTest, DivisionByZeroIsAnError) {
  Value value = parse("",
                      "%a = arith.constant 7 : index\n"
                      "%b = arith.constant 0 : index\n"
                      "%p = arith.floordivsi %a, %b : index",
                      "index");
  FactEvaluator facts;
  EXPECT_TRUE(failed(facts.evaluateNumber(value)));
  EXPECT_NE(errors.find("divides by 0"), std::string::npos) << errors;
}

// Loads, choices, branches and affine maps of facts, as scalar code has them.
TEST_F(FactEvaluatorTest, ScalarCode) {
  const std::string arguments =
      "%t: tensor<?xi32>, %m: memref<?x?xi8>, %n: index, %f: f32";
  auto check = [&](const std::string &body, I expected) {
    Value value = parse(arguments, body, "index");
    ASSERT_TRUE(bool(value)) << errors;
    FactEvaluator facts;
    bind(facts, {list({5, -3, 2}), array({2, 2}, {1, 2, 3, 4}), I(7), 2.5});
    FailureOr<I> result = facts.evaluateNumber(value);
    ASSERT_TRUE(succeeded(result)) << errors;
    EXPECT_EQ(*result, expected) << body;
  };
  check("%c = arith.constant 1 : index\n"
        "%e = tensor.extract %t[%c] : tensor<?xi32>\n"
        "%p = arith.index_cast %e : i32 to index",
        -3);
  check("%c = arith.constant 1 : index\n"
        "%e = memref.load %m[%c, %c] : memref<?x?xi8>\n"
        "%w = arith.extsi %e : i8 to i64\n"
        "%p = arith.index_cast %w : i64 to index",
        4);
  check("%c = arith.constant 0 : index\n"
        "%p = memref.dim %m, %c : memref<?x?xi8>",
        2);
  check("%c = arith.constant 3 : index\n"
        "%l = arith.cmpi slt, %n, %c : index\n"
        "%r = arith.remui %n, %c : index\n"
        "%p = arith.select %l, %c, %r : index",
        1);
  check("%c = arith.constant 3 : index\n"
        "%l = arith.cmpi slt, %n, %c : index\n"
        "%p, %q = scf.if %l -> (index, index) {\n"
        "  %d = arith.divsi %n, %c : index\n"
        "  scf.yield %d, %d : index, index\n"
        "} else {\n"
        "  %s = arith.subi %n, %c : index\n"
        "  scf.yield %s, %n : index, index\n"
        "}",
        4);
  check("%p = affine.min affine_map<(d0)[s0] -> (d0 floordiv 2, s0)>(%n)[%n]",
        3);
  check("%p = affine.apply affine_map<(d0) -> (d0 mod 4 - 9)>(%n)", -6);
  // Integers wrap at their width.
  check("%c = arith.constant 2147483647 : i32\n"
        "%s = arith.addi %c, %c : i32\n"
        "%p = arith.index_cast %s : i32 to index",
        -2);
  check("%h = arith.mulf %f, %f : f32\n"
        "%i = arith.fptosi %h : f32 to i32\n"
        "%p = arith.index_cast %i : i32 to index",
        6);
}

TEST_F(FactEvaluatorTest, ReadOutsideIsAnError) {
  Value value = parse("%t: tensor<?xindex>, %n: index",
                      "%p = tensor.extract %t[%n] : tensor<?xindex>", "index");
  FactEvaluator facts;
  bind(facts, {list({5, -3, 2}), I(3)});
  EXPECT_TRUE(failed(facts.evaluateNumber(value)));
  EXPECT_NE(errors.find("'tensor.extract' op cannot be evaluated: reads "
                        "outside of its array"),
            std::string::npos)
      << errors;
}

TEST_F(FactEvaluatorTest, UnknownCodeIsAnError) {
  Value value = parse("%t: tensor<?xi32>, %n: index",
                      "%p = scf.for %i = %n to %n step %n iter_args(%x = %n)"
                      " -> index { scf.yield %x : index }",
                      "index");
  FactEvaluator facts;
  bind(facts, {list({5, -3, 2}), I(3)});
  EXPECT_TRUE(failed(facts.evaluateNumber(value)));
  EXPECT_NE(errors.find("'scf.for' op cannot be evaluated on facts"),
            std::string::npos)
      << errors;
}

TEST_F(FactEvaluatorTest, Runs) {
  checkArray("%t: tensor<?x?xi8>",
             {array({2, 6}, {0, 1, 2, 0, 1, 3, 1, 1, 1, 1, 0, 2})},
             "%p = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>",
             "tensor<?x?xi32>", {2, 6},
             {-1, 0, 0, -1, 1, -1, 0, 0, 0, 0, -1, 1});
}

TEST_F(FactEvaluatorTest, ItemIds) {
  HostValue ranges = array({2, 2, 2}, {1, 2, 3, 5, 4, 4, 0, -1});
  const std::string arguments = "%r: tensor<?x?x2xi32>, %n: index";
  checkArray(arguments, {ranges, I(6)},
             "%p = mask.item_ids %r length %n : tensor<?x?x2xi32> ->"
             " tensor<?x?xi32>",
             "tensor<?x?xi32>", {2, 6},
             {-1, 0, 0, 1, 1, 1, -1, -1, -1, -1, 0, -1});
  checkArray(arguments, {ranges, I(6)},
             "%p = mask.item_ids %r length %n min_length 3 :"
             " tensor<?x?x2xi32> -> tensor<?x?xi32>",
             "tensor<?x?xi32>", {2, 6},
             {-1, -1, -1, 1, 1, 1, -1, -1, -1, -1, -1, -1});
}

TEST_F(FactEvaluatorTest, OverlappingItemsAreAnError) {
  Value value = parse("%r: tensor<?x?x2xi32>, %n: index",
                      "%p = mask.item_ids %r length %n : tensor<?x?x2xi32> ->"
                      " tensor<?x?xi32>",
                      "tensor<?x?xi32>");
  FactEvaluator facts;
  bind(facts, {array({1, 2, 2}, {0, 3, 3, 5}), I(6)});
  EXPECT_TRUE(failed(facts.evaluate(value)));
  EXPECT_NE(errors.find("items 0 and 1 of batch row 0 overlap at token 3"),
            std::string::npos)
      << errors;
}

TEST_F(FactEvaluatorTest, DropLong) {
  checkArray("%x: tensor<?xi32>, %n: index",
             {list({0, 0, 0, -1, 1, 1, 7}), I(2)},
             "%p = mask.drop_long %x longer_than %n : tensor<?xi32>",
             "tensor<?xi32>", {7}, {-1, -1, -1, -1, 1, 1, 7});
}

TEST_F(FactEvaluatorTest, Positions) {
  checkArray("%v: tensor<?xi1>", {list({0, 0, 1, 1, 0, 1})},
             "%p = mask.positions %v : tensor<?xi1> -> tensor<?xi32>",
             "tensor<?xi32>", {6}, {0, 0, 0, 1, 1, 2});
}

TEST_F(FactEvaluatorTest, IntervalTable) {
  // Id 0 has a hole, id -1 counts unless negative ids have no keys.
  checkArray("%x: tensor<?xi32>", {list({0, 1, 1, 0, -1})},
             "%p = mask.interval_table %x : tensor<?xi32> -> tensor<?x4xi32>",
             "tensor<?x4xi32>", {5, 4},
             {0, 4, kNone, -kNone, 1,     3,      1, 3, 1, 3,
              1, 3, 0,     4,      kNone, -kNone, 4, 5, 4, 5});
  checkArray(
      "%q: tensor<?xi32>, %k: tensor<?xi32>", {list({-1, 5, 2}), list({2, -1})},
      "%p = mask.interval_table %q, %k non_negative : tensor<?xi32>,"
      " tensor<?xi32> -> tensor<?x4xi32>",
      "tensor<?x4xi32>", {3, 4},
      {kNone, -kNone, kNone, -kNone, kNone, -kNone, kNone, -kNone, 0, 1, 0, 1});
}

TEST_F(FactEvaluatorTest, CountTable) {
  checkArray("%v: tensor<?x?xi1>", {array({2, 4}, {0, 1, 0, 1, 0, 0, 0, 0})},
             "%p = mask.count_table %v : tensor<?x?xi1> -> tensor<?x?xi32>",
             "tensor<?x?xi32>", {2, 7},
             {0, 0, 1, 1, 2, 1, 4, 0, 0, 0, 0, 0, kNone, -kNone});
}

/// The last elements of one block and the first of the next.
TEST_F(FactEvaluatorTest, RangeTable) {
  std::vector<int64_t> data(kRangeBlock + 2, 3), expected;
  data[0] = 9, data[kRangeBlock - 1] = -4, data[kRangeBlock] = 5;
  for (int64_t i = 0; i < kRangeBlock - 1; ++i)
    expected.insert(expected.end(), {-4, i ? 3 : 9, i ? 3 : 9, 9});
  expected.insert(expected.end(), {-4, -4, -4, 9, 3, 5, 5, 5, 3, 3, 3, 5});
  checkArray("%x: tensor<?xi32>", {array({kRangeBlock + 2}, data)},
             "%p = mask.range_table %x : tensor<?xi32> -> tensor<?x4xi32>",
             "tensor<?x4xi32>", {kRangeBlock + 2, 4}, expected);
}

TEST_F(FactEvaluatorTest, MonotoneTable) {
  checkArray("%x: tensor<?x?xi32>", {array({2, 3}, {0, 0, 2, 0, 2, 1})},
             "%p = mask.monotone_table %x : tensor<?x?xi32> -> tensor<?xi32>",
             "tensor<?xi32>", {2}, {1, 0});
}

} // namespace
