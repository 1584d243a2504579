//===- TermPrinter.cpp - terms as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Term.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::mask;

static StringRef nameOf(TermSymbol symbol) {
  switch (symbol) {
  case TermSymbol::Batch:
    return "b";
  case TermSymbol::Head:
    return "h";
  case TermSymbol::Query:
    return "q";
  case TermSymbol::QueryFirst:
    return "q0";
  case TermSymbol::QueryLast:
    return "q1";
  case TermSymbol::KeyFirst:
    return "k0";
  case TermSymbol::KeyLast:
    return "k1";
  }
  llvm_unreachable("unknown symbol");
}

static void printSource(raw_ostream &os, const TermSource &source) {
  static constexpr StringLiteral kinds[] = {
      "", "document_interval", "block_interval", "count", "monotone"};
  if (source.kind != TermSource::Data)
    os << kinds[source.kind];
  else if (Operation *op = source.value.getDefiningOp())
    os << op->getName().stripDialect();
  else
    os << "arg" << cast<BlockArgument>(source.value).getArgNumber();
}

/// A sum, with differences written as such.
static void printSum(raw_ostream &os, Term term) {
  for (unsigned i = 0; i < term.getNumOperands(); ++i) {
    Term part = term.getOperand(i);
    bool negative = part.isConstant() && part->number < 0;
    if (i)
      os << (negative ? " - " : " + ");
    if (i && negative)
      os << -part->number;
    else
      part.print(os);
  }
}

void Term::print(raw_ostream &os) const {
  auto list = [&](StringRef separator) {
    for (unsigned i = 0; i < getNumOperands(); ++i) {
      os << (i ? separator : "");
      getOperand(i).print(os);
    }
  };
  auto call = [&](StringRef name) {
    os << name << '(';
    list(", ");
    os << ')';
  };
  switch (getKind()) {
  case TermKind::Constant:
    if (isPlusInfinity())
      os << "inf";
    else if (isMinusInfinity())
      os << "-inf";
    else
      os << node->number;
    return;
  case TermKind::Symbol:
    os << nameOf(node->symbol);
    return;
  case TermKind::Parameter:
    printSource(os, node->source);
    return;
  case TermKind::Add:
    printSum(os, *this);
    return;
  case TermKind::Mul:
    call("mul");
    return;
  case TermKind::FloorDiv:
    call("floordiv");
    return;
  case TermKind::Min:
    call("min");
    return;
  case TermKind::Max:
    call("max");
    return;
  case TermKind::LessEqual:
    os << '(';
    list(" <= ");
    os << ')';
    return;
  case TermKind::Select:
    call("select");
    return;
  case TermKind::Member:
    getOperand(0).print(os);
    os << " in {";
    llvm::interleaveComma(node->members, os);
    os << '}';
    return;
  case TermKind::Load:
    printSource(os, node->source);
    os << '[';
    list(", ");
    os << ']';
    return;
  case TermKind::Size:
    os << "size" << node->number << '(';
    printSource(os, node->source);
    os << ')';
    return;
  case TermKind::LowerBound:
    os << "lower_bound(";
    printSource(os, node->source);
    os << ", ";
    getOperand(0).print(os);
    os << ')';
    return;
  case TermKind::RowMin:
    call("row_min");
    return;
  case TermKind::RowMax:
    call("row_max");
    return;
  }
}
