//===- TilePlan.h - what a loop nest over tiles has to do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which tiles are visited, which of them need no mask, and what masks the
// others: decided here once, for every kernel.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_TILEPLAN_H
#define MASK_ANALYSIS_TILEPLAN_H

#include "Mask/Analysis/RowIntervals.h"

namespace mlir::mask {

/// What the inner loop walks: the keys of a tile of queries, or the queries of
/// a tile of keys (backward passes, loops that hold keys). With `Queries` all
/// that is said of queries and keys below is meant with their roles exchanged,
/// for the transposed predicate `M(b, h, k, q)`: `TermSymbol::Query` is the key
/// of a column, `QueryFirst` and `QueryLast` are the ends of a tile of keys,
/// and intervals are of queries (`computeColumnIntervals`).
enum class InnerAxis { Keys, Queries };

struct TilePlanOptions : RowIntervalOptions {
  InnerAxis inner = InnerAxis::Keys;
  /// The most queries and keys of a tile; zero if that is not known.
  int64_t queries = 0, keys = 0;
  /// The heads of a tile: more than one, and a tile's rows are a box of heads
  /// (`HeadFirst` to `HeadLast`) and queries. Terms of a tile are then folded
  /// over its heads; those of a row still depend on `Head`.
  int64_t heads = 1;
};

/// Where one interval puts the tiles of a query tile, in absolute keys:
/// outside of `[hullLower, hullUpper)` nothing is visible, inside of
/// `[coreLower, coreUpper)` everything is. Terms over Batch, QueryFirst and
/// QueryLast, and Head or, of tiles of several heads, HeadFirst and HeadLast.
struct TileInterval {
  Term hullLower, coreLower, coreUpper, hullUpper;
};

/// A condition that every visible element meets. All parts of a plan together
/// are the predicate.
struct TilePart {
  enum Kind {
    LowerEnd, ///< the key is not below the end of the row's only interval
    UpperEnd, ///< the key is below the end of the row's only interval
    Condition ///< `predicate`
  };
  Kind kind;
  /// Of an end: the term of the row. Otherwise null.
  Term end;
  /// Of a condition: a predicate, and whether it hides nothing of a tile, as
  /// far as is known; a truth value over the symbols of a tile.
  Value predicate;
  Term full;
  /// The tiles in which the part may hide something, by the flags of
  /// `mask.tile_for`: where the lower end may fail, where the upper end may, or
  /// only where the upper may and the lower may not.
  bool whereLowerFails, whereUpperFails;
  bool onlyWhereLowerHolds;
};

/// All that a loop nest needs to know of a predicate.
struct TilePlan {
  RowIntervals rows;
  /// One per row interval, in the same order.
  SmallVector<TileInterval> intervals;
  /// What the tiles outside of cores evaluate; nothing if nothing can be hidden
  /// in the hull.
  SmallVector<TilePart> parts;
  /// Classifier of the tile `[QueryFirst, QueryLast] x [KeyFirst, KeyLast]`, of
  /// all its heads, as 0 or 1: all elements are visible; none is. Theorems
  /// both; neither may hold.
  Term tileFull, tileEmpty;

  /// Whether the ends of the rows' only interval decide alone, so that no tile
  /// of the hull needs a classifier.
  bool isByRows() const {
    return llvm::all_of(parts, [](const TilePart &part) {
      return part.kind != TilePart::Condition;
    });
  }
};

/// The row intervals of `predicate`, what they are to tiles of queries, what is
/// evaluated where, and a class for every tile. Sound for every predicate;
/// total.
TilePlan planTiles(TermContext &context, Value predicate,
                   const TilePlanOptions &options = {});

} // namespace mlir::mask

#endif // MASK_ANALYSIS_TILEPLAN_H
