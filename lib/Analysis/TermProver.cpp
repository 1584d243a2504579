//===- TermProver.cpp - proofs that one term is at most another -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Term.h"

#include "mlir/Analysis/Presburger/IntegerRelation.h"

using namespace mlir;
using namespace mlir::mask;
using presburger::IntegerPolyhedron;
using presburger::PresburgerSpace;

namespace {

/// A system of linear inequalities over the atoms of some terms: symbols,
/// parameters, data and floors are opaque integers, constrained by what is
/// known of each.
class LinearSystem {
public:
  /// Adds `term >= constant`.
  void addAtLeast(Term term, int64_t constant) {
    addSum({{term, 1}}, -constant);
  }

  /// Whether no integers satisfy the system.
  bool isEmpty() {
    // Constraints on atoms can mention new atoms: the list grows meanwhile.
    for (unsigned i = 0; i < atoms.size() && i < kMaxAtoms; ++i)
      constrain(atoms[i]);
    if (atoms.size() > kMaxAtoms)
      return false;
    IntegerPolyhedron set(PresburgerSpace::getSetSpace(atoms.size()));
    for (const Row &row : rows) {
      SmallVector<int64_t> coefficients(atoms.size() + 1, 0);
      for (auto [atom, coefficient] : row.coefficients)
        coefficients[atom] = coefficient;
      coefficients.back() = row.constant;
      set.addInequality(coefficients);
    }
    return set.isIntegerEmpty();
  }

private:
  struct Row {
    std::map<unsigned, int64_t> coefficients;
    int64_t constant = 0;
  };
  static constexpr unsigned kMaxAtoms = 24;

  /// Adds `sum of term * factor + constant >= 0`.
  void addSum(ArrayRef<std::pair<Term, int64_t>> sum, int64_t constant) {
    Row row;
    row.constant = constant;
    for (auto [term, factor] : sum)
      accumulate(term, factor, row);
    rows.push_back(std::move(row));
  }

  void accumulate(Term term, int64_t factor, Row &row) {
    if (term.isConstant()) {
      row.constant += factor * term->number;
      return;
    }
    if (term.getKind() == TermKind::Add) {
      for (unsigned i = 0; i < term.getNumOperands(); ++i)
        accumulate(term.getOperand(i), factor, row);
      return;
    }
    if (term.getKind() == TermKind::Mul && term.getOperand(0).isConstant())
      return accumulate(term.getOperand(1), factor * term.getOperand(0)->number,
                        row);
    auto [it, inserted] = index.try_emplace(term->id, atoms.size());
    if (inserted)
      atoms.push_back(term);
    row.coefficients[it->second] += factor;
  }

  /// What is known of an opaque integer.
  void constrain(Term atom) {
    switch (atom.getKind()) {
    case TermKind::Symbol: // Rows, columns, batch rows and heads that exist.
    case TermKind::Size:
      return addAtLeast(atom, 0);
    case TermKind::FloorDiv: { // C t <= x <= C t + C - 1
      Term dividend = atom.getOperand(0), divisor = atom.getOperand(1);
      if (!divisor.isConstant())
        return;
      addSum({{dividend, 1}, {atom, -divisor->number}}, 0);
      addSum({{dividend, -1}, {atom, divisor->number}}, divisor->number - 1);
      return;
    }
    case TermKind::Min:
      for (unsigned i = 0; i < atom.getNumOperands(); ++i)
        addSum({{atom.getOperand(i), 1}, {atom, -1}}, 0);
      return;
    case TermKind::Max:
      for (unsigned i = 0; i < atom.getNumOperands(); ++i)
        addSum({{atom, 1}, {atom.getOperand(i), -1}}, 0);
      return;
    case TermKind::LessEqual:
    case TermKind::Member:
      addAtLeast(atom, 0);
      addSum({{atom, -1}}, 1);
      return;
    default:
      return;
    }
  }

  std::vector<Term> atoms;
  std::map<unsigned, unsigned> index;
  std::vector<Row> rows;
};

} // namespace

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
  counterexample.addAtLeast(context.sub(a, b), 1);
  return counterexample.isEmpty();
}

bool mlir::mask::provablyLessEqual(TermContext &context, Term a, Term b) {
  return prove(context, a, b, /*depth=*/6);
}
