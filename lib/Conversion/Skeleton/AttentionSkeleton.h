//===- AttentionSkeleton.h - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_SKELETON_ATTENTIONSKELETON_H
#define MASK_LIB_CONVERSION_SKELETON_ATTENTIONSKELETON_H

#include "TileEmitter.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// The most queries and keys of a tile, and its heads.
struct TileSizes {
  int64_t queries, keys, heads = 1;
};

/// Replaces a closed attention on memrefs, of which `verifyHoistable` holds, by
/// what `emit` makes of a copy in the form that `emitAttention` takes: numbers
/// that its predicate is computed from are in front of it, a soft cap is a
/// score region, and what only a call can tell is checked there (`emitChecks`).
/// Where `emit` fails, everything is left as it was.
LogicalResult replaceAttention(
    RewriterBase &rewriter, AttentionOp op,
    function_ref<LogicalResult(ImplicitLocOpBuilder &, AttentionOp)> emit);

/// The function `observer`, which is told of every tile (see
/// `convert-mask-to-tiles`), or null if the name is empty. Fails with a located
/// error if there is none, or one of another type.
FailureOr<FlatSymbolRefAttr> findObserver(AttentionOp op, StringRef observer);

/// Emits a prepared attention at the builder's insertion point: a parallel loop
/// over batch rows, heads and tiles of queries around a `mask.tile_for`, once
/// per emitter, which fills it: one after the other, in the order of
/// `emitters`, of which there is at least one. What does not depend on the
/// loops, and what heads share, is computed in front of them. `observer`, which
/// may be null, is called for every tile of the first (see
/// `convert-mask-to-tiles`); `reports`: remarks tell its bounds. Fails with a
/// located error where the predicate reads what is not a memref, or the heads
/// of a tile do not share their keys or their coordinates (`checkTileHeads`);
/// what was emitted until then has no effect.
LogicalResult emitAttention(ImplicitLocOpBuilder &builder, AttentionOp op,
                            const TileSizes &sizes,
                            ArrayRef<TileEmitter *> emitters,
                            FlatSymbolRefAttr observer, bool reports = true);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_ATTENTIONSKELETON_H
