//===- TermColumns.h - terms at all points of a grid -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The laws are checked at every row and tile of a grid. A second evaluator of
// terms makes that quick: operation by operation over all points instead of
// point by point, shared operands once, and what depends on no key once per
// tile of rows. The laws compare it with `TermEvaluator` as they go.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_ANALYSIS_TERMCOLUMNS_H
#define MASK_TEST_UNIT_ANALYSIS_TERMCOLUMNS_H

#include "Mask/Analysis/TermEvaluator.h"

#include <unordered_map>

namespace mlir::mask::test {

/// `size` queries and keys from `firstQuery` and `firstKey` on, and tiles of
/// every shape up to `maxTile` on its grid of multiples, cut at the ends.
struct LawGrid {
  int64_t size;
  int64_t batch = 1, heads = 1;
  int64_t maxTile = 5;
  int64_t firstQuery = 0, firstKey = 0;

  LawGrid at(int64_t query, int64_t key) const {
    return {size, batch, heads, maxTile, query, key};
  }
};

/// The points of a grid: its rows; its tiles of rows; these with tiles of keys.
enum class Level { Row, RowTile, Tile };

struct LawPoints {
  explicit LawPoints(const LawGrid &grid);
  const std::vector<TermPoint> &of(Level level) const {
    return points[static_cast<int>(level)];
  }

  std::vector<TermPoint> points[3];
  /// The first row of each tile of rows; the others follow.
  std::vector<unsigned> firstRow;
  /// The tile of rows of each tile.
  std::vector<unsigned> rowTile;
};

class TermColumns {
public:
  TermColumns(const LawPoints &points, const TermEvaluator &evaluator)
      : points(points), evaluator(evaluator) {}

  /// The values of a prepared term at the points of `level`.
  ArrayRef<int64_t> at(Term term, Level level);
  /// Values held.
  size_t getSize() const { return size; }
  void clear();

private:
  using Column = std::vector<int64_t>;
  ArrayRef<int64_t> compute(Term term, Level level);
  Column computeColumn(Term term, Level level);
  Column extremum(Term term, Level level);

  const LawPoints &points;
  const TermEvaluator &evaluator;
  std::unordered_map<const Term::Node *, Column> columns[3];
  size_t size = 0;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_ANALYSIS_TERMCOLUMNS_H
