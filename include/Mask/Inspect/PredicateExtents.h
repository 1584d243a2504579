//===- PredicateExtents.h - how far what a predicate reads goes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_PREDICATEEXTENTS_H
#define MASK_INSPECT_PREDICATEEXTENTS_H

#include "Mask/Analysis/Interpreter.h"

namespace mlir::mask {

/// What the index of a dimension of a table is.
enum class TableIndex { Batch, Head, Query, Key, Other };

/// A table that a predicate op reads: a fact, or a constant.
struct TableRead {
  Value table;
  /// One per dimension.
  SmallVector<TableIndex, 4> indices;
};

/// The tables that `op` itself reads: ids, flags, positions, stored masks,
/// bounds, parameters per batch row or head, captures. Not its index tables,
/// which are made of these. Of captures only what is read at the region's own
/// indices has them.
SmallVector<TableRead> getTableReads(Operation *op);

/// Whether a predicate depends on the head.
bool dependsOnHead(Value predicate);

/// The heads, or batch rows, of a predicate.
struct DistinctCount {
  /// One more than the greatest that it names, or the extent of its data per
  /// head or batch row.
  int64_t named = 1;
  /// Those that tell all its masks apart: one more where it shows something to
  /// all that it does not name.
  int64_t distinct = 1;
};
FailureOr<DistinctCount> countDistinct(Value predicate, FactEvaluator &facts,
                                       ParameterAxis axis);

} // namespace mlir::mask

#endif // MASK_INSPECT_PREDICATEEXTENTS_H
