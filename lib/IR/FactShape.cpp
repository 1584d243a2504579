//===- FactShape.cpp - shapes of what fact ops make -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/FactShape.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// The shape of the first operand.
static SmallVector<FactSize> getTokenShape(Operation *op) {
  SmallVector<FactSize> shape;
  int64_t rank = cast<ShapedType>(op->getOperand(0).getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim)
    shape.push_back({0, dim, 0});
  return shape;
}

SmallVector<FactSize> mlir::mask::getFactShape(Operation *op) {
  SmallVector<FactSize> shape = getTokenShape(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ItemIdsOp) { shape = {{0, 0, 0}, {1, 0, 0}}; })
      // Four columns.
      .Case<IntervalTableOp, RangeTableOp>(
          [&](auto) { shape.push_back({std::nullopt, 0, 4}); })
      // The count of all, the first and the last.
      .Case([&](CountTableOp) { shape.back().constant = 3; })
      // A flag per batch row; one if there is no batch.
      .Case([&](MonotoneTableOp) {
        shape.pop_back();
        if (shape.empty())
          shape.push_back({std::nullopt, 0, 1});
      });
  return shape;
}

/// The size, as far as the types tell it.
static std::optional<int64_t> getStaticSize(Operation *op, FactSize size) {
  if (!size.operand)
    return size.constant;
  auto type = dyn_cast<ShapedType>(op->getOperand(*size.operand).getType());
  if (!type || type.isDynamicDim(size.dim))
    return std::nullopt;
  return type.getDimSize(size.dim) + size.constant;
}

LogicalResult mlir::mask::verifyFactShape(Operation *op) {
  SmallVector<FactSize> shape = getFactShape(op);
  auto type = cast<ShapedType>(op->getResult(0).getType());
  if (type.getRank() != static_cast<int64_t>(shape.size()))
    return op->emitOpError() << "result must have rank " << shape.size()
                             << ", got " << type.getRank();
  for (auto [dim, size] : llvm::enumerate(shape)) {
    std::optional<int64_t> expected = getStaticSize(op, size);
    if (expected && !type.isDynamicDim(dim) &&
        type.getDimSize(dim) != *expected)
      return op->emitOpError() << "size " << dim << " of the result must be "
                               << *expected << ", got " << type.getDimSize(dim);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Reification
//===----------------------------------------------------------------------===//

static OpFoldResult reify(OpBuilder &builder, Operation *op, FactSize size) {
  OpFoldResult constant = builder.getIndexAttr(size.constant);
  if (!size.operand)
    return constant;
  Location loc = op->getLoc();
  Value operand = op->getOperand(*size.operand);
  OpFoldResult base =
      operand.getType().isIndex()
          ? OpFoldResult(operand)
          : tensor::getMixedSize(builder, loc, operand, size.dim);
  if (size.constant == 0)
    return base;
  if (std::optional<int64_t> number = getConstantIntValue(base))
    return builder.getIndexAttr(*number + size.constant);
  return arith::AddIOp::create(
             builder, loc, cast<Value>(base),
             getValueOrCreateConstantIndexOp(builder, loc, constant))
      .getResult();
}

static LogicalResult reifyFact(Operation *op, OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> &sizes = shapes.emplace_back();
  for (auto [dim, size] : llvm::enumerate(getFactShape(op)))
    sizes.push_back(type.isDynamicDim(dim)
                        ? reify(builder, op, size)
                        : builder.getIndexAttr(type.getDimSize(dim)));
  return success();
}

#define MASK_FACT_SHAPE(Op)                                                    \
  LogicalResult Op::reifyResultShapes(OpBuilder &builder,                      \
                                      ReifiedRankedShapedTypeDims &shapes) {   \
    return reifyFact(*this, builder, shapes);                                  \
  }
MASK_FACT_SHAPE(RunsOp)
MASK_FACT_SHAPE(ItemIdsOp)
MASK_FACT_SHAPE(DropLongOp)
MASK_FACT_SHAPE(PositionsOp)
MASK_FACT_SHAPE(IntervalTableOp)
MASK_FACT_SHAPE(CountTableOp)
MASK_FACT_SHAPE(MonotoneTableOp)
MASK_FACT_SHAPE(RangeTableOp)
#undef MASK_FACT_SHAPE
