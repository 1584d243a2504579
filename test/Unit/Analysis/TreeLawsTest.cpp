//===- TreeLawsTest.cpp - compositions of leaves -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All trees of two levels of connectives over a grid of leaves, and random ones
// that are deeper.
//
//===----------------------------------------------------------------------===//

#include "LawsFixture.h"

#include "llvm/ADT/StringExtras.h"

#include <functional>
#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

/// Queries and keys 0 to 8 over seven tokens.
constexpr int64_t kTokensOfGrid = 7;
constexpr LawGrid kGrid{9, kBatch, kHeads};
/// Queries and keys on both sides of zero.
const LawGrid kAroundZero[] = {kGrid.at(-4, -3), kGrid.at(-7, 1),
                               kGrid.at(1, -6)};

/// The facts of `Compositions.h`, cut to fit below the grid.
std::vector<Fact> makeShortFacts() {
  std::vector<Fact> facts = makeFacts();
  for (Fact &fact : facts) {
    auto *given = std::get_if<std::shared_ptr<const IntegerArray>>(&fact.value);
    if (!given || (*given)->shape.back() <= kTokensOfGrid)
      continue;
    auto cut = std::make_shared<IntegerArray>(**given);
    cut->values.clear();
    for (size_t i = 0; i < (*given)->values.size(); ++i)
      if (static_cast<int64_t>(i) % cut->shape.back() < kTokensOfGrid)
        cut->values.push_back((*given)->values[i]);
    cut->shape.back() = kTokensOfGrid;
    fact.value = std::shared_ptr<const IntegerArray>(std::move(cut));
  }
  return facts;
}

class TreeLaws : public LawsFixture {
protected:
  bool checkSource(const Source &source, const LawGrid &grid) {
    LawChecker checker(context, source, makeShortFacts(), grid);
    bool fine = checker.check();
    counts += checker.getCounts();
    return fine;
  }
};

using RandomLaws = TreeLaws;

/// Every op over every leaf, and every op over that.
TEST_F(TreeLaws, Unary) {
  for (const char *leaf : kLeaves) {
    Source trees = makeUnaryTrees(leaf);
    if (!checkSource(trees, kGrid))
      return;
    for (const LawGrid &grid : kAroundZero)
      if (!checkSource(trees, grid))
        return;
  }
}

/// What the first level of a tree makes of one leaf.
constexpr const char *kFirstLevel[] = {"mask.not @0",
                                       "mask.shift @0 query 1 key 3"};

constexpr const char *kConnectives[] = {"mask.and @0, @1", "mask.or @0, @1"};

/// Every connective of two leaves, each as it is, complemented, or shifted; and
/// of one at its own query with keys that lie elsewhere. A half of the pairs
/// of different leaves, but with `--exhaustive`.
TEST_F(TreeLaws, Binary) {
  for (unsigned i = 0; i < std::size(kLeaves); ++i) {
    Source source;
    auto variantsOf = [&](const char *leaf) {
      std::vector<std::string> variants = {source.add(leaf)};
      for (const char *unary : kFirstLevel)
        variants.push_back(source.add(unary, variants[0]));
      return variants;
    };
    std::vector<std::string> left = variantsOf(kLeaves[i]);
    for (unsigned j = i; j < std::size(kLeaves); ++j) {
      if (!isExhaustive() && i != j && (j - i) % 2 != i / 2 % 2)
        continue;
      std::vector<std::string> right = variantsOf(kLeaves[j]);
      for (const std::string &x : left)
        for (const std::string &y : right)
          for (const char *op : kConnectives)
            source.yield(source.add(op, x, y));
      std::string elsewhere =
          source.add("mask.shift @0 query 0 key -3", left[0]);
      for (const char *op : kConnectives)
        source.yield(source.add(op, elsewhere, right[0]));
    }
    if (!checkSource(source, kGrid))
      return;
  }
}

/// What a union of two says only of its hull lies apart from a third that
/// meets the second: the anchor of the second is not inside.
TEST_F(TreeLaws, AnchorsOfJoinedIntervals) {
  for (const char *apart : {"mask.key_padding %valid : tensor<?x?xi1>",
                            "mask.document %docs, %ids : tensor<?x?xi32>, "
                            "tensor<?x?xi32>"})
    for (const char *window :
         {"mask.window left 0 right 0", "mask.window left 2 right 1",
          "mask.causal", "mask.window left -1 right 0"}) {
      Source source;
      source.yield(source.add(
          "mask.or " + source.add("mask.dilated 4") + ", " + source.add(apart) +
          ", " + source.add(window) + ", " +
          source.add("mask.block_bidirectional %ids : tensor<?x?xi32>")));
      if (!checkSource(source, kGrid))
        return;
    }
}

/// Connectives of three to six leaves at once: a union may merge through a
/// third, and what is joined at run time meets more of its kind.
TEST_F(TreeLaws, Wide) {
  std::mt19937 random(getSeed());
  for (unsigned done = 0, count = getCount(1000); done < count; done += 50) {
    Source source;
    for (unsigned i = 0; i < 50; ++i) {
      std::string op = random() % 4 ? "mask.or " : "mask.and ";
      llvm::ListSeparator comma;
      for (unsigned n = 3 + random() % 4; n; --n) {
        std::string leaf = source.add(kLeaves[random() % std::size(kLeaves)]);
        op += StringRef(comma).str() +
              (random() % 4 ? leaf : source.add("mask.not @0", leaf));
      }
      source.yield(source.add(op));
    }
    if (!checkSource(source, done % 100 ? kGrid : kAroundZero[0]))
      return;
  }
}

/// `x op y` for all `x` and `y` that are a leaf, a complemented or shifted one,
/// or a connective of two: millions, and minutes; otherwise some of them.
TEST_F(TreeLaws, DepthTwo) {
  bool exhaustive = isExhaustive();
  unsigned first = exhaustive ? 0 : 7, step = exhaustive ? 1 : 500;
  Source base;
  std::vector<std::string> values;
  for (const char *leaf : kLeaves)
    values.push_back(base.add(leaf));
  for (unsigned i = 0; i < std::size(kLeaves); ++i) {
    for (const char *unary : kFirstLevel)
      values.push_back(base.add(unary, values[i]));
    for (unsigned j = i + 1; j < std::size(kLeaves); ++j)
      for (const char *op : kConnectives)
        values.push_back(base.add(op, values[i], values[j]));
  }
  for (unsigned i = first; i < values.size(); i += step) {
    Source source = base;
    for (unsigned j = i; j < values.size(); j += exhaustive ? 1 : 5)
      for (const char *op : kConnectives)
        source.yield(source.add(op, values[i], values[j]));
    if (!checkSource(source, kGrid))
      return;
    if (exhaustive && i % 50 == 0) {
      std::printf("%u of %zu: %s\n", i, values.size(),
                  counts.toString().c_str());
      std::fflush(stdout);
    }
  }
}

/// Trees of depth three to five, of every op.
TEST_F(RandomLaws, Deep) {
  const unsigned count = getCount(300);
  std::mt19937 random(getSeed());
  auto pick = [&](auto &list) { return list[random() % std::size(list)]; };
  std::function<std::string(Source &, unsigned)> grow =
      [&](Source &source, unsigned depth) -> std::string {
    if (depth == 0)
      return source.add(pick(kLeaves));
    // One branch is as deep as the tree, others may end early.
    auto shorter = [&] { return random() % 3 ? depth - 1 : random() % depth; };
    std::string x = grow(source, depth - 1);
    if (random() % 3 == 0)
      return source.add(random() % 2 ? kUnary[0] : pick(kUnary), x);
    std::string y = grow(source, shorter());
    if (random() % 2)
      std::swap(x, y);
    return source.add(random() % 8 ? kBinary[random() % 2] : pick(kBinary), x,
                      y);
  };
  constexpr unsigned kTreesPerModule = 20;
  for (unsigned done = 0; done < count; done += kTreesPerModule) {
    Source source;
    for (unsigned i = done; i < std::min(done + kTreesPerModule, count); ++i)
      source.yield(grow(source, 3 + random() % 3));
    const LawGrid grid =
        kGrid.at(int64_t(random() % 16) - 8, int64_t(random() % 16) - 8);
    if (!checkSource(source, grid))
      return;
  }
}

} // namespace
