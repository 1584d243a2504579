//===- Term.cpp - construction and folding of terms -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"
#include "TermNodes.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::mask;

static auto keyOf(const TermSource &source) {
  return std::make_tuple(source.kind, source.value.getAsOpaquePointer(),
                         source.second.getAsOpaquePointer());
}

bool TermSource::operator<(const TermSource &other) const {
  return keyOf(*this) < keyOf(other);
}

/// Infinities absorb; everything else is far from overflow.
static int64_t saturate(int64_t value) { return clampTo(value, kInfinity); }
static bool isInfinite(int64_t value) {
  return value >= kInfinity || value <= -kInfinity;
}
static int64_t multiply(int64_t a, int64_t b) {
  int64_t result;
  if (llvm::MulOverflow(a, b, result))
    return (a < 0) == (b < 0) ? kInfinity : -kInfinity;
  return saturate(result);
}

//===----------------------------------------------------------------------===//
// Uniquing
//===----------------------------------------------------------------------===//

static void summarize(Term::Node &node) {
  auto bit = [](TermSymbol symbol) {
    return 1u << static_cast<unsigned>(symbol);
  };
  if (node.kind == TermKind::Symbol)
    node.dependences = bit(node.symbol);
  for (const Term::Node *operand : node.operands) {
    node.dependences |= operand->dependences;
    node.weight = llvm::SaturatingAdd(node.weight, operand->weight);
  }
  // A reduction depends on its tile, not on a row.
  if (std::optional<ReductionAxis> axis = getReduction(node.kind)) {
    node.dependences &= ~bit(axis->symbol);
    node.dependences |= bit(axis->first) | bit(axis->last);
  }
}

size_t TermContext::HashKey::operator()(const std::vector<int64_t> &key) const {
  return llvm::hash_combine_range(key);
}

Term TermContext::make(Term::Node node) {
  std::vector<int64_t> key = {static_cast<int64_t>(node.kind), node.number,
                              node.limit, node.isTableEnd,
                              static_cast<int64_t>(node.symbol)};
  bool hasSource = node.kind == TermKind::Load || node.kind == TermKind::Size ||
                   node.kind == TermKind::LowerBound ||
                   node.kind == TermKind::Parameter;
  if (hasSource)
    key.push_back(
        sources.try_emplace(node.source, sources.size()).first->second);
  key.push_back(node.operands.size());
  for (const Term::Node *operand : node.operands)
    key.push_back(operand->id);
  llvm::append_range(key, node.members);
  auto [it, inserted] = unique.try_emplace(std::move(key), nullptr);
  if (inserted) {
    node.id = nodes.size();
    summarize(node);
    nodes.push_back(std::move(node));
    it->second = &nodes.back();
  }
  return Term(it->second);
}

Term TermContext::constant(int64_t value) {
  Term::Node node = nodeOf(TermKind::Constant, {});
  node.number = saturate(value);
  return make(std::move(node));
}

Term TermContext::symbol(TermSymbol symbol) {
  Term::Node node = nodeOf(TermKind::Symbol, {});
  node.symbol = symbol;
  return make(std::move(node));
}

Term TermContext::parameter(Value index, int64_t limit) {
  Term::Node node = nodeOf(TermKind::Parameter, {});
  node.source.value = index;
  node.limit = limit;
  return make(std::move(node));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

namespace {
/// A sum of terms with coefficients, by term, and a constant.
struct LinearSum {
  std::map<unsigned, std::pair<Term, int64_t>> parts;
  int64_t constant = 0;

  void accumulate(Term term, int64_t factor) {
    switch (term.getKind()) {
    case TermKind::Constant:
      if (isInfinite(term->number))
        constant = multiply(term->number, factor);
      else if (!isInfinite(constant))
        constant = saturate(constant + multiply(term->number, factor));
      return;
    case TermKind::Add:
      for (Term operand : operandsOf(term))
        accumulate(operand, factor);
      return;
    case TermKind::Mul:
      if (term.getOperand(0).isConstant())
        return accumulate(term.getOperand(1),
                          multiply(factor, term.getOperand(0)->number));
      break;
    default:
      break;
    }
    auto &part = parts[term->id];
    part.first = term;
    part.second += factor;
  }
};
} // namespace

/// The sum of `constantPart` and the parts times their coefficients.
Term TermContext::linear(ArrayRef<std::pair<Term, int64_t>> parts,
                         int64_t constantPart) {
  if (isInfinite(constantPart))
    return constant(constantPart);
  SmallVector<Term> operands;
  for (auto [term, coefficient] : parts) {
    if (coefficient == 1)
      operands.push_back(term);
    else if (coefficient != 0)
      operands.push_back(
          make(nodeOf(TermKind::Mul, {constant(coefficient), term})));
  }
  if (operands.empty())
    return constant(constantPart);
  // max(a, b) + c is max(a + c, b + c): the constant reaches the parts that it
  // can be compared with.
  if (operands.size() == 1 && constantPart != 0 &&
      (operands[0].getKind() == TermKind::Min ||
       operands[0].getKind() == TermKind::Max)) {
    SmallVector<Term> shifted;
    for (Term operand : operandsOf(operands[0]))
      shifted.push_back(add(operand, constantPart));
    return minMax(operands[0].getKind(), shifted);
  }
  if (constantPart != 0)
    operands.push_back(constant(constantPart));
  if (operands.size() == 1)
    return operands[0];
  return make(nodeOf(TermKind::Add, operands));
}

Term TermContext::add(ArrayRef<Term> terms) {
  LinearSum sum;
  for (Term term : terms)
    sum.accumulate(term, 1);
  return linear(llvm::to_vector<4>(llvm::make_second_range(sum.parts)),
                sum.constant);
}

bool Term::isExactProduct() const {
  Term a = getOperand(0), b = getOperand(1);
  return a.isConstant() || b.isConstant() || isMultipleOf(a, b) ||
         isMultipleOf(b, a);
}

Term TermContext::mul(Term a, Term b) {
  if (b.isConstant())
    std::swap(a, b);
  if (!a.isConstant())
    return make(nodeOf(TermKind::Mul, {a, b}));
  if (a.isConstant(0))
    return constant(0);
  LinearSum sum;
  sum.accumulate(b, a->number);
  return linear(llvm::to_vector<4>(llvm::make_second_range(sum.parts)),
                sum.constant);
}

Term TermContext::floorDiv(Term a, Term b) {
  if (b.isConstant(1) || (a.isConstant() && isInfinite(a->number)))
    return a;
  if (a.isConstant() && b.isConstant() && b->number > 0)
    return constant(llvm::divideFloorSigned(a->number, b->number));
  return make(nodeOf(TermKind::FloorDiv, {a, b}));
}

//===----------------------------------------------------------------------===//
// Minimum, maximum and truth values
//===----------------------------------------------------------------------===//

/// The constant `a - b`, if it is one.
static std::optional<int64_t> constantDifference(TermContext &context, Term a,
                                                 Term b) {
  if (a.isConstant() != b.isConstant())
    return std::nullopt;
  Term difference = context.sub(a, b);
  if (!difference.isConstant())
    return std::nullopt;
  return difference->number;
}

Term TermContext::minMax(TermKind kind, ArrayRef<Term> terms) {
  bool isMin = kind == TermKind::Min;
  SmallVector<Term> flat;
  for (Term term : terms) {
    if (term.getKind() == kind)
      llvm::append_range(flat, operandsOf(term));
    else
      flat.push_back(term);
  }
  SmallVector<Term> kept;
  for (Term term : flat) {
    if (isMin ? term.isMinusInfinity() : term.isPlusInfinity())
      return term;
    if (isMin ? term.isPlusInfinity() : term.isMinusInfinity())
      continue;
    bool comparable = false;
    for (Term &other : kept) {
      std::optional<int64_t> difference =
          constantDifference(*this, term, other);
      if (!difference)
        continue;
      if (isMin ? *difference < 0 : *difference > 0)
        other = term;
      comparable = true;
      break;
    }
    if (!comparable)
      kept.push_back(term);
  }
  // max(a, min(a, b)) is a.
  TermKind dual = isMin ? TermKind::Max : TermKind::Min;
  SmallVector<Term> operands;
  for (Term term : kept) {
    bool redundant =
        term.getKind() == dual && llvm::any_of(kept, [&](Term other) {
          return other != term &&
                 llvm::is_contained(term->operands, other.getNode());
        });
    if (!redundant)
      operands.push_back(term);
  }
  if (operands.empty())
    return isMin ? plusInfinity() : minusInfinity();
  if (operands.size() == 1)
    return operands[0];
  llvm::sort(operands, [](Term a, Term b) { return a->id < b->id; });
  return make(nodeOf(kind, operands));
}

Term TermContext::min(ArrayRef<Term> terms) {
  return minMax(TermKind::Min, terms);
}
Term TermContext::max(ArrayRef<Term> terms) {
  return minMax(TermKind::Max, terms);
}

Term TermContext::lessEqual(Term a, Term b) {
  if (a == b || a.isMinusInfinity() || b.isPlusInfinity())
    return truth(true);
  if (std::optional<int64_t> difference = constantDifference(*this, a, b))
    return truth(*difference <= 0);
  return make(nodeOf(TermKind::LessEqual, {a, b}));
}

Term TermContext::logicalNot(Term value) {
  // Not where infinity would absorb the one.
  if (value.getKind() == TermKind::LessEqual &&
      !value.getOperand(1).isMinusInfinity() &&
      !value.getOperand(0).isPlusInfinity())
    return lessEqual(add(value.getOperand(1), 1), value.getOperand(0));
  return sub(constant(1), value);
}

Term TermContext::select(Term condition, Term ifTrue, Term ifFalse) {
  if (condition.isConstant())
    return condition->number ? ifTrue : ifFalse;
  if (ifTrue == ifFalse)
    return ifTrue;
  return make(nodeOf(TermKind::Select, {condition, ifTrue, ifFalse}));
}

Term TermContext::member(Term element, ArrayRef<int64_t> members) {
  if (members.empty())
    return truth(false);
  if (element.isConstant())
    return truth(llvm::is_contained(members, element->number));
  Term::Node node = nodeOf(TermKind::Member, {element});
  node.members = members.vec();
  return make(std::move(node));
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

Term TermContext::load(TermSource source, ArrayRef<Term> indices,
                       int64_t otherwise, int64_t limit) {
  Term::Node node = nodeOf(TermKind::Load, indices);
  node.source = source;
  node.number = otherwise;
  node.limit = limit;
  return make(std::move(node));
}

Term TermContext::tableEnd(TermSource source, ArrayRef<Term> indices,
                           bool isLower) {
  Term::Node node = nodeOf(TermKind::Load, indices);
  node.source = source;
  node.number = isLower ? kNoEnd : -kNoEnd;
  node.isTableEnd = true;
  return make(std::move(node));
}

Term TermContext::size(TermSource source, unsigned dim) {
  Term::Node node = nodeOf(TermKind::Size, {});
  node.source = source;
  node.number = dim;
  return make(std::move(node));
}

Term TermContext::lowerBound(TermSource source, Term row, Term element) {
  if (element.isMinusInfinity())
    return constant(0);
  if (element.isPlusInfinity())
    return size(source, row ? 1 : 0);
  Term::Node node = row ? nodeOf(TermKind::LowerBound, {element, row})
                        : nodeOf(TermKind::LowerBound, {element});
  node.source = source;
  return make(std::move(node));
}
