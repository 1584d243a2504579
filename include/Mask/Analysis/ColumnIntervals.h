//===- ColumnIntervals.h - which queries can see a key -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_COLUMNINTERVALS_H
#define MASK_ANALYSIS_COLUMNINTERVALS_H

#include "Mask/Analysis/RowIntervals.h"

namespace mlir::mask {

/// The bounds of a predicate with the roles of query and key exchanged: for
/// loops that hold keys and walk queries, and for formats that store a mask by
/// key. All laws of `RowIntervals` hold for the transposed predicate
/// `M(b, h, k, q)`: in the terms `TermSymbol::Query` is the absolute *key* of
/// the column, and an interval is one of absolute *queries* (`KeyInterval`
/// names what the intervals of rows are). Sound for every predicate; total.
/// A leaf's `table` serves its columns where both sides read one fact; other
/// leaves need `options.buildTables`.
RowIntervals computeColumnIntervals(TermContext &context, Value predicate,
                                    const RowIntervalOptions &options = {});

} // namespace mlir::mask

#endif // MASK_ANALYSIS_COLUMNINTERVALS_H
