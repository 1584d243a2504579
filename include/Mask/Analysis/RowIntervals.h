//===- RowIntervals.h - what a row, and a tile, of a predicate can see -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_ROWINTERVALS_H
#define MASK_ANALYSIS_ROWINTERVALS_H

#include "Mask/Analysis/Term.h"
#include "Mask/IR/Mask.h"

namespace mlir::mask {

/// `[lower, upper)` of absolute keys; empty when `lower >= upper`.
struct KeyInterval {
  Term lower, upper;
};

/// One of the intervals of a row. Over all intervals of a row, the union of the
/// outer ones contains every visible key, and every key in an inner one is
/// visible.
struct RowInterval {
  KeyInterval outer, inner;
  /// Every key between the ends is visible, and no other.
  bool isExact() const {
    return outer.lower == inner.lower && outer.upper == inner.upper;
  }
};

/// The intervals of the row `(Batch, Head, Query)`, in ascending order of their
/// lower ends for every row (so that loops over them visit no key twice).
struct RowIntervals {
  SmallVector<RowInterval> intervals;
  /// The union of the outer intervals is exactly the visible keys.
  bool exact = false;
};

/// What bounds of rows may cost, and what they may read.
struct RowIntervalOptions {
  /// More intervals than this become one: their hull, with nothing inside.
  unsigned maxIntervals = 8;
  /// Index tables may be built from facts (host evaluation). If false, a leaf
  /// without its `table` operand is unbounded (code generation).
  bool buildTables = true;
};

/// Bounds derived from any composition. Sound for every predicate; total.
RowIntervals computeRowIntervals(TermContext &context, Value predicate,
                                 const RowIntervalOptions &options = {});

/// Whether the tokens of each id that is not negative are known to be
/// contiguous, since the ids number runs or items.
bool hasContiguousIds(Value ids);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_ROWINTERVALS_H
