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

/// What the code of a tile is made of (see `convert-mask-to-gpu`).
enum class GPUEmitter {
  Portable,   ///< scalar arithmetic in f32
  TensorCore, ///< NVIDIA's matrix instructions
  Auto        ///< tensor cores where they can; a remark says why they cannot
};

/// The sizes of a workgroup's work (see `convert-mask-to-gpu`); 0 leaves a size
/// to the emitter.
struct AttentionToGPUOptions {
  GPUEmitter emitter = GPUEmitter::Portable;
  /// Queries and keys of a tile: 32, on tensor cores 64.
  int64_t queryTile = 0, keyTile = 0;
  /// Threads of a workgroup: 128; on tensor cores two per query, no other
  /// number.
  int64_t threads = 0;
  /// How much of the head dimension is in workgroup memory at a time: 32; on
  /// tensor cores all of it, no other number.
  int64_t depth = 0;
  /// Value columns of a workgroup: 64, or all of them, up to 128, where their
  /// number is known; on tensor cores all of them, no other number.
  int64_t valueColumns = 0;
  /// The most workgroup memory, in bytes: 48 KiB; on tensor cores 99 KiB, which
  /// all of them have.
  int64_t workgroupMemory = 0;
  /// The name of a function that is called for every tile whose scores are
  /// computed, or empty (see `convert-mask-to-tiles`).
  std::string observer;
};

/// Replaces a closed attention on memrefs of f32, f16 or bf16 by `gpu.launch`
/// (see `convert-mask-to-gpu`). Fails with a located error where the emitter
/// does not know the element type or the head dimension, the sizes do not fit
/// each other or the workgroup memory, or the predicate reads what is not a
/// memref.
LogicalResult lowerAttentionToGPU(RewriterBase &rewriter, AttentionOp op,
                                  const AttentionToGPUOptions &options = {});

/// The same as a pattern.
void populateMaskToGPUPatterns(RewritePatternSet &patterns,
                               const AttentionToGPUOptions &options = {});

} // namespace mlir::mask

#endif // MASK_CONVERSION_ATTENTIONTOGPU_H
