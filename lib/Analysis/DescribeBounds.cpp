//===- DescribeBounds.cpp - bounds of predicates as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/DescribeBounds.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// Terms as text. Sums are put in parentheses where something binds tighter.
class TermWriter {
public:
  TermWriter(ValueNamer name, BoundSubject subject)
      : name(name), subject(subject) {}

  std::string write(Term term) const;

private:
  std::string writeOperand(Term term) const;
  std::string writeCall(StringRef callee, Term term) const;
  std::string writeAll(StringRef separator, Term term) const;
  std::string writeCondition(Term term) const;
  std::string writeSum(Term term) const;
  std::string writeLoad(Term term) const;
  std::string writeSource(const TermSource &source) const;
  StringRef getSymbolName(TermSymbol symbol) const;

  ValueNamer name;
  BoundSubject subject;
  /// How many more terms are written before the rest is left out.
  mutable unsigned budget = 60;
};
} // namespace

StringRef TermWriter::getSymbolName(TermSymbol symbol) const {
  bool isQuery = subject == BoundSubject::Query;
  switch (symbol) {
  case TermSymbol::Batch:
    return "b";
  case TermSymbol::Head:
    return "h";
  case TermSymbol::Query:
    return isQuery ? "q" : "k";
  case TermSymbol::QueryFirst:
    return isQuery ? "q0" : "k0";
  case TermSymbol::QueryLast:
    return isQuery ? "q1" : "k1";
  case TermSymbol::KeyFirst:
    return "k0";
  case TermSymbol::KeyLast:
    return "k1";
  case TermSymbol::HeadFirst:
    return "h0";
  case TermSymbol::HeadLast:
    return "h1";
  }
  llvm_unreachable("unknown symbol");
}

std::string TermWriter::writeOperand(Term term) const {
  std::string text = write(term);
  bool isSum =
      term.getKind() == TermKind::Add ||
      (term.getKind() == TermKind::Parameter && StringRef(text).contains(' '));
  return isSum ? "(" + text + ")" : text;
}

std::string TermWriter::writeCall(StringRef callee, Term term) const {
  std::string text = callee.str() + "(";
  llvm::ListSeparator comma;
  for (unsigned i = 0; i < term.getNumOperands(); ++i)
    text += StringRef(comma).str() + write(term.getOperand(i));
  return text + ")";
}

std::string TermWriter::writeAll(StringRef separator, Term term) const {
  std::string text;
  llvm::ListSeparator between(separator);
  for (unsigned i = 0; i < term.getNumOperands(); ++i)
    text += StringRef(between).str() + write(term.getOperand(i));
  return text;
}

/// Whether a term is 0 or 1 by its form.
static bool isTruth(Term term) {
  switch (term.getKind()) {
  case TermKind::LessEqual:
  case TermKind::Member:
    return true;
  case TermKind::Min:
  case TermKind::Max:
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      if (!isTruth(term.getOperand(i)))
        return false;
    return true;
  default:
    return false;
  }
}

/// The `t` of `1 - t` where that is a truth value, else null.
static Term getNegated(Term term) {
  if (term.getKind() != TermKind::Add || term.getNumOperands() != 2)
    return Term();
  Term one = term.getOperand(1), product = term.getOperand(0);
  if (!one.isConstant())
    std::swap(one, product);
  bool isNegation = one.isConstant(1) && product.getKind() == TermKind::Mul &&
                    product.getOperand(0).isConstant(-1) &&
                    isTruth(product.getOperand(1));
  return isNegation ? product.getOperand(1) : Term();
}

/// What a selection asks, without outer parentheses.
std::string TermWriter::writeCondition(Term term) const {
  if (Term negated = getNegated(term))
    return "not " + write(negated);
  if (isTruth(term) && term.getKind() == TermKind::Min)
    return writeAll(" and ", term);
  if (isTruth(term) && term.getKind() == TermKind::Max)
    return writeAll(" or ", term);
  if (term.getKind() == TermKind::LessEqual)
    return writeAll(" <= ", term);
  return write(term);
}

/// The factor of a product with a negative constant, made positive.
static std::optional<int64_t> getNegativeFactor(Term term) {
  if (term.isConstant() && term->number < 0)
    return -term->number;
  if (term.getKind() != TermKind::Mul)
    return std::nullopt;
  for (unsigned i = 0; i < 2; ++i)
    if (term.getOperand(i).isConstant() && term.getOperand(i)->number < 0)
      return -term.getOperand(i)->number;
  return std::nullopt;
}

std::string TermWriter::writeSum(Term term) const {
  // What is added comes first, the constant last.
  auto getRank = [](Term part) {
    return part.isConstant() ? 2 : getNegativeFactor(part) ? 1 : 0;
  };
  SmallVector<Term> parts;
  for (int rank : {0, 1, 2})
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      if (getRank(term.getOperand(i)) == rank)
        parts.push_back(term.getOperand(i));
  std::string text;
  for (Term part : parts) {
    std::optional<int64_t> factor = getNegativeFactor(part);
    text += text.empty() ? (factor ? "-" : "") : (factor ? " - " : " + ");
    if (!factor) {
      text += part.getKind() == TermKind::Parameter ? writeOperand(part)
                                                    : write(part);
      continue;
    }
    if (part.isConstant()) {
      text += std::to_string(*factor);
      continue;
    }
    Term other = part.getOperand(part.getOperand(0).isConstant() ? 1 : 0);
    if (*factor != 1)
      text += std::to_string(*factor) + " * ";
    text += writeOperand(other);
  }
  return text;
}

std::string TermWriter::writeSource(const TermSource &source) const {
  switch (source.kind) {
  case TermSource::Data:
    return name(source.value);
  case TermSource::IntervalTable:
    return "document";
  case TermSource::NonNegativeIntervalTable:
    return "block";
  case TermSource::CountTable:
    return "valid";
  case TermSource::MonotoneTable:
    return "monotone";
  case TermSource::RangeTable:
    return "range";
  }
  llvm_unreachable("unknown source");
}

/// What the element of an index table means that `column` selects, or nothing
/// where it is no fixed column.
static StringRef getColumnName(TermSource::Kind table, Term column) {
  switch (table) {
  case TermSource::IntervalTable:
  case TermSource::NonNegativeIntervalTable: {
    static constexpr StringLiteral kNames[] = {"_begin", "_end", "_inner_begin",
                                               "_inner_end"};
    bool isFixed = column.isConstant() && column->number >= 0 &&
                   column->number < int64_t(std::size(kNames));
    return isFixed ? StringRef(kNames[column->number]) : StringRef();
  }
  case TermSource::CountTable: {
    // Columns from the end: the table is as long as the keys.
    static constexpr StringLiteral kNames[] = {"_end", "_begin", "_count"};
    if (column.getKind() != TermKind::Add || column.getNumOperands() != 2)
      return {};
    Term size = column.getOperand(0), back = column.getOperand(1);
    if (size.isConstant())
      std::swap(size, back);
    bool isFixed = size.getKind() == TermKind::Size && back.isConstant() &&
                   back->number < 0 &&
                   back->number >= -int64_t(std::size(kNames));
    return isFixed ? StringRef(kNames[-back->number - 1]) : StringRef();
  }
  case TermSource::Data:
  case TermSource::MonotoneTable:
  case TermSource::RangeTable:
    return {};
  }
  llvm_unreachable("unknown source");
}

std::string TermWriter::writeLoad(Term term) const {
  std::string source = writeSource(term->source);
  unsigned count = term.getNumOperands();
  StringRef column =
      getColumnName(term->source.kind, term.getOperand(count - 1));
  if (!column.empty()) {
    source += column;
    --count;
  }
  if (count == 0)
    return source;
  if (StringRef(source).contains(' '))
    source = "(" + source + ")";
  std::string text = source + "[";
  llvm::ListSeparator comma;
  for (unsigned i = 0; i < count; ++i)
    text += StringRef(comma).str() + write(term.getOperand(i));
  return text + "]";
}

std::string TermWriter::write(Term term) const {
  // Terms share operands: written out, they can be far longer than they are.
  if (budget == 0)
    return "...";
  --budget;
  switch (term.getKind()) {
  case TermKind::Constant:
    if (term.isPlusInfinity())
      return "inf";
    if (term.isMinusInfinity())
      return "-inf";
    return std::to_string(term->number);
  case TermKind::Symbol:
    return getSymbolName(term->symbol).str();
  case TermKind::Parameter:
    return name(term->source.value);
  case TermKind::Add:
    return writeSum(term);
  case TermKind::Mul:
    return writeOperand(term.getOperand(0)) + " * " +
           writeOperand(term.getOperand(1));
  case TermKind::FloorDiv:
    return "floor(" + writeOperand(term.getOperand(0)) + " / " +
           writeOperand(term.getOperand(1)) + ")";
  case TermKind::Min:
    return writeCall("min", term);
  case TermKind::Max:
    return writeCall("max", term);
  case TermKind::LessEqual:
    return "(" + writeAll(" <= ", term) + ")";
  case TermKind::Select:
    return "(" + writeCondition(term.getOperand(0)) + " ? " +
           write(term.getOperand(1)) + " : " + write(term.getOperand(2)) + ")";
  case TermKind::Member: {
    std::string text = "(" + write(term.getOperand(0)) + " in {";
    llvm::ListSeparator comma;
    for (int64_t member : term->members)
      text += StringRef(comma).str() + std::to_string(member);
    return text + "})";
  }
  case TermKind::Load:
    return writeLoad(term);
  case TermKind::Size:
    return "size(" + writeSource(term->source) + ")";
  case TermKind::LowerBound:
    return "first_at_least(" + writeSource(term->source) + ", " +
           write(term.getOperand(0)) + ")";
  case TermKind::RowMin:
    return writeCall("tile_min", term);
  case TermKind::RowMax:
    return writeCall("tile_max", term);
  case TermKind::HeadMin:
    return writeCall("heads_min", term);
  case TermKind::HeadMax:
    return writeCall("heads_max", term);
  }
  llvm_unreachable("unknown term");
}

std::string mlir::mask::describeTerm(Term term, ValueNamer name,
                                     BoundSubject subject) {
  return TermWriter(name, subject).write(term);
}

std::string mlir::mask::describeInterval(const KeyInterval &interval,
                                         ValueNamer name,
                                         BoundSubject subject) {
  return "[" + describeTerm(interval.lower, name, subject) + ", " +
         describeTerm(interval.upper, name, subject) + ")";
}

StringRef mlir::mask::explainInexactness(Operation *op) {
  return TypeSwitch<Operation *, StringRef>(op)
      .Case([](DilatedOp) { return "every n-th key is not an interval"; })
      .Case(
          [](DenseOp) { return "a stored mask is bounded by its size alone"; })
      .Case([](GenericOp) { return "scalar code has no interval form"; })
      .Case([](KeyPaddingOp) {
        return "whether there are holes is known only at run time";
      })
      .Case<BlockBidirectionalOp, DocumentOp>([](auto) {
        return "whether ids are contiguous is known only at run time";
      })
      .Case([](PackedOp) {
        return "whether sequences are contiguous is known only at run time";
      })
      .Case([](AtPositionsOp) {
        return "whether positions rise is known only at run time";
      })
      .Case([](NotOp) { return "the complement of several intervals"; })
      .Default([](Operation *op) {
        return op->getNumOperands() &&
                       isa<PredicateType>(op->getOperand(0).getType())
                   ? "whether the parts touch is known only at run time"
                   : "it has no interval form";
      });
}
