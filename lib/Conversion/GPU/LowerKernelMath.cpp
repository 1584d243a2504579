//===- LowerKernelMath.cpp - math without a library -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/Passes.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace mlir::mask {
#define GEN_PASS_DEF_MASKLOWERKERNELMATH
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {

/// `exp(x)` as `exp2(x log2(e))`: the exponential that processors have.
struct ExpToExp2 : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "is not f32");
    TypedAttr factor = rewriter.getF32FloatAttr(1 / std::log(2.0));
    if (auto shaped = dyn_cast<ShapedType>(type))
      factor = DenseElementsAttr::get(shaped, cast<Attribute>(factor));
    Value log2e = arith::ConstantOp::create(rewriter, op.getLoc(), factor);
    Value scaled =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getOperand(), log2e);
    rewriter.replaceOpWithNewOp<math::Exp2Op>(op, scaled);
    return success();
  }
};

/// An op as a call of the intrinsic of LLVM that is the same function. The
/// intrinsic's own op would be replaced by a call of libdevice in
/// `convert-gpu-to-nvvm`.
template <typename Op>
struct ToIntrinsic : OpRewritePattern<Op> {
  ToIntrinsic(MLIRContext *context, StringRef name)
      : OpRewritePattern<Op>(context), name(name) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto call = LLVM::CallIntrinsicOp::create(
        rewriter, op.getLoc(), op.getType(), rewriter.getStringAttr(name),
        op->getOperands());
    rewriter.replaceOp(op, call);
    return success();
  }

  StringRef name;
};

/// `exp2` as NVIDIA's instruction, which takes one number and flushes
/// denormals.
struct Exp2ToNVVM : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "is not f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto compute = [&](Value x) -> Value {
      return LLVM::CallIntrinsicOp::create(
                 b, b.getF32Type(),
                 b.getStringAttr("llvm.nvvm.ex2.approx.ftz.f"), x)
          .getResult(0);
    };
    auto type = dyn_cast<VectorType>(op.getType());
    if (!type) {
      rewriter.replaceOp(op, compute(op.getOperand()));
      return success();
    }
    if (type.isScalable())
      return rewriter.notifyMatchFailure(op, "has an unknown length");
    Value result = op.getOperand();
    SmallVector<int64_t> unit(type.getRank(), 1);
    for (const SmallVector<int64_t> &at :
         StaticTileOffsetRange(type.getShape(), unit)) {
      Value element = vector::ExtractOp::create(b, op.getOperand(), at);
      result = vector::InsertOp::create(b, compute(element), result, at);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct LowerKernelMath
    : public mask::impl::MaskLowerKernelMathBase<LowerKernelMath> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(expand()) || (!spirv && failed(lowerExact())) ||
        failed(checkRest()))
      signalPassFailure();
  }

private:
  /// The exponential that the target has.
  StringRef getExponential() const {
    return nvvm ? math::Exp2Op::getOperationName()
                : math::ExpOp::getOperationName();
  }

  /// Whether the target computes it.
  bool isExact(Operation *op) const {
    return (!nvvm && op->getName().getStringRef() == getExponential()) ||
           (spirv &&
            isa<math::AbsFOp, math::CeilOp, math::CopySignOp, math::FloorOp,
                math::FmaOp, math::RoundEvenOp, math::SqrtOp, math::TruncOp,
                math::AbsIOp, math::CountLeadingZerosOp, math::IsFiniteOp,
                math::IsInfOp, math::IsNaNOp>(op));
  }
  LogicalResult expand();
  LogicalResult lowerExact();
  LogicalResult checkRest();
};

} // namespace

/// What is a formula of other functions becomes it, and what is a polynomial
/// becomes one.
LogicalResult LowerKernelMath::expand() {
  RewritePatternSet patterns(&getContext());
  if (nvvm)
    patterns.add<ExpToExp2>(&getContext());
  SmallVector<StringRef> formulas = {"sinh",  "cosh",  "tan",   "asinh",
                                     "acosh", "powf",  "fpowi", "atanh",
                                     "rsqrt", "round", "clampf"};
  if (!nvvm)
    formulas.push_back("exp2");
  math::populateExpansionPatterns(patterns, formulas);
  populateMathPolynomialApproximationPatterns(
      patterns, [&](StringRef name) { return name != getExponential(); });
  return applyPatternsGreedily(getOperation(), std::move(patterns));
}

/// What takes one instruction or a few of them on every processor becomes an
/// intrinsic of LLVM.
LogicalResult LowerKernelMath::lowerExact() {
  MLIRContext *context = &getContext();
  RewritePatternSet functions(context);
  functions.add<ToIntrinsic<math::AbsFOp>>(context, "llvm.fabs");
  functions.add<ToIntrinsic<math::CeilOp>>(context, "llvm.ceil");
  functions.add<ToIntrinsic<math::CopySignOp>>(context, "llvm.copysign");
  functions.add<ToIntrinsic<math::FloorOp>>(context, "llvm.floor");
  functions.add<ToIntrinsic<math::FmaOp>>(context, "llvm.fma");
  functions.add<ToIntrinsic<arith::MaxNumFOp>>(context, "llvm.maxnum");
  functions.add<ToIntrinsic<arith::MinNumFOp>>(context, "llvm.minnum");
  functions.add<ToIntrinsic<math::RoundEvenOp>>(context, "llvm.roundeven");
  functions.add<ToIntrinsic<math::SqrtOp>>(context, "llvm.sqrt");
  functions.add<ToIntrinsic<math::TruncOp>>(context, "llvm.trunc");
  if (nvvm)
    functions.add<Exp2ToNVVM>(context);
  if (failed(applyPatternsGreedily(getOperation(), std::move(functions))))
    return failure();
  LLVMTypeConverter converter(context);
  RewritePatternSet patterns(context);
  populateMathToLLVMConversionPatterns(converter, patterns);
  ConversionTarget target(*context);
  target.addLegalDialect<LLVM::LLVMDialect, arith::ArithDialect,
                         math::MathDialect>();
  target.addIllegalOp<math::AbsIOp, math::CountLeadingZerosOp,
                      math::CountTrailingZerosOp, math::CtPopOp,
                      math::IsFiniteOp, math::IsInfOp, math::IsNaNOp>();
  return applyPartialConversion(getOperation(), target, std::move(patterns));
}

/// Anything else would be a call of a library that kernels do not have.
LogicalResult LowerKernelMath::checkRest() {
  WalkResult result = getOperation()->walk([&](Operation *op) {
    // A remainder of floats is a function of libraries, too.
    if ((!isa_and_present<math::MathDialect>(op->getDialect()) &&
         !isa<arith::RemFOp>(op)) ||
        isExact(op))
      return WalkResult::advance();
    return WalkResult(op->emitError()
                      << "'" << op->getName()
                      << "' cannot be computed in a kernel: it has no "
                         "approximation for "
                      << op->getResult(0).getType());
  });
  return failure(result.wasInterrupted());
}
