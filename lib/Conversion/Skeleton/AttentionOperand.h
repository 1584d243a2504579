//===- AttentionOperand.h - the arrays of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_SKELETON_ATTENTIONOPERAND_H
#define MASK_LIB_CONVERSION_SKELETON_ATTENTIONOPERAND_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// One of the arrays of an attention, at the batch row and head of a tile.
/// Elements are computed with in f32, f64 in f64: f16 and bf16 are widened when
/// they are read, and rounded when they are written.
struct AttentionOperand {
  Value memref, batch, head;

  /// One element.
  Value load(ImplicitLocOpBuilder &b, Value row, Value column) const;
  void store(ImplicitLocOpBuilder &b, Value element, Value row,
             Value column) const;
  /// The extent of a dimension of the array: 2 are rows, 3 are columns.
  Value getSize(ImplicitLocOpBuilder &b, int64_t dim) const;
  /// The same array at another head.
  AttentionOperand at(Value otherHead) const {
    return {memref, batch, otherHead};
  }
};

/// The factor of the scores, in f32 or f64: the attention's own, or `1 /
/// sqrt(D)`.
Value emitScale(ImplicitLocOpBuilder &b, AttentionOp op, FloatType type);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_ATTENTIONOPERAND_H
