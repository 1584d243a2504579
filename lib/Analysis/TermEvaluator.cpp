//===- TermEvaluator.cpp - terms on host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/IndexTables.h"
#include "Mask/IR/Range.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// The table that a source stands for, built from the facts if need be.
static FailureOr<HostArray> materialize(const TermSource &source,
                                        FactEvaluator &facts) {
  FailureOr<HostArray> array = facts.evaluateArray(source.value);
  if (failed(array) || source.kind == TermSource::Data)
    return array;
  switch (source.kind) {
  case TermSource::CountTable:
    return buildCountTable(**array);
  case TermSource::MonotoneTable:
    return buildMonotoneTable(**array);
  case TermSource::RangeTable:
    return buildRangeTable(**array);
  default:
    break;
  }
  FailureOr<HostArray> keys =
      source.second ? facts.evaluateArray(source.second) : array;
  if (failed(keys))
    return failure();
  return buildIntervalTable(
      **array, **keys, source.kind == TermSource::NonNegativeIntervalTable);
}

LogicalResult TermEvaluator::prepare(Term term) {
  if (!prepared.insert(term.getNode()).second)
    return success();
  switch (term.getKind()) {
  case TermKind::Parameter: {
    FailureOr<int64_t> number = facts.evaluateNumber(term->source.value);
    if (failed(number))
      return failure();
    numbers[term->source.value] = *number;
    return success();
  }
  case TermKind::Load:
  case TermKind::Size:
  case TermKind::LowerBound:
    if (!arrays.count(term->source)) {
      FailureOr<HostArray> array = materialize(term->source, facts);
      if (failed(array))
        return failure();
      arrays[term->source] = *array;
    }
    break;
  default:
    break;
  }
  for (unsigned i = 0; i < term.getNumOperands(); ++i)
    if (failed(prepare(term.getOperand(i))))
      return failure();
  return success();
}

/// `value` as `term`, which read it, takes it.
static int64_t limited(Term term, int64_t value) {
  if (term->isTableEnd &&
      (term->number > 0 ? value >= kNoKey : value <= -kNoKey))
    return term->number;
  return term->limit ? clampTo(value, term->limit) : value;
}

static int64_t TermPoint::*getCoordinate(TermSymbol symbol) {
  switch (symbol) {
  case TermSymbol::Batch:
    return &TermPoint::batch;
  case TermSymbol::Head:
    return &TermPoint::head;
  case TermSymbol::Query:
    return &TermPoint::query;
  case TermSymbol::QueryFirst:
    return &TermPoint::queryFirst;
  case TermSymbol::QueryLast:
    return &TermPoint::queryLast;
  case TermSymbol::KeyFirst:
    return &TermPoint::keyFirst;
  case TermSymbol::KeyLast:
    return &TermPoint::keyLast;
  case TermSymbol::HeadFirst:
    return &TermPoint::headFirst;
  case TermSymbol::HeadLast:
    return &TermPoint::headLast;
  }
  llvm_unreachable("unknown symbol");
}

int64_t TermEvaluator::evaluate(Term term, const TermPoint &point) const {
  auto operand = [&](unsigned i) {
    return evaluate(term.getOperand(i), point);
  };
  switch (term.getKind()) {
  case TermKind::Constant:
    return term->number;
  case TermKind::Symbol:
    return point.*getCoordinate(term->symbol);
  case TermKind::Parameter:
    return limited(term, numbers.lookup(term->source.value));
  case TermKind::Add: {
    int64_t sum = 0;
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      sum += operand(i);
    return sum;
  }
  case TermKind::Mul:
    return term.isExactProduct() ? operand(0) * operand(1)
                                 : saturatingProduct(operand(0), operand(1));
  case TermKind::FloorDiv:
    // A size below one is an error of the request, reported elsewhere.
    return llvm::divideFloorSigned(operand(0),
                                   std::max<int64_t>(operand(1), 1));
  case TermKind::Min:
  case TermKind::Max: {
    int64_t extremum = operand(0);
    for (unsigned i = 1; i < term.getNumOperands(); ++i) {
      int64_t value = operand(i);
      extremum = term.getKind() == TermKind::Min ? std::min(extremum, value)
                                                 : std::max(extremum, value);
    }
    return extremum;
  }
  case TermKind::LessEqual:
    return operand(0) <= operand(1);
  case TermKind::Select:
    return operand(0) ? operand(1) : operand(2);
  case TermKind::Member:
    return llvm::is_contained(term->members, operand(0));
  case TermKind::Load:
    return evaluateLoad(term, point);
  case TermKind::Size:
    return arrays.find(term->source)->second->getSize(term->number);
  case TermKind::LowerBound:
    return evaluateLowerBound(term, point);
  case TermKind::RowMin:
  case TermKind::RowMax:
  case TermKind::HeadMin:
  case TermKind::HeadMax:
    return evaluateReduction(term, point);
  }
  llvm_unreachable("unknown term");
}

int64_t TermEvaluator::evaluateReduction(Term term,
                                         const TermPoint &point) const {
  ReductionAxis axis = *getReduction(term.getKind());
  TermPoint row = point;
  int64_t &moved = row.*getCoordinate(axis.symbol);
  int64_t first = point.*getCoordinate(axis.first),
          last = point.*getCoordinate(axis.last);
  int64_t extremum = axis.isMin ? std::numeric_limits<int64_t>::max()
                                : std::numeric_limits<int64_t>::min();
  for (moved = first; moved <= last; ++moved) {
    int64_t value = evaluate(term.getOperand(0), row);
    extremum =
        axis.isMin ? std::min(extremum, value) : std::max(extremum, value);
  }
  return extremum;
}

int64_t TermEvaluator::evaluateLoad(Term term, const TermPoint &point) const {
  const IntegerArray &array = *arrays.find(term->source)->second;
  int64_t offset = 0;
  for (unsigned i = 0; i < term.getNumOperands(); ++i) {
    int64_t index = evaluate(term.getOperand(i), point);
    if (index < 0 || index >= array.getSize(i))
      return term->number;
    offset = offset * array.getSize(i) + index;
  }
  return limited(term, array.values[offset]);
}

int64_t TermEvaluator::evaluateLowerBound(Term term,
                                          const TermPoint &point) const {
  const IntegerArray &array = *arrays.find(term->source)->second;
  int64_t size = array.shape.back();
  int64_t row =
      term.getNumOperands() > 1 ? evaluate(term.getOperand(1), point) : 0;
  if (size == 0 || row < 0 || row >= array.getNumElements() / size)
    return 0;
  auto begin = array.values.begin() + row * size;
  auto isBefore = [](int64_t position, int64_t bound) {
    return clampParameter(position) < bound;
  };
  return std::lower_bound(begin, begin + size,
                          evaluate(term.getOperand(0), point), isBefore) -
         begin;
}
