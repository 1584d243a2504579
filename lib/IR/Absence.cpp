//===- Absence.cpp - facts and parameters that are not given -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Absence.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace mlir::mask;

OperandRange mlir::mask::getAbsenceOperands(Operation *op) {
  // Of `item_ids` the length, and of `drop_long` the bound, is no such operand.
  if (isa<RunsOp, ItemIdsOp, DropLongOp, PositionsOp>(op))
    return op->getOperands().take_front(1);
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp,
          arith::DivUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::CeilDivUIOp, arith::RemSIOp, arith::RemUIOp, arith::MaxSIOp,
          arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::IndexCastOp,
          arith::IndexCastUIOp>(op))
    return op->getOperands();
  return op->getOperands().take_front(0);
}

/// Whether `value`, or something that it is absent with, satisfies `isSource`.
static bool anySource(Value value, function_ref<bool(Value)> isSource) {
  SmallVector<Value> worklist;
  SmallPtrSet<Value, 8> seen;
  auto push = [&](Value next) {
    if (next && seen.insert(next).second)
      worklist.push_back(next);
  };
  push(value);
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (isSource(next))
      return true;
    if (Operation *op = next.getDefiningOp())
      for (Value operand : getAbsenceOperands(op))
        push(operand);
  }
  return false;
}

bool mlir::mask::isAbsent(Value value) {
  return anySource(value, [](Value source) {
    return source.getDefiningOp<AbsentOp>() != nullptr;
  });
}

bool mlir::mask::mayBeAbsent(Value value) {
  return anySource(value, [](Value source) {
    auto argument = dyn_cast<BlockArgument>(source);
    return source.getDefiningOp<AbsentOp>() ||
           (argument && isa<PolicyOp>(argument.getOwner()->getParentOp()));
  });
}
