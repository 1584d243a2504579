//===- VerifyRegion.cpp - what regions take and yield -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyRegion.h"
#include "Mask/IR/Mask.h"

using namespace mlir;
using namespace mlir::mask;

LogicalResult mlir::mask::verifyYieldingRegion(Operation *op, Region &region,
                                               TypeRange arguments, Type result,
                                               StringRef name) {
  if (!region.hasOneBlock())
    return op->emitOpError() << "'" << name << "' region must have one block";
  Block &block = region.front();
  if (block.getArgumentTypes() != arguments)
    return op->emitOpError()
           << "'" << name << "' region must take (" << arguments << "), got ("
           << block.getArgumentTypes() << ")";
  auto yield =
      dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield || yield.getNumOperands() != 1 ||
      yield.getOperand(0).getType() != result)
    return op->emitOpError()
           << "'" << name << "' region must yield (" << result << "), got ("
           << (yield ? TypeRange(yield.getOperandTypes()) : TypeRange()) << ")";
  return success();
}
