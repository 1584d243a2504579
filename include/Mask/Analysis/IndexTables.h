//===- IndexTables.h - index tables and ids on host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_INDEXTABLES_H
#define MASK_ANALYSIS_INDEXTABLES_H

#include "Mask/Analysis/HostValue.h"

#include <string>

namespace mlir::mask {

// Per-token data are `[seq]` or `[batch, seq]`; every function here is O(N) and
// keeps the rank of its input. The formulas are those of the ops of the same
// name.

/// `mask.interval_table`: `[..., seq, 4]`.
HostArray buildIntervalTable(const IntegerArray &queryIds,
                             const IntegerArray &keyIds, bool nonNegative);
/// `mask.count_table`: `[..., seq + 3]`.
HostArray buildCountTable(const IntegerArray &valid);
/// `mask.monotone_table`: `[batch]`, or `[1]` for data without a batch.
HostArray buildMonotoneTable(const IntegerArray &positions);
/// `mask.range_table`: `[..., seq, 4]`.
HostArray buildRangeTable(const IntegerArray &data);

/// `mask.runs`.
HostArray buildRuns(const IntegerArray &tokenTypes,
                    llvm::ArrayRef<int64_t> types);
/// `mask.item_ids` on ranges `[batch, items, 2]`, with a batch if `batched`.
/// Null, with the numbers in `error`, where items overlap.
HostArray buildItemIds(const IntegerArray &ranges, int64_t length,
                       int64_t minLength, bool batched, std::string &error);
/// `mask.drop_long`.
HostArray dropLongBlocks(const IntegerArray &ids, int64_t bound);
/// `mask.positions`.
HostArray buildPositions(const IntegerArray &valid);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_INDEXTABLES_H
