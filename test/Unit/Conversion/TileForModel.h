//===- TileForModel.h - what mask.tile_for promises -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The options of a loop over tiles, the op that is written with them, and the
// calls that its regions make, from the op's description alone.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_CONVERSION_TILEFORMODEL_H
#define MASK_TEST_UNIT_CONVERSION_TILEFORMODEL_H

#include "mlir/Support/LLVM.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::mask::test {

/// The options of one op.
struct Form {
  size_t intervals = 1;
  int64_t step = 1, ahead = 0;
  /// 0: not given.
  int64_t align = 0;
  bool merged = false, mergesEdges = false, whole = false, part = false,
       visit = false;
  /// The step is a value; the body loads for itself.
  bool dynamic = false, loadFirst = false;
  /// Bounds lie in memory.
  bool memory = false;
  /// Whether the body carries a value, and asks for the ordinal.
  bool carries = true, counts = true;

  size_t getNumBounds() const { return memory ? 0 : 4 * intervals; }
};

/// `hull_lower`, `core_lower`, `core_upper`, `hull_upper`.
using Bounds = std::array<int64_t, 4>;

/// One run of an op.
struct Case {
  std::vector<Bounds> intervals;
  /// One past the last key of the array.
  int64_t end = 0;
  int64_t part = 0, parts = 1;
  /// Of the tile that starts at a key, whether it is visited, outside of cores.
  uint64_t visits = 0;
};

/// The op in `@f`, which takes its bounds, the end of the array, the part, how
/// many there are and the step; its regions call functions that observe.
std::string writeForm(const Form &form);
std::string describe(const Form &form, const Case &trial);

struct Tile {
  int64_t key, size;
  bool inCore, lowerFails, upperFails;
};

/// Every tile there is.
std::vector<Tile> listTiles(const Form &form, const Case &trial);
bool isVisited(const Tile &tile, const Case &trial);

/// What the body or the load region is called with.
struct Event {
  bool isLoad = false;
  int64_t key = 0, size = 0, ordinal = 0;
  bool lowerFails = false, upperFails = false;
  /// Of the tile ahead, zero if there is none.
  bool more = false;
  int64_t next = 0, nextSize = 0;

  bool operator==(const Event &other) const;
};

std::string print(ArrayRef<Event> events);

/// The part's tiles, with what is loaded before each.
std::vector<Event> listEvents(const Form &form, const Case &trial);

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_CONVERSION_TILEFORMODEL_H
