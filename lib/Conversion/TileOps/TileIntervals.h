//===- TileIntervals.h - intervals of keys, cut into tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_TILEOPS_TILEINTERVALS_H
#define MASK_LIB_CONVERSION_TILEOPS_TILEINTERVALS_H

#include "TileBuilder.h"

namespace mlir::mask {

/// One interval's bounds, and what is walked of it: tiles start at `start` and
/// every step after it, below `end`.
struct Interval {
  Value hullLower, coreLower, coreUpper, hullUpper;
  Value start, end;
};

/// The visited tiles of a loop that are walked: from the one that `first` of
/// them precede to before the one that `last` precede.
struct Share {
  Value first, last;
};

/// The interval with these four bounds, walked from where the ones before it
/// ended (`visited`, null for the first one).
Interval placeInterval(TileBuilder &b, ValueRange bounds, Value visited);

/// One past the last key visited so far: an interval without tiles leaves it
/// where it was.
Value getEndOfTiles(TileBuilder &b, const Interval &interval, Value visited);

/// How many tiles of the interval are visited.
Value countVisited(TileBuilder &b, const Interval &interval);

/// Cuts the interval, which `before` visited tiles precede, down to the share.
/// Returns how many visited tiles it had.
Value cutToShare(TileBuilder &b, Interval &interval, const Share &share,
                 Value before);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_TILEOPS_TILEINTERVALS_H
