//===- TileMap.h - the tiles of a mask, classified -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_TILEMAP_H
#define MASK_INSPECT_TILEMAP_H

#include "Mask/Inspect/MaskView.h"

namespace mlir::mask {

/// The size of a tile, in queries and keys.
struct TileShape {
  int64_t query = 64, key = 64;
};

/// What a tile shows. All but `Unvisited` are visited.
enum class TileKind : uint8_t {
  Unvisited, ///< outside of the row bounds
  Blank,     ///< inside of the row bounds, but nothing is visible
  Edge,      ///< some elements are visible
  Core,      ///< all elements are visible
};

/// Neighbouring tiles `[begin, end)` of one row of tiles that are alike.
struct TileRun {
  int32_t begin, end;
  TileKind kind;

  bool operator==(const TileRun &other) const {
    return begin == other.begin && end == other.end && kind == other.kind;
  }
};

/// Tiles of each class. Blank tiles are edges: they are visited and masked.
struct TileCounts {
  int64_t total = 0, visited = 0, core = 0, edge = 0, blank = 0;

  /// Adds the counts of other tiles.
  TileCounts &operator+=(const TileCounts &other);
};

/// The grid of multiples of the tile size, in array indices. Each row of tiles
/// is a list of runs that covers all of its columns.
struct TileMap {
  TileShape shape;
  int64_t rows = 0, columns = 0;
  std::vector<std::vector<TileRun>> runs;

  /// How many tiles there are of each class.
  TileCounts count() const;
};

/// Classifies the tiles of one plane in O(spans log spans + runs). Ragged tiles
/// are judged on the elements that exist; with `raggedIsEdge` they are never
/// core (as in FlexAttention's block masks, whose lists do not know the
/// lengths).
TileMap classifyTiles(const MaskPlane &plane, int64_t queries, int64_t keys,
                      TileShape shape, bool raggedIsEdge = false);

/// The tiles of all planes of `view`.
TileCounts countTiles(const MaskView &view, TileShape shape);

/// A grid of cells of `queryTiles` x `keyTiles` tiles. A cell is the set
/// of classes in it, as a bit mask (`1 << TileKind`).
struct CellMap {
  int64_t rows = 0, columns = 0;
  /// How many tiles a cell spans on either axis.
  int64_t queryTiles = 1, keyTiles = 1;
  std::vector<uint8_t> cells;

  /// The set of one cell.
  uint8_t at(int64_t row, int64_t column) const {
    return cells[row * columns + column];
  }
};
/// The map in cells of `queryTiles` x `keyTiles` tiles.
CellMap coarsen(const TileMap &map, int64_t queryTiles, int64_t keyTiles);

/// The class of a cell: that of its tiles if they are alike, else `Edge`.
TileKind getCellClass(uint8_t cell);

} // namespace mlir::mask

#endif // MASK_INSPECT_TILEMAP_H
