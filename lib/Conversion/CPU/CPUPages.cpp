//===- CPUPages.cpp - keys and values that lie in pages -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Emit/EmitCheck.h"
#include "CPUEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

/// How many offsets of rows of a page are stored at a time.
static int64_t countOffsets(AttentionOp op) {
  constexpr uint64_t kMost = 8;
  return std::min(llvm::bit_ceil<uint64_t>(*op.getPageSize()), kMost);
}

/// One head of a pool as rows that can begin at any element.
PagedRows CPUEmitter::takePages(const AttentionOperand &pool, int64_t keys) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, pool.memref);
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  auto stride = [&](unsigned dim) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), strides[dim]);
  };
  auto multiply = [&](Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(x, y);
  };
  PagedRows rows;
  rows.pageStride = stride(0);
  rows.rowStride = stride(2);
  rows.offsets = workspace->take(keys + countOffsets(op), b.getI64Type());
  // No row begins behind the last of the last page.
  Value begins = offset(add(multiply(pool.getSize(b, 0), rows.pageStride),
                            multiply(pool.getSize(b, 2), rows.rowStride)),
                        1);
  Value first = add(metadata.getOffset(), multiply(pool.head, stride(1)));
  auto type = cast<MemRefType>(pool.memref.getType());
  std::array<OpFoldResult, 2> sizes = {
      begins, memref::getMixedSize(b, b.getLoc(), pool.memref, 3)};
  std::array<OpFoldResult, 2> steps = {b.getIndexAttr(1), strides[3]};
  auto layout = StridedLayoutAttr::get(
      b.getContext(), ShapedType::kDynamic,
      {1, getConstantIntValue(strides[3]).value_or(ShapedType::kDynamic)});
  rows.rows = memref::ReinterpretCastOp::create(
      b,
      MemRefType::get({ShapedType::kDynamic, type.getDimSize(3)},
                      type.getElementType(), layout, type.getMemorySpace()),
      metadata.getBaseBuffer(), first, sizes, steps);
  return rows;
}

void CPUEmitter::takePages() {
  if (!op.isPaged())
    return;
  key.pages = takePages(key, 2 * keyTile);
  value.pages = takePages(value, keyTile);
}

void CPUEmitter::findPages(const KeyTile &keys) {
  if (!key.pages)
    return;
  key.pages->first = value.pages->first = keys.first;
  findPages(index(0), keys.size, /*areRead=*/true);
  Value left = b.createOrFold<arith::SubIOp>(emitNumKeys(b, op), keys.first);
  findPages(keys.size, b.createOrFold<arith::MinSIOp>(left, index(2 * keyTile)),
            /*areRead=*/false);
}

/// The keys of the tile at hand from `from` to `to`, counted from its first,
/// page by page. What is read has to be in the pool; what is only asked for,
/// and only of the keys, may be in no page.
void CPUEmitter::findPages(Value from, Value to, bool areRead) {
  Value first = key.pages->first, size = index(*op.getPageSize());
  Value begin = add(first, from), end = add(first, to);
  auto divide = [&](Value x) {
    return b.createOrFold<arith::DivUIOp>(x, size);
  };
  Value columns = divide(offset(end, *op.getPageSize() - 1));
  forLoop(divide(begin), columns, 1, [&](Value column) {
    Value entry = memref::LoadOp::create(b, op.getKeyPages(),
                                         ValueRange{tile.batch, column});
    Value page = arith::IndexCastOp::create(b, b.getIndexType(), entry);
    // One comparison for both ends.
    Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, page,
                                         key.getSize(b, 0));
    if (areRead)
      emitCheck(b, op, exists, "reads a page that is not in the pool");
    else
      page = arith::SelectOp::create(b, exists, page, index(0));
    Value firstOfPage = b.createOrFold<arith::MulIOp>(column, size);
    Value lower = b.createOrFold<arith::MaxSIOp>(firstOfPage, begin),
          upper = b.createOrFold<arith::MinSIOp>(add(firstOfPage, size), end);
    auto distance = [&](Value x, Value y) {
      return b.createOrFold<arith::SubIOp>(x, y);
    };
    forLoop(distance(lower, first), distance(upper, first), countOffsets(op),
            [&](Value i) {
              Value row = distance(add(first, i), firstOfPage);
              storeOffsets(*key.pages, page, row, i);
              if (areRead)
                storeOffsets(*value.pages, page, row, i);
            });
  });
}

/// Where the rows from `row` on of a page are, as those of the keys from `i`
/// on. What is beyond the page is that of the keys after them, which are stored
/// later, or of none.
void CPUEmitter::storeOffsets(const PagedRows &rows, Value page, Value row,
                              Value i) {
  auto multiply = [&](Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(x, y);
  };
  auto type = VectorType::get(countOffsets(op), b.getI64Type());
  auto spread = [&](Value number) -> Value {
    return vector::BroadcastOp::create(
        b, type, arith::IndexCastOp::create(b, b.getI64Type(), number));
  };
  Value steps = arith::IndexCastOp::create(
      b, type, vector::StepOp::create(b, type.clone(b.getIndexType())));
  Value offsets = arith::AddIOp::create(
      b,
      spread(
          add(multiply(page, rows.pageStride), multiply(row, rows.rowStride))),
      arith::MulIOp::create(b, steps, spread(rows.rowStride)));
  vector::StoreOp::create(b, offsets, rows.offsets, i);
}
