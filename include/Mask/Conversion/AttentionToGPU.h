//===- AttentionToGPU.h - attention as launches of workgroups -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_ATTENTIONTOGPU_H
#define MASK_CONVERSION_ATTENTIONTOGPU_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// The sizes of a workgroup's work (see `convert-mask-to-gpu`).
struct AttentionToGPUOptions {
  /// Queries and keys of a tile.
  int64_t queryTile = 32, keyTile = 32;
  /// Threads of a workgroup.
  int64_t threads = 128;
  /// How much of the head dimension is in workgroup memory at a time.
  int64_t depth = 32;
  /// Value columns of a workgroup; 0 takes 64, or all of them, up to 128, where
  /// their number is known.
  int64_t valueColumns = 0;
  /// The most workgroup memory, in bytes.
  int64_t workgroupMemory = 48 * 1024;
  /// The name of a function that is called for every tile whose scores are
  /// computed, or empty (see `convert-mask-to-tiles`).
  std::string observer;
};

/// Replaces a closed attention on memrefs of f32, f16 or bf16 by `gpu.launch`
/// (see `convert-mask-to-gpu`). Fails with a located error where the element
/// type is another one, the sizes do not fit each other or the workgroup
/// memory, or the predicate reads what is not a memref.
LogicalResult lowerAttentionToGPU(RewriterBase &rewriter, AttentionOp op,
                                  const AttentionToGPUOptions &options = {});

/// The same as a pattern.
void populateMaskToGPUPatterns(RewritePatternSet &patterns,
                               const AttentionToGPUOptions &options = {});

} // namespace mlir::mask

#endif // MASK_CONVERSION_ATTENTIONTOGPU_H
