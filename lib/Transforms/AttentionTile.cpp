//===- AttentionTile.cpp - one box of an attention's domain -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionTile.h"
#include "SafeValueBounds.h"

#include "Mask/IR/AttentionSizes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace mlir::mask;

using Folded = OpFoldResult;
using Bounds = SafeValueBounds;

AttentionBox mlir::mask::getWholeBox(OpBuilder &builder, Location loc,
                                     Value tensor) {
  SmallVector<Folded> sizes = tensor::getMixedSizes(builder, loc, tensor);
  return {SmallVector<Folded>(sizes.size(), builder.getIndexAttr(0)), sizes};
}

/// The input whose size is that of the dimension, and its dimension.
static std::pair<Value, int64_t> getInputDim(AttentionOp op, AttentionDim dim) {
  switch (dim) {
  case kColumn:
    return {op.getValue(), 3};
  case kKey:
    return {op.getKey(), 2};
  default:
    return {op.getQuery(), dim};
  }
}

/// The size of the dimension.
static Bounds::Variable getExtent(AttentionOp op, AttentionDim dim) {
  auto [input, inputDim] = getInputDim(op, dim);
  if (dim != kKey || !op.isPaged())
    return Bounds::Variable(input, inputDim);
  AffineExpr keys = getAffineDimExpr(0, op.getContext()) * *op.getPageSize();
  return Bounds::Variable(AffineMap::get(1, 0, keys),
                          Bounds::Variable(op.getKeyPages(), 1));
}

SmallVector<Folded> mlir::mask::getDomainSizes(OpBuilder &builder,
                                               AttentionOp op) {
  SmallVector<Folded> sizes;
  for (AttentionDim dim : kAttentionDims) {
    if (dim == kKey && op.isPaged()) {
      sizes.push_back(getNumKeys(builder, op));
      continue;
    }
    auto [input, inputDim] = getInputDim(op, dim);
    sizes.push_back(
        tensor::getMixedSize(builder, op.getLoc(), input, inputDim));
  }
  return sizes;
}

bool mlir::mask::isWhole(AttentionOp op, AttentionDim dim,
                         const AttentionBox &box) {
  if (!isConstantIntValue(box.offsets[dim], 0))
    return false;
  auto isSize = [&](const Bounds::Variable &extent) {
    return Bounds::areEqual(Bounds::Variable(box.sizes[dim]), extent);
  };
  if (isSize(getExtent(op, dim)))
    return true;
  // The tile of a consumer speaks of the output, unless that is replaced by
  // partial results of another rank.
  return dim < kOutputRank &&
         cast<ShapedType>(op.getOutput().getType()).getRank() == kOutputRank &&
         isSize(Bounds::Variable(op.getOutput(), dim));
}

Value mlir::mask::extractBox(OpBuilder &builder, Location loc, Value source,
                             const AttentionBox &box,
                             SmallVectorImpl<Operation *> &slices) {
  SmallVector<Folded> strides(box.offsets.size(), builder.getIndexAttr(1));
  auto op = tensor::ExtractSliceOp::create(builder, loc, source, box.offsets,
                                           box.sizes, strides);
  slices.push_back(op);
  return op;
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

static bool isMultipleOf(Folded value, int64_t factor);

/// Whether all results of the map are multiples of `factor`.
static bool isMultipleOf(AffineMap map, ValueRange operands, int64_t factor) {
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> dims, symbols;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    bool isDim = i < map.getNumDims();
    AffineExpr expr = isDim
                          ? getAffineDimExpr(i, context)
                          : getAffineSymbolExpr(i - map.getNumDims(), context);
    if (isMultipleOf(Folded(operand), factor))
      expr = expr * factor;
    (isDim ? dims : symbols).push_back(expr);
  }
  AffineMap scaled = map.replaceDimsAndSymbols(dims, symbols, map.getNumDims(),
                                               map.getNumSymbols());
  return llvm::all_of(scaled.getResults(), [&](AffineExpr expr) {
    return expr.isMultipleOf(factor);
  });
}

/// Whether `value` is proved to be a multiple of `factor`: what upstream tiling
/// makes of loops whose bounds and steps are.
static bool isMultipleOf(Folded value, int64_t factor) {
  if (factor == 1)
    return true;
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return *constant % factor == 0;
  auto number = dyn_cast<Value>(value);
  if (!number)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(number)) {
    auto loop =
        dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
    auto ivs = loop ? loop.getLoopInductionVars() : std::nullopt;
    auto lowers = loop ? loop.getLoopLowerBounds() : std::nullopt;
    auto steps = loop ? loop.getLoopSteps() : std::nullopt;
    if (!ivs || !lowers || !steps)
      return false;
    for (auto [iv, lower, step] : llvm::zip_equal(*ivs, *lowers, *steps))
      if (iv == number)
        return isMultipleOf(lower, factor) && isMultipleOf(step, factor);
    return false;
  }
  Operation *op = number.getDefiningOp();
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return isMultipleOf(apply.getMap(), apply.getOperands(), factor);
  if (auto min = dyn_cast<affine::AffineMinOp>(op))
    return isMultipleOf(min.getMap(), min.getOperands(), factor);
  if (auto max = dyn_cast<affine::AffineMaxOp>(op))
    return isMultipleOf(max.getMap(), max.getOperands(), factor);
  return false;
}

/// The head of `key` that one query head reads. A group that is known only at
/// run time is divided where the head exists: without heads it may be zero.
static Folded getKeyHead(OpBuilder &builder, AttentionOp op, Folded head,
                         std::optional<int64_t> group) {
  Location loc = op.getLoc();
  if (group)
    return affine::makeComposedFoldedAffineApply(
        builder, loc, builder.getAffineDimExpr(0).floorDiv(*group), {head});
  auto count = [&](Value data) {
    return getValueOrCreateConstantIndexOp(
        builder, loc, tensor::getMixedSize(builder, loc, data, kHead));
  };
  Value size = arith::DivUIOp::create(builder, loc, count(op.getQuery()),
                                      count(op.getKey()));
  Value index = getValueOrCreateConstantIndexOp(builder, loc, head);
  return arith::DivUIOp::create(builder, loc, index, size).getResult();
}

/// Restricts `key` to the heads that the query heads of `box` read.
static LogicalResult sliceKeyHeads(OpBuilder &builder, AttentionOp op,
                                   const AttentionBox &box, AttentionBox &key) {
  if (isWhole(op, kHead, box))
    return success();
  Folded offset = box.offsets[kHead], size = box.sizes[kHead];
  int64_t heads = cast<ShapedType>(op.getQuery().getType()).getDimSize(kHead);
  int64_t keyHeads = cast<ShapedType>(op.getKey().getType()).getDimSize(kHead);
  std::optional<int64_t> group;
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(keyHeads))
    group = heads / keyHeads;
  if (isConstantIntValue(size, 1)) {
    key.offsets[kHead] = getKeyHead(builder, op, offset, group);
    key.sizes[kHead] = size;
    return success();
  }
  if (!group)
    return op.emitOpError() << "tiling heads by more than 1 needs static head "
                               "counts to know the groups";
  auto refuse = [&] {
    return op.emitOpError() << "heads are tiled by 1 or by multiples of the "
                            << *group << " heads of a group, got ";
  };
  if (!isMultipleOf(size, *group)) {
    std::optional<int64_t> count = getConstantIntValue(size);
    return refuse() << (count ? std::to_string(*count)
                              : "a tile whose size may be no multiple");
  }
  if (!isMultipleOf(offset, *group))
    return refuse() << "a tile that may start inside of a group";
  key.offsets[kHead] = getKeyHead(builder, op, offset, group);
  key.sizes[kHead] = affine::makeComposedFoldedAffineApply(
      builder, op.getLoc(), builder.getAffineDimExpr(0).floorDiv(*group),
      {size});
  return success();
}

//===----------------------------------------------------------------------===//
// The attention of a box
//===----------------------------------------------------------------------===//

/// The origin of the box.
static SmallVector<Value> moveOrigin(OpBuilder &builder, AttentionOp op,
                                     const AttentionBox &box) {
  Location loc = op.getLoc();
  SmallVector<Folded> moved(4, builder.getIndexAttr(0));
  for (auto [i, coordinate] : llvm::enumerate(op.getOrigin()))
    moved[i] = coordinate;
  AffineExpr sum = builder.getAffineDimExpr(0) + builder.getAffineDimExpr(1);
  constexpr AttentionDim dims[] = {kBatch, kHead, kQuery, kKey};
  for (auto [i, dim] : llvm::enumerate(dims))
    moved[i] = affine::makeComposedFoldedAffineApply(
        builder, loc, sum, {moved[i], box.offsets[dim]});
  return getValueOrCreateConstantIndexOp(builder, loc, moved);
}

FailureOr<AttentionOp>
mlir::mask::tileAttention(OpBuilder &builder, AttentionOp op,
                          const AttentionBox &box, ValueRange outputs,
                          SmallVectorImpl<Operation *> &slices) {
  Location loc = op.getLoc();
  AttentionBox query = getWholeBox(builder, loc, op.getQuery()),
               key = getWholeBox(builder, loc, op.getKey()),
               value = getWholeBox(builder, loc, op.getValue());
  auto take = [&](AttentionBox &operand, unsigned dim, unsigned from) {
    operand.offsets[dim] = box.offsets[from];
    operand.sizes[dim] = box.sizes[from];
  };
  for (unsigned dim : {kBatch, kHead, kQuery})
    take(query, dim, dim);
  // The pool is shared by the batch, and its pages are never split.
  if (!op.isPaged()) {
    take(key, kBatch, kBatch);
    take(key, 2, kKey);
  }
  if (failed(sliceKeyHeads(builder, op, box, key)))
    return failure();
  for (unsigned dim = 0; dim < 3; ++dim) {
    value.offsets[dim] = key.offsets[dim];
    value.sizes[dim] = key.sizes[dim];
  }
  take(value, 3, kColumn);

  SmallVector<Value> data = {
      extractBox(builder, loc, op.getQuery(), query, slices),
      extractBox(builder, loc, op.getKey(), key, slices),
      extractBox(builder, loc, op.getValue(), value, slices)};
  Value pages = op.getKeyPages();
  if (pages) {
    AttentionBox rows = getWholeBox(builder, loc, pages);
    take(rows, kBatch, kBatch);
    pages = extractBox(builder, loc, pages, rows, slices);
  }
  Value sinks = op.getSinks();
  if (sinks)
    sinks = extractBox(builder, loc, sinks,
                       {{box.offsets[kHead]}, {box.sizes[kHead]}}, slices);
  SmallVector<Value> origin = moveOrigin(builder, op, box);
  IRMapping mapping;

  auto tiled = cast<AttentionOp>(
      cloneWithoutRegions(builder, op, TypeRange(outputs), op->getOperands()));
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), tiled->getRegions()))
    from.cloneInto(&to, mapping);
  tiled.getQueryMutable().set(data[0]);
  tiled.getKeyMutable().set(data[1]);
  tiled.getValueMutable().set(data[2]);
  tiled.getOutputsMutable().assign(outputs);
  if (pages)
    tiled.getKeyPagesMutable().assign(pages);
  if (sinks)
    tiled.getSinksMutable().assign(sinks);
  tiled.getOriginMutable().assign(origin);
  return tiled;
}
