//===- PrepareNVVM.cpp - what the way to NVVM leaves out -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKPREPARENVVM
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

/// The rows of a fragment: two elements each, as an i32.
static SmallVector<Value> getPairs(ImplicitLocOpBuilder &b, Value fragment) {
  auto word = VectorType::get(1, b.getI32Type());
  SmallVector<Value> pairs;
  int64_t rows = cast<VectorType>(fragment.getType()).getDimSize(0);
  for (int64_t i = 0; i < rows; ++i) {
    Value row = vector::ExtractOp::create(b, fragment, i);
    Value bits = vector::BitCastOp::create(b, word, row);
    pairs.push_back(vector::ExtractOp::create(b, bits, 0));
  }
  return pairs;
}

static SmallVector<Value> getElements(ImplicitLocOpBuilder &b, Value fragment) {
  SmallVector<Value> elements;
  auto type = cast<VectorType>(fragment.getType());
  for (int64_t i = 0; i < type.getDimSize(0); ++i)
    for (int64_t j = 0; j < type.getDimSize(1); ++j)
      elements.push_back(
          vector::ExtractOp::create(b, fragment, ArrayRef<int64_t>{i, j}));
  return elements;
}

namespace {

struct LowerBF16Mma : OpRewritePattern<nvgpu::MmaSyncOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nvgpu::MmaSyncOp op,
                                PatternRewriter &rewriter) const override {
    auto operandType = cast<VectorType>(op.getMatrixA().getType());
    auto type = cast<VectorType>(op.getType());
    if (!operandType.getElementType().isBF16() ||
        !type.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "is not of bf16 and f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> sums = getElements(b, op.getMatrixC());
    auto structType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), SmallVector<Type>(sums.size(), b.getF32Type()));
    std::array bf16 = {NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
    std::array layouts = {NVVM::MMALayout::row, NVVM::MMALayout::col};
    Value product = NVVM::MmaOp::create(
        b, structType, getPairs(b, op.getMatrixA()),
        getPairs(b, op.getMatrixB()), sums, op.getMmaShapeAsArray(),
        std::nullopt, std::nullopt, bf16, layouts);
    for (auto [i, sum] : llvm::enumerate(sums))
      sum = LLVM::ExtractValueOp::create(b, product, static_cast<int64_t>(i));
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, type, sums);
    return success();
  }
};

struct PrepareNVVM : public mask::impl::MaskPrepareNVVMBase<PrepareNVVM> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerBF16Mma>(&getContext());
    vector::populateVectorToElementsUnrollPatterns(patterns);
    vector::populateVectorRankReducingFMAPattern(patterns);
    vector::populateVectorShapeCastLoweringPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
