//===- MaskViewBuilder.h - masks from predicates and facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_MASKVIEWBUILDER_H
#define MASK_INSPECT_MASKVIEWBUILDER_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Inspect/MaskView.h"
#include "Mask/Inspect/PredicateExtents.h"

namespace mlir::mask {

/// The extents of a mask. The offsets have one element per batch row.
struct MaskExtents {
  int64_t batch = 1, queries = 0, keys = 0;
  SmallVector<int64_t> queryOffset, keyOffset;
};

/// Checks that a mask is not too large to be looked at.
LogicalResult checkMaskSize(Location loc, int64_t batch, int64_t heads,
                            int64_t queries, int64_t keys);

/// What `predicate` shows. Rows come from the row intervals; only where those
/// are not exact, the keys between the inner and the outer intervals are
/// interpreted, one key for all between two that `findRowChanges` names. A row
/// costs the ends of its parts' intervals, so that padding holes and scattered
/// ids are no matter; only `dense`, `generic` and `dilated` are looked at key
/// by key. Of every row the interpreter is asked about the keys next to the
/// ends of its intervals; where it contradicts them the mask is not shown. It
/// is asked about `written`, if that is not null: the predicate before it was
/// simplified. Errors are emitted at `loc` or at the op that cannot be
/// evaluated.
FailureOr<MaskView> buildMaskView(Location loc, Value predicate,
                                  FactEvaluator &facts,
                                  const MaskExtents &extents, int64_t heads,
                                  Value written = {});

/// Compares every element of a view with the interpreter: the first that
/// differs is an error at `loc`. Of masks of more than 2^22 elements it looks
/// at as many, and at the keys at the ends of all spans.
LogicalResult verifyMaskView(Location loc, const MaskView &view,
                             const PredicateFunction &visible);

} // namespace mlir::mask

#endif // MASK_INSPECT_MASKVIEWBUILDER_H
