//===- TermEvaluator.h - terms on host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_TERMEVALUATOR_H
#define MASK_ANALYSIS_TERMEVALUATOR_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Analysis/RowIntervals.h"

#include "llvm/ADT/DenseSet.h"

namespace mlir::mask {

/// The values of the term symbols.
struct TermPoint {
  int64_t batch = 0, head = 0, query = 0;
  int64_t queryFirst = 0, queryLast = 0, keyFirst = 0, keyLast = 0;
  int64_t headFirst = 0, headLast = 0;
};

/// Evaluates terms on facts. Index tables are built once, in O(N).
class TermEvaluator {
public:
  explicit TermEvaluator(FactEvaluator &facts) : facts(facts) {}
  /// Makes the data of `term` available, or emits an error at the op that
  /// cannot be evaluated. Must be called before `evaluate`.
  LogicalResult prepare(Term term);
  /// The value of `term` at `point`.
  int64_t evaluate(Term term, const TermPoint &point) const;

private:
  int64_t evaluateReduction(Term term, const TermPoint &point) const;
  int64_t evaluateLoad(Term term, const TermPoint &point) const;
  int64_t evaluateLowerBound(Term term, const TermPoint &point) const;

  FactEvaluator &facts;
  std::map<TermSource, std::shared_ptr<const IntegerArray>> arrays;
  DenseMap<Value, int64_t> numbers;
  DenseSet<const Term::Node *> prepared;
};

} // namespace mlir::mask

#endif // MASK_ANALYSIS_TERMEVALUATOR_H
