//===- AttentionDomain.cpp - the queries and keys of an attention -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionDomain.h"
#include "Mask/Analysis/AffineTerms.h"
#include "Mask/Analysis/RowIntervals.h"
#include "Mask/IR/Range.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace mlir::mask;

AttentionDomain::AttentionDomain(TermContext &context, AttentionOp attention)
    : PredicateDomain(context), attention(attention) {
  // Symbols count from zero; the first of each is absolute.
  auto within = [&](Term element, Term first, Term size) {
    assumeLessEqual(first, element);
    assumeLessEqual(context.add(element, 1), context.add(first, size));
  };
  auto origin = [&](unsigned i) {
    return attention.getOrigin().empty() ? context.constant(0)
                                         : number(attention.getOrigin()[i]);
  };
  Value query = attention.getQuery(), key = attention.getKey();
  within(context.symbol(TermSymbol::Batch), origin(0), size(query, 0));
  within(context.symbol(TermSymbol::Head), origin(1), size(query, 1));
  Term row = context.symbol(TermSymbol::Query),
       column = context.symbol(TermSymbol::KeyFirst);
  within(row, context.constant(0), size(query, 2));
  Term keys = attention.isPaged()
                  ? context.mul(size(attention.getKeyPages(), 1),
                                context.constant(*attention.getPageSize()))
                  : size(key, 2);
  within(column, context.constant(0), keys);
  frame.query = context.add(
      {row, origin(2), offset(attention.getQueryOffsetParameter())});
  frame.key = context.add(
      {column, origin(3), offset(attention.getKeyOffsetParameter())});
  describeCaptures();
}

/// An argument of the region that stands for the value makes the same term as
/// the leaves that read it.
Value AttentionDomain::lookupInside(Value value) {
  for (auto [outside, inside] : llvm::zip_equal(
           attention.getCaptures(), attention.getPredicate().getArguments()))
    if (outside == value)
      return inside;
  return value;
}

Term AttentionDomain::number(Value index) {
  // Extrema have no bounds that value bounds could tell.
  if (auto max = index.getDefiningOp<arith::MaxSIOp>())
    return getContext().max(number(max.getLhs()), number(max.getRhs()));
  if (auto min = index.getDefiningOp<arith::MinSIOp>())
    return getContext().min(number(min.getLhs()), number(min.getRhs()));
  Term term = getContext().parameter(lookupInside(index), kMaxParameter);
  describe(term, index);
  return term;
}

Term AttentionDomain::size(Value data, int64_t dim) {
  int64_t number = cast<ShapedType>(data.getType()).getDimSize(dim);
  if (!ShapedType::isDynamic(number))
    return getContext().constant(number);
  Term term =
      getContext().size({TermSource::Data, lookupInside(data), {}}, dim);
  describe(term, Variable(data, dim));
  return term;
}

Term AttentionDomain::offset(Parameter offset) {
  TermContext &context = getContext();
  if (std::optional<int64_t> constant = offset.getConstant())
    return context.constant(*constant);
  if (!offset.isGiven())
    return context.constant(0);
  if (!offset.axis)
    return number(offset.getValue());
  TermSymbol axis = *offset.axis == ParameterAxis::Batch ? TermSymbol::Batch
                                                         : TermSymbol::Head;
  return context.load({TermSource::Data, lookupInside(offset.getValue()), {}},
                      context.symbol(axis), /*otherwise=*/1, kMaxParameter);
}

void AttentionDomain::describe(Term term, const Variable &variable) {
  if (!described.insert(term.getNode()).second)
    return;
  // Bounds are wanted in terms of what nothing more is known of.
  auto isLeaf = [](Value value, std::optional<int64_t>,
                   ValueBoundsConstraintSet &) {
    Operation *owner = value.getDefiningOp();
    if (!owner)
      owner = cast<BlockArgument>(value).getOwner()->getParentOp();
    return !isa<ValueBoundsOpInterface, DestinationStyleOpInterface>(owner);
  };
  auto toOperand = [&](const std::pair<Value, std::optional<int64_t>> &leaf) {
    return leaf.second ? size(leaf.first, *leaf.second) : number(leaf.first);
  };
  for (presburger::BoundType type :
       {presburger::BoundType::LB, presburger::BoundType::UB}) {
    AffineMap map;
    ValueDimList operands;
    if (failed(SafeValueBounds::computeBound(map, operands, type, variable,
                                             isLeaf, /*closedUpper=*/true)))
      continue;
    SmallVector<Term> terms = llvm::map_to_vector(operands, toOperand);
    ArrayRef<Term> all = terms;
    Term bound =
        toTerm(getContext(), map.getResult(0), all.take_front(map.getNumDims()),
               all.drop_front(map.getNumDims()));
    if (type == presburger::BoundType::LB)
      assumeLessEqual(bound, term);
    else
      assumeLessEqual(term, bound);
  }
}

/// Whether a leaf promises that the ids are contiguous: where they come from
/// may be out of sight.
static bool isReadAsContiguous(Value ids) {
  return llvm::any_of(ids.getUsers(), [&](Operation *user) {
    auto block = dyn_cast<BlockBidirectionalOp>(user);
    return block && block.getContiguous() && block.getEffectiveKeyIds() == ids;
  });
}

void AttentionDomain::describeCaptures() {
  TermContext &context = getContext();
  auto assumeEqual = [&](Term a, Term b) {
    if (a == b)
      return;
    assumeLessEqual(a, b);
    assumeLessEqual(b, a);
  };
  for (auto [outside, inside] : llvm::zip_equal(
           attention.getCaptures(), attention.getPredicate().getArguments())) {
    if (auto drop = outside.getDefiningOp<DropLongOp>())
      if (hasContiguousIds(outside) || isReadAsContiguous(inside))
        assumeBlocksAtMost(inside, number(drop.getBound()));
    if (inside.getType().isIndex())
      assumeEqual(context.parameter(inside, kMaxParameter), number(outside));
    auto shaped = dyn_cast<ShapedType>(inside.getType());
    int64_t rank = shaped && shaped.hasRank() ? shaped.getRank() : 0;
    for (int64_t dim = 0; dim < rank; ++dim)
      assumeEqual(context.size({TermSource::Data, inside, {}}, dim),
                  size(outside, dim));
  }
}
