//===- FactLawsTest.cpp - leaves with all facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every leaf that reads facts, with all small facts: id vectors up to renaming,
// all flags, all tables, all positions. The grid reaches two tokens beyond.
//
//===----------------------------------------------------------------------===//

#include "LawsFixture.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

using Values = std::vector<int64_t>;

HostValue row(const Values &values) {
  return array({int64_t(values.size())}, values);
}

class FactLaws : public LawsFixture {
protected:
  bool exhaustive = isExhaustive();

  static LawGrid gridOf(unsigned tokens) { return {tokens + 2}; }

  /// One fact `%a`, with all that `enumerate` says.
  template <typename Enumerate>
  void checkOne(ArrayRef<std::string> leaves, const char *type, unsigned tokens,
                Expect expect, Enumerate enumerate) {
    LawChecker checker =
        makeChecker(leaves, {{"a", type, row({})}}, gridOf(tokens));
    enumerate([&](const Values &values) {
      checker.bind(0, row(values));
      return checker.check(expect);
    });
    counts += checker.getCounts();
  }
};

constexpr const char *kIds = "tensor<?xi32>";

//===----------------------------------------------------------------------===//
// Ids
//===----------------------------------------------------------------------===//

/// The outer interval of an id is from its first to its last token, the inner
/// one all of it or nothing.
TEST_F(FactLaws, BlockIds) {
  for (unsigned tokens = 0; tokens <= 7; ++tokens)
    checkOne({"mask.block_bidirectional %a : tensor<?xi32>"}, kIds, tokens,
             Expect::Hull, [&](auto visit) { forEachIds(tokens, -1, visit); });
}

/// The promise of contiguous ids makes them statically exact.
TEST_F(FactLaws, ContiguousIds) {
  for (unsigned tokens = 0; tokens <= 7; ++tokens)
    checkOne({"mask.block_bidirectional %a {contiguous} : tensor<?xi32>"}, kIds,
             tokens, Expect::Exact, [&](auto visit) {
               forEachIds(tokens, -1, [&](const Values &ids) {
                 return !areContiguous(ids) || visit(ids);
               });
             });
}

TEST_F(FactLaws, DocumentIds) {
  for (unsigned tokens = 0; tokens <= 7; ++tokens)
    checkOne({"mask.document %a : tensor<?xi32>"}, kIds, tokens, Expect::Hull,
             [&](auto visit) { forEachIds(tokens, 0, visit); });
  // Negative ids name documents too.
  checkOne({"mask.document %a : tensor<?xi32>"}, kIds, 4, Expect::Hull,
           [&](auto visit) { forEachVector(4, -2, 1, visit); });
}

/// Query and key ids of all lengths that add up to the bound.
TEST_F(FactLaws, TwoIdTables) {
  unsigned most = exhaustive ? 9 : 6;
  for (unsigned total = 0; total <= most; ++total)
    for (unsigned queries = 0; queries <= total; ++queries) {
      LawChecker checker = makeChecker(
          {"mask.block_bidirectional %q, %k : tensor<?xi32>, tensor<?xi32>",
           "mask.document %q, %k : tensor<?xi32>, tensor<?xi32>"},
          {{"q", kIds, row({})}, {"k", kIds, row({})}},
          gridOf(std::max(queries, total - queries)));
      bool fine = forEachIds(total, -1, [&](const Values &ids) {
        checker.bind(0, row(Values(ids.begin(), ids.begin() + queries)));
        checker.bind(1, row(Values(ids.begin() + queries, ids.end())));
        return checker.check(Expect::Hull);
      });
      counts += checker.getCounts();
      if (!fine)
        return;
    }
}

/// Two batch rows, and facts with fewer rows than the batch has.
TEST_F(FactLaws, IdsPerBatchRow) {
  for (int64_t rows : {1, 2}) {
    LawChecker checker =
        makeChecker({"mask.block_bidirectional %a : tensor<?x?xi64>",
                     "mask.document %a : tensor<?x?xi64>"},
                    {{"a", "tensor<?x?xi64>", AbsentValue()}},
                    {6, /*batch=*/2, /*heads=*/1, /*maxTile=*/5});
    forEachIds(4, -1, [&](const Values &ids) {
      Values all = ids;
      if (rows == 2)
        all.insert(all.end(), ids.rbegin(), ids.rend());
      checker.bind(0, array({rows, 4}, all));
      return checker.check(Expect::Hull);
    });
    counts += checker.getCounts();
  }
}

/// Ids that number runs are known to be contiguous; blocks that are too long
/// vanish.
TEST_F(FactLaws, Runs) {
  for (unsigned tokens = 0; tokens <= 7; ++tokens) {
    Source source;
    std::string runs =
        source.add("mask.runs %a of [1, 2] : tensor<?xi8> -> tensor<?xi32>");
    std::string few =
        source.add("mask.drop_long @0 longer_than %n : tensor<?xi32>", runs);
    for (const std::string &ids : {runs, few})
      source.yield(
          source.add("mask.block_bidirectional @0 : tensor<?xi32>", ids));
    LawChecker checker(
        context, source,
        {{"a", "tensor<?xi8>", row({})}, {"n", "index", int64_t(2)}},
        gridOf(tokens));
    forEachVector(tokens, 0, 2, [&](const Values &types) {
      checker.bind(0, row(types));
      return checker.check(Expect::Exact);
    });
    counts += checker.getCounts();
  }
}

TEST_F(FactLaws, Items) {
  constexpr int64_t kTokens = 6;
  Source source;
  std::string ids = source.add("mask.item_ids %a length %n : "
                               "tensor<?x?x2xi32> -> tensor<?x?xi32>");
  source.yield(
      source.add("mask.block_bidirectional @0 : tensor<?x?xi32>", ids));
  LawChecker checker(
      context, source,
      {{"a", "tensor<?x?x2xi32>", AbsentValue()}, {"n", "index", kTokens}},
      gridOf(kTokens));
  forEachVector(4, 0, kTokens, [&](const Values &ends) {
    // Two items, the first before the second; no item is (0, -1).
    if (ends[0] > ends[1] + 1 || ends[1] >= ends[2] || ends[2] > ends[3] + 1)
      return true;
    checker.bind(0, array({1, 2, 2}, {ends[0], ends[1], ends[2], ends[3]}));
    return checker.check(Expect::Exact);
  });
  counts += checker.getCounts();
}

//===----------------------------------------------------------------------===//
// Flags and tables
//===----------------------------------------------------------------------===//

TEST_F(FactLaws, KeyPadding) {
  for (unsigned tokens = 0; tokens <= (exhaustive ? 12 : 8); ++tokens)
    checkOne({"mask.key_padding %a : tensor<?xi1>"}, "tensor<?xi1>", tokens,
             Expect::Hull,
             [&](auto visit) { forEachVector(tokens, 0, 1, visit); });
  LawChecker checker =
      makeChecker({"mask.key_padding %a : tensor<?x?xi1>"},
                  {{"a", "tensor<?x?xi1>", AbsentValue()}},
                  {5, /*batch=*/3, /*heads=*/1, /*maxTile=*/5});
  forEachVector(6, 0, 1, [&](const Values &flags) {
    checker.bind(0, array({2, 3}, flags));
    return checker.check(Expect::Hull);
  });
  counts += checker.getCounts();
}

/// All tables of three rows with small ends, and of two rows with larger ones;
/// rows where the ends are reversed are empty.
TEST_F(FactLaws, RowRange) {
  auto check = [&](unsigned rows, int64_t least, int64_t greatest) {
    LawChecker checker = makeChecker(
        {"mask.row_range %lo, %hi : tensor<?xi32>"},
        {{"lo", kIds, row({})}, {"hi", kIds, row({})}}, {greatest + 2});
    bool fine = forEachVector(2 * rows, least, greatest, [&](const Values &v) {
      checker.bind(0, row(Values(v.begin(), v.begin() + rows)));
      checker.bind(1, row(Values(v.begin() + rows, v.end())));
      return checker.check(Expect::Exact);
    });
    counts += checker.getCounts();
    return fine;
  };
  check(0, 0, 0) && check(1, -1, 12) && check(2, -1, exhaustive ? 12 : 5) &&
      check(3, 0, exhaustive ? 4 : 3);
}

/// One side alone: the other is left out, or absent.
TEST_F(FactLaws, OneRowTable) {
  Source source;
  std::string absent = source.add("mask.absent : tensor<?xi32>");
  source.yield(source.add("mask.row_range %a, unbounded : tensor<?xi32>"));
  source.yield(source.add("mask.row_range unbounded, %a : tensor<?xi32>"));
  source.yield(source.add("mask.row_range %a, @0 : tensor<?xi32>", absent));
  source.yield(source.add("mask.row_range @0, %a : tensor<?xi32>", absent));
  source.yield(source.add("mask.row_range @0, @0 : tensor<?xi32>", absent));
  LawChecker checker(context, source, {{"a", kIds, row({})}}, gridOf(6));
  for (unsigned rows = 0; rows <= 3; ++rows)
    forEachVector(rows, -1, 7, [&](const Values &values) {
      checker.bind(0, row(values));
      return checker.check(Expect::Exact);
    });
  counts += checker.getCounts();
}

TEST_F(FactLaws, Dense) {
  constexpr std::pair<int64_t, int64_t> kShapes[] = {
      {3, 3}, {2, 4}, {4, 2}, {1, 7}, {0, 2}};
  for (const auto &shape : kShapes) {
    auto [queries, keys] = shape;
    LawChecker checker = makeChecker({"mask.dense %a : tensor<?x?xi1>"},
                                     {{"a", "tensor<?x?xi1>", AbsentValue()}},
                                     gridOf(std::max(queries, keys)));
    forEachVector(queries * keys, 0, 1, [&](const Values &bits) {
      checker.bind(0, array({shape.first, shape.second}, bits));
      return checker.check();
    });
    counts += checker.getCounts();
  }
  LawChecker perRow = makeChecker({"mask.dense %a : tensor<?x?x?xi1>",
                                   "mask.dense %b : tensor<?x?x?x?xi1>"},
                                  {{"a", "tensor<?x?x?xi1>", AbsentValue()},
                                   {"b", "tensor<?x?x?x?xi1>", AbsentValue()}},
                                  {3, /*batch=*/3, /*heads=*/2, /*maxTile=*/3});
  forEachVector(8, 0, 1, [&](const Values &bits) {
    perRow.bind(0, array({2, 2, 2}, bits));
    perRow.bind(1, array({2, 1, 2, 2}, bits));
    return perRow.check();
  });
  counts += perRow.getCounts();
}

//===----------------------------------------------------------------------===//
// Positions and packed rows
//===----------------------------------------------------------------------===//

constexpr const char *kPlaced[] = {
    "mask.causal",
    "mask.window left 1 right 0",
    "mask.window left -1 right 2",
    "mask.chunk size 2 offset 1",
    "mask.prefix 2",
};

/// The inputs at one table of positions, or two.
Source placeInputs(bool two) {
  Source source;
  for (const char *input : kPlaced)
    source.yield(source.add(std::string("mask.at_positions @0 query %q key ") +
                                (two ? "%k" : "%q") +
                                " : tensor<?xi32>, tensor<?xi32>",
                            source.add(input)));
  return source;
}

/// Positions that never fall have exact bounds.
TEST_F(FactLaws, Positions) {
  for (unsigned tokens = 0; tokens <= (exhaustive ? 5 : 4); ++tokens) {
    LawChecker checker(context, placeInputs(/*two=*/false),
                       {{"q", kIds, row({})}}, gridOf(tokens));
    forEachVector(tokens, -1, 3, [&](const Values &positions) {
      checker.bind(0, row(positions));
      return checker.check(llvm::is_sorted(positions) ? Expect::Exact
                                                      : Expect::Sound);
    });
    counts += checker.getCounts();
  }
}

TEST_F(FactLaws, TwoPositionTables) {
  unsigned most = exhaustive ? 3 : 2;
  for (unsigned queries = 0; queries <= most; ++queries)
    for (unsigned keys = 0; keys <= most; ++keys) {
      LawChecker checker(context, placeInputs(/*two=*/true),
                         {{"q", kIds, row({})}, {"k", kIds, row({})}},
                         gridOf(std::max(queries, keys)));
      forEachVector(queries + keys, -1, 3, [&](const Values &positions) {
        Values ofKeys(positions.begin() + queries, positions.end());
        checker.bind(
            0, row(Values(positions.begin(), positions.begin() + queries)));
        checker.bind(1, row(ofKeys));
        return checker.check(llvm::is_sorted(ofKeys) ? Expect::Exact
                                                     : Expect::Sound);
      });
      counts += checker.getCounts();
    }
}

/// Every rule, with and without positions, sequences of all shapes; positions
/// restart with each sequence, or are anything.
TEST_F(FactLaws, Packed) {
  unsigned tokens = exhaustive ? 5 : 4;
  Source source;
  for (const char *core : {"mask.causal", "mask.window left 1 right 0"})
    for (const char *overlay :
         {"mask.empty", "mask.window left 0 right 1", "mask.prefix 1"}) {
      std::string x = source.add(core), y = source.add(overlay);
      for (const char *rule : {"v5_12", "v5_23", "v5_24"})
        for (const char *positions : {"", " positions %p : tensor<?xi32>"})
          source.yield(source.add(std::string("mask.packed @0, @1 rule ") +
                                      rule + " sequences %s : tensor<?xi32>" +
                                      positions,
                                  x, y));
    }
  LawChecker checker(context, source,
                     {{"s", kIds, row({})}, {"p", kIds, row({})}},
                     gridOf(tokens));
  forEachIds(tokens, 0, [&](const Values &sequences) {
    checker.bind(0, row(sequences));
    Values restarting;
    for (size_t i = 0; i < tokens; ++i)
      restarting.push_back(
          llvm::count(ArrayRef(sequences).take_front(i), sequences[i]));
    checker.bind(1, row(restarting));
    if (!checker.check())
      return false;
    Values falling(restarting.rbegin(), restarting.rend());
    checker.bind(1, row(falling));
    return checker.check();
  });
  counts += checker.getCounts();
}

//===----------------------------------------------------------------------===//
// Tables as operands
//===----------------------------------------------------------------------===//

/// Leaves that read a table of their own say what the leaves without say.
TEST_F(FactLaws, TableOperands) {
  constexpr unsigned kTokens = 4;
  Source source;
  std::string ids = source.add("mask.interval_table %a {non_negative} : "
                               "tensor<?xi32> -> tensor<?x4xi32>"),
              documents = source.add("mask.interval_table %a : tensor<?xi32> "
                                     "-> tensor<?x4xi32>"),
              rising = source.add("mask.monotone_table %a : tensor<?xi32> -> "
                                  "tensor<?xi32>"),
              valid = source.add("mask.count_table %v : tensor<?xi1> -> "
                                 "tensor<?xi32>");
  source.yield(source.add("mask.block_bidirectional %a table @0 : "
                          "tensor<?xi32> table tensor<?x4xi32>",
                          ids));
  source.yield(source.add("mask.document %a table @0 : tensor<?xi32> table "
                          "tensor<?x4xi32>",
                          documents));
  source.yield(source.add("mask.key_padding %v table @0 : tensor<?xi1> table "
                          "tensor<?xi32>",
                          valid));
  LawChecker tables(context, source,
                    {{"a", kIds, row({})}, {"v", "tensor<?xi1>", row({})}},
                    gridOf(kTokens));
  Source placed;
  rising = placed.add("mask.monotone_table %a : tensor<?xi32> -> "
                      "tensor<?xi32>");
  for (const char *input : kPlaced)
    placed.yield(placed.add("mask.at_positions @0 query %a key %a table @1 : "
                            "tensor<?xi32>, tensor<?xi32> table tensor<?xi32>",
                            placed.add(input), rising));
  LawChecker positions(context, placed, {{"a", kIds, row({})}},
                       gridOf(kTokens));
  forEachVector(kTokens, -1, 2, [&](const Values &values) {
    Values flags;
    for (int64_t value : values)
      flags.push_back(value >= 0);
    tables.bind(0, row(values));
    tables.bind(1, row(flags));
    positions.bind(0, row(values));
    return tables.check(Expect::Hull) &&
           positions.check(llvm::is_sorted(values) ? Expect::Exact
                                                   : Expect::Sound);
  });
  counts += tables.getCounts();
  counts += positions.getCounts();
}

//===----------------------------------------------------------------------===//
// Scalar code
//===----------------------------------------------------------------------===//

/// One region per op that the classifier has a rule for, with a number and a
/// fact as captures.
TEST_F(FactLaws, Generic) {
  const char *const regions[] = {
      "%c = arith.addi %k, %n : index\n %v = arith.cmpi sge, %q, %c : index",
      "%c = arith.subi %q, %k : index\n %v = arith.cmpi slt, %c, %n : index",
      "%c = arith.muli %q, %n : index\n %v = arith.cmpi sle, %k, %c : index",
      "%z = arith.constant 3 : index\n %c = arith.divsi %k, %z : index\n"
      "%d = arith.subi %q, %n : index\n %e = arith.divsi %d, %z : index\n"
      "%v = arith.cmpi eq, %c, %e : index",
      "%z = arith.constant 3 : index\n %d = arith.subi %k, %n : index\n"
      "%e = arith.floordivsi %d, %z : index\n"
      "%v = arith.cmpi ne, %e, %q : index",
      "%z = arith.constant 4 : index\n %d = arith.subi %k, %q : index\n"
      "%e = arith.remsi %d, %z : index\n %v = arith.cmpi sgt, %e, %n : index",
      "%c = arith.minsi %q, %n : index\n %d = arith.maxsi %c, %b : index\n"
      "%v = arith.cmpi sle, %k, %d : index",
      "%c = arith.cmpi sle, %k, %q : index\n"
      "%d = arith.cmpi sge, %k, %n : index\n %v = arith.andi %c, %d : i1",
      "%c = arith.cmpi sle, %k, %q : index\n"
      "%d = arith.cmpi slt, %k, %n : index\n %v = arith.ori %c, %d : i1",
      "%c = arith.cmpi sle, %k, %q : index\n"
      "%d = arith.cmpi slt, %k, %n : index\n %v = arith.xori %c, %d : i1",
      "%c = arith.cmpi ult, %k, %n : index\n"
      "%d = arith.select %c, %q, %k : index\n"
      "%v = arith.cmpi sle, %d, %n : index",
      "%c = tensor.extract %f[%q] : tensor<?xi32>\n"
      "%d = arith.index_cast %c : i32 to index\n"
      "%v = arith.cmpi sle, %k, %d : index",
      "%c = tensor.extract %f[%k] : tensor<?xi32>\n"
      "%d = arith.index_cast %c : i32 to index\n"
      "%v = arith.cmpi sle, %d, %q : index",
      "%c = arith.divsi %k, %n : index\n %v = arith.cmpi sle, %k, %k : index",
      "%c = arith.remsi %k, %n : index\n %v = arith.cmpi sle, %k, %k : index",
      "%c = tensor.extract %f[%k] : tensor<?xi32>\n"
      "%v = arith.constant true",
      "%v = arith.constant true",
      "%v = arith.constant false",
      "%t = arith.constant true\n %c = arith.cmpi sle, %k, %q : index\n"
      "%v = arith.xori %c, %t : i1",
      "%x = arith.muli %q, %k : index\n %v = arith.cmpi sle, %x, %n : index",
  };
  constexpr unsigned kTokens = 3;
  Source source;
  for (const char *region : regions) {
    std::string value = source.add(
        std::string(
            "mask.generic captures(%number, %fact : index, tensor<?xi32>) {\n"
            "^bb0(%b: index, %h: index, %q: index, %k: index, "
            "%n: index, %f: tensor<?xi32>):\n") +
        region + "\n mask.yield %v : i1\n}");
    source.yield(value);
    source.yield(source.add("mask.not @0", value));
    source.yield(source.add("mask.shift @0 query 1 key -1", value));
  }
  LawChecker checker(context, source,
                     {{"number", "index", int64_t(0)}, {"fact", kIds, row({})}},
                     gridOf(kTokens));
  for (int64_t n = -3; n <= 6; ++n) {
    checker.bind(0, n);
    bool fine = forEachVector(kTokens, 0, n % 3 == 0 ? 3 : 0,
                              [&](const Values &values) {
                                checker.bind(1, row(values));
                                return checker.check();
                              });
    if (!fine)
      break;
  }
  counts += checker.getCounts();
}

} // namespace
