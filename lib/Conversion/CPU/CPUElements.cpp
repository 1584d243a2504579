//===- CPUElements.cpp - what elements are computed as -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

CPUElements::CPUElements(FloatType data, bool pairs, int64_t lanes)
    : data(data), sum(data), width(pairs ? 2 : 1), lanes(lanes) {
  if (data.getWidth() < 32)
    sum = Float32Type::get(data.getContext());
  factor = pairs ? data : sum;
}

VectorType CPUElements::getCells() const {
  unsigned bits = factor.getIntOrFloatBitWidth() * width;
  return VectorType::get(lanes, IntegerType::get(data.getContext(), bits));
}

Value CPUElements::spreadFactor(ImplicitLocOpBuilder &b, Value memref,
                                ValueRange indices) const {
  if (width == 1) {
    Value element = memref::LoadOp::create(b, memref, indices);
    return vector::BroadcastOp::create(b, getFactors(), element);
  }
  Value elements = vector::LoadOp::create(b, VectorType::get(width, factor),
                                          memref, indices);
  VectorType cells = getCells();
  Value cell = vector::ExtractOp::create(
      b,
      vector::BitCastOp::create(b, VectorType::get(1, cells.getElementType()),
                                elements),
      ArrayRef<int64_t>{0});
  return vector::BitCastOp::create(b, getFactors(),
                                   vector::BroadcastOp::create(b, cells, cell));
}

Value CPUElements::multiplyAdd(ImplicitLocOpBuilder &b, Value a, Value other,
                               Value sums) const {
  if (width == 1)
    return vector::FMAOp::create(b, a, other, sums);
  return x86vector::DotBF16Op::create(b, sums.getType(), sums, a, other);
}

Value CPUElements::convert(ImplicitLocOpBuilder &b, Value value,
                           FloatType type) {
  Type from = value.getType();
  if (getElementTypeOrSelf(from) == type)
    return value;
  Type to = type;
  if (auto vector = dyn_cast<VectorType>(from))
    to = vector.clone(type);
  unsigned width = getElementTypeOrSelf(from).getIntOrFloatBitWidth();
  if (width < type.getWidth())
    return arith::ExtFOp::create(b, to, value);
  return arith::TruncFOp::create(b, to, value);
}

Value CPUElements::interleave(ImplicitLocOpBuilder &b,
                              ArrayRef<Value> vectors) const {
  if (width == 1)
    return vectors[0];
  return vector::InterleaveOp::create(b, vectors[0], vectors[1]);
}

Value CPUElements::extractElements(ImplicitLocOpBuilder &b, Value factors,
                                   int64_t i) const {
  if (width == 1)
    return factors;
  auto parts = vector::DeinterleaveOp::create(b, factors);
  return convert(b, parts.getResult(i), sum);
}
