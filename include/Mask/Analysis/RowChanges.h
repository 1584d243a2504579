//===- RowChanges.h - where a row of a predicate can change -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_ROWCHANGES_H
#define MASK_ANALYSIS_ROWCHANGES_H

#include "Mask/Analysis/TermEvaluator.h"

#include <functional>

namespace mlir::mask {

/// The absolute keys from `first` up to, but not including, `end`.
struct KeyRange {
  int64_t first, end;
};

/// Appends to `changes`, in no order, keys `k` of the range other than its
/// first: all for which `k - 1` and `k` differ in visibility, and perhaps some
/// for which they do not. `row` gives the batch row, the head and the absolute
/// query.
using RowChanges = std::function<void(const TermPoint &row, KeyRange keys,
                                      SmallVectorImpl<int64_t> &changes)>;

/// Where the rows of `predicate` can change on given facts. Between two changes
/// a row is all visible or all hidden, so that one look at the interpreter
/// tells which: what a leaf *means* is said nowhere but there. A leaf of exact
/// intervals changes at their ends, padding and ids at the ends of their runs,
/// others (`dense`, `generic`, `dilated`) at any key; a composition changes
/// where its parts do. Preparing is O(N log N), a row costs what it appends and
/// a search per leaf. Sound for every predicate; errors are emitted at the op
/// that cannot be evaluated.
FailureOr<RowChanges> findRowChanges(Value predicate, FactEvaluator &facts);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_ROWCHANGES_H
