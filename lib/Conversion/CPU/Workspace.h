//===- Workspace.h - scratch memory of one tile -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_WORKSPACE_H
#define MASK_LIB_CONVERSION_CPU_WORKSPACE_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Scratch memory that is allocated once and cut into arrays, each of which
/// starts at a cache line, so that no vector straddles two.
class Workspace {
public:
  static constexpr int64_t kCacheLine = 64;

  /// Emits the allocation at the builder's insertion point. Its size is that of
  /// all arrays, and is set when it is freed.
  explicit Workspace(ImplicitLocOpBuilder &builder);

  /// An array. At most one of its extents is dynamic, and exists before the
  /// workspace.
  Value take(ArrayRef<OpFoldResult> shape, Type element);
  Value take(int64_t count, Type element);
  void free();

private:
  /// Where the next array of `bytes(operand)` begins.
  Value allot(AffineExpr bytes);

  ImplicitLocOpBuilder &b;
  memref::AllocOp buffer;
  /// The end of the last array, over `operands`.
  AffineExpr end;
  SmallVector<OpFoldResult> operands;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_WORKSPACE_H
