//===- MaskToTilesPass.cpp - the pass convert-mask-to-tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Skeleton/AttentionPattern.h"
#include "Mask/Conversion/AttentionToTiles.h"
#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

namespace mlir::mask {
#define GEN_PASS_DEF_CONVERTMASKTOTILES
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {

struct ConvertMaskToTiles
    : public mask::impl::ConvertMaskToTilesBase<ConvertMaskToTiles> {
  using Base::Base;

  void runOnOperation() override {
    AttentionToTilesOptions options{
        {vectorBits, vectorRegisters, bf16Dot, amx, cores},
        {queryTile, keyTile, heads, parts, lanes, rows},
        decode,
        observer};
    if (failed(lowerAttentions<AttentionToTilesOptions, lowerAttentionToTiles>(
            getOperation(), options)))
      signalPassFailure();
  }
};

} // namespace

void mlir::mask::populateMaskToTilesPatterns(
    RewritePatternSet &patterns, const AttentionToTilesOptions &options) {
  patterns
      .add<AttentionPattern<AttentionToTilesOptions, lowerAttentionToTiles>>(
          patterns.getContext(), options);
}
