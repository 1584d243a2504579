//===- AttentionPattern.h - lowerings of attention as rewrites -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_SKELETON_ATTENTIONPATTERN_H
#define MASK_LIB_CONVERSION_SKELETON_ATTENTIONPATTERN_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Lowers an attention for one target; errors are emitted.
template <typename Options>
using AttentionLoweringFunction = LogicalResult (*)(RewriterBase &, AttentionOp,
                                                    const Options &);

/// `lower` as a pattern for attentions on memrefs.
template <typename Options, AttentionLoweringFunction<Options> lower>
struct AttentionPattern : OpRewritePattern<AttentionOp> {
  AttentionPattern(MLIRContext *context, const Options &options)
      : OpRewritePattern(context), options(options) {}

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "is on tensors");
    return lower(rewriter, op, options);
  }

  Options options;
};

/// `lower` for every attention in `root`. Stops at the first that fails.
template <typename Options, AttentionLoweringFunction<Options> lower>
LogicalResult lowerAttentions(Operation *root, const Options &options) {
  IRRewriter rewriter(root->getContext());
  WalkResult result = root->walk(
      [&](AttentionOp op) { return WalkResult(lower(rewriter, op, options)); });
  return failure(result.wasInterrupted());
}

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_ATTENTIONPATTERN_H
