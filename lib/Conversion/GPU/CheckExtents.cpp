//===- CheckExtents.cpp - arrays that 32 bits can count -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckExtents.h"

#include "../Emit/EmitCheck.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr int64_t kMostElements = int64_t(1) << 31,
                         kMostRows = int64_t(1) << 30;

/// The product of extents, or a number beyond the limit: no step overflows.
static Value getElements(ImplicitLocOpBuilder &b, Value array) {
  Value beyond = arith::ConstantIndexOp::create(b, kMostElements + 1);
  Value product = arith::ConstantIndexOp::create(b, 1);
  auto limit = [&](Value number) {
    return b.createOrFold<arith::MinSIOp>(number, beyond);
  };
  for (int64_t dim = 0; dim < 4; ++dim) {
    Value extent = b.createOrFold<memref::DimOp>(array, dim);
    product =
        dim ? b.createOrFold<arith::MulIOp>(product, limit(extent)) : extent;
    product = limit(product);
  }
  return product;
}

LogicalResult mlir::mask::checkExtents(ImplicitLocOpBuilder &b,
                                       AttentionOp op) {
  LogicalResult result = success();
  auto require = [&](Value array, Value number, int64_t most,
                     const std::string &what) {
    std::string rule =
        what + " in kernels must be at most " + std::to_string(most);
    std::optional<int64_t> known = getConstantIntValue(number);
    if (known && *known > most)
      result = op.emitOpError() << rule << ", got " << array.getType();
    if (known)
      return;
    Value limit = arith::ConstantIndexOp::create(b, most);
    emitCheck(
        b, op,
        arith::CmpIOp::create(b, arith::CmpIPredicate::sle, number, limit),
        rule);
  };
  std::pair<const char *, Value> arrays[] = {{"query", op.getQuery()},
                                             {"key", op.getKey()},
                                             {"value", op.getValue()},
                                             {"output", op.getOutput()}};
  for (auto [name, array] : arrays)
    require(array, getElements(b, array), kMostElements,
            std::string("elements of ") + name);
  // Arrays whose rows are longer than one have no more than half as many.
  auto type = cast<MemRefType>(op.getKey().getType());
  if (type.isDynamicDim(3) || type.getDimSize(3) < 2)
    require(op.getKey(), b.createOrFold<memref::DimOp>(op.getKey(), 2),
            kMostRows, "rows of key");
  return result;
}
