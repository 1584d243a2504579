//===- PartialReduction.cpp - attention split by keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PartialReduction.h"

#include "AttentionTile.h"
#include "MergePartials.h"
#include "SafeValueBounds.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::mask;

using Folded = OpFoldResult;
using Bounds = SafeValueBounds;

/// The box of one split in a partial result: the splits come first, so that
/// what one split writes lies together.
static AttentionBox getSplitBox(OpBuilder &builder, Folded split,
                                const AttentionBox &box, unsigned rank) {
  AttentionBox result = box.takeFront(rank);
  result.offsets.insert(result.offsets.begin(), split);
  result.sizes.insert(result.sizes.begin(), builder.getIndexAttr(1));
  return result;
}

/// A destination for one split, without the dimension of the splits.
static Value extractSplit(OpBuilder &builder, Location loc, Value partial,
                          const AttentionBox &box,
                          SmallVectorImpl<Operation *> &slices) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(ArrayRef(box.sizes).drop_front(), dynamic, shape);
  auto type =
      RankedTensorType::get(shape, getElementTypeOrSelf(partial.getType()));
  SmallVector<Folded> strides(box.offsets.size(), builder.getIndexAttr(1));
  auto op = tensor::ExtractSliceOp::create(builder, loc, type, partial,
                                           box.offsets, box.sizes, strides);
  slices.push_back(op);
  return op;
}

/// The first key of a split, never behind the last key: splits by a number of
/// threads that is too high are empty, and start at the end.
static Folded clampToKeys(OpBuilder &builder, AttentionOp op, Folded offset) {
  if (Bounds::compare(Bounds::Variable(offset), ValueBoundsConstraintSet::LE,
                      Bounds::Variable(op.getKey(), 2)))
    return offset;
  Location loc = op.getLoc();
  return affine::makeComposedFoldedAffineMin(
      builder, loc, builder.getMultiDimIdentityMap(2),
      {offset, tensor::getMixedSize(builder, loc, op.getKey(), 2)});
}

namespace {

struct AttentionPartialReduction
    : PartialReductionOpInterface::ExternalModel<AttentionPartialReduction,
                                                 AttentionOp> {
  /// No key seen: an output of zero and a log-sum-exp of minus infinity.
  FailureOr<SmallVector<Value>>
  generateInitialTensorForPartialReduction(Operation *op, OpBuilder &builder,
                                           Location loc, ArrayRef<Folded> sizes,
                                           const SetVector<unsigned> &) const {
    auto attention = cast<AttentionOp>(op);
    Type element = getElementTypeOrSelf(attention.getOutput().getType());
    if (!attention.hasPureTensorSemantics())
      return op->emitOpError() << "is tiled on tensors only";
    if (attention.isPaged())
      return op->emitOpError() << "reads its keys through pages, and is not "
                                  "split by keys";
    if (!element.isF32())
      return op->emitOpError() << "keys are split for f32 only: partial "
                                  "results of "
                               << element
                               << " would be rounded before they "
                                  "are merged";
    SmallVector<Folded> shape = {sizes[kKey]};
    llvm::append_range(shape, sizes.take_front(kOutputRank));
    auto filled = [&](ArrayRef<Folded> shape, const APFloat &number) {
      Value empty = tensor::EmptyOp::create(builder, loc, shape, element);
      Value constant = arith::ConstantOp::create(
          builder, loc, builder.getFloatAttr(element, number));
      return linalg::FillOp::create(builder, loc, constant, empty).getResult(0);
    };
    const llvm::fltSemantics &semantics = APFloat::IEEEsingle();
    return SmallVector<Value>{
        filled(shape, APFloat::getZero(semantics)),
        filled(ArrayRef(shape).drop_back(),
               APFloat::getInf(semantics, /*Negative=*/true))};
  }

  FailureOr<TilingResult>
  tileToPartialReduction(Operation *op, OpBuilder &builder, Location loc,
                         ReductionTilingStrategy strategy, ValueRange init,
                         ArrayRef<Folded> offsets, ArrayRef<Folded> sizes,
                         const SetVector<unsigned> &,
                         ArrayRef<Folded> splitIvs) const {
    if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel)
      return op->emitOpError()
             << "keys are split into parallel parts only "
                "(tile_reduction_using_forall): a partial result for each key "
                "of a tile would be larger than the scores";
    auto attention = cast<AttentionOp>(op);
    AttentionBox box{llvm::to_vector(offsets), llvm::to_vector(sizes)};
    box.offsets[kKey] = clampToKeys(builder, attention, offsets[kKey]);
    SmallVector<Operation *> slices;
    auto destination = [&](Value partial, unsigned rank) {
      AttentionBox split = getSplitBox(builder, splitIvs.front(), box, rank);
      return extractSplit(builder, loc, partial, split, slices);
    };
    SmallVector<Value> outputs = {destination(init[0], kOutputRank),
                                  destination(init[1], kLogSumExpRank)};
    FailureOr<AttentionOp> tiled =
        tileAttention(builder, attention, box, outputs, slices);
    if (failed(tiled))
      return failure();
    // They join the denominator once, when the splits are merged.
    tiled->getSinksMutable().clear();
    return TilingResult{
        {*tiled}, SmallVector<Value>((*tiled)->getResults()), slices};
  }

  LogicalResult getPartialResultTilePosition(
      Operation *, OpBuilder &builder, unsigned result, ReductionTilingStrategy,
      ArrayRef<Folded> offsets, ArrayRef<Folded> sizes,
      const SetVector<unsigned> &, ArrayRef<Folded> splitIvs,
      SmallVector<Folded> &resultOffsets,
      SmallVector<Folded> &resultSizes) const {
    AttentionBox box{llvm::to_vector(offsets), llvm::to_vector(sizes)};
    box = getSplitBox(builder, splitIvs.front(), box,
                      result == 0 ? kOutputRank : kLogSumExpRank);
    resultOffsets = std::move(box.offsets);
    resultSizes = std::move(box.sizes);
    return success();
  }

  FailureOr<MergeResult> mergeReductions(Operation *op, OpBuilder &builder,
                                         Location loc, ValueRange partials,
                                         const SetVector<unsigned> &) const {
    return mergePartials(builder, loc, cast<AttentionOp>(op), partials[0],
                         partials[1]);
  }
};

} // namespace

void mlir::mask::attachPartialReduction(MLIRContext &context) {
  AttentionOp::attachInterface<AttentionPartialReduction>(context);
}
