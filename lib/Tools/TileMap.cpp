//===- TileMap.cpp - the tiles of a mask, classified -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/TileMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::mask;

namespace {
/// Counts, for the tiles of one row of tiles, their elements in a set of spans.
/// A span costs O(1): whole tiles are counted by differences.
class ElementCounter {
public:
  ElementCounter(int64_t keys, int64_t tile)
      : keys(keys), tile(tile), wholeDelta(llvm::divideCeil(keys, tile) + 1),
        partial(wholeDelta.size()) {}

  void clear() {
    llvm::fill(wholeDelta, 0);
    llvm::fill(partial, 0);
  }

  void add(KeySpan span) {
    int64_t first = span.lower / tile, last = (span.upper - 1) / tile;
    if (first == last) {
      partial[first] += span.getSize();
      return;
    }
    partial[first] += (first + 1) * tile - span.lower;
    partial[last] += span.upper - last * tile;
    ++wholeDelta[first + 1];
    --wholeDelta[last];
  }

  int64_t getWidth(int64_t column) const {
    return std::min(tile, keys - column * tile);
  }

  /// Calls `visit(column, count)` for every tile, in order.
  template <typename Visitor>
  void forEachTile(Visitor visit) const {
    int64_t whole = 0;
    for (size_t column = 0; column + 1 < partial.size(); ++column) {
      whole += wholeDelta[column];
      visit(column, whole * getWidth(column) + partial[column]);
    }
  }

private:
  int64_t keys, tile;
  std::vector<int64_t> wholeDelta, partial;
};
} // namespace

static void appendTile(std::vector<TileRun> &runs, int32_t column,
                       TileKind kind) {
  if (!runs.empty() && runs.back().kind == kind)
    runs.back().end = column + 1;
  else
    runs.push_back({column, column + 1, kind});
}

TileMap mlir::mask::classifyTiles(const MaskPlane &plane, int64_t queries,
                                  int64_t keys, TileShape shape,
                                  bool raggedIsEdge) {
  TileMap map;
  map.shape = shape;
  map.rows = llvm::divideCeil(queries, shape.query);
  map.columns = llvm::divideCeil(keys, shape.key);
  map.runs.resize(map.rows);
  ElementCounter visible(keys, shape.key), outer(keys, shape.key);
  std::vector<int64_t> visited(map.columns);
  for (int64_t row = 0; row < map.rows; ++row) {
    int64_t begin = row * shape.query;
    int64_t end = std::min(begin + shape.query, queries);
    visible.clear();
    outer.clear();
    for (int64_t q = begin; q < end; ++q) {
      for (KeySpan span : plane.visible[q])
        visible.add(span);
      if (plane.outer)
        for (KeySpan span : (*plane.outer)[q])
          outer.add(span);
    }
    (plane.outer ? outer : visible).forEachTile([&](int64_t column, int64_t n) {
      visited[column] = n;
    });
    visible.forEachTile([&](int64_t column, int64_t count) {
      int64_t width = visible.getWidth(column), height = end - begin;
      bool ragged = width < shape.key || height < shape.query;
      TileKind kind = TileKind::Edge;
      if (visited[column] == 0)
        kind = TileKind::Unvisited;
      else if (count == 0)
        kind = TileKind::Blank;
      else if (count == width * height && !(ragged && raggedIsEdge))
        kind = TileKind::Core;
      appendTile(map.runs[row], column, kind);
    });
  }
  return map;
}

TileCounts &TileCounts::operator+=(const TileCounts &other) {
  total += other.total;
  visited += other.visited;
  core += other.core;
  edge += other.edge;
  blank += other.blank;
  return *this;
}

TileCounts TileMap::count() const {
  TileCounts counts;
  counts.total = rows * columns;
  for (const std::vector<TileRun> &row : runs)
    for (TileRun run : row) {
      int64_t size = run.end - run.begin;
      counts.visited += run.kind != TileKind::Unvisited ? size : 0;
      counts.core += run.kind == TileKind::Core ? size : 0;
      counts.blank += run.kind == TileKind::Blank ? size : 0;
    }
  counts.edge = counts.visited - counts.core;
  return counts;
}

TileCounts mlir::mask::countTiles(const MaskView &view, TileShape shape) {
  TileCounts counts;
  for (const MaskPlane &plane : view.planes)
    counts += classifyTiles(plane, view.queries, view.keys, shape).count();
  return counts;
}

CellMap mlir::mask::coarsen(const TileMap &map, int64_t queryTiles,
                            int64_t keyTiles) {
  CellMap result;
  result.rows = llvm::divideCeil(map.rows, queryTiles);
  result.columns = llvm::divideCeil(map.columns, keyTiles);
  result.queryTiles = queryTiles;
  result.keyTiles = keyTiles;
  result.cells.assign(result.rows * result.columns, 0);
  for (int64_t row = 0; row < map.rows; ++row) {
    uint8_t *cells = result.cells.data() + (row / queryTiles) * result.columns;
    for (TileRun run : map.runs[row])
      for (int64_t cell = run.begin / keyTiles;
           cell <= (run.end - 1) / keyTiles; ++cell)
        cells[cell] |= 1 << static_cast<unsigned>(run.kind);
  }
  return result;
}

TileKind mlir::mask::getCellClass(uint8_t cell) {
  if (cell == 1 << static_cast<unsigned>(TileKind::Unvisited))
    return TileKind::Unvisited;
  if (cell == 1 << static_cast<unsigned>(TileKind::Core))
    return TileKind::Core;
  if (cell == 1 << static_cast<unsigned>(TileKind::Blank))
    return TileKind::Blank;
  return TileKind::Edge;
}
