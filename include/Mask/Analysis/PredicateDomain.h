//===- PredicateDomain.h - predicates on some queries and keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_PREDICATEDOMAIN_H
#define MASK_ANALYSIS_PREDICATEDOMAIN_H

#include "Mask/Analysis/Term.h"
#include "Mask/IR/Mask.h"

#include "llvm/ADT/DenseMap.h"

namespace mlir::mask {

/// The query and the key that a predicate is asked about.
struct PredicateFrame {
  Term query, key;
};

/// That a predicate shows the key of a frame to its query, or hides it.
struct PredicateClaim {
  Value predicate;
  PredicateFrame frame;
  bool visible;
};

/// Points that predicates are asked about, each a batch row, a head, a query
/// and a key, and what can be proved of predicates there. Queries and keys are
/// terms over the symbols `Query` and `KeyFirst`, which count from zero,
/// `Batch` and `Head`; what is assumed of them makes the domain.
class PredicateDomain {
public:
  explicit PredicateDomain(TermContext &context) : context(context) {}

  TermContext &getContext() { return context; }
  /// States that `a <= b` at every point.
  void assumeLessEqual(Term a, Term b) { assumptions.push_back({a, b}); }

  /// States that no block of `ids` has more tokens than `length`, and that the
  /// tokens of each are neighbours.
  void assumeBlocksAtMost(Value ids, Term length) { longest[ids] = length; }
  /// The bound on the blocks of `ids`, or null.
  Term getLongestBlock(Value ids) const { return longest.lookup(ids); }

  /// Proves that no point satisfies all claims, whatever the facts are. The
  /// claims are taken apart by the connectives down to the bounds of leaves,
  /// which are refuted as linear inequalities. False means "not proved"; the
  /// work of one query is bounded.
  bool excludes(ArrayRef<PredicateClaim> claims);

  /// The frame in which the input of an op that changes coordinates is asked.
  PredicateFrame enter(ShiftOp op, PredicateFrame frame);
  PredicateFrame enter(AtPositionsOp op, PredicateFrame frame);

private:
  TermContext &context;
  SmallVector<std::pair<Term, Term>> assumptions;
  DenseMap<Value, Term> longest;
};

} // namespace mlir::mask

#endif // MASK_ANALYSIS_PREDICATEDOMAIN_H
