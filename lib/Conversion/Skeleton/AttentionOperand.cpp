//===- AttentionOperand.cpp - the arrays of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionOperand.h"

#include "Mask/IR/AttentionSizes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

SmallVector<Value> AttentionOperand::locate(ImplicitLocOpBuilder &b, Value row,
                                            Value column) const {
  if (!pages)
    return {batch, head, row, column};
  Value offset = memref::LoadOp::create(
      b, pages->offsets, b.createOrFold<arith::SubIOp>(row, pages->first));
  return {arith::IndexCastOp::create(b, b.getIndexType(), offset), column};
}

Value AttentionOperand::load(ImplicitLocOpBuilder &b, Value row,
                             Value column) const {
  Value element = memref::LoadOp::create(b, getArray(), locate(b, row, column));
  if (element.getType().getIntOrFloatBitWidth() >= 32)
    return element;
  return arith::ExtFOp::create(b, b.getF32Type(), element);
}

void AttentionOperand::store(ImplicitLocOpBuilder &b, Value element, Value row,
                             Value column) const {
  Type type = cast<MemRefType>(memref.getType()).getElementType();
  if (element.getType() != type)
    element = arith::TruncFOp::create(b, type, element);
  memref::StoreOp::create(b, element, getArray(), locate(b, row, column));
}

Value AttentionOperand::view(ImplicitLocOpBuilder &b, Value row, Value column,
                             OpFoldResult rows, OpFoldResult columns) const {
  return emitView(b, memref, {batch, head}, row, column, rows, columns);
}

Value mlir::mask::emitView(ImplicitLocOpBuilder &b, Value array,
                           ArrayRef<Value> leading, Value row, Value column,
                           OpFoldResult rows, OpFoldResult columns) {
  SmallVector<OpFoldResult> offsets = getAsOpFoldResult(leading),
                            sizes(leading.size(), b.getIndexAttr(1));
  offsets.append({getAsOpFoldResult(row), getAsOpFoldResult(column)});
  sizes.append({rows, columns});
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (OpFoldResult size : {rows, columns})
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  MemRefType type = memref::SubViewOp::inferRankReducedResultType(
      shape, cast<MemRefType>(array.getType()), offsets, sizes, strides);
  return memref::SubViewOp::create(b, type, array, offsets, sizes, strides);
}

Value AttentionOperand::getSize(ImplicitLocOpBuilder &b, int64_t dim) const {
  return b.createOrFold<memref::DimOp>(memref, dim);
}

Value mlir::mask::emitNumKeys(ImplicitLocOpBuilder &b, AttentionOp op) {
  return getValueOrCreateConstantIndexOp(b, b.getLoc(), getNumKeys(b, op));
}

Value mlir::mask::emitScale(ImplicitLocOpBuilder &b, AttentionOp op,
                            FloatType type) {
  if (Value scale = op.getScale()) {
    if (type.isF32())
      return scale;
    return arith::ExtFOp::create(b, type, scale);
  }
  int64_t size = cast<ShapedType>(op.getQuery().getType()).getDimSize(3);
  if (!ShapedType::isDynamic(size))
    return arith::ConstantOp::create(
        b, b.getFloatAttr(type, 1 / std::sqrt(static_cast<double>(size))));
  Value columns = b.createOrFold<memref::DimOp>(op.getQuery(), 3);
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(), columns);
  Value number = arith::SIToFPOp::create(b, type, integer);
  Value one = arith::ConstantOp::create(b, b.getFloatAttr(type, 1));
  return arith::DivFOp::create(b, one, math::SqrtOp::create(b, number));
}
