//===- TileMap.cpp - the tiles of a mask, classified -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/TileMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::mask;

namespace {
/// Where along a row of tiles the number of elements per tile changes.
struct Change {
  int64_t column;
  /// How many of the tile's rows hold all keys of the tiles from here on, and
  /// the elements of this tile alone besides.
  int64_t wholeRows, elements;
};

/// Elements per tile of one row of tiles, as changes in any order.
class ElementCounter {
public:
  explicit ElementCounter(int64_t tile) : tile(tile) {}

  void add(KeySpan span) {
    int64_t first = span.lower / tile, last = (span.upper - 1) / tile;
    if (first == last) {
      changes.push_back({first, 0, span.getSize()});
      return;
    }
    changes.push_back({first, 0, (first + 1) * tile - span.lower});
    changes.push_back({first + 1, 1, 0});
    changes.push_back({last, -1, span.upper - last * tile});
  }

  void add(const RowSpans &rows, int64_t begin, int64_t end) {
    changes.clear();
    for (int64_t row = begin; row < end; ++row)
      for (KeySpan span : rows[row])
        add(span);
    llvm::sort(changes, [](const Change &a, const Change &b) {
      return a.column < b.column;
    });
  }

  std::vector<Change> changes;

private:
  int64_t tile;
};

/// Walks along the changes of a counter.
class ElementCursor {
public:
  explicit ElementCursor(const std::vector<Change> &changes)
      : changes(changes) {}

  /// Moves to `column`, which does not fall; applies what changes there.
  void moveTo(int64_t column) {
    elements = 0;
    for (; at < changes.size() && changes[at].column <= column; ++at) {
      wholeRows += changes[at].wholeRows;
      elements += changes[at].elements;
    }
  }

  /// The first column after `column` that may differ from it.
  int64_t getNext(int64_t column, int64_t columns) const {
    if (elements)
      return column + 1;
    return at < changes.size() ? changes[at].column : columns;
  }

  int64_t count(int64_t width) const { return wholeRows * width + elements; }

private:
  const std::vector<Change> &changes;
  size_t at = 0;
  int64_t wholeRows = 0, elements = 0;
};
} // namespace

static void appendTiles(std::vector<TileRun> &runs, int64_t begin, int64_t end,
                        TileKind kind) {
  if (!runs.empty() && runs.back().kind == kind)
    runs.back().end = end;
  else
    runs.push_back({int32_t(begin), int32_t(end), kind});
}

/// The class of tiles of `size` elements.
static TileKind classify(int64_t outer, int64_t visible, int64_t size,
                         bool mayBeCore) {
  if (outer == 0)
    return TileKind::Unvisited;
  if (visible == 0)
    return TileKind::Blank;
  return visible == size && mayBeCore ? TileKind::Core : TileKind::Edge;
}

TileMap mlir::mask::classifyTiles(const MaskPlane &plane, int64_t queries,
                                  int64_t keys, TileShape shape,
                                  bool raggedIsEdge) {
  TileMap map;
  map.shape = shape;
  map.rows = llvm::divideCeil(queries, shape.query);
  map.columns = llvm::divideCeil(keys, shape.key);
  map.runs.resize(map.rows);
  int64_t whole = keys / shape.key;
  ElementCounter visibleElements(shape.key), outerElements(shape.key);
  for (int64_t row = 0; row < map.rows; ++row) {
    int64_t begin = row * shape.query;
    int64_t end = std::min(begin + shape.query, queries);
    visibleElements.add(plane.visible, begin, end);
    if (plane.outer)
      outerElements.add(*plane.outer, begin, end);
    ElementCursor visible(visibleElements.changes);
    ElementCursor outer(
        (plane.outer ? outerElements : visibleElements).changes);
    for (int64_t column = 0; column < map.columns;) {
      visible.moveTo(column);
      outer.moveTo(column);
      int64_t next = std::min(visible.getNext(column, map.columns),
                              outer.getNext(column, map.columns));
      // The last tile may be narrower than those before it.
      if (column < whole)
        next = std::min(next, whole);
      int64_t height = end - begin;
      int64_t width = std::min(shape.key, keys - column * shape.key);
      bool isRagged = width < shape.key || height < shape.query;
      appendTiles(map.runs[row], column, next,
                  classify(outer.count(width), visible.count(width),
                           width * height, !(isRagged && raggedIsEdge)));
      column = next;
    }
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
