//===- MaskToSCFPass.cpp - the pass convert-mask-to-scf -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/Passes.h"
#include "Mask/Conversion/TilesToSCF.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_CONVERTMASKTOSCF
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

struct TileForPattern : OpRewritePattern<TileForOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TileForOp op,
                                PatternRewriter &rewriter) const override {
    lowerTileFor(rewriter, op);
    return success();
  }
};

struct ApplyPattern : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getParentOfType<TileForOp>())
      return rewriter.notifyMatchFailure(op,
                                         "the loop around it is lowered first");
    return lowerApply(rewriter, op);
  }
};

struct MergePattern : OpRewritePattern<MergeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MergeOp op,
                                PatternRewriter &rewriter) const override {
    lowerMerge(rewriter, op);
    return success();
  }
};

/// Removes the store of what was just loaded from the same place: what is left
/// of masking where there is nothing to mask.
struct StoreOfLoad : OpRewritePattern<vector::StoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::StoreOp store,
                                PatternRewriter &rewriter) const override {
    auto load = store.getValueToStore().getDefiningOp<vector::LoadOp>();
    if (!load || load.getBase() != store.getBase() ||
        !llvm::equal(load.getIndices(), store.getIndices()) ||
        load->getBlock() != store->getBlock())
      return rewriter.notifyMatchFailure(store, "stores another value");
    for (Operation *op = load->getNextNode(); op != store;
         op = op->getNextNode())
      if (!isMemoryEffectFree(op))
        return rewriter.notifyMatchFailure(store,
                                           "memory may change after the load");
    rewriter.eraseOp(store);
    return success();
  }
};

} // namespace

void mlir::mask::populateMaskToSCFPatterns(RewritePatternSet &patterns) {
  patterns.add<TileForPattern, ApplyPattern, MergePattern>(
      patterns.getContext());
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Folds what constant tile sizes decide: remainder loops, bounds, branches.
/// The result is right without it.
static void populateCleanupPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<StoreOfLoad>(context);
  affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
  affine::AffineMinOp::getCanonicalizationPatterns(patterns, context);
  affine::AffineMaxOp::getCanonicalizationPatterns(patterns, context);
  scf::ForOp::getCanonicalizationPatterns(patterns, context);
  scf::IfOp::getCanonicalizationPatterns(patterns, context);
}

namespace {

struct ConvertMaskToSCF
    : public mask::impl::ConvertMaskToSCFBase<ConvertMaskToSCF> {
  using Base::Base;

  void runOnOperation() override {
    Operation *function = getOperation();
    if (indexBits != 32 && indexBits != 64) {
      function->emitError() << "loops over tiles count in 32 or 64 bits, got "
                            << indexBits.getValue();
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    // An outer loop copies its inner ones: from the inside out.
    SmallVector<TileForOp> loops;
    function->walk([&](TileForOp op) { loops.push_back(op); });
    for (TileForOp op : loops)
      lowerTileFor(rewriter, op, {indexBits, mergeEdges});
    // The flags of a phase are constants now: what hangs on them goes before
    // it is lowered.
    cleanUp(function);
    WalkResult result = function->walk([&](Operation *op) {
      if (auto merge = dyn_cast<MergeOp>(op))
        lowerMerge(rewriter, merge);
      else if (auto apply = dyn_cast<ApplyOp>(op))
        return WalkResult(lowerApply(rewriter, apply));
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    cleanUp(function);
  }

private:
  void cleanUp(Operation *function) {
    RewritePatternSet cleanup(&getContext());
    populateCleanupPatterns(cleanup);
    // Blocks are the kernel's: two that look the same may not be one where
    // threads meet in them.
    GreedyRewriteConfig config;
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    (void)applyPatternsGreedily(function, std::move(cleanup), config);
  }
};

} // namespace
