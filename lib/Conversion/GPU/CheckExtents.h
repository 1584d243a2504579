//===- CheckExtents.h - arrays that 32 bits can count -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_CHECKEXTENTS_H
#define MASK_LIB_CONVERSION_GPU_CHECKEXTENTS_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Kernels number workgroups, rows and keys in 32 bits. So each array of an
/// attention on memrefs must have at most 2^31 elements and 2^30 rows per
/// head; then no tile ahead of the last one begins beyond 2^31, either. Emits a
/// check of what only a call can tell, and fails with a located error where the
/// types break the rule.
LogicalResult checkExtents(ImplicitLocOpBuilder &builder, AttentionOp op);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_CHECKEXTENTS_H
