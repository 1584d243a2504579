//===- MaskToGPUPass.cpp - the pass convert-mask-to-gpu -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToGPU.h"
#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::mask {
#define GEN_PASS_DEF_CONVERTMASKTOGPU
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {

struct AttentionPattern : OpRewritePattern<AttentionOp> {
  AttentionPattern(MLIRContext *context, const AttentionToGPUOptions &options)
      : OpRewritePattern(context), options(options) {}

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "is on tensors");
    return lowerAttentionToGPU(rewriter, op, options);
  }

  AttentionToGPUOptions options;
};

struct ConvertMaskToGPU
    : public mask::impl::ConvertMaskToGPUBase<ConvertMaskToGPU> {
  using Base::Base;

  void runOnOperation() override {
    AttentionToGPUOptions options{emitter,         queryTile, keyTile,
                                  threads,         depth,     valueColumns,
                                  workgroupMemory, observer};
    IRRewriter rewriter(&getContext());
    WalkResult result = getOperation()->walk([&](AttentionOp op) {
      return WalkResult(lowerAttentionToGPU(rewriter, op, options));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace

void mlir::mask::populateMaskToGPUPatterns(
    RewritePatternSet &patterns, const AttentionToGPUOptions &options) {
  patterns.add<AttentionPattern>(patterns.getContext(), options);
}
