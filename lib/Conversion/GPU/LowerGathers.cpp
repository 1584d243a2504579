//===- LowerGathers.cpp - gathers as loads of elements -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKLOWERGATHERS
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

namespace {

/// A gather of a row of elements from a memref.
struct LowerGather : OpRewritePattern<vector::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::GatherOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (!isa<MemRefType>(op.getBase().getType()) || type.getRank() != 1 ||
        type.isScalable())
      return rewriter.notifyMatchFailure(op, "is not a row from a memref");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < type.getNumElements(); ++lane)
      elements.push_back(loadLane(b, op, lane));
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, type, elements);
    return success();
  }

private:
  /// One element, or what stands for it where it is not to be read.
  static Value loadLane(ImplicitLocOpBuilder &b, vector::GatherOp op,
                        int64_t lane) {
    auto extract = [&](Value vector) -> Value {
      return vector::ExtractOp::create(b, vector, lane);
    };
    Value distance = extract(op.getIndices());
    if (!distance.getType().isIndex())
      distance = arith::IndexCastOp::create(b, b.getIndexType(), distance);
    SmallVector<Value> indices(op.getOffsets());
    indices.back() = arith::AddIOp::create(b, indices.back(), distance);
    auto branch =
        scf::IfOp::create(b, op.getVectorType().getElementType(),
                          extract(op.getMask()), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value element = memref::LoadOp::create(b, op.getBase(), indices);
    scf::YieldOp::create(b, element);
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, extract(op.getPassThru()));
    return branch.getResult(0);
  }
};

struct LowerGathers : public mask::impl::MaskLowerGathersBase<LowerGathers> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerGather>(&getContext());
    // Positions of lanes have no form in the dialects of targets either.
    vector::populateVectorStepLoweringPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
