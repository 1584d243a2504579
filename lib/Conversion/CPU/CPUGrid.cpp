//===- CPUGrid.cpp - tiles of queries shared among threads -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUGrid.h"

#include "Mask/Conversion/AttentionToTiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

/// A parallel loop over a grid. With OpenMP it is one loop over all positions,
/// which threads take as they become free, in order.
static LogicalResult
parallelLoop(ImplicitLocOpBuilder &b, ValueRange extents,
             ArrayRef<int64_t> steps,
             llvm::function_ref<LogicalResult(ValueRange)> body) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  SmallVector<Value> position(extents.size(), zero), lower, upper, stepValues;
  SmallVector<unsigned> loops;
  // A loop of one round is none: folded later, it would take the mark along.
  for (auto [i, extent, step] : llvm::enumerate(extents, steps)) {
    std::optional<int64_t> size = getConstantIntValue(extent);
    if (size && *size > 0 && *size <= step)
      continue;
    loops.push_back(i);
    lower.push_back(zero);
    upper.push_back(extent);
    stepValues.push_back(arith::ConstantIndexOp::create(b, step));
  }
  if (loops.empty())
    return body(position);
  auto loop = scf::ParallelOp::create(b, lower, upper, stepValues);
  loop->setDiscardableAttr(kUnevenLoopAttrName, b.getUnitAttr());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  for (auto [i, variable] : llvm::zip_equal(loops, loop.getInductionVars()))
    position[i] = variable;
  return body(position);
}

/// The tiles of a head from the last queries to the first: under a causal mask
/// the last see the most keys, and what is long must not be begun when the
/// other threads are about to end. Heads stay together, since they share keys.
LogicalResult CPUGrid::forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                                   PositionFunction body) {
  ImplicitLocOpBuilder &b = builder;
  int64_t step = steps.back();
  Value last = getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), (b.getAffineDimExpr(0) - 1).floorDiv(step) * step,
          getAsOpFoldResult(extents.back())));
  return parallelLoop(builder, extents, steps, [&](ValueRange position) {
    SmallVector<Value> reversed(position);
    reversed.back() = b.createOrFold<arith::SubIOp>(last, position.back());
    return body(reversed);
  });
}

LogicalResult CPUGrid::forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                                    PositionFunction body) {
  return parallelLoop(builder, extents, steps, body);
}
