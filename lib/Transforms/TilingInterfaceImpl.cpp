//===- TilingInterfaceImpl.cpp - tiling of mask.attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/TilingInterfaceImpl.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::mask;

/// The dimensions of the iteration domain; those of the output too.
enum { kBatch, kHead, kQuery, kValue, kNumDims };

namespace {

using Folded = OpFoldResult;

/// A box in the coordinates of one operand.
struct Slice {
  SmallVector<Folded> offsets, sizes;
};

} // namespace

static Value extract(OpBuilder &builder, Location loc, Value source,
                     const Slice &slice, SmallVectorImpl<Operation *> &slices) {
  SmallVector<Folded> strides(slice.offsets.size(), builder.getIndexAttr(1));
  auto op = tensor::ExtractSliceOp::create(builder, loc, source, slice.offsets,
                                           slice.sizes, strides);
  slices.push_back(op);
  return op;
}

/// Whether the tile spans the dimension `dim` of the output.
static bool isWhole(AttentionOp op, unsigned dim, Folded offset, Folded size) {
  if (!isConstantIntValue(offset, 0))
    return false;
  using Bounds = ValueBoundsConstraintSet;
  FailureOr<bool> equal = Bounds::areEqual(
      Bounds::Variable(size), Bounds::Variable(op.getOutput(), dim));
  return succeeded(equal) && *equal;
}

/// The key heads that the query heads `[offset, offset + size)` read.
static LogicalResult sliceKeyHeads(OpBuilder &builder, AttentionOp op,
                                   Folded offset, Folded size, Slice &slice) {
  if (isWhole(op, kHead, offset, size))
    return success();
  int64_t heads = cast<ShapedType>(op.getQuery().getType()).getDimSize(1);
  int64_t keyHeads = cast<ShapedType>(op.getKey().getType()).getDimSize(1);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(keyHeads))
    return op.emitOpError()
           << "tiling heads needs static head counts to know the groups";
  int64_t group = heads / keyHeads;
  std::optional<int64_t> count = getConstantIntValue(size);
  if (!count || (*count != 1 && *count % group))
    return op.emitOpError() << "heads are tiled by 1 or by multiples of the "
                            << group << " heads of a group, got "
                            << (count ? std::to_string(*count)
                                      : "a tile whose "
                                        "size varies");
  AffineExpr head = builder.getAffineDimExpr(0);
  slice.offsets[kHead] = affine::makeComposedFoldedAffineApply(
      builder, op.getLoc(), head.floorDiv(group), {offset});
  slice.sizes[kHead] = builder.getIndexAttr(*count == 1 ? 1 : *count / group);
  return success();
}

/// The origin of the tile.
static SmallVector<Value> moveOrigin(OpBuilder &builder, AttentionOp op,
                                     ArrayRef<Folded> offsets) {
  Location loc = op.getLoc();
  SmallVector<Folded> moved(4, builder.getIndexAttr(0));
  for (auto [i, coordinate] : llvm::enumerate(op.getOrigin()))
    moved[i] = coordinate;
  AffineExpr sum = builder.getAffineDimExpr(0) + builder.getAffineDimExpr(1);
  for (unsigned dim : {kBatch, kHead, kQuery})
    moved[dim] = affine::makeComposedFoldedAffineApply(
        builder, loc, sum, {moved[dim], offsets[dim]});
  return getValueOrCreateConstantIndexOp(builder, loc, moved);
}

namespace {

struct AttentionTiling
    : TilingInterface::ExternalModel<AttentionTiling, AttentionOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *) const {
    return SmallVector<utils::IteratorType>(kNumDims,
                                            utils::IteratorType::parallel);
  }

  SmallVector<Range> getIterationDomain(Operation *op,
                                        OpBuilder &builder) const {
    SmallVector<Range> domain;
    Value output = cast<AttentionOp>(op).getOutput();
    if (!isa<TensorType>(output.getType()))
      return domain;
    for (Folded size : tensor::getMixedSizes(builder, op->getLoc(), output))
      domain.push_back(
          {builder.getIndexAttr(0), size, builder.getIndexAttr(1)});
    return domain;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op,
                                                 OpBuilder &builder,
                                                 ArrayRef<Folded> offsets,
                                                 ArrayRef<Folded> sizes) const {
    auto attention = cast<AttentionOp>(op);
    Location loc = op->getLoc();
    if (!attention.hasPureTensorSemantics())
      return op->emitOpError() << "is tiled on tensors only";
    if (attention.getLogSumExp() &&
        !isWhole(attention, kValue, offsets[kValue], sizes[kValue]))
      return op->emitOpError() << "with a log-sum-exp cannot be tiled by value "
                                  "columns: every tile would write all of it";

    Folded zero = builder.getIndexAttr(0);
    auto whole = [&](Value operand) {
      SmallVector<Folded> all = tensor::getMixedSizes(builder, loc, operand);
      return Slice{SmallVector<Folded>(all.size(), zero), all};
    };
    auto take = [&](Slice &slice, unsigned from, unsigned to) {
      slice.offsets[to] = offsets[from];
      slice.sizes[to] = sizes[from];
    };
    Slice query = whole(attention.getQuery()), key = whole(attention.getKey()),
          value = whole(attention.getValue());
    for (unsigned dim : {kBatch, kHead, kQuery})
      take(query, dim, dim);
    take(key, kBatch, kBatch);
    if (failed(sliceKeyHeads(builder, attention, offsets[kHead], sizes[kHead],
                             key)))
      return failure();
    for (unsigned dim : {kBatch, kHead}) {
      value.offsets[dim] = key.offsets[dim];
      value.sizes[dim] = key.sizes[dim];
    }
    take(value, kValue, 3);

    SmallVector<Operation *> slices;
    auto tiled = cast<AttentionOp>(builder.clone(*op));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(tiled);
    auto replace = [&](OpOperand &operand, const Slice &slice) {
      operand.set(extract(builder, loc, operand.get(), slice, slices));
    };
    replace(tiled.getQueryMutable(), query);
    replace(tiled.getKeyMutable(), key);
    replace(tiled.getValueMutable(), value);
    if (tiled.getSinks())
      tiled.getSinksMutable().assign(extract(builder, loc, tiled.getSinks(),
                                             {{offsets[kHead]}, {sizes[kHead]}},
                                             slices));
    for (auto [i, output] : llvm::enumerate(tiled.getOutputsMutable())) {
      // The output has all dimensions, the log-sum-exp the first three.
      unsigned rank = i == 0 ? kNumDims : kValue;
      replace(output, {llvm::to_vector(offsets.take_front(rank)),
                       llvm::to_vector(sizes.take_front(rank))});
      tiled->getResult(i).setType(output.get().getType());
    }
    tiled.getOriginMutable().assign(moveOrigin(builder, attention, offsets));
    return TilingResult{
        {tiled}, SmallVector<Value>(tiled->getResults()), slices};
  }

  LogicalResult getResultTilePosition(Operation *, OpBuilder &, unsigned result,
                                      ArrayRef<Folded> offsets,
                                      ArrayRef<Folded> sizes,
                                      SmallVector<Folded> &resultOffsets,
                                      SmallVector<Folded> &resultSizes) const {
    unsigned rank = result == 0 ? kNumDims : kValue;
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
    // A tile of the log-sum-exp says nothing of the value columns.
    if (offsets.size() == kValue) {
      offsets.push_back(builder.getIndexAttr(0));
      sizes.push_back(tensor::getMixedSize(
          builder, op->getLoc(), cast<AttentionOp>(op).getOutput(), kValue));
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
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         tensor::TensorDialect>();
  });
}
