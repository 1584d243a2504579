//===- LaneBuilder.cpp - arithmetic on one or all lanes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

bool LaneBuilder::isVarying(Value value) {
  return isa<VectorType>(value.getType());
}

VectorType LaneBuilder::getLaneType(Type element) const {
  return VectorType::get({lanes}, element);
}

Value LaneBuilder::splat(Value value) {
  if (isVarying(value))
    return value;
  return vector::BroadcastOp::create(*this, getLaneType(value.getType()),
                                     value);
}

void LaneBuilder::align(Value &a, Value &b) {
  if (isVarying(a) == isVarying(b))
    return;
  a = splat(a);
  b = splat(b);
}

Value LaneBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value LaneBuilder::truth(bool value) {
  return arith::ConstantOp::create(*this, getBoolAttr(value));
}

Value LaneBuilder::zero(Type type) {
  return arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type)));
}

Value LaneBuilder::add(Value a, Value b) {
  align(a, b);
  return createOrFold<arith::AddIOp>(a, b);
}

Value LaneBuilder::sub(Value a, Value b) {
  align(a, b);
  return createOrFold<arith::SubIOp>(a, b);
}

Value LaneBuilder::mul(Value a, Value b) {
  align(a, b);
  return createOrFold<arith::MulIOp>(a, b);
}

/// In 128 bits, which hold every product of two indices.
Value LaneBuilder::saturatingMul(Value a, Value b) {
  align(a, b);
  auto typeOf = [&](Type element) {
    return isVarying(a) ? Type(getLaneType(element)) : element;
  };
  IntegerType wide = getIntegerType(128);
  auto constant = [&](int64_t value) -> Value {
    TypedAttr number =
        getIntegerAttr(wide, APInt(wide.getWidth(), value, /*isSigned=*/true));
    if (isVarying(a))
      number = DenseElementsAttr::get(getLaneType(wide), number);
    return arith::ConstantOp::create(*this, number);
  };
  auto widen = [&](Value factor) {
    return arith::IndexCastOp::create(*this, typeOf(wide), factor);
  };
  Value product = arith::MulIOp::create(*this, widen(a), widen(b));
  product = arith::MinSIOp::create(*this, product, constant(kMaxProduct));
  product = arith::MaxSIOp::create(*this, product, constant(-kMaxProduct));
  return arith::IndexCastOp::create(*this, typeOf(getIndexType()), product);
}

Value LaneBuilder::floorDiv(Value a, Value b) {
  // A vector division is one division per lane; powers of two are shifts.
  APInt divisor;
  if (matchPattern(b, m_ConstantInt(&divisor)) && divisor.isPowerOf2()) {
    Value shift = index(divisor.logBase2());
    align(a, shift);
    return createOrFold<arith::ShRSIOp>(a, shift);
  }
  align(a, b);
  Value quotient = createOrFold<arith::DivSIOp>(a, b);
  Value rest = sub(a, mul(quotient, b));
  Value below = compare(arith::CmpIPredicate::slt, rest, index(0));
  return select(below, sub(quotient, index(1)), quotient);
}

Value LaneBuilder::floorMod(Value a, Value b) {
  return sub(a, mul(floorDiv(a, b), b));
}

Value LaneBuilder::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  align(a, b);
  return createOrFold<arith::CmpIOp>(predicate, a, b);
}

Value LaneBuilder::logicalAnd(Value a, Value b) {
  if (matchPattern(a, m_One()))
    return b;
  if (matchPattern(b, m_One()))
    return a;
  align(a, b);
  return createOrFold<arith::AndIOp>(a, b);
}

Value LaneBuilder::logicalOr(Value a, Value b) {
  if (matchPattern(a, m_Zero()))
    return b;
  if (matchPattern(b, m_Zero()))
    return a;
  align(a, b);
  return createOrFold<arith::OrIOp>(a, b);
}

Value LaneBuilder::logicalNot(Value a) {
  Value one = truth(true);
  align(a, one);
  return createOrFold<arith::XOrIOp>(a, one);
}

Value LaneBuilder::select(Value condition, Value a, Value b) {
  align(a, b);
  if (isVarying(condition) && !isVarying(a)) {
    a = splat(a);
    b = splat(b);
  }
  return createOrFold<arith::SelectOp>(condition, a, b);
}

Value LaneBuilder::toIndex(Value integer) {
  Type element = getElementTypeOrSelf(integer.getType());
  if (element.isIndex())
    return integer;
  Type result = getIndexType();
  if (isVarying(integer))
    result = getLaneType(result);
  if (element.isInteger(1))
    return arith::IndexCastUIOp::create(*this, result, integer);
  return arith::IndexCastOp::create(*this, result, integer);
}

Value LaneBuilder::toLimited(Value integer, int64_t limit) {
  Type element = getElementTypeOrSelf(integer.getType());
  Value result = toIndex(integer);
  bool fits = !element.isIndex() &&
              llvm::maxIntN(element.getIntOrFloatBitWidth()) <= limit;
  if (fits)
    return result;
  Value most = index(limit), least = index(-limit);
  if (isVarying(result)) {
    most = splat(most);
    least = splat(least);
  }
  result = createOrFold<arith::MinSIOp>(result, most);
  return createOrFold<arith::MaxSIOp>(result, least);
}

LaneBuilder::Loaded LaneBuilder::load(Value memref, ValueRange indices) {
  Value inBounds = truth(true);
  for (auto [dim, position] : llvm::enumerate(indices)) {
    Value size = createOrFold<memref::DimOp>(memref, dim);
    // One unsigned comparison covers both ends.
    inBounds = logicalAnd(inBounds,
                          compare(arith::CmpIPredicate::ult, position, size));
  }
  if (!llvm::any_of(indices, isVarying))
    return loadUniform(memref, indices, inBounds);
  inBounds = splat(inBounds);
  bool innermostOnly =
      !llvm::any_of(indices.drop_back(), isVarying) &&
      cast<MemRefType>(memref.getType()).getLayout().isIdentity();
  return {innermostOnly ? gatherInnermost(memref, indices, inBounds)
                        : gatherLinear(memref, indices, inBounds),
          inBounds};
}

LaneBuilder::Loaded LaneBuilder::loadUniform(Value memref, ValueRange indices,
                                             Value inBounds) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  if (matchPattern(inBounds, m_One()))
    return {memref::LoadOp::create(*this, memref, indices), inBounds};
  auto guarded = scf::IfOp::create(
      *this, inBounds,
      [&](OpBuilder &b, Location loc) {
        Value value = memref::LoadOp::create(b, loc, memref, indices);
        scf::YieldOp::create(b, loc, value);
      },
      [&](OpBuilder &b, Location loc) {
        Value value = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
        scf::YieldOp::create(b, loc, value);
      });
  return {guarded.getResult(0), inBounds};
}

Value LaneBuilder::gatherInnermost(Value memref, ValueRange indices,
                                   Value inBounds) {
  SmallVector<Value> offsets(indices);
  Value lanesIndex = offsets.back();
  offsets.back() = index(0);
  VectorType type =
      getLaneType(cast<MemRefType>(memref.getType()).getElementType());
  return vector::GatherOp::create(*this, type, memref, offsets, lanesIndex,
                                  inBounds, zero(type));
}

Value LaneBuilder::gatherLinear(Value memref, ValueRange indices,
                                Value inBounds) {
  auto memrefType = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(*this, memref);
  Value linear = index(0);
  // An address may be formed from any indices; only lanes in bounds are read.
  Value extent = index(1);
  for (auto [position, stride, size] :
       llvm::zip_equal(indices, metadata.getStrides(), metadata.getSizes())) {
    linear = add(linear, mul(position, stride));
    extent = add(extent, mul(size, stride));
  }
  auto flat = memref::ReinterpretCastOp::create(
      *this,
      MemRefType::get(
          {ShapedType::kDynamic}, memrefType.getElementType(),
          StridedLayoutAttr::get(getContext(), ShapedType::kDynamic, {1}),
          memrefType.getMemorySpace()),
      metadata.getBaseBuffer(), OpFoldResult(metadata.getOffset()),
      {OpFoldResult(extent)}, {OpFoldResult(getIndexAttr(1))});
  VectorType type = getLaneType(memrefType.getElementType());
  return vector::GatherOp::create(*this, type, flat, ValueRange{index(0)},
                                  splat(linear), inBounds, zero(type));
}
