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

/// How attentions are lowered; one that has a schedule keeps its own.
struct AttentionToGPUOptions : GPUScheduleOptions {
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
