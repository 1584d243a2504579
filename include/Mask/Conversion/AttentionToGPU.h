//===- AttentionToGPU.h - attention as launches of workgroups -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_ATTENTIONTOGPU_H
#define MASK_CONVERSION_ATTENTIONTOGPU_H

#include "Mask/Conversion/GPUSchedule.h"
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
/// to the emitter. An attention with a schedule keeps its own.
struct AttentionToGPUOptions {
  GPUEmitter emitter = GPUEmitter::Portable;
  GPUSchedule schedule;
  /// Threads of a workgroup: 128; on tensor cores 32 per warp, no other number.
  int64_t threads = 0;
  /// How much of the head dimension is in workgroup memory at a time: 32; on
  /// tensor cores all of it, no other number.
  int64_t depth = 0;
  /// NVIDIA's GPU that sizes are chosen for, or empty.
  std::string chip;
  /// The most workgroup memory, in bytes: the chip's, or what every chip with
  /// tensor cores has; for portable code 48 KiB.
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
