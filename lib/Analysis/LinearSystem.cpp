//===- LinearSystem.cpp - linear inequalities over terms -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinearSystem.h"

#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;
using presburger::IntegerPolyhedron;
using presburger::PresburgerSpace;

/// More atoms than this are not worth the time of a proof.
static constexpr unsigned kMaxAtoms = 24;

void LinearSystem::Row::accumulate(int64_t &sum, int64_t a, int64_t b) {
  int64_t product;
  if (llvm::MulOverflow(a, b, product) || llvm::AddOverflow(sum, product, sum))
    overflows = true;
}

void LinearSystem::Row::add(Term term, int64_t factor) {
  if (term.isConstant())
    return accumulate(constant, factor, term->number);
  if (term.getKind() == TermKind::Add) {
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      add(term.getOperand(i), factor);
    return;
  }
  if (term.getKind() == TermKind::Mul && term.getOperand(0).isConstant()) {
    int64_t scaled = 0;
    accumulate(scaled, factor, term.getOperand(0)->number);
    return add(term.getOperand(1), scaled);
  }
  auto &coefficient = coefficients[term->id];
  coefficient.first = term;
  accumulate(coefficient.second, factor, 1);
}

LinearSystem::Row LinearSystem::makeRow(Term a, Term b) {
  Row row;
  row.add(b, 1);
  row.add(a, -1);
  for (auto it = row.coefficients.begin(); it != row.coefficients.end();)
    it = it->second.second ? std::next(it) : row.coefficients.erase(it);
  return row;
}

/// What is known of an opaque integer.
void LinearSystem::appendKnown(Term atom, std::vector<Row> &rows) {
  auto append = [&](ArrayRef<std::pair<Term, int64_t>> sum, int64_t constant) {
    Row row;
    row.constant = constant;
    for (auto [term, factor] : sum)
      row.add(term, factor);
    rows.push_back(std::move(row));
  };
  switch (atom.getKind()) {
  case TermKind::Symbol:
    // Batch rows and heads that exist; queries and keys may be negative.
    switch (atom->symbol) {
    case TermSymbol::Batch:
    case TermSymbol::Head:
    case TermSymbol::HeadFirst:
    case TermSymbol::HeadLast:
      return append({{atom, 1}}, 0);
    default:
      return;
    }
  case TermKind::Size:
    return append({{atom, 1}}, 0);
  case TermKind::FloorDiv: { // C t <= x <= C t + C - 1
    Term dividend = atom.getOperand(0), divisor = atom.getOperand(1);
    if (!divisor.isConstant())
      return;
    append({{dividend, 1}, {atom, -divisor->number}}, 0);
    append({{dividend, -1}, {atom, divisor->number}}, divisor->number - 1);
    return;
  }
  case TermKind::Min:
    for (unsigned i = 0; i < atom.getNumOperands(); ++i)
      append({{atom.getOperand(i), 1}, {atom, -1}}, 0);
    return;
  case TermKind::Max:
    for (unsigned i = 0; i < atom.getNumOperands(); ++i)
      append({{atom, 1}, {atom.getOperand(i), -1}}, 0);
    return;
  case TermKind::LessEqual:
  case TermKind::Member:
    append({{atom, 1}}, 0);
    append({{atom, -1}}, 1);
    return;
  default:
    return;
  }
}

bool LinearSystem::isEmpty() const {
  std::vector<Row> all = rows, unused = facts;
  std::map<unsigned, unsigned> atoms;
  // What is known of an atom can mention others, and so can facts: the list
  // grows meanwhile.
  for (size_t next = 0; next < all.size();) {
    std::vector<Row> more;
    for (auto &[id, coefficient] : all[next++].coefficients)
      if (atoms.try_emplace(id, atoms.size()).second)
        appendKnown(coefficient.first, more);
    if (atoms.size() > kMaxAtoms)
      return false;
    llvm::append_range(all, more);
    if (next < all.size())
      continue;
    llvm::erase_if(unused, [&](const Row &fact) {
      bool related = llvm::any_of(fact.coefficients, [&](const auto &entry) {
        return atoms.count(entry.first) != 0;
      });
      if (related)
        all.push_back(fact);
      return related;
    });
  }
  // With a row less the rest says less.
  llvm::erase_if(all, [](const Row &row) { return row.overflows; });
  IntegerPolyhedron set(PresburgerSpace::getSetSpace(atoms.size()));
  for (const Row &row : all) {
    SmallVector<int64_t> coefficients(atoms.size() + 1, 0);
    for (auto &[id, coefficient] : row.coefficients)
      coefficients[atoms[id]] = coefficient.second;
    coefficients.back() = row.constant;
    set.addInequality(coefficients);
  }
  return set.isIntegerEmpty();
}
