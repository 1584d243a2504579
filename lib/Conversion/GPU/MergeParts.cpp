//===- MergeParts.cpp - results of parts of the keys, joined -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MergeParts.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// Threads share the value columns of a row.
static constexpr int64_t kThreads = 64;

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

static Value allocate(ImplicitLocOpBuilder &b, Value like, unsigned rank,
                      Value parts) {
  SmallVector<OpFoldResult> shape;
  for (unsigned dim = 0; dim < rank; ++dim)
    shape.push_back(memref::getMixedSize(b, b.getLoc(), like, dim));
  AffineExpr product = b.getAffineSymbolExpr(0) * b.getAffineSymbolExpr(1);
  shape[0] = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), product, {shape[0], getAsOpFoldResult(parts)});
  return memref::AllocOp::create(b, shape, b.getF32Type());
}

PartialResults mlir::mask::allocatePartialResults(ImplicitLocOpBuilder &b,
                                                  AttentionOp op, Value parts) {
  return {parts, allocate(b, op.getOutput(), 4, parts),
          allocate(b, op.getOutput(), 3, parts)};
}

void mlir::mask::deallocatePartialResults(ImplicitLocOpBuilder &b,
                                          const PartialResults &partial) {
  memref::DeallocOp::create(b, partial.output);
  memref::DeallocOp::create(b, partial.logSumExp);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

namespace {

class MergeEmitter {
public:
  MergeEmitter(ImplicitLocOpBuilder &b, AttentionOp op,
               const PartialResults &partial)
      : b(b), op(op), partial(partial) {}

  void run();

private:
  Value dim(Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(memref, dim);
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value number(float value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  /// A loop over the parts, with what it carries and the batch row of the
  /// part's results.
  Value forParts(Value init, function_ref<Value(Value, Value)> body);
  Value loadLogSumExp(Value resultBatch) {
    return memref::LoadOp::create(b, partial.logSumExp,
                                  ValueRange{resultBatch, head, query});
  }
  void mergeColumn(Value column, Value maximum, Value factor);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  PartialResults partial;
  Value batch, head, query;
};

} // namespace

Value MergeEmitter::forParts(Value init,
                             function_ref<Value(Value, Value)> body) {
  auto loop = scf::ForOp::create(b, index(0), partial.parts, index(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value first =
      arith::MulIOp::create(b, loop.getInductionVar(), dim(op.getOutput(), 0));
  Value resultBatch = arith::AddIOp::create(b, first, batch);
  scf::YieldOp::create(b, body(loop.getRegionIterArg(0), resultBatch));
  return loop.getResult(0);
}

void MergeEmitter::mergeColumn(Value column, Value maximum, Value factor) {
  Value sum = forParts(number(0), [&](Value carried, Value resultBatch) {
    Value weight = emitExpOfDifference(b, loadLogSumExp(resultBatch), maximum);
    Value element = AttentionOperand{partial.output, resultBatch, head}.load(
        b, query, column);
    return arith::AddFOp::create(b, carried,
                                 arith::MulFOp::create(b, weight, element))
        .getResult();
  });
  AttentionOperand{op.getOutput(), batch, head}.store(
      b, arith::MulFOp::create(b, sum, factor), query, column);
}

void MergeEmitter::run() {
  Value heads = dim(op.getOutput(), 1), queries = dim(op.getOutput(), 2);
  Value rows = b.createOrFold<arith::MulIOp>(
      b.createOrFold<arith::MulIOp>(dim(op.getOutput(), 0), heads), queries);
  OpBuilder::InsertionGuard guard(b);
  gpu::LaunchOp launch = createLaunch(b, op, rows, kThreads, "_merge");
  Value row = launch.getBlockIds().x, thread = launch.getThreadIds().x;
  query = arith::RemUIOp::create(b, row, queries);
  row = arith::DivUIOp::create(b, row, queries);
  head = arith::RemUIOp::create(b, row, heads);
  batch = arith::DivUIOp::create(b, row, heads);
  // A part without visible keys has minus infinity, and weighs nothing. The
  // reference stays finite, so that this holds where no part has any.
  Value lowest = number(-std::numeric_limits<float>::max());
  Value maximum = forParts(lowest, [&](Value carried, Value resultBatch) {
    return arith::MaxNumFOp::create(b, carried, loadLogSumExp(resultBatch))
        .getResult();
  });
  Value sum = forParts(number(0), [&](Value carried, Value resultBatch) {
    Value weight = emitExpOfDifference(b, loadLogSumExp(resultBatch), maximum);
    return arith::AddFOp::create(b, carried, weight).getResult();
  });
  Value sink;
  if (op.getSinks())
    sink = memref::LoadOp::create(b, op.getSinks(), head);
  RowStatistics end = finishRow(b, maximum, sum, sink);
  auto columns =
      scf::ForOp::create(b, thread, dim(op.getOutput(), 3), index(kThreads));
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(columns.getBody());
    mergeColumn(columns.getInductionVar(), maximum, end.factor);
  }
  if (!op.getLogSumExp())
    return;
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, index(0));
  auto branch = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  memref::StoreOp::create(b, end.logSumExp, op.getLogSumExp(),
                          ValueRange{batch, head, query});
}

void mlir::mask::emitMerge(ImplicitLocOpBuilder &b, AttentionOp op,
                           const PartialResults &partial) {
  MergeEmitter(b, op, partial).run();
}
