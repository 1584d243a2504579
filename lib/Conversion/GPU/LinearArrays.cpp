//===- LinearArrays.cpp - arrays with one index -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinearArrays.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

Type mlir::mask::getStoredType(Type type) {
  MLIRContext *context = type.getContext();
  if (type.isIndex())
    return IntegerType::get(context, 64);
  if (type.isInteger(1))
    return IntegerType::get(context, 8);
  if (type.isBF16())
    return IntegerType::get(context, 16);
  bool isInteger = type.isInteger(8) || type.isInteger(16) ||
                   type.isInteger(32) || type.isInteger(64);
  return isInteger || type.isF16() || type.isF32() || type.isF64() ? type
                                                                   : Type();
}

MemRefType mlir::mask::getLinearType(MemRefType type, Attribute space) {
  int64_t size =
      type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
  return MemRefType::get({size}, getStoredType(type.getElementType()),
                         MemRefLayoutAttrInterface(), space);
}

/// The position of an element, row-major.
static Value linearize(ImplicitLocOpBuilder &b, ArrayRef<OpFoldResult> sizes,
                       ValueRange indices) {
  if (indices.empty())
    return arith::ConstantIndexOp::create(b, 0);
  Value position = indices.front();
  for (auto [size, index] : llvm::drop_begin(llvm::zip_equal(sizes, indices))) {
    Value extent = getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
    position = arith::AddIOp::create(
        b, arith::MulIOp::create(b, position, extent), index);
  }
  return position;
}

/// What memory holds for `element`, and back.
static Value toStored(ImplicitLocOpBuilder &b, Value element) {
  Type type = element.getType(), stored = getStoredType(type);
  if (type.isIndex())
    return arith::IndexCastOp::create(b, stored, element);
  if (type.isInteger(1))
    return arith::ExtUIOp::create(b, stored, element);
  if (type.isBF16())
    return arith::BitcastOp::create(b, stored, element);
  return element;
}

static Value fromStored(ImplicitLocOpBuilder &b, Value stored, Type type) {
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, stored);
  if (type.isInteger(1))
    return arith::CmpIOp::create(
        b, arith::CmpIPredicate::ne, stored,
        arith::ConstantIntOp::create(b, stored.getType(), 0));
  if (type.isBF16())
    return arith::BitcastOp::create(b, type, stored);
  return stored;
}

LogicalResult mlir::mask::replaceByLinear(Value array, Value linear,
                                          ArrayRef<OpFoldResult> sizes) {
  for (Operation *user : llvm::make_early_inc_range(array.getUsers())) {
    ImplicitLocOpBuilder b(user->getLoc(), user);
    if (auto load = dyn_cast<memref::LoadOp>(user)) {
      Value stored = memref::LoadOp::create(
          b, linear, linearize(b, sizes, load.getIndices()));
      load.replaceAllUsesWith(fromStored(b, stored, load.getType()));
    } else if (auto store = dyn_cast<memref::StoreOp>(user)) {
      memref::StoreOp::create(b, toStored(b, store.getValue()), linear,
                              linearize(b, sizes, store.getIndices()));
    } else if (auto dim = dyn_cast<memref::DimOp>(user);
               dim && dim.getConstantIndex()) {
      dim.replaceAllUsesWith(getValueOrCreateConstantIndexOp(
          b, b.getLoc(), sizes[*dim.getConstantIndex()]));
    } else if (auto cast = dyn_cast<memref::CastOp>(user);
               cast && isa<MemRefType>(cast.getType())) {
      if (failed(replaceByLinear(cast.getResult(), linear, sizes)))
        return failure();
    } else {
      return user->emitOpError()
             << "has no counterpart in SPIR-V for an array of type "
             << array.getType();
    }
    user->erase();
  }
  return success();
}
