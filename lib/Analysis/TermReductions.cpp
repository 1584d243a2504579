//===- TermReductions.cpp - extrema of terms over the rows of a tile -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The least and the greatest value of a term over a tile: at one end of the
// tile where the term rises or falls, else of the parts, else row by row.
//
//===----------------------------------------------------------------------===//

#include "TermNodes.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

std::optional<ReductionAxis> mlir::mask::getReduction(TermKind kind) {
  switch (kind) {
  case TermKind::RowMin:
  case TermKind::RowMax:
    return ReductionAxis{TermSymbol::Query, TermSymbol::QueryFirst,
                         TermSymbol::QueryLast, kind == TermKind::RowMin};
  case TermKind::HeadMin:
  case TermKind::HeadMax:
    return ReductionAxis{TermSymbol::Head, TermSymbol::HeadFirst,
                         TermSymbol::HeadLast, kind == TermKind::HeadMin};
  default:
    return std::nullopt;
  }
}

Term TermContext::extremum(TermKind kind, Term term) {
  auto [moved, first, last, isMin] = *getReduction(kind);
  auto at = [&, moved = moved](TermSymbol end) {
    return substitute(term, moved, symbol(end));
  };
  switch (getTrend(term, moved)) {
  case Trend::Constant:
    return term;
  case Trend::Rising:
    return at(isMin ? first : last);
  case Trend::Falling:
    return at(isMin ? last : first);
  case Trend::Unknown:
    break;
  }
  TermKind same = isMin ? TermKind::Min : TermKind::Max;
  TermKind dual = isMin ? TermKind::Max : TermKind::Min;
  if (term.getKind() == same || term.getKind() == dual) {
    SmallVector<Term> operands = operandsOf(term);
    unsigned moving =
        llvm::count_if(operands, [&, moved = moved](Term operand) {
          return operand.dependsOn(moved);
        });
    // Exact for the same extremum, and for the other one if a single operand
    // moves; otherwise the whole term is reduced row by row.
    if (term.getKind() == same || moving == 1) {
      for (Term &operand : operands)
        operand = extremum(kind, operand);
      return minMax(term.getKind(), operands);
    }
  }
  return make(nodeOf(kind, {term}));
}

//===----------------------------------------------------------------------===//
// Substitution and trend
//===----------------------------------------------------------------------===//

Term TermContext::substitute(Term term, TermSymbol symbol, Term replacement) {
  if (term.getKind() == TermKind::Symbol)
    return term->symbol == symbol ? replacement : term;
  if (!term.dependsOn(symbol))
    return term;
  SmallVector<Term> operands = operandsOf(term);
  for (Term &operand : operands)
    operand = substitute(operand, symbol, replacement);
  // A reduction depends on its tile only; its ends are never renamed.
  return rebuild(term, operands);
}

Term TermContext::ofOneRow(Term term) {
  Term row = symbol(TermSymbol::QueryFirst);
  if (term.getKind() == TermKind::Symbol)
    return term->symbol == TermSymbol::QueryLast ? row : term;
  if (!term.dependsOn(TermSymbol::QueryLast))
    return term;
  SmallVector<Term> operands = operandsOf(term);
  for (Term &operand : operands)
    operand = ofOneRow(operand);
  std::optional<ReductionAxis> axis = getReduction(term.getKind());
  if (axis && axis->symbol == TermSymbol::Query)
    return substitute(operands[0], TermSymbol::Query, row);
  return rebuild(term, operands);
}

Term TermContext::rebuild(Term term, ArrayRef<Term> operands) {
  switch (term.getKind()) {
  case TermKind::Add:
    return add(operands);
  case TermKind::Mul:
    return mul(operands[0], operands[1]);
  case TermKind::FloorDiv:
    return floorDiv(operands[0], operands[1]);
  case TermKind::Min:
    return min(operands);
  case TermKind::Max:
    return max(operands);
  case TermKind::LessEqual:
    return lessEqual(operands[0], operands[1]);
  case TermKind::Select:
    return select(operands[0], operands[1], operands[2]);
  case TermKind::Member:
    return member(operands[0], term->members);
  case TermKind::Load:
    return term->isTableEnd
               ? tableEnd(term->source, operands, term->number > 0)
               : load(term->source, operands, term->number, term->limit);
  case TermKind::LowerBound:
    return lowerBound(term->source, operands.size() > 1 ? operands[1] : Term(),
                      operands[0]);
  default:
    return make(nodeOf(term.getKind(), operands));
  }
}

static Trend flip(Trend trend) {
  if (trend == Trend::Rising)
    return Trend::Falling;
  if (trend == Trend::Falling)
    return Trend::Rising;
  return trend;
}

static Trend join(Trend a, Trend b) {
  if (a == Trend::Constant || a == b)
    return b;
  if (b == Trend::Constant)
    return a;
  return Trend::Unknown;
}

Trend mlir::mask::getTrend(Term term, TermSymbol symbol) {
  if (!term.dependsOn(symbol))
    return Trend::Constant;
  auto trendOf = [&](unsigned i) {
    return getTrend(term.getOperand(i), symbol);
  };
  switch (term.getKind()) {
  case TermKind::Symbol:
    return Trend::Rising;
  case TermKind::Add:
  case TermKind::Min:
  case TermKind::Max: {
    Trend trend = Trend::Constant;
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      trend = join(trend, trendOf(i));
    return trend;
  }
  case TermKind::Mul: {
    Term a = term.getOperand(0), b = term.getOperand(1);
    if (a.isConstant())
      return a->number >= 0 ? trendOf(1) : flip(trendOf(1));
    // C * floor(x / C): a divisor is positive.
    if (isMultipleOf(b, a))
      return trendOf(1);
    if (isMultipleOf(a, b))
      return trendOf(0);
    return Trend::Unknown;
  }
  case TermKind::FloorDiv:
    return term.getOperand(1).dependsOn(symbol) ? Trend::Unknown : trendOf(0);
  case TermKind::LessEqual:
    return join(flip(trendOf(0)), trendOf(1));
  case TermKind::Select:
    return term.getOperand(0).dependsOn(symbol) ? Trend::Unknown
                                                : join(trendOf(1), trendOf(2));
  case TermKind::LowerBound:
    return term.getNumOperands() > 1 && term.getOperand(1).dependsOn(symbol)
               ? Trend::Unknown
               : trendOf(0);
  default:
    return Trend::Unknown;
  }
}
