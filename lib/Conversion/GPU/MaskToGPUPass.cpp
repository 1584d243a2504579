//===- MaskToGPUPass.cpp - the pass convert-mask-to-gpu -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Skeleton/AttentionPattern.h"
#include "Mask/Conversion/AttentionToGPU.h"
#include "Mask/Conversion/Passes.h"
#include "SchedulingPass.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
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

struct ConvertMaskToGPU
    : public SchedulingPass<
          mask::impl::ConvertMaskToGPUBase<ConvertMaskToGPU>> {
  using SchedulingPass::SchedulingPass;

  void runOnOperation() override {
    AttentionToGPUOptions options;
    readScheduleOptions(options);
    options.observer = observer;
    if (failed(lowerAttentions<AttentionToGPUOptions, lowerAttentionToGPU>(
            getOperation(), options)))
      signalPassFailure();
  }
};

} // namespace

void mlir::mask::populateMaskToGPUPatterns(
    RewritePatternSet &patterns, const AttentionToGPUOptions &options) {
  patterns.add<AttentionPattern<AttentionToGPUOptions, lowerAttentionToGPU>>(
      patterns.getContext(), options);
}
