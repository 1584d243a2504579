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

/// The keys of a tile in a pool of pages, as they were looked up: key `first +
/// i` begins at `rows[offsets[i], 0]`, where offsets count elements. A page is
/// `pageStride` elements after the one before, a row of it `rowStride`.
struct PagedRows {
  Value rows, pageStride, rowStride;
  /// An i64 per key.
  Value offsets;
  Value first = {};
};

/// One of the arrays of an attention, at the batch row and head of a tile. Rows
/// are those of the batch row, or, of keys and values in pages, keys.
/// Elements are computed with in f32, f64 in f64: f16 and bf16 are widened when
/// they are read, and rounded when they are written.
struct AttentionOperand {
  Value memref, batch, head;
  std::optional<PagedRows> pages = std::nullopt;

  /// What elements are read from, and the indices of one.
  Value getArray() const { return pages ? pages->rows : memref; }
  SmallVector<Value> locate(ImplicitLocOpBuilder &b, Value row,
                            Value column) const;
  /// One element.
  Value load(ImplicitLocOpBuilder &b, Value row, Value column) const;
  void store(ImplicitLocOpBuilder &b, Value element, Value row,
             Value column) const;
  /// Rows and columns from a place on, as a matrix. Not of pages.
  Value view(ImplicitLocOpBuilder &b, Value row, Value column,
             OpFoldResult rows, OpFoldResult columns) const;
  /// The extent of a dimension of the array: 2 are rows, 3 are columns.
  Value getSize(ImplicitLocOpBuilder &b, int64_t dim) const;
  /// The same array at another head.
  AttentionOperand at(Value otherHead) const {
    return {memref, batch, otherHead, pages};
  }
};

/// Rows and columns of a matrix from a place on, or of the matrix that
/// `leading` indices choose. What lies in it is at constant distances from its
/// beginning, which is computed once: LLVM does not see that of indices which
/// are used more than once.
Value emitView(ImplicitLocOpBuilder &b, Value array, ArrayRef<Value> leading,
               Value row, Value column, OpFoldResult rows,
               OpFoldResult columns);

/// The number of keys of an attention.
Value emitNumKeys(ImplicitLocOpBuilder &b, AttentionOp op);

/// The factor of the scores, in f32 or f64: the attention's own, or `1 /
/// sqrt(D)`.
Value emitScale(ImplicitLocOpBuilder &b, AttentionOp op, FloatType type);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_ATTENTIONOPERAND_H
