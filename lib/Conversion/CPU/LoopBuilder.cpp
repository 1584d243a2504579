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
  AffineExpr first = b.getAffineDimExpr(0), end = b.getAffineDimExpr(1),
             count = end - first, whole = count.floorDiv(size) * size;
  int64_t part = size / 2;
  if (size % 3 == 0) {
    // Blocks of three and of two units make every number of them but one.
    int64_t unit = size / 3;
    AffineExpr units = count.floorDiv(unit);
    whole = (units - (units * 2) % 3 * 2) * unit;
    part = 2 * unit;
  }
  // Emits the blocks that end at `expr`; returns where the next begin.
  auto loop = [&](Value from, AffineExpr expr, int64_t step) {
    Value to = b.createOrFold<arith::MaxSIOp>(from, apply(expr, {from, upper}));
    forLoop(from, to, step, [&](Value row) { body(step, row); });
    return to;
  };
  Value rest = loop(lower, first + whole, size);
  if (part > 1)
    rest = loop(rest, first + count.floorDiv(part) * part, part);
  if (size > 1)
    forLoop(rest, upper, 1, [&](Value row) { body(1, row); });
}
