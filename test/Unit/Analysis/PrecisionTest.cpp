//===- PrecisionTest.cpp - what becomes one interval -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sound bounds may still be loose. These are compositions of real systems, and
// how many exact intervals a row of each must have.
//
//===----------------------------------------------------------------------===//

#include "LawsFixture.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

class Precision : public LawsFixture {
protected:
  /// `%b` are contiguous blocks, `%d` contiguous documents, `%n` a number.
  /// Checks the laws, too.
  void expectExact(const Source &source, size_t intervals) {
    constexpr int64_t kTokens = 7;
    LawChecker checker(
        context, source,
        {{"t", "tensor<?xi8>", array({kTokens}, {0, 1, 1, 0, 1, 1, 1})},
         {"d", "tensor<?xi32>", array({kTokens}, {4, 4, 4, 4, 9, 9, 9})},
         {"n", "index", int64_t(2)}},
        {kTokens + 2});
    if (!checker.check())
      return;
    EXPECT_EQ(checker.getRows().intervals.size(), intervals);
    EXPECT_TRUE(checker.getRows().exact);
    counts += checker.getCounts();
  }

  static std::string addBlocks(Source &source) {
    std::string ids =
        source.add("mask.runs %t of [1] : tensor<?xi8> -> tensor<?xi32>");
    return source.add("mask.block_bidirectional @0 : tensor<?xi32>", ids);
  }
};

/// The window is folded into the bounds of the union: its operands touch at the
/// query, so `and` needs no copy of the window per operand.
TEST_F(Precision, WindowOverUnion) {
  for (const char *window :
       {"mask.window left 3 right unbounded",
        "mask.window left %n right unbounded", "mask.window left 1 right %n"}) {
    Source source;
    std::string either = source.add("mask.or @0, @1", source.add("mask.causal"),
                                    addBlocks(source));
    source.yield(source.add("mask.and @0, @1", source.add(window), either));
    expectExact(source, 1);
  }
}

/// Two ids over the same tokens, and a window: their tables meet at the query.
TEST_F(Precision, BlockInDocument) {
  Source source;
  std::string document =
      source.add("mask.document %d {contiguous} : tensor<?xi32>");
  std::string both = source.add("mask.and @0, @1", addBlocks(source), document);
  std::string causal =
      source.add("mask.and @0, @1", source.add("mask.causal"), document);
  source.yield(source.add("mask.or @0, @1", both, causal));
  expectExact(source, 1);
}

/// `and` reaches the operands of a union of two: sinks and a window, both below
/// the query, stay two ordered intervals.
TEST_F(Precision, SinksAndWindow) {
  Source source;
  std::string either = source.add("mask.or @0, @1", source.add("mask.prefix 1"),
                                  source.add("mask.window left 2 right 2"));
  source.yield(
      source.add("mask.and @0, @1", source.add("mask.causal"), either));
  expectExact(source, 2);
}

/// Intervals that are all empty for one head are ordered for the others.
TEST_F(Precision, UnionInHeads) {
  Source source;
  std::string either = source.add("mask.or @0, @1", source.add("mask.prefix 1"),
                                  source.add("mask.window left 2 right 2"));
  source.yield(source.add("mask.and @0, @1", source.add("mask.causal"),
                          source.add("mask.heads @0 in [0]", either)));
  expectExact(source, 2);
}

/// Eight intervals are kept, which is as many as loops are made for.
TEST_F(Precision, EightIntervals) {
  Source source;
  std::string op = "mask.or ";
  for (int64_t i = 0; i < 8; ++i)
    op += (i ? ", " : "") +
          source.add("mask.window left " + std::to_string(-2 * i) + " right " +
                     std::to_string(2 * i));
  source.yield(source.add(op));
  expectExact(source, 8);
}

/// Where `and` leaves one operand of a union nothing, one interval is left.
TEST_F(Precision, UnionCutToOne) {
  Source source;
  std::string either =
      source.add("mask.or @0, @1", source.add("mask.window left 2 right -1"),
                 source.add("mask.window left -2 right 4"));
  source.yield(
      source.add("mask.and @0, @1", source.add("mask.causal"), either));
  expectExact(source, 1);
}

/// Complements of one interval are the two beside it.
TEST_F(Precision, Complement) {
  Source source;
  std::string outside = source.add("mask.not @0", addBlocks(source));
  source.yield(outside);
  expectExact(source, 2);
}

} // namespace
