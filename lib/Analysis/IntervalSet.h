//===- IntervalSet.h - unions of row intervals and their algebra -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_INTERVALSET_H
#define MASK_LIB_ANALYSIS_INTERVALSET_H

#include "Mask/Analysis/RowIntervals.h"

namespace mlir::mask {

/// What is known of an interval's emptiness. Minimum and maximum join two
/// intervals soundly only if an empty one cannot pull at the other: over `[9,
/// 4)` and `[0, 2)` they would give `[0, 4)`.
enum class Emptiness {
  Unknown,    ///< an empty row may be any `lower >= upper`
  Normalized, ///< an empty row is `(+inf, -inf)`
  Never,      ///< no row is empty
};

/// One interval of a row while it is put together.
struct IntervalPiece {
  KeyInterval outer, inner;
  Emptiness outerEmptiness = Emptiness::Unknown,
            innerEmptiness = Emptiness::Unknown;
  /// A key that the interval, outer and inner, contains whenever it is not
  /// empty; null if none is known. Two intervals with one anchor touch.
  Term anchor;
};

/// A union of intervals.
struct IntervalSet {
  SmallVector<IntervalPiece> pieces;
  /// The union of the outer intervals is exactly the visible keys (and the
  /// inner ones equal the outer).
  bool exact = true;
};

/// The bounds alone, without what they were put together by.
RowIntervals getIntervals(const IntervalSet &set);

/// The algebra of interval sets. All results are sound; exactness is kept where
/// no run-time decision is needed.
class IntervalAlgebra {
public:
  IntervalAlgebra(TermContext &context, unsigned maxIntervals)
      : context(context), maxIntervals(maxIntervals) {}

  IntervalSet full();
  IntervalSet empty();
  /// Nothing is known: everything outside, nothing inside.
  IntervalSet unknown();
  /// One exact interval.
  IntervalSet exactly(Term lower, Term upper, Emptiness emptiness,
                      Term anchor = {});

  IntervalSet intersect(const IntervalSet &a, const IntervalSet &b);
  IntervalSet unite(const IntervalSet &a, const IntervalSet &b);
  IntervalSet complement(const IntervalSet &set);
  /// The set where `condition` (0 or 1 per row) holds, nothing elsewhere.
  IntervalSet restrict(const IntervalSet &set, Term condition);
  /// The set with all bounds moved by `distance`.
  IntervalSet translate(const IntervalSet &set, Term distance);

  /// Merges what provably touches, orders the rest, and joins at run time what
  /// can be neither merged nor ordered.
  void normalize(IntervalSet &set);

private:
  IntervalPiece intersect(const IntervalPiece &a, const IntervalPiece &b);
  bool touchProvably(const IntervalPiece &a, const IntervalPiece &b);
  IntervalPiece merge(const IntervalPiece &a, const IntervalPiece &b);
  IntervalPiece joinAtRunTime(const IntervalPiece &a, const IntervalPiece &b);
  KeyInterval normalized(KeyInterval interval, Emptiness emptiness);
  Emptiness provedEmptiness(KeyInterval interval);
  bool isProvablyEmpty(KeyInterval interval);
  bool order(IntervalSet &set);
  void mergeAndOrder(IntervalSet &set);
  void limitWeight(IntervalSet &set);

  TermContext &context;
  unsigned maxIntervals;
};

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_INTERVALSET_H
