//===- LinearSystem.h - linear inequalities over terms -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_LINEARSYSTEM_H
#define MASK_LIB_ANALYSIS_LINEARSYSTEM_H

#include "Mask/Analysis/Term.h"

namespace mlir::mask {

/// Linear inequalities over the atoms of some terms: symbols, parameters, data,
/// floors, extrema. Atoms are opaque integers, constrained by what is known of
/// each.
class LinearSystem {
public:
  /// Requires `a <= b`.
  void addLessEqual(Term a, Term b) { rows.push_back(makeRow(a, b)); }
  /// States that `a <= b` is true anyway. Used where it says something of the
  /// atoms that the system is about.
  void addFact(Term a, Term b) { facts.push_back(makeRow(a, b)); }

  /// Whether no integers satisfy the system; false if that is not proved.
  bool isEmpty() const;

private:
  /// `sum of the terms times their coefficients + constant >= 0`, by the terms'
  /// ids.
  struct Row {
    std::map<unsigned, std::pair<Term, int64_t>> coefficients;
    int64_t constant = 0;
    /// Some number does not fit: the row says nothing.
    bool overflows = false;

    void add(Term term, int64_t factor);

  private:
    /// `sum += a * b`.
    void accumulate(int64_t &sum, int64_t a, int64_t b);
  };
  static Row makeRow(Term a, Term b);
  static void appendKnown(Term atom, std::vector<Row> &rows);

  std::vector<Row> rows, facts;
};

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_LINEARSYSTEM_H
