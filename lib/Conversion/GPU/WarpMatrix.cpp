//===- WarpMatrix.cpp - matrices that the threads of a warp hold -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WarpMatrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mask;

WarpMatrix::WarpMatrix(ImplicitLocOpBuilder &builder, Value lane, Type element)
    : b(builder), element(element) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  auto quotient = [&](Value x, int64_t y) {
    return b.createOrFold<arith::DivUIOp>(x, index(y));
  };
  auto remainder = [&](Value x, int64_t y) {
    return b.createOrFold<arith::RemUIOp>(x, index(y));
  };
  auto times8 = [&](Value x) {
    return b.createOrFold<arith::MulIOp>(x, index(8));
  };
  row = quotient(lane, 4);
  column = b.createOrFold<arith::MulIOp>(remainder(lane, 4), index(2));
  lane16 = remainder(lane, 16);
  half8 = times8(quotient(lane, 16));
  bRow = b.createOrFold<arith::AddIOp>(half8, remainder(lane, 8));
  bColumn = times8(remainder(quotient(lane, 8), 2));
}

VectorType WarpMatrix::getFragmentType(int64_t rows) const {
  return VectorType::get({rows, 2}, element);
}

VectorType WarpMatrix::getSumType() const {
  return VectorType::get({2, 2}, Float32Type::get(b.getContext()));
}

Value WarpMatrix::plus(Value x, int64_t y) {
  return b.createOrFold<arith::AddIOp>(x, arith::ConstantIndexOp::create(b, y));
}

Value WarpMatrix::load(Value memory, ValueRange group, ValueRange place,
                       bool transposed) {
  SmallVector<Value> indices(group);
  llvm::append_range(indices, place);
  return nvgpu::LdMatrixOp::create(b, getFragmentType(4), memory, indices,
                                   transposed, /*numTiles=*/4);
}

Value WarpMatrix::loadA(Value memory, ValueRange group, int64_t column) {
  return load(memory, group, {lane16, plus(half8, column)},
              /*transposed=*/false);
}

std::pair<Value, Value> WarpMatrix::loadB(Value memory, ValueRange group,
                                          int64_t column, bool transposed) {
  int64_t stride = cast<MemRefType>(memory.getType()).getShape().back() / 16;
  Value row = transposed ? lane16 : bRow, first = transposed ? half8 : bColumn;
  Value place = b.createOrFold<arith::MulIOp>(
      row, arith::ConstantIndexOp::create(b, stride));
  place = plus(b.createOrFold<arith::AddIOp>(place, first), column);
  Value four = load(memory, group, place, transposed);
  auto getHalf = [&](int64_t first) {
    Value half = arith::ConstantOp::create(
        b, cast<TypedAttr>(b.getZeroAttr(getFragmentType(2))));
    for (int64_t i = 0; i < 2; ++i)
      half = vector::InsertOp::create(
          b, vector::ExtractOp::create(b, four, first + i), half, i);
    return half;
  };
  return {getHalf(0), getHalf(2)};
}

Value WarpMatrix::toA(Value left, Value right) {
  SmallVector<Value> elements;
  for (Value sum : {left, right})
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t j = 0; j < 2; ++j)
        elements.push_back(
            vector::ExtractOp::create(b, sum, ArrayRef<int64_t>{i, j}));
  Value exact = vector::FromElementsOp::create(
      b, VectorType::get({4, 2}, b.getF32Type()), elements);
  return arith::TruncFOp::create(b, getFragmentType(4), exact);
}

Value WarpMatrix::multiply(Value left, Value right, Value sum) {
  return nvgpu::MmaSyncOp::create(b, left, right, sum,
                                  ArrayRef<int64_t>{16, 8, 16});
}

Value WarpMatrix::withSign(Value a, Value flip, Value keep) {
  auto pairType = VectorType::get(2, element);
  auto bitsType = VectorType::get(1, b.getI32Type());
  Value result = a;
  for (int64_t i = 0; i < 4; ++i) {
    Value bits = vector::BitCastOp::create(b, bitsType,
                                           vector::ExtractOp::create(b, a, i));
    Value word = vector::ExtractOp::create(b, bits, 0);
    word = arith::XOrIOp::create(b, word, flip);
    word = arith::AndIOp::create(b, word, keep);
    bits = vector::BroadcastOp::create(b, bitsType, word);
    result = vector::InsertOp::create(
        b, vector::BitCastOp::create(b, pairType, bits), result, i);
  }
  return result;
}

Value WarpMatrix::shuffle(Value value, int32_t distance) {
  auto constant = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  return gpu::ShuffleOp::create(b, value, constant(distance), constant(32),
                                gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value WarpMatrix::getRowMaximum(Value element) {
  for (int32_t distance : {1, 2})
    element = arith::MaxNumFOp::create(b, element, shuffle(element, distance));
  return element;
}

Value WarpMatrix::getRowSum(Value element) {
  for (int32_t distance : {1, 2})
    element = arith::AddFOp::create(b, element, shuffle(element, distance));
  return element;
}
