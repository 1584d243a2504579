//===- TileMapTest.cpp - tile classes against their definition --*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/TileMap.h"

#include "gtest/gtest.h"

#include <random>

using namespace mlir::mask;

namespace {

/// Random spans of a row, and the keys that they hold.
void addRow(std::mt19937 &random, int64_t keys, RowSpans &rows,
            std::vector<bool> &held) {
  held.assign(keys, false);
  for (int64_t at = 0; at < keys;) {
    int64_t lower = at + random() % (keys + 1);
    int64_t upper = lower + 1 + random() % keys;
    if (lower >= keys)
      break;
    upper = std::min(upper, keys);
    rows.append(lower, upper);
    std::fill(held.begin() + lower, held.begin() + upper, true);
    at = upper + 1;
  }
  rows.endRow();
}

/// Everything that is visible and more.
void addOuterRow(std::mt19937 &random, const std::vector<bool> &visible,
                 RowSpans &rows, std::vector<bool> &held) {
  held = visible;
  for (auto &&key : held)
    if (random() % 4 == 0)
      key = true;
  for (size_t key = 0; key < held.size(); ++key)
    if (held[key])
      rows.append(key, key + 1);
  rows.endRow();
}

using Rows = std::vector<std::vector<bool>>;

TileKind classify(const Rows &visible, const Rows &outer, int64_t keys,
                  TileShape shape, int64_t row, int64_t column,
                  bool raggedIsEdge) {
  int64_t queries = visible.size(), held = 0, seen = 0, size = 0;
  for (int64_t q = row * shape.query; q < (row + 1) * shape.query; ++q)
    for (int64_t k = column * shape.key; k < (column + 1) * shape.key; ++k)
      if (q < queries && k < keys) {
        ++size;
        held += outer[q][k];
        seen += visible[q][k];
      }
  if (!held)
    return TileKind::Unvisited;
  if (!seen)
    return TileKind::Blank;
  bool isRagged = size < shape.query * shape.key;
  return seen == size && !(isRagged && raggedIsEdge) ? TileKind::Core
                                                     : TileKind::Edge;
}

TEST(TileMap, ClassesAreTheirDefinition) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    int64_t queries = random() % 12, keys = 1 + random() % 20;
    TileShape shape = {int64_t(1 + random() % 5), int64_t(1 + random() % 6)};
    bool hasOuter = random() % 2, raggedIsEdge = random() % 2;
    MaskPlane plane;
    RowSpans outerSpans;
    Rows visible(queries), outer(queries);
    for (int64_t q = 0; q < queries; ++q) {
      addRow(random, keys, plane.visible, visible[q]);
      outer[q] = visible[q];
      if (hasOuter)
        addOuterRow(random, visible[q], outerSpans, outer[q]);
    }
    if (hasOuter)
      plane.outer = std::move(outerSpans);
    TileMap map = classifyTiles(plane, queries, keys, shape, raggedIsEdge);
    ASSERT_EQ(map.runs.size(), size_t(map.rows));
    for (int64_t row = 0; row < map.rows; ++row) {
      int64_t column = 0;
      for (TileRun run : map.runs[row]) {
        ASSERT_EQ(run.begin, column);
        for (; column < run.end; ++column)
          ASSERT_EQ(run.kind, classify(visible, outer, keys, shape, row, column,
                                       raggedIsEdge))
              << "seed " << seed << " row " << row << " column " << column;
      }
      ASSERT_EQ(column, map.columns);
    }
  }
}

// Not one step per tile: these are 10^12.
TEST(TileMap, LongMasksAreNoMatter) {
  constexpr int64_t kLength = 1 << 20;
  MaskPlane plane;
  for (int64_t q = 0; q < kLength; ++q) {
    plane.visible.append(0, q + 1);
    plane.visible.endRow();
  }
  TileCounts counts =
      classifyTiles(plane, kLength, kLength, TileShape{1, 1}).count();
  EXPECT_EQ(counts.total, kLength * kLength);
  EXPECT_EQ(counts.core, kLength * (kLength + 1) / 2);
  EXPECT_EQ(counts.edge, 0);
}

} // namespace
