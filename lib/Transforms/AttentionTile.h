//===- AttentionTile.h - one box of an attention's domain -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_ATTENTIONTILE_H
#define MASK_LIB_TRANSFORMS_ATTENTIONTILE_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"

namespace mlir::mask {

/// The dimensions of the iteration domain: those of the output, then the keys
/// that are summed over.
enum AttentionDim : unsigned { kBatch, kHead, kQuery, kColumn, kKey };
inline constexpr AttentionDim kAttentionDims[] = {kBatch, kHead, kQuery,
                                                  kColumn, kKey};

/// The rank of the output, and of the log-sum-exp, which has no columns.
inline constexpr unsigned kOutputRank = kKey, kLogSumExpRank = kColumn;

/// A box in the iteration domain of an attention, or in one operand.
struct AttentionBox {
  SmallVector<OpFoldResult> offsets, sizes;

  /// The box in the first `rank` dimensions.
  AttentionBox takeFront(unsigned rank) const {
    return {llvm::to_vector(ArrayRef(offsets).take_front(rank)),
            llvm::to_vector(ArrayRef(sizes).take_front(rank))};
  }
};

/// All of a tensor.
AttentionBox getWholeBox(OpBuilder &builder, Location loc, Value tensor);

/// The sizes of the iteration domain. They are read off the inputs: tilings
/// replace the outputs of the op that they tile.
SmallVector<OpFoldResult> getDomainSizes(OpBuilder &builder, AttentionOp op);

/// Whether the box is proved to span the dimension `dim`.
bool isWhole(AttentionOp op, AttentionDim dim, const AttentionBox &box);

/// Extracts `box` from `source`; the slice op is added to `slices`.
Value extractBox(OpBuilder &builder, Location loc, Value source,
                 const AttentionBox &box, SmallVectorImpl<Operation *> &slices);

/// The attention `op` on tensors, restricted to `box` and written to `outputs`,
/// which replace those of `op`. The origin moves with the box, so that the
/// predicate and the score region see the coordinates that they always saw.
/// Fails with a located error where the box cuts a group of query heads.
FailureOr<AttentionOp> tileAttention(OpBuilder &builder, AttentionOp op,
                                     const AttentionBox &box,
                                     ValueRange outputs,
                                     SmallVectorImpl<Operation *> &slices);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_ATTENTIONTILE_H
