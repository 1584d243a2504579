//===- LoopBuilder.cpp - loops over vectors of rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

Value LoopBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value LoopBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}

Value LoopBuilder::offset(Value base, int64_t distance) {
  return distance == 0 ? base : add(base, index(distance));
}

Value LoopBuilder::apply(AffineExpr expr, ValueRange operands) {
  AffineMap map = AffineMap::get(operands.size(), 0, expr, b.getContext());
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), map,
                                            getAsOpFoldResult(operands)));
}

Value LoopBuilder::roundDown(Value count, int64_t unit) {
  return apply(b.getAffineDimExpr(0).floorDiv(unit) * unit, count);
}

Value LoopBuilder::roundUp(Value count, int64_t unit) {
  return apply(b.getAffineDimExpr(0).ceilDiv(unit) * unit, count);
}

void LoopBuilder::forLoop(Value lower, Value upper, int64_t step,
                          BodyFunction body) {
  auto loop = scf::ForOp::create(b, lower, upper, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> LoopBuilder::forLoop(
    Value lower, Value upper, int64_t step, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, index(step), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  // A loop that carries nothing has its terminator already.
  if (!inits.empty())
    scf::YieldOp::create(b, results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

void LoopBuilder::forBlocks(Value lower, Value upper, int64_t size,
                            llvm::function_ref<void(int64_t, Value)> body) {
  Value whole = roundDown(upper, size);
  forLoop(lower, whole, size, [&](Value first) { body(size, first); });
  if (size > 1)
    forLoop(whole, upper, 1, [&](Value first) { body(1, first); });
}
