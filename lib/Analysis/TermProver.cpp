//===- TermProver.cpp - proofs that one term is at most another -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TermProver.h"

#include "LinearSystem.h"

using namespace mlir;
using namespace mlir::mask;

static bool prove(TermContext &context, Term a, Term b, unsigned depth) {
  if (a == b || a.isMinusInfinity() || b.isPlusInfinity())
    return true;
  if (a.isPlusInfinity() || b.isMinusInfinity())
    return false;
  if (a.isConstant() && b.isConstant())
    return a->number <= b->number;
  if (depth == 0)
    return false;
  auto anyOf = [&](Term term, auto test) {
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      if (test(term.getOperand(i)))
        return true;
    return false;
  };
  auto below = [&](Term term) { return prove(context, term, b, depth - 1); };
  auto above = [&](Term term) { return prove(context, a, term, depth - 1); };
  if (a.getKind() == TermKind::Max)
    return !anyOf(a, [&](Term term) { return !below(term); });
  if (b.getKind() == TermKind::Min)
    return !anyOf(b, [&](Term term) { return !above(term); });
  if (a.getKind() == TermKind::Select) {
    // Under one condition the branches correspond.
    bool paired =
        b.getKind() == TermKind::Select && b.getOperand(0) == a.getOperand(0);
    for (unsigned i = 1; i <= 2; ++i)
      if (!prove(context, a.getOperand(i), paired ? b.getOperand(i) : b,
                 depth - 1))
        return false;
    return true;
  }
  if (b.getKind() == TermKind::Select)
    return above(b.getOperand(1)) && above(b.getOperand(2));
  if (a.getKind() == TermKind::Min && anyOf(a, below))
    return true;
  if (b.getKind() == TermKind::Max && anyOf(b, above))
    return true;
  LinearSystem counterexample;
  counterexample.addLessEqual(context.add(b, 1), a);
  return counterexample.isEmpty();
}

bool mlir::mask::provablyLessEqual(TermContext &context, Term a, Term b) {
  return prove(context, a, b, /*depth=*/6);
}
