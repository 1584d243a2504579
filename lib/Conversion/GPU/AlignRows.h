//===- AlignRows.h - arrays whose rows can be copied in chunks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_ALIGNROWS_H
#define MASK_LIB_CONVERSION_GPU_ALIGNROWS_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Whether an array and all its rows start at multiples of `bytes`, an `i1`;
/// null where it cannot be.
Value hasAlignedRows(ImplicitLocOpBuilder &b, Value array, int64_t bytes);

/// Arrays whose rows start at multiples of 16 bytes: an array itself, if its
/// do, or else a copy. What is decided at run time is decided by sizes: a copy
/// that is not needed is empty, and its launch has no workgroups.
class AlignedRows {
public:
  /// `op` names the kernels.
  AlignedRows(ImplicitLocOpBuilder &builder, AttentionOp op)
      : b(builder), op(op) {}

  /// An array with the elements of `array`, of four dimensions, and with zeros
  /// after them in rows that are no multiple of 16 bytes.
  Value align(Value array);
  /// Frees the copies.
  void deallocate();

private:
  /// Copies the first `batches` batch rows.
  void emitCopy(Value array, Value copy, Value batches);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  llvm::SmallDenseMap<Value, Value> aligned;
  SmallVector<Value> copies;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_ALIGNROWS_H
