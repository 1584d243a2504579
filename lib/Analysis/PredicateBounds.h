//===- PredicateBounds.h - bounds and tile classes of predicates -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_PREDICATEBOUNDS_H
#define MASK_LIB_ANALYSIS_PREDICATEBOUNDS_H

#include "IntervalSet.h"
#include "Mask/Analysis/TilePlan.h"

#include "llvm/ADT/DenseMap.h"

namespace mlir::mask {

/// A tile class as truth values: all elements are visible; none is.
struct TileClass {
  Term full, empty;
};

/// The tile as a predicate sees it: the query of a row, and the first and last
/// query and key of the tile, in the predicate's own coordinates.
struct TileFrame {
  Term query, queryFirst, queryLast, keyFirst, keyLast;
};

/// What an interval belongs to: a query, and holds keys; or the reverse. The
/// index that bounds are asked about is called `query` in both.
enum class BoundsOf { Rows, Columns };

/// What is known of the elements of a fact at the indices `first` to `last`,
/// some of which may not exist.
struct ElementRange {
  /// Extrema of those that exist.
  Term least, greatest;
  /// Whether the extrema are known; all elements exist; none does.
  Term known, inside, outside;
};

/// Derives bounds of predicates, remembering those of shared subexpressions.
class PredicateBounds {
public:
  PredicateBounds(TermContext &context, const RowIntervalOptions &options,
                  BoundsOf direction = BoundsOf::Rows)
      : context(context), options(options), direction(direction),
        algebra(context, options.maxIntervals) {}

  /// The row intervals of `predicate` asked about the query `query`.
  IntervalSet bounds(Value predicate, Term query);
  /// Hull and core of a tile of rows.
  TileInterval tileInterval(const RowInterval &row);
  /// The classifier of a tile. Of columns only what their intervals say is
  /// known.
  TileClass classify(Value predicate);

  Term parameter(Parameter parameter);
  /// The element of a per-token fact, within plus and minus `limit` if that is
  /// given, `otherwise` outside of it.
  Term fact(Value value, Term index, int64_t otherwise, int64_t limit = 0);
  /// Whether the fact has an element at `index` of its last dimension.
  Term isInside(Value value, Term index);
  /// Whether `data` has elements at `index` of a dimension.
  Term isInside(Value data, Term index, unsigned dim);
  /// Whether every parameter has a value for the batch row and head.
  Term isInside(ArrayRef<Parameter> parameters);

  /// The elements of `data` at the indices from `first` to `last`, by its range
  /// table; none if there is no such table.
  std::optional<ElementRange> lookUp(Value data, Value table, Term first,
                                     Term last);
  /// The elements at the rows of the tile, `query` being the index of a row and
  /// `first` and `last` its extrema: reduced over the rows.
  ElementRange lookUpRows(Value data, Term query, Term first, Term last);
  /// The batch row as an index, for data of rank two.
  SmallVector<Term> batchIndex(Value data);
  /// `inside` and `outside` of a range of elements.
  void setExtent(ElementRange &elements, Value data, Term first, Term last);

private:
  IntervalSet compute(Value predicate, Term query);
  IntervalSet window(Parameter left, Parameter right, Term query);
  IntervalSet chunk(ChunkOp op, Term query);
  IntervalSet sameId(Value queryIds, Value keyIds, Value table,
                     bool nonNegative, bool contiguous, Term query);
  IntervalSet length(Parameter length, bool ofKey, Term query);
  IntervalSet keyPadding(KeyPaddingOp op);
  IntervalSet interval(IntervalOp op, Term query);
  IntervalSet dense(DenseOp op, Term index);
  IntervalSet rowRange(Value lower, Value upper, Term query);
  IntervalSet atPositions(Value input, Value queryPositions, Value keyPositions,
                          Value table, Term query);
  IntervalSet packed(PackedOp op, Term query);

  /// The intervals of a column, where they are not computed like those of a
  /// row.
  std::optional<IntervalSet> computeColumn(Operation *op, Term key);
  IntervalSet intervalColumn(IntervalOp op, Term key);
  IntervalSet allQueriesIf(Term condition);

  TileClass classify(Value predicate, const TileFrame &frame);
  TileClass classifyByIntervals(const IntervalSet &set, const TileFrame &frame);
  TileClass classifyPadding(KeyPaddingOp op, const TileFrame &frame);
  TileClass classifyDilated(DilatedOp op, const TileFrame &frame);
  TileClass classifyGeneric(GenericOp op, const TileFrame &frame);
  TileClass classifyAtPositions(AtPositionsOp op, const TileFrame &frame);

  std::optional<TermSource> tableOf(Value table, TermSource::Kind kind,
                                    Value fact, Value second);

  TermContext &context;
  const RowIntervalOptions &options;
  BoundsOf direction;
  IntervalAlgebra algebra;
  /// By predicate and by the id of the query term.
  DenseMap<std::pair<Value, unsigned>, IntervalSet> cache;
};

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_PREDICATEBOUNDS_H
