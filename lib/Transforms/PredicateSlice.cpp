//===- PredicateSlice.cpp - the ops that build a predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/PredicateSlice.h"

#include "Mask/IR/Absence.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace mlir::mask;

/// Whether a slice holds `op`: what predicates are made of, and what folds need
/// to see: numbers, and that something is absent.
static bool belongsToSlice(Operation *op) {
  if (isa_and_nonnull<MaskDialect>(op->getDialect()) &&
      op->getNumResults() == 1 &&
      isa<PredicateType>(op->getResult(0).getType()))
    return true;
  if (op->getNumResults() == 1 && isAbsent(op->getResult(0)))
    return true;
  return op->getNumResults() == 1 && matchPattern(op, m_Constant()) &&
         op->getResult(0).getType().isIntOrIndexOrFloat();
}

PredicateSlice mlir::mask::getPredicateSlice(Value predicate) {
  PredicateSlice slice;
  slice.predicate = predicate;
  llvm::SmallDenseSet<Value> seen;
  // A value is met twice: its operands go first.
  SmallVector<std::pair<Value, bool>> stack{{predicate, false}};
  while (!stack.empty()) {
    auto [value, operandsDone] = stack.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (operandsDone) {
      slice.ops.push_back(op);
      continue;
    }
    if (!seen.insert(value).second)
      continue;
    if (!op || !belongsToSlice(op)) {
      slice.captures.push_back(value);
      continue;
    }
    stack.push_back({value, true});
    for (Value operand : llvm::reverse(op->getOperands()))
      stack.push_back({operand, false});
  }
  return slice;
}

Value mlir::mask::cloneSlice(OpBuilder &builder, const PredicateSlice &slice,
                             ValueRange captures) {
  IRMapping mapping;
  mapping.map(slice.captures, captures);
  for (Operation *op : slice.ops)
    builder.clone(*op, mapping);
  return mapping.lookupOrDefault(slice.predicate);
}

bool mlir::mask::haveSameStructure(const PredicateSlice &a,
                                   const PredicateSlice &b) {
  if (a.ops.size() != b.ops.size() ||
      TypeRange(ValueRange(a.captures)) != TypeRange(ValueRange(b.captures)))
    return false;
  IRMapping mapping;
  mapping.map(a.captures, b.captures);
  auto isSame = [&](Value x, Value y) {
    return success(mapping.lookupOrNull(x) == y);
  };
  auto markSame = [&](Value x, Value y) { mapping.map(x, y); };
  for (auto [x, y] : llvm::zip_equal(a.ops, b.ops)) {
    if (!OperationEquivalence::isEquivalentTo(
            x, y, isSame, markSame, OperationEquivalence::IgnoreLocations))
      return false;
    mapping.map(x->getResults(), y->getResults());
  }
  return mapping.lookupOrNull(a.predicate) == b.predicate;
}
