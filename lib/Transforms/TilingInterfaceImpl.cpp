//===- TilingInterfaceImpl.cpp - tiling of mask.attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/TilingInterfaceImpl.h"

#include "AttentionTile.h"
#include "PartialReduction.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::mask;

using Folded = OpFoldResult;

namespace {

struct AttentionTiling
    : TilingInterface::ExternalModel<AttentionTiling, AttentionOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *) const {
    SmallVector<utils::IteratorType> types;
    for (AttentionDim dim : kAttentionDims)
      types.push_back(dim == kKey ? utils::IteratorType::reduction
                                  : utils::IteratorType::parallel);
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op,
                                        OpBuilder &builder) const {
    SmallVector<Range> domain;
    auto attention = cast<AttentionOp>(op);
    if (!attention.hasPureTensorSemantics())
      return domain;
    for (Folded size : getDomainSizes(builder, attention))
      domain.push_back(
          {builder.getIndexAttr(0), size, builder.getIndexAttr(1)});
    return domain;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op,
                                                 OpBuilder &builder,
                                                 ArrayRef<Folded> offsets,
                                                 ArrayRef<Folded> sizes) const {
    auto attention = cast<AttentionOp>(op);
    if (!attention.hasPureTensorSemantics())
      return op->emitOpError() << "is tiled on tensors only";
    AttentionBox box{llvm::to_vector(offsets), llvm::to_vector(sizes)};
    if (!isWhole(attention, kKey, box))
      return op->emitOpError()
             << "keys are tiled by partial reductions only "
                "(tile_reduction_using_forall): a tile of keys would overwrite "
                "what the tiles before it added to the output";
    if (attention.getLogSumExp() && !isWhole(attention, kColumn, box))
      return op->emitOpError() << "with a log-sum-exp cannot be tiled by value "
                                  "columns: every tile would write all of it";

    SmallVector<Operation *> slices;
    SmallVector<Value> outputs;
    for (auto [i, output] : llvm::enumerate(attention.getOutputs()))
      outputs.push_back(extractBox(
          builder, op->getLoc(), output,
          box.takeFront(i == 0 ? kOutputRank : kLogSumExpRank), slices));
    FailureOr<AttentionOp> tiled =
        tileAttention(builder, attention, box, outputs, slices);
    if (failed(tiled))
      return failure();
    return TilingResult{
        {*tiled}, SmallVector<Value>((*tiled)->getResults()), slices};
  }

  LogicalResult getResultTilePosition(Operation *, OpBuilder &, unsigned result,
                                      ArrayRef<Folded> offsets,
                                      ArrayRef<Folded> sizes,
                                      SmallVector<Folded> &resultOffsets,
                                      SmallVector<Folded> &resultSizes) const {
    unsigned rank = result == 0 ? kOutputRank : kLogSumExpRank;
    resultOffsets = llvm::to_vector(offsets.take_front(rank));
    resultSizes = llvm::to_vector(sizes.take_front(rank));
    return success();
  }

  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &builder, unsigned,
      ArrayRef<Folded> resultOffsets, ArrayRef<Folded> resultSizes,
      SmallVectorImpl<Folded> &offsets, SmallVectorImpl<Folded> &sizes) const {
    llvm::append_range(offsets, resultOffsets);
    llvm::append_range(sizes, resultSizes);
    // A tile of the log-sum-exp says nothing of the columns, and none of the
    // keys.
    SmallVector<Range> domain = getIterationDomain(op, builder);
    for (const Range &range : ArrayRef(domain).drop_front(offsets.size())) {
      offsets.push_back(range.offset);
      sizes.push_back(range.size);
    }
    return success();
  }

  /// Lets a consumer's tile pull the attention into its loop.
  FailureOr<TilingResult>
  generateResultTileValue(Operation *op, OpBuilder &builder, unsigned result,
                          ArrayRef<Folded> resultOffsets,
                          ArrayRef<Folded> resultSizes) const {
    SmallVector<Folded> offsets, sizes;
    if (failed(getIterationDomainTileFromResultTile(
            op, builder, result, resultOffsets, resultSizes, offsets, sizes)))
      return failure();
    FailureOr<TilingResult> tiled =
        getTiledImplementation(op, builder, offsets, sizes);
    if (failed(tiled))
      return failure();
    return TilingResult{
        tiled->tiledOps, {tiled->tiledValues[result]}, tiled->generatedSlices};
  }
};

} // namespace

void mlir::mask::registerTilingInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MaskDialect *) {
    AttentionOp::attachInterface<AttentionTiling>(*context);
    attachPartialReduction(*context);
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         linalg::LinalgDialect, math::MathDialect,
                         tensor::TensorDialect>();
  });
}
