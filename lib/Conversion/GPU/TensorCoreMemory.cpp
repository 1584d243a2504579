//===- TensorCoreMemory.cpp - rows that tensor cores read -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"

using namespace mlir;
using namespace mlir::mask;

/// Elements of one asynchronous copy: 16 bytes.
static constexpr int64_t kCopied = 8;
static constexpr int64_t kPadding = TensorCoreSchedule::kPadding;

//===----------------------------------------------------------------------===//
// Arrays of rows
//===----------------------------------------------------------------------===//

TensorCoreEmitter::Rows TensorCoreEmitter::allocateRows(int64_t buffers,
                                                        int64_t rows,
                                                        int64_t columns) {
  int64_t size =
      buffers * rows * (columns + kPadding) * TensorCoreSchedule::kElementBytes;
  return {allocateDynamic(size), buffers, rows, columns};
}

Type TensorCoreEmitter::getElementType() {
  return cast<MemRefType>(op.getQuery().getType()).getElementType();
}

Value TensorCoreEmitter::viewRows(const Rows &array, int64_t groupSize) {
  return viewDynamic(array.position,
                     {array.buffers, array.rows / groupSize, groupSize,
                      array.columns + kPadding},
                     getElementType());
}

Value TensorCoreEmitter::viewFragments(const Rows &array) {
  return viewDynamic(
      array.position,
      {array.buffers, array.rows / 16, 16 * (array.columns + kPadding)},
      getElementType());
}

/// The padding of a row of Q has room for four words.
Value TensorCoreEmitter::allocateRowEnds() {
  constexpr int64_t most = kPadding / 2;
  if (rowEnds == most)
    return WorkgroupEmitter::allocateRowEnds();
  int64_t rows = queries.rows, stride = (queries.columns + kPadding) / 2;
  int64_t column = queries.columns / 2 + rowEnds++;
  Value words = viewDynamic(queries.position, {rows, stride}, b.getI32Type());
  auto attributes = [&](ArrayRef<int64_t> numbers) {
    return getAsIndexOpFoldResult(b.getContext(), numbers);
  };
  auto type = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
      {rows}, cast<MemRefType>(words.getType()), {0, column}, {rows, 1},
      {1, 1}));
  return memref::SubViewOp::create(b, type, words, attributes({0, column}),
                                   attributes({rows, 1}), attributes({1, 1}));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// The rows at a batch row and a head. An address in them is a sum of two
/// numbers, one of which is the same in the whole tile.
Value TensorCoreEmitter::getMatrix(const AttentionOperand &operand) {
  auto type = cast<MemRefType>(operand.memref.getType());
  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0)),
      sizes(4, b.getIndexAttr(1)), strides(4, b.getIndexAttr(1));
  offsets[0] = getAsOpFoldResult(operand.batch);
  offsets[1] = getAsOpFoldResult(operand.head);
  for (int64_t dim : {2, 3})
    sizes[dim] = memref::getMixedSize(b, b.getLoc(), operand.memref, dim);
  MemRefType matrix = memref::SubViewOp::inferRankReducedResultType(
      type.getShape().take_back(2), type, offsets, sizes, strides);
  return memref::SubViewOp::create(b, matrix, operand.memref, offsets, sizes,
                                   strides);
}

/// Whether there is a column of the source at a column of the array; null if
/// all are.
Value TensorCoreEmitter::getColumnExists(const RowSource &source,
                                         const Rows &array, Value column) {
  int64_t width = cast<MemRefType>(source.array.getType()).getShape().back();
  if (width % array.columns == 0)
    return Value();
  return lessThan(add(source.firstColumn, column), index(width));
}

/// Where row `row + distance` of the source is in its array.
SmallVector<Value> TensorCoreEmitter::getPosition(const RowSource &source,
                                                  Value row, int64_t distance) {
  // The distance last: so it is part of an address.
  if (cast<MemRefType>(source.array.getType()).getRank() == 2)
    return {add(add(source.firstRow, row), index(distance))};
  auto [head, queryInTile] = getPlace(add(row, index(distance)));
  return {tile.batch, add(tile.head, head), add(source.firstRow, queryInTile)};
}

/// Starts to fill a buffer of the array, a thread by copies of 16 bytes. What
/// does not exist becomes zero.
void TensorCoreEmitter::copyRows(const RowSource &source, const Rows &array,
                                 Value buffer) {
  int64_t chunks = array.columns / kCopied, all = array.rows * chunks,
          threads = schedule.threads();
  auto type = nvgpu::DeviceAsyncTokenType::get(b.getContext());
  auto copy = [&](Value memory, Value position, int64_t group,
                  int64_t groupSize) {
    Value row = b.createOrFold<arith::DivUIOp>(position, index(chunks));
    Value column =
        multiply(b.createOrFold<arith::RemUIOp>(position, index(chunks)),
                 index(kCopied));
    Value left = arith::IndexCastOp::create(
        b, b.getI32Type(), b.createOrFold<arith::SubIOp>(source.count, row));
    Value before =
        arith::ConstantOp::create(b, b.getI32IntegerAttr(group * groupSize));
    Value exists =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, left, before);
    if (Value columnExists = getColumnExists(source, array, column))
      exists = arith::AndIOp::create(b, exists, columnExists);
    Value elements =
        arith::SelectOp::create(b, exists, index(kCopied), index(0));
    SmallVector<Value> from = getPosition(source, row, group * groupSize);
    from.push_back(add(source.firstColumn, column));
    nvgpu::DeviceAsyncCopyOp::create(
        b, type, memory, ValueRange{buffer, index(group), row, column},
        source.array, from, b.getIndexAttr(kCopied), elements,
        /*bypassL1=*/b.getUnitAttr());
  };
  if (threads % chunks == 0 && all % threads == 0) {
    // The same columns each time, of a group of rows.
    int64_t groupSize = threads / chunks;
    Value memory = viewRows(array, groupSize);
    for (int64_t group = 0; group < array.rows / groupSize; ++group)
      copy(memory, thread, group, groupSize);
    return;
  }
  Value memory = viewRows(array, array.rows);
  for (int64_t first = 0; first < all; first += threads) {
    Value position = add(thread, index(first));
    if (all - first >= threads)
      copy(memory, position, 0, array.rows);
    else
      ifThen(lessThan(thread, index(all - first)),
             [&] { copy(memory, position, 0, array.rows); });
  }
}

/// Ends a group of copies.
Value TensorCoreEmitter::finishCopies() {
  return nvgpu::DeviceAsyncCreateGroupOp::create(
      b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), ValueRange());
}

/// Waits for all that this thread has started to copy.
void TensorCoreEmitter::waitForCopies() {
  nvgpu::DeviceAsyncWaitOp::create(b, copied, b.getI32IntegerAttr(0));
}

//===----------------------------------------------------------------------===//
// Queries, keys and values
//===----------------------------------------------------------------------===//

Value TensorCoreEmitter::loadQueryFragment(int64_t block, int64_t step) {
  Value memory = viewRows(queries, 16);
  Value group = add(multiply(warpNumber, index(rowBlocks())), index(block));
  Value fragment = warp->loadA(memory, {index(0), group}, step * 16);
  return flip ? warp->withSign(fragment, flip, keep) : fragment;
}

void TensorCoreEmitter::loadQueries() {
  Value array = schedule.heads == 1
                    ? getMatrix({call.query, tile.batch, tile.head})
                    : call.query;
  copyRows({array, tile.row, getNumRows(), index(0)}, queries, index(0));
  copied = finishCopies();
  waitForCopies();
  barrier();
  if (!schedule.keepsQueries())
    return;
  for (int64_t block = 0; block < rowBlocks(); ++block)
    for (int64_t step = 0; step < schedule.depth / 16; ++step)
      queryFragments.push_back(loadQueryFragment(block, step));
}

Value TensorCoreEmitter::getBuffer(const KeyTile &keys) {
  return b.createOrFold<arith::RemUIOp>(keys.ordinal,
                                        index(TensorCoreSchedule::kBuffers));
}

Value TensorCoreEmitter::getGroup(const KeyTile &slice, int64_t first) {
  Value group = index(first / 16);
  if (!slice.offset)
    return group;
  return add(b.createOrFold<arith::DivUIOp>(slice.offset, index(16)), group);
}

void TensorCoreEmitter::fetch(const KeyTile &tile) {
  Value buffer = getBuffer(tile);
  copyRows({keyMatrix, tile.first, tile.size, index(0)}, keys, buffer);
  copyRows({valueMatrix, tile.first, tile.size, firstColumn}, values, buffer);
  finishCopies();
}

void TensorCoreEmitter::receive(const KeyTile &tile, const NextTile &next) {
  waitForCopies();
  // Now all threads have the tile, and are done with the one before, into whose
  // buffer the next one goes.
  barrier();
  ifThen(next.exists, [&] { fetch(next.tile); });
}
