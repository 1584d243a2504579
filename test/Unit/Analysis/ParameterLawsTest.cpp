//===- ParameterLawsTest.cpp - leaves with all parameters -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every leaf that reads no fact, with all parameters up to N = 12, static and
// at run time: a static one is planned for each value, one at run time once for
// all.
//
//===----------------------------------------------------------------------===//

#include "LawsFixture.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr int64_t kN = 12;
/// Queries and keys 0 .. N, for parameters that reach one further.
constexpr LawGrid kGrid{kN + 1};

class ParameterLaws : public LawsFixture {
protected:
  /// Parameters of every kind: the numbers `%x` and `%y`, and per batch row or
  /// head `%t`, both, and `%u`, the first alone.
  static std::vector<Fact> makeParameters() {
    return {{"x", "index", int64_t(0)},
            {"y", "index", int64_t(0)},
            {"t", "tensor<?xi32>", array({2}, {0, 0})},
            {"u", "tensor<?xi32>", array({1}, {0})}};
  }
  void checkNumbers(ArrayRef<std::string> leaves, ArrayRef<int64_t> xs,
                    ArrayRef<int64_t> ys, const LawGrid &grid = kGrid,
                    Expect expect = Expect::Sound) {
    LawChecker checker = makeChecker(leaves, makeParameters(), grid);
    for (int64_t x : xs)
      for (int64_t y : ys) {
        checker.bind(0, x);
        checker.bind(1, y);
        checker.bind(2, array({2}, {x, y}));
        checker.bind(3, array({1}, {x}));
        if (!checker.check(expect))
          return;
      }
    counts += checker.getCounts();
  }
};

std::vector<int64_t> range(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t value = first; value <= last; ++value)
    values.push_back(value);
  return values;
}

/// As numbers, and "unbounded".
std::vector<std::string> windowSides(int64_t first, int64_t last) {
  std::vector<std::string> sides = {"unbounded"};
  for (int64_t side : range(first, last))
    sides.push_back(std::to_string(side));
  return sides;
}

/// Two batch rows and heads: of a parameter per row with one element the second
/// lies outside.
constexpr LawGrid kRows{6, /*batch=*/2, /*heads=*/2, /*maxTile=*/3};

TEST_F(ParameterLaws, Constant) {
  checkAll({"mask.full", "mask.empty", "mask.causal"}, kGrid, Expect::Exact);
}

TEST_F(ParameterLaws, StaticWindow) {
  std::vector<std::string> leaves, sides = windowSides(-kN - 1, kN + 1);
  for (const std::string &left : sides)
    for (const std::string &right : sides)
      leaves.push_back("mask.window left " + left + " right " + right);
  checkAll(leaves, kGrid, Expect::Exact);
}

/// A bound at run time is not negative.
TEST_F(ParameterLaws, RunTimeWindow) {
  std::vector<int64_t> values = range(0, kN + 1);
  values.push_back(1 << 30);
  checkNumbers({"mask.window left %x right %y"}, values, values, kGrid,
               Expect::Exact);
  std::vector<std::string> leaves;
  for (const std::string &side : windowSides(-3, 3)) {
    leaves.push_back("mask.window left %x right " + side);
    leaves.push_back("mask.window left " + side + " right %x");
  }
  checkNumbers(leaves, values, {0}, kGrid, Expect::Exact);
  checkNumbers(
      {"mask.window left %t per batch : tensor<?xi32> right 1",
       "mask.window left unbounded right %t per head : tensor<?xi32>",
       "mask.window left %t per batch : tensor<?xi32> right %t per head : "
       "tensor<?xi32>",
       "mask.window left %u per batch : tensor<?xi32> right %y",
       "mask.window left %x right %u per head : tensor<?xi32>",
       "mask.window left -1 right %u per head : tensor<?xi32>"},
      range(0, 5), range(0, 5), kRows, Expect::Exact);
}

TEST_F(ParameterLaws, Chunk) {
  std::vector<std::string> leaves;
  for (int64_t size : range(1, kN + 1)) {
    leaves.push_back(llvm::formatv("mask.chunk size {0}", size));
    for (int64_t offset : range(-kN - 1, kN + 1))
      leaves.push_back(
          llvm::formatv("mask.chunk size {0} offset {1}", size, offset));
  }
  checkAll(leaves, kGrid, Expect::Exact);
  checkNumbers({"mask.chunk size %x offset %y"}, range(1, kN + 1),
               range(-kN - 1, kN + 1), kGrid, Expect::Exact);
  leaves.clear();
  for (int64_t size : range(1, kN + 1))
    leaves.push_back(llvm::formatv("mask.chunk size {0} offset %y", size));
  checkNumbers(leaves, {0}, range(-kN - 1, kN + 1), kGrid, Expect::Exact);
  leaves.clear();
  for (int64_t offset : range(-kN - 1, kN + 1))
    leaves.push_back(llvm::formatv("mask.chunk size %x offset {0}", offset));
  checkNumbers(leaves, range(1, kN + 1), {0}, kGrid, Expect::Exact);
  checkNumbers({"mask.chunk size %t per batch : tensor<?xi32>",
                "mask.chunk size %t per batch : tensor<?xi32> offset %t per "
                "head : tensor<?xi32>",
                "mask.chunk size %u per head : tensor<?xi32> offset %y",
                "mask.chunk size 3 offset %u per batch : tensor<?xi32>"},
               range(1, 6), range(1, 6), kRows, Expect::Exact);
  checkNumbers({"mask.chunk size 4 offset %t per batch : tensor<?xi32>"},
               range(-6, 6), range(-6, 6), kRows, Expect::Exact);
}

TEST_F(ParameterLaws, Length) {
  std::vector<int64_t> lengths = range(-2, kN + 2);
  for (const char *name :
       {"mask.prefix", "mask.key_length", "mask.query_length"}) {
    std::vector<std::string> leaves;
    leaves.reserve(lengths.size());
    for (int64_t length : lengths)
      leaves.push_back(llvm::formatv("{0} {1}", name, length));
    checkAll(leaves, kGrid, Expect::Exact);
    checkNumbers({llvm::formatv("{0} %x", name)}, lengths, {0}, kGrid,
                 Expect::Exact);
    checkNumbers({llvm::formatv("{0} %t per batch : tensor<?xi32>", name),
                  llvm::formatv("{0} %t per head : tensor<?xi32>", name),
                  llvm::formatv("{0} %u per batch : tensor<?xi32>", name),
                  llvm::formatv("{0} %u per head : tensor<?xi32>", name)},
                 range(-2, 7), range(-2, 7), kRows, Expect::Exact);
  }
}

TEST_F(ParameterLaws, Dilated) {
  std::vector<std::string> leaves;
  for (int64_t stride : range(1, kN + 1))
    leaves.push_back(llvm::formatv("mask.dilated {0}", stride));
  checkAll(leaves, kGrid);
  checkNumbers({"mask.dilated %x"}, range(1, kN + 1), {0});
  checkNumbers({"mask.dilated %t per batch : tensor<?xi32>",
                "mask.dilated %u per head : tensor<?xi32>"},
               range(1, 6), range(1, 6), kRows);
}

/// `(a q + c) floordiv d` as both ends, with static and run-time `c` and `d`;
/// the other divisions in a few.
TEST_F(ParameterLaws, Interval) {
  auto leaf = [](const std::string &lower, const std::string &upper,
                 const char *symbols, const char *values) {
    auto bound = [&](const std::string &end) -> std::string {
      if (end == "unbounded")
        return end;
      return llvm::formatv("affine_map<(q){0} -> ({1})>", symbols, end);
    };
    return llvm::formatv("mask.interval lower {0} upper {1} {2}", bound(lower),
                         bound(upper), values)
        .str();
  };
  std::vector<std::string> ends, leaves;
  for (int64_t factor : {-1, 0, 1, 2})
    for (int64_t divisor : {1, 3})
      for (int64_t addend : {-4, -1, 0, 2, 7})
        ends.push_back(llvm::formatv("(q * {0} + {1}) floordiv {2}", factor,
                                     addend, divisor));
  ends.insert(ends.end(), {"(q ceildiv 4) * 4", "q mod 5", "(q + 2) mod 3 + 1",
                           "q - q mod 4", "-(q floordiv 2)", "unbounded"});
  for (const std::string &lower : ends)
    for (const std::string &upper : ends)
      leaves.push_back(leaf(lower, upper, "", ""));
  checkAll(leaves, kGrid, Expect::Exact);

  leaves.clear();
  const char *const runTime[] = {"q + s",
                                 "q - t",
                                 "s",
                                 "(q floordiv s) * s",
                                 "(q floordiv s) * t",
                                 "((q - t) floordiv s) * s + t",
                                 "(q + t) ceildiv s",
                                 "q mod s",
                                 "q * 2 - s + t",
                                 "unbounded"};
  for (const char *lower : runTime)
    for (const char *upper : runTime)
      leaves.push_back(leaf(lower, upper, "[s, t]", "[%x, %y]"));
  checkNumbers(leaves, {1, 2, 3, 5, 8, kN, kN + 1}, {-5, -1, 0, 1, 4, kN},
               kGrid, Expect::Exact);
}

/// Static shifts fold with bounds, those at run time do not.
TEST_F(ParameterLaws, Shift) {
  const char *const inputs[] = {
      "mask.causal",
      "mask.window left 2 right 1",
      "mask.window left unbounded right -2",
      "mask.chunk size 4 offset 1",
      "mask.prefix 3",
      "mask.dilated 3",
      R"(mask.interval lower affine_map<(q) -> (q floordiv 2)> upper affine_map<(q) -> (q + 2)>)"};
  std::vector<std::string> shifts = {"query %x key %y", "query %x key 1",
                                     "query -2 key %y", "query %x key %x"};
  Source fixed, moving, perRow;
  for (const char *input : inputs) {
    std::string value = fixed.add(input);
    for (int64_t query : range(-6, 6))
      for (int64_t key : range(-6, 6))
        fixed.yield(fixed.add(
            llvm::formatv("mask.shift @0 query {0} key {1}", query, key),
            value));
    value = moving.add(input);
    for (const std::string &shift : shifts)
      moving.yield(moving.add("mask.shift @0 " + shift, value));
    value = perRow.add(input);
    for (const char *shift :
         {"query %t per batch : tensor<?xi32> key 0",
          "query 1 key %t per head : tensor<?xi32>",
          "query %u per batch : tensor<?xi32> key %u per head : tensor<?xi32>"})
      perRow.yield(perRow.add(std::string("mask.shift @0 ") + shift, value));
  }
  LawChecker staticShifts(context, fixed, {}, kGrid);
  if (!staticShifts.check())
    return;
  counts += staticShifts.getCounts();
  LawChecker runTime(context, moving, makeParameters(), kGrid);
  for (int64_t x : range(-kN - 1, kN + 1))
    for (int64_t y : {-kN, int64_t(-3), int64_t(0), int64_t(1), kN}) {
      runTime.bind(0, x);
      runTime.bind(1, y);
      if (!runTime.check())
        return;
    }
  counts += runTime.getCounts();
  LawChecker rows(context, perRow, makeParameters(), kRows);
  for (int64_t x : range(-5, 5))
    for (int64_t y : range(-5, 5)) {
      rows.bind(2, array({2}, {x, y}));
      rows.bind(3, array({1}, {x}));
      if (!rows.check())
        return;
    }
  counts += rows.getCounts();
}

/// Every set of heads and of batch rows, and one of each.
/// Parameters far beyond the supported range, of both signs; the last two are
/// those of an empty row by other conventions.
const std::vector<int64_t> kExtremes = {-(int64_t(1) << 62),
                                        -(int64_t(1) << 40),
                                        -(int64_t(1) << 31),
                                        -(int64_t(1) << 30),
                                        -7,
                                        int64_t(1) << 30,
                                        int64_t(1) << 31,
                                        int64_t(1) << 40,
                                        int64_t(1) << 62,
                                        std::numeric_limits<int64_t>::max(),
                                        std::numeric_limits<int64_t>::min()};

/// Where queries and keys lie: on both sides of zero, around the ends of 32
/// bits and of "no key" in the index tables, and near the end of the range.
const std::vector<std::pair<int64_t, int64_t>> kOrigins = {
    {0, 0},
    {-4, -5},
    {-9, 0},
    {-1, -4},
    {(int64_t(1) << 30) - 3, (int64_t(1) << 30) - 5},
    {(int64_t(1) << 31) - 3, (int64_t(1) << 31) - 2},
    {kMaxPosition - 6, kMaxPosition - 7},
    {-kMaxPosition + 1, -kMaxPosition + 2},
    {2, kMaxPosition - 6}};

TEST_F(ParameterLaws, Extremes) {
  std::vector<int64_t> sizes, sides;
  for (int64_t value : kExtremes) {
    if (value >= 0)
      sides.push_back(value);
    if (value >= 1)
      sizes.push_back(value);
  }
  sides.push_back(0);
  sizes.push_back(3);
  constexpr LawGrid near{6, 1, 1, /*maxTile=*/3};
  for (auto [query, key] : kOrigins) {
    LawGrid grid = near.at(query, key);
    checkNumbers({"mask.window left %x right %y",
                  "mask.window left %x right -1",
                  "mask.window left 2 right %y"},
                 sides, sides, grid, Expect::Exact);
    checkNumbers({"mask.chunk size %x offset %y"}, sizes, kExtremes, grid,
                 Expect::Exact);
    checkNumbers(
        {"mask.prefix %x", "mask.key_length %y", "mask.query_length %x"},
        kExtremes, {0}, grid, Expect::Exact);
    checkNumbers({"mask.dilated %x"}, sizes, {0}, grid);
    checkNumbers(
        {R"(mask.interval lower affine_map<(q)[s, t] -> (q - s)> upper affine_map<(q)[s, t] -> (q + t + 1)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (s)> upper affine_map<(q)[s, t] -> (t)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (q * -9)> upper affine_map<(q)[s, t] -> (q * s + t)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (q * s)> upper affine_map<(q)[s, t] -> (s * t)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (q * -1)> upper affine_map<(q)[s, t] -> ((q * 1048576) floordiv 524288 + s - t)>[%x, %y])"},
        kExtremes, kExtremes, grid, Expect::Exact);
    checkNumbers(
        {R"(mask.interval lower affine_map<(q)[s, t] -> ((q floordiv s) * s)> upper affine_map<(q)[s, t] -> (q + s)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (q mod s + t)> upper affine_map<(q)[s, t] -> ((q - t) ceildiv s)>[%x, %y])",
         R"(mask.interval lower affine_map<(q)[s, t] -> (-5)> upper affine_map<(q)[s, t] -> ((q * 131072) floordiv s)>[%x, %y])"},
        sizes, kExtremes, grid, Expect::Exact);
  }
}

/// Whether two intervals touch, and in which order they come, may only be
/// decided by what holds for negative queries too.
TEST_F(ParameterLaws, PairsAroundZero) {
  auto interval = [](const char *lower, const char *upper) {
    return llvm::formatv("mask.interval lower affine_map<(q) -> ({0})> upper "
                         "affine_map<(q) -> ({1})>",
                         lower, upper)
        .str();
  };
  const std::string leaves[] = {interval("q * -9", "4"),
                                interval("0", "2"),
                                interval("-3", "q * -1 + 1"),
                                interval("q * 2 - 1", "q + 3"),
                                interval("q floordiv 2", "q ceildiv 2 + 1"),
                                interval("q mod 4 - 2", "q mod 3 + 2"),
                                interval("-q - 6", "(q * -2) floordiv 3"),
                                "mask.causal",
                                "mask.prefix 0",
                                "mask.window left 2 right 1",
                                "mask.window left -1 right 4",
                                "mask.chunk size 3 offset 1",
                                "mask.key_length -2"};
  Source source;
  SmallVector<std::string> values;
  for (const std::string &leaf : leaves)
    values.push_back(source.add(leaf));
  for (const std::string &x : values)
    for (const std::string &y : values) {
      if (x == y)
        continue;
      source.yield(source.add("mask.or @0, @1", x, y));
      source.yield(
          source.add("mask.and @0, @1", x, source.add("mask.not @0", y)));
    }
  for (auto [query, key] : kOrigins) {
    LawChecker checker(context, source, {}, kGrid.at(query, key));
    if (!checker.check())
      return;
    counts += checker.getCounts();
  }
}

TEST_F(ParameterLaws, ExtremeShifts) {
  constexpr LawGrid near{6, 1, 1, /*maxTile=*/3};
  Source source;
  for (const char *input :
       {"mask.causal", "mask.window left 2 right 1", "mask.prefix 3",
        "mask.chunk size 4 offset 1", "mask.not @0"}) {
    std::string value =
        source.add(input, source.add("mask.window left -1 right unbounded"));
    for (const char *shift :
         {"query %x key %y", "query %x key %x", "query 1 key %y"})
      source.yield(source.add(std::string("mask.shift @0 ") + shift, value));
  }
  for (auto [query, key] : kOrigins) {
    LawChecker checker(context, source, makeParameters(), near.at(query, key));
    for (int64_t x : kExtremes)
      for (int64_t y : kExtremes) {
        checker.bind(0, x);
        checker.bind(1, y);
        if (!checker.check())
          return;
      }
    counts += checker.getCounts();
  }
}

TEST_F(ParameterLaws, ExtremeTables) {
  std::vector<Fact> facts = {{"a", "tensor<?xi64>", array({4}, {0, 0, 0, 0})},
                             {"b", "tensor<?xi64>", array({4}, {0, 0, 0, 0})}};
  Source source;
  std::string range = source.add("mask.row_range %a, %b : tensor<?xi64>"),
              lower =
                  source.add("mask.row_range %a, unbounded : tensor<?xi64>"),
              upper =
                  source.add("mask.row_range unbounded, %b : tensor<?xi64>"),
              causal = source.add("mask.causal");
  for (const std::string &leaf : {range, lower, upper}) {
    source.yield(leaf);
    source.yield(source.add("mask.not @0", leaf));
    source.yield(source.add("mask.or @0, @1", leaf, causal));
    source.yield(source.add("mask.and @0, @1", leaf, causal));
    source.yield(source.add(
        "mask.at_positions @0 query %a key %b : tensor<?xi64>, tensor<?xi64>",
        source.add("mask.or @0, @1", causal,
                   source.add("mask.window left 3 right 1099511627776"))));
    source.yield(source.add("mask.shift @0 query -1 key 1099511627776", leaf));
  }
  source.yield(source.add("mask.or @0, @1", lower, upper));
  source.yield(source.add(
      "mask.or @0, @1", range,
      source.add("mask.interval lower affine_map<(q) -> (q + 2147483648)> "
                 "upper affine_map<(q) -> (q + 2147483650)>")));
  constexpr LawGrid near{5, 1, 1, /*maxTile=*/3};
  for (auto [query, key] :
       {kOrigins[0], kOrigins[1], kOrigins[4], kOrigins[8]}) {
    LawChecker checker(context, source, facts, near.at(query, key));
    for (size_t i = 0; i < kExtremes.size(); ++i)
      for (size_t j = 0; j < kExtremes.size(); ++j) {
        checker.bind(0, array({4}, {1, kExtremes[i], 0, kExtremes[j]}));
        checker.bind(1, array({4}, {kExtremes[j], 2, kExtremes[i], 5}));
        if (!checker.check())
          return;
      }
    counts += checker.getCounts();
  }
}

TEST_F(ParameterLaws, HeadsAndBatches) {
  Source source;
  std::string causal = source.add("mask.causal"),
              window = source.add("mask.window left -1 right 3");
  auto members = [](unsigned set) {
    std::string text = "[";
    for (unsigned i = 0; i < 3; ++i)
      if (set >> i & 1)
        text += (text.size() > 1 ? ", " : "") + std::to_string(i);
    return text + "]";
  };
  for (unsigned set = 0; set < 8; ++set) {
    std::string heads = source.add("mask.heads @0 in " + members(set), causal);
    source.yield(heads);
    for (unsigned other = 0; other < 8; ++other) {
      std::string batches =
          source.add("mask.batches @0 in " + members(other), window);
      if (set == 0)
        source.yield(batches);
      source.yield(source.add("mask.batches @0 in " + members(other), heads));
      source.yield(source.add("mask.or @0, @1", heads, batches));
    }
  }
  LawChecker checker(context, source, {}, {4, /*batch=*/3, /*heads=*/3, 2});
  checker.check();
  counts += checker.getCounts();
}

} // namespace
