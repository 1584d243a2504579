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

Value Workspace::take(ArrayRef<OpFoldResult> shape, Type element) {
  AffineExpr bytes =
      b.getAffineConstantExpr(element.getIntOrFloatBitWidth() / 8);
  SmallVector<int64_t> extents;
  SmallVector<Value> sizes;
  for (OpFoldResult extent : shape) {
    std::optional<int64_t> constant = getConstantIntValue(extent);
    extents.push_back(constant.value_or(ShapedType::kDynamic));
    if (constant) {
      bytes = bytes * *constant;
      continue;
    }
    sizes.push_back(cast<Value>(extent));
    bytes = b.getAffineDimExpr(operands.size()) * bytes;
  }
  Value start = allot(bytes);
  llvm::append_range(operands, sizes);
  return memref::ViewOp::create(b, MemRefType::get(extents, element), buffer,
                                start, sizes);
}

Value Workspace::take(int64_t count, Type element) {
  return take(OpFoldResult(b.getIndexAttr(count)), element);
}

void Workspace::free() {
  memref::DeallocOp::create(b, buffer);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(buffer);
  buffer.getDynamicSizesMutable().assign(emit(b, end, operands));
}
