//===- PredicateExtents.cpp - how far what a predicate reads goes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/PredicateExtents.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// The ops that build `predicate`, operands first.
static SetVector<Operation *> collectPredicates(Value predicate) {
  SetVector<Operation *> ops;
  SmallVector<Value> work = {predicate};
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !ops.insert(op))
      continue;
    for (Value operand : op->getOperands())
      if (isa<PredicateType>(operand.getType()))
        work.push_back(operand);
  }
  return ops;
}

//===----------------------------------------------------------------------===//
// Heads and batch rows
//===----------------------------------------------------------------------===//

static TableIndex getIndex(ParameterAxis axis) {
  return axis == ParameterAxis::Batch ? TableIndex::Batch : TableIndex::Head;
}

/// The heads or batch rows that `op` lists.
static std::optional<ArrayRef<int64_t>> getMembers(Operation *op,
                                                   ParameterAxis axis) {
  if (auto heads = dyn_cast<HeadsOp>(op); heads && axis == ParameterAxis::Head)
    return heads.getMembers();
  if (auto batches = dyn_cast<BatchesOp>(op);
      batches && axis == ParameterAxis::Batch)
    return batches.getMembers();
  return std::nullopt;
}

bool mlir::mask::dependsOnHead(Value predicate) {
  return llvm::any_of(collectPredicates(predicate), [](Operation *op) {
    auto part = dyn_cast<PredicateOpInterface>(op);
    return part && part.dependsOn(ParameterAxis::Head);
  });
}

static int64_t addClamped(int64_t a, int64_t b) {
  int64_t sum;
  return llvm::AddOverflow(a, b, sum) ? std::numeric_limits<int64_t>::max()
                                      : sum;
}

/// How many values of an index a comparison with `bound` tells apart, the index
/// being its left operand: those up to the bound, and the next where that is on
/// the other side of it.
static DistinctCount countCompared(arith::CmpIPredicate predicate,
                                   int64_t bound) {
  using Predicate = arith::CmpIPredicate;
  int64_t named = addClamped(bound, 1);
  switch (predicate) {
  case Predicate::eq:
  case Predicate::ne:
    return {named, std::max<int64_t>(named, 2)};
  case Predicate::sle:
  case Predicate::ule:
  case Predicate::sgt:
  case Predicate::ugt:
    return {named, addClamped(bound, 2)};
  default:
    return {named, named};
  }
}

/// The same predicate with its operands exchanged.
static arith::CmpIPredicate exchange(arith::CmpIPredicate predicate) {
  using Predicate = arith::CmpIPredicate;
  switch (predicate) {
  case Predicate::slt:
    return Predicate::sgt;
  case Predicate::sle:
    return Predicate::sge;
  case Predicate::sgt:
    return Predicate::slt;
  case Predicate::sge:
    return Predicate::sle;
  case Predicate::ult:
    return Predicate::ugt;
  case Predicate::ule:
    return Predicate::uge;
  case Predicate::ugt:
    return Predicate::ult;
  case Predicate::uge:
    return Predicate::ule;
  case Predicate::eq:
  case Predicate::ne:
    return predicate;
  }
  llvm_unreachable("every predicate has an exchanged one");
}

static void join(DistinctCount &count, DistinctCount other) {
  count.named = std::max(count.named, other.named);
  count.distinct = std::max(count.distinct, other.distinct);
}

/// What a region that compares its head or batch row with a number, or takes
/// the rest by one, tells apart.
static DistinctCount countCompared(GenericOp op, ParameterAxis axis) {
  DistinctCount count;
  SmallVector<Value> work = {
      op.getBody().getArgument(axis == ParameterAxis::Batch ? 0 : 1)};
  while (!work.empty()) {
    Value index = work.pop_back_val();
    for (Operation *user : index.getUsers()) {
      if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(user))
        work.push_back(user->getResult(0));
      if (user->getNumOperands() != 2)
        continue;
      bool isFirst = user->getOperand(0) == index;
      APInt number;
      if (!matchPattern(user->getOperand(isFirst ? 1 : 0),
                        m_ConstantInt(&number)) ||
          number.isNegative())
        continue;
      int64_t bound = number.getSExtValue();
      if (auto compare = dyn_cast<arith::CmpIOp>(user))
        join(count, countCompared(isFirst ? compare.getPredicate()
                                          : exchange(compare.getPredicate()),
                                  bound));
      else if (isFirst && isa<arith::RemSIOp, arith::RemUIOp>(user))
        join(count, {1, bound});
    }
  }
  return count;
}

/// The extent of the data that `op` reads per head or batch row.
static FailureOr<DistinctCount> countRows(Operation *op, FactEvaluator &facts,
                                          ParameterAxis axis) {
  DistinctCount count;
  for (const TableRead &read : getTableReads(op)) {
    const auto *dim = llvm::find(read.indices, getIndex(axis));
    if (dim == read.indices.end())
      continue;
    FailureOr<HostValue> value = facts.evaluate(read.table);
    if (failed(value))
      return failure();
    unsigned position = dim - read.indices.begin();
    int64_t size = 1;
    if (auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(&*value))
      size = (*array)->getSize(position);
    else if (auto *floats =
                 std::get_if<std::shared_ptr<const FloatArray>>(&*value))
      size = (*floats)->getSize(position);
    join(count, {size, size});
  }
  return count;
}

FailureOr<DistinctCount> mlir::mask::countDistinct(Value predicate,
                                                   FactEvaluator &facts,
                                                   ParameterAxis axis) {
  DistinctCount count;
  SetVector<Operation *> ops = collectPredicates(predicate), complemented;
  for (Operation *op : ops)
    if (auto complement = dyn_cast<NotOp>(op))
      complemented.insert_range(collectPredicates(complement.getInput()));
  for (Operation *op : ops) {
    if (std::optional<ArrayRef<int64_t>> members = getMembers(op, axis))
      for (int64_t member : *members) {
        int64_t named = addClamped(member, 1);
        // The complement shows all to those that are not members.
        join(count,
             {named, complemented.contains(op) ? addClamped(named, 1) : named});
      }
    if (auto generic = dyn_cast<GenericOp>(op))
      join(count, countCompared(generic, axis));
    FailureOr<DistinctCount> rows = countRows(op, facts, axis);
    if (failed(rows))
      return failure();
    join(count, *rows);
  }
  return count;
}
