//===- Workspace.cpp - scratch memory of one tile -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Workspace.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr int64_t kCacheLine = 64;

static Value emit(ImplicitLocOpBuilder &b, AffineExpr expr,
                  ArrayRef<OpFoldResult> operands) {
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), AffineMap::get(operands.size(), 0, expr), operands));
}

Workspace::Workspace(ImplicitLocOpBuilder &builder)
    : b(builder), end(builder.getAffineConstantExpr(0)) {
  Value unknown = arith::ConstantIndexOp::create(b, 0);
  buffer = memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      ValueRange(unknown), b.getI64IntegerAttr(kCacheLine));
}

Value Workspace::allot(AffineExpr bytes) {
  Value start = emit(b, end, operands);
  end = end + bytes.ceilDiv(kCacheLine) * kCacheLine;
  return start;
}

Value Workspace::take(OpFoldResult rows, int64_t columns, Type element) {
  int64_t width = columns * element.getIntOrFloatBitWidth() / 8;
  AffineExpr count;
  SmallVector<Value> sizes;
  std::optional<int64_t> constant = getConstantIntValue(rows);
  if (constant) {
    count = b.getAffineConstantExpr(*constant);
  } else {
    count = b.getAffineDimExpr(operands.size());
    sizes.push_back(cast<Value>(rows));
  }
  Value start = allot(count * width);
  if (!constant)
    operands.push_back(rows);
  auto type = MemRefType::get(
      {constant.value_or(ShapedType::kDynamic), columns}, element);
  return memref::ViewOp::create(b, type, buffer, start, sizes);
}

Value Workspace::take(int64_t columns, Type element) {
  int64_t width = columns * element.getIntOrFloatBitWidth() / 8;
  Value start = allot(b.getAffineConstantExpr(width));
  return memref::ViewOp::create(b, MemRefType::get(columns, element), buffer,
                                start, ValueRange());
}

void Workspace::free() {
  memref::DeallocOp::create(b, buffer);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(buffer);
  buffer.getDynamicSizesMutable().assign(emit(b, end, operands));
}
