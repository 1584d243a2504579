//===- ScheduleDynamically.cpp - dynamic OpenMP schedules -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToTiles.h"
#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSCHEDULEDYNAMICALLY
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

/// Scratch memory that every round allocates and frees becomes the thread's: it
/// is allocated before the first of its rounds and freed after the last.
static void keepScratch(RewriterBase &rewriter, scf::ParallelOp loop,
                        omp::WsloopOp rounds) {
  for (auto alloc :
       llvm::make_early_inc_range(loop.getBody()->getOps<memref::AllocOp>())) {
    auto frees =
        llvm::make_filter_range(alloc->getUsers(), [](Operation *user) {
          return isa<memref::DeallocOp>(user);
        });
    if (!llvm::hasSingleElement(frees) ||
        (*frees.begin())->getBlock() != loop.getBody() ||
        !llvm::all_of(alloc->getOperands(), [&](Value size) {
          return loop.isDefinedOutsideOfLoop(size);
        }))
      continue;
    rewriter.moveOpAfter(*frees.begin(), rounds);
    rewriter.moveOpBefore(alloc, rounds);
  }
}

/// Moves the body of `loop` into an OpenMP loop. What is on the stack in a
/// round is freed after it, as in upstream's lowering.
static void lowerToOpenMP(RewriterBase &rewriter, scf::ParallelOp loop) {
  Location loc = loop.getLoc();
  rewriter.setInsertionPoint(loop);
  auto parallel = omp::ParallelOp::create(rewriter, loc);
  rewriter.createBlock(&parallel.getRegion());
  auto shared = omp::WsloopOp::create(rewriter, loc);
  shared.setScheduleKind(omp::ClauseScheduleKind::Dynamic);
  omp::TerminatorOp::create(rewriter, loc);
  keepScratch(rewriter, loop, shared);
  rewriter.createBlock(&shared.getRegion());
  auto nest = omp::LoopNestOp::create(
      rewriter, loc, loop.getNumLoops(), loop.getLowerBound(),
      loop.getUpperBound(), loop.getStep(), /*loop_inclusive=*/false,
      /*tile_sizes=*/nullptr);
  SmallVector<Location> locs(loop.getNumLoops(), loc);
  rewriter.createBlock(&nest.getRegion(), {},
                       ValueRange(loop.getInductionVars()).getTypes(), locs);
  auto scope = memref::AllocaScopeOp::create(rewriter, loc, TypeRange());
  omp::YieldOp::create(rewriter, loc, ValueRange());
  Block *body = rewriter.createBlock(&scope.getBodyRegion());
  rewriter.eraseOp(loop.getBody()->getTerminator());
  rewriter.mergeBlocks(loop.getBody(), body, nest.getRegion().getArguments());
  rewriter.setInsertionPointToEnd(body);
  memref::AllocaScopeReturnOp::create(rewriter, loc, ValueRange());
  rewriter.eraseOp(loop);
}

namespace {
struct ScheduleDynamicallyPass
    : public mask::impl::MaskScheduleDynamicallyBase<ScheduleDynamicallyPass> {
  void runOnOperation() override {
    SmallVector<scf::ParallelOp> loops;
    getOperation()->walk([&](scf::ParallelOp loop) {
      if (loop->hasAttr(mask::kUnevenLoopAttrName) && !loop.getNumReductions())
        loops.push_back(loop);
    });
    IRRewriter rewriter(&getContext());
    for (scf::ParallelOp loop : loops)
      lowerToOpenMP(rewriter, loop);
  }
};
} // namespace
