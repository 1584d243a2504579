//===- PredicateProofs.h - proofs about predicates by their structure -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_PREDICATEPROOFS_H
#define MASK_IR_PREDICATEPROOFS_H

#include "Mask/IR/PredicateOrder.h"

namespace mlir::mask {

/// Decides, by structure alone, how two predicates lie to each other over all
/// batch rows, heads and integers `q` and `k`, whatever the facts are. True is
/// a theorem; false means "not proved". The work of one query is bounded.
class PredicateProver {
public:
  explicit PredicateProver(PredicateOrder &order) : order(order) {}

  /// Every key that `a` shows, `b` shows.
  bool implies(Value a, Value b);
  /// No key is visible under both.
  bool excludes(Value a, Value b);
  /// Every key is visible under one of them.
  bool covers(Value a, Value b);

private:
  /// A predicate, or its complement. That `a` implies the complement of `b` is
  /// that they exclude each other; that the complement of `a` implies `b`, that
  /// they cover everything.
  struct Literal {
    Value predicate;
    bool positive;
  };
  bool prove(Literal a, Literal b);
  bool proveParts(Literal a, Literal b);
  bool proveRestricted(Literal a, Literal b);
  bool leavesImply(Literal a, Literal b);
  bool spend() { return budget != 0 && budget-- != 0; }

  PredicateOrder &order;
  /// Steps left: nested connectives would otherwise cost exponential time.
  unsigned budget = 0;
};

} // namespace mlir::mask

#endif // MASK_IR_PREDICATEPROOFS_H
