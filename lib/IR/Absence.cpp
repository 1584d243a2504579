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

bool mlir::mask::isAbsent(Value value) {
  SmallVector<Value> worklist;
  SmallPtrSet<Value, 8> seen;
  auto push = [&](Value next) {
    if (next && seen.insert(next).second)
      worklist.push_back(next);
  };
  push(value);
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op)
      continue;
    if (isa<AbsentOp>(op))
      return true;
    for (Value operand : getAbsenceOperands(op))
      push(operand);
  }
  return false;
}
