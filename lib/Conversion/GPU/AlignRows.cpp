//===- AlignRows.cpp - arrays whose rows can be copied in chunks -*- C++ -*-==//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AlignRows.h"

#include "WorkgroupEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

/// Threads of a workgroup, each of which copies an element.
static constexpr int64_t kThreads = 256;
static constexpr int64_t kBytes = 16;

static Value index(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

static int64_t getElementBytes(MemRefType type) {
  return type.getElementTypeBitWidth() / 8;
}

Value mlir::mask::hasAlignedRows(ImplicitLocOpBuilder &b, Value array,
                                 int64_t bytes) {
  auto type = cast<MemRefType>(array.getType());
  int64_t size = getElementBytes(type);
  auto [strides, offset] = type.getStridesAndOffset();
  if (type.getDimSize(3) * size % bytes || strides.back() != 1)
    return Value();
  // All that must be a multiple, in one number.
  Value all = memref::ExtractAlignedPointerAsIndexOp::create(b, array);
  auto require = [&](Value elements) {
    Value scaled = b.createOrFold<arith::MulIOp>(elements, index(b, size));
    all = b.createOrFold<arith::OrIOp>(all, scaled);
  };
  // Rows that lie side by side have a width that was looked at.
  if (!type.getLayout().isIdentity()) {
    auto data = memref::ExtractStridedMetadataOp::create(b, array);
    require(data.getOffset());
    for (Value stride : data.getStrides().drop_back())
      require(stride);
  }
  Value rest = arith::RemUIOp::create(b, all, index(b, bytes));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, index(b, 0));
}

void AlignedRows::emitCopy(Value array, Value copy, Value batches) {
  auto multiply = [&](Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(x, y);
  };
  auto type = cast<MemRefType>(copy.getType());
  Value heads = b.createOrFold<memref::DimOp>(array, 1),
        rows = b.createOrFold<memref::DimOp>(array, 2),
        columns = index(b, type.getDimSize(3));
  Value total = multiply(multiply(multiply(batches, heads), rows), columns);
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(total, index(b, kThreads));
  OpBuilder::InsertionGuard guard(b);
  gpu::LaunchOp launch = createLaunch(b, op, blocks, kThreads, "_align");
  Value position = arith::AddIOp::create(
      b, multiply(launch.getBlockIds().x, index(b, kThreads)),
      launch.getThreadIds().x);
  Value exists =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, position, total);
  auto body = scf::IfOp::create(b, exists, /*withElseRegion=*/false);
  b.setInsertionPointToStart(body.thenBlock());
  SmallVector<Value> at(4);
  for (auto [dim, extent] : {std::pair{3, columns}, {2, rows}, {1, heads}}) {
    at[dim] = arith::RemUIOp::create(b, position, extent);
    position = arith::DivUIOp::create(b, position, extent);
  }
  at[0] = position;
  Value element;
  int64_t width = cast<MemRefType>(array.getType()).getDimSize(3);
  if (width == type.getDimSize(3)) {
    element = memref::LoadOp::create(b, array, at);
  } else {
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, at[3],
                                         index(b, width));
    auto branch = scf::IfOp::create(b, type.getElementType(), inside,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value loaded = memref::LoadOp::create(b, array, at);
    scf::YieldOp::create(b, loaded);
    b.setInsertionPointToStart(branch.elseBlock());
    Value zero = arith::ConstantOp::create(
        b, cast<TypedAttr>(b.getZeroAttr(type.getElementType())));
    scf::YieldOp::create(b, zero);
    element = branch.getResult(0);
  }
  memref::StoreOp::create(b, element, copy, at);
}

Value AlignedRows::align(Value array) {
  auto [entry, isNew] = aligned.try_emplace(array);
  if (!isNew)
    return entry->second;
  auto type = cast<MemRefType>(array.getType());
  Value isAligned = hasAlignedRows(b, array, kBytes);
  Value batches = b.createOrFold<memref::DimOp>(array, 0);
  if (isAligned)
    batches = arith::SelectOp::create(b, isAligned, index(b, 0), batches);
  int64_t columns =
      llvm::alignTo(type.getDimSize(3), kBytes / getElementBytes(type));
  constexpr int64_t dynamic = ShapedType::kDynamic;
  auto copyType = MemRefType::get({dynamic, dynamic, dynamic, columns},
                                  type.getElementType());
  Value copy = memref::AllocOp::create(
      b, copyType,
      ValueRange{batches, b.createOrFold<memref::DimOp>(array, 1),
                 b.createOrFold<memref::DimOp>(array, 2)});
  copies.push_back(copy);
  emitCopy(array, copy, batches);
  if (!isAligned)
    return aligned[array] = copy;
  // One type for both.
  MemRefType any = copyType;
  if (!type.getLayout().isIdentity()) {
    auto layout = StridedLayoutAttr::get(b.getContext(), dynamic,
                                         {dynamic, dynamic, dynamic, 1});
    any = MemRefType::get(copyType.getShape(), type.getElementType(), layout);
  }
  return aligned[array] = arith::SelectOp::create(
             b, isAligned, b.createOrFold<memref::CastOp>(any, array),
             b.createOrFold<memref::CastOp>(any, copy));
}

void AlignedRows::deallocate() {
  for (Value copy : copies)
    memref::DeallocOp::create(b, copy);
}
