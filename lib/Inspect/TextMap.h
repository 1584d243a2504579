//===- TextMap.h - maps made of characters ----------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_INSPECT_TEXTMAP_H
#define MASK_LIB_INSPECT_TEXTMAP_H

#include "Mask/Inspect/Render.h"

namespace mlir::mask::text {

/// The widest map, in characters: 100 columns with the labels of the rows.
inline constexpr int64_t kMapWidth = 84;
inline constexpr int64_t kMapHeight = 40;

/// A map as characters, with what its axes mean.
struct CharacterMap {
  int64_t rows = 0, columns = 0;
  /// Elements per character.
  int64_t queryStep = 1, keyStep = 1;
  std::vector<char> characters;

  char &at(int64_t row, int64_t column) {
    return characters[row * columns + column];
  }
};

/// Where a plane lies, to label its axes.
struct PlaneAxes {
  int64_t queries, keys, queryOffset, keyOffset;
  llvm::ArrayRef<TokenSegment> tokens;
};

/// An empty map of tiles, coarsened to the size of a screen.
CharacterMap makeMap(int64_t queries, int64_t keys, TileShape shape);

/// The tiles of a plane, as coarse as `map`.
CellMap coarsenFor(const CharacterMap &map, const MaskPlane &plane,
                   int64_t queries, int64_t keys, TileShape shape);

/// The character of a cell of tiles: `#`, `+`, `-` or `.`.
char getCharacter(uint8_t cell);

/// Prints the map with its axes and the strips of tokens along them.
void printMap(llvm::raw_ostream &os, CharacterMap &map, const PlaneAxes &axes);
/// What a character stands for.
void printScale(llvm::raw_ostream &os, const CharacterMap &map,
                TileShape shape);
void printStripLegend(llvm::raw_ostream &os,
                      llvm::ArrayRef<TokenSegment> tokens);

} // namespace mlir::mask::text

#endif // MASK_LIB_INSPECT_TEXTMAP_H
