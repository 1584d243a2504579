//===- BufferizeStrided.cpp - tensors to memrefs with strides -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKBUFFERIZESTRIDED
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

/// Columns lie side by side, everything else at distances of the call.
static MemRefLayoutAttrInterface getStridedLayout(MLIRContext *context) {
  constexpr int64_t kAny = ShapedType::kDynamic;
  return StridedLayoutAttr::get(context, kAny, {kAny, kAny, kAny, 1});
}

/// The type of an argument or result of a function.
static bufferization::BufferLikeType
convertBoundary(bufferization::TensorLikeType tensor, Attribute space,
                func::FuncOp, const bufferization::BufferizationOptions &) {
  auto type = dyn_cast<RankedTensorType>(tensor);
  if (!type || type.getRank() != 4 || !isa<FloatType>(type.getElementType()))
    return cast<bufferization::BufferLikeType>(
        bufferization::getMemRefTypeWithStaticIdentityLayout(
            cast<TensorType>(tensor), space));
  return cast<bufferization::BufferLikeType>(
      MemRefType::get(type.getShape(), type.getElementType(),
                      getStridedLayout(type.getContext()), space));
}

namespace {
struct BufferizeStridedPass
    : public mask::impl::MaskBufferizeStridedBase<BufferizeStridedPass> {
  void runOnOperation() override {
    bufferization::OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = true;
    options.functionArgTypeConverterFn = convertBoundary;
    options.inferFunctionResultLayout = false;
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotModuleBufferize(getOperation(), options,
                                                        state)))
      signalPassFailure();
  }
};
} // namespace
