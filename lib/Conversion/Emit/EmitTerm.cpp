//===- EmitTerm.cpp - bounds as IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/EmitTerm.h"
#include "Mask/IR/Mask.h"

#include "LaneBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

Value TermScope::lookup(TermSymbol symbol) const {
  if (Value value = symbols[static_cast<size_t>(symbol)])
    return value;
  return parent ? parent->lookup(symbol) : Value();
}

Value TermScope::lookup(Value value) const {
  if (facts.contains(value))
    return facts.lookup(value);
  return parent ? parent->lookup(value) : value;
}

Value TermScope::lookupEmitted(const Term::Node *node, bool asTruth) const {
  if (Value value = emitted.lookup({node, asTruth}))
    return value;
  return parent ? parent->lookupEmitted(node, asTruth) : Value();
}

namespace {

/// One emission: the recursion over a term at one insertion point.
class TermEmitter {
public:
  TermEmitter(OpBuilder &builder, Location loc, TermScope &scope)
      : b(loc, builder, /*lanes=*/1), scope(scope) {}

  FailureOr<Value> number(Term term);
  FailureOr<Value> truth(Term term);
  /// Emits the parts that do not depend on the symbols whose bits are set.
  LogicalResult hoist(Term term, unsigned symbols, bool asTruth = false);

private:
  FailureOr<Value> makeNumber(Term term);
  FailureOr<Value> makeTruth(Term term);

  FailureOr<AffineExpr> affine(Term term, SmallVectorImpl<Value> &operands);
  FailureOr<Value> affineValue(Term term);
  FailureOr<Value> affineExtremum(Term term);
  FailureOr<SmallVector<Value>> numbers(Term term, unsigned first = 0);
  FailureOr<Value> data(Term term);
  FailureOr<Value> load(Term term);
  FailureOr<Value> lowerBound(Term term);
  FailureOr<Value> reduce(Term term);

  LaneBuilder b;
  TermScope &scope;
};

} // namespace

FailureOr<Value> TermEmitter::number(Term term) {
  if (Value value = scope.lookupEmitted(term.getNode(), false))
    return value;
  FailureOr<Value> value = makeNumber(term);
  if (succeeded(value))
    scope.setEmitted(term.getNode(), false, *value);
  return value;
}

FailureOr<Value> TermEmitter::truth(Term term) {
  if (Value value = scope.lookupEmitted(term.getNode(), true))
    return value;
  FailureOr<Value> value = makeTruth(term);
  if (succeeded(value))
    scope.setEmitted(term.getNode(), true, *value);
  return value;
}

FailureOr<SmallVector<Value>> TermEmitter::numbers(Term term, unsigned first) {
  SmallVector<Value> values;
  for (unsigned i = first; i < term.getNumOperands(); ++i) {
    FailureOr<Value> value = number(term.getOperand(i));
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return values;
}

FailureOr<Value> TermEmitter::makeNumber(Term term) {
  switch (term.getKind()) {
  case TermKind::Constant:
    return b.index(term->number);
  case TermKind::Symbol: {
    Value value = scope.lookup(term->symbol);
    if (!value)
      return emitError(b.getLoc()) << "a bound depends on a coordinate that is "
                                      "not known at this level";
    return value;
  }
  case TermKind::Parameter: {
    Value value = scope.lookup(term->source.value);
    return term->limit ? b.toLimited(value, term->limit) : b.toIndex(value);
  }
  case TermKind::Add:
    return affineValue(term);
  case TermKind::Mul:
    if (term.getOperand(0).isConstant() || term.getOperand(1).isConstant())
      return affineValue(term);
    break;
  case TermKind::FloorDiv:
    if (term.getOperand(1).isConstant())
      return affineValue(term);
    break;
  case TermKind::Min:
  case TermKind::Max:
    return affineExtremum(term);
  case TermKind::LessEqual:
  case TermKind::Member: {
    FailureOr<Value> condition = truth(term);
    if (failed(condition))
      return failure();
    return b.select(*condition, b.index(1), b.index(0));
  }
  case TermKind::Select: {
    FailureOr<Value> condition = truth(term.getOperand(0));
    FailureOr<SmallVector<Value>> values = numbers(term, 1);
    if (failed(condition) || failed(values))
      return failure();
    return b.select(*condition, (*values)[0], (*values)[1]);
  }
  case TermKind::Load:
    return load(term);
  case TermKind::Size: {
    FailureOr<Value> source = data(term);
    if (failed(source))
      return failure();
    return b.createOrFold<memref::DimOp>(*source, term->number);
  }
  case TermKind::LowerBound:
    return lowerBound(term);
  case TermKind::RowMin:
  case TermKind::RowMax:
  case TermKind::HeadMin:
  case TermKind::HeadMax:
    return reduce(term);
  }
  FailureOr<SmallVector<Value>> values = numbers(term);
  if (failed(values))
    return failure();
  Value x = (*values)[0], y = (*values)[1];
  if (term.getKind() == TermKind::FloorDiv)
    return b.floorDiv(x, y);
  return term.isExactProduct() ? b.mul(x, y) : b.saturatingMul(x, y);
}

FailureOr<Value> TermEmitter::makeTruth(Term term) {
  switch (term.getKind()) {
  case TermKind::Constant:
    return b.truth(term->number != 0);
  case TermKind::LessEqual: {
    FailureOr<SmallVector<Value>> values = numbers(term);
    if (failed(values))
      return failure();
    return b.compare(arith::CmpIPredicate::sle, (*values)[0], (*values)[1]);
  }
  case TermKind::Min:
  case TermKind::Max: {
    bool conjunction = term.getKind() == TermKind::Min;
    Value result = b.truth(conjunction);
    for (unsigned i = 0; i < term.getNumOperands(); ++i) {
      FailureOr<Value> value = truth(term.getOperand(i));
      if (failed(value))
        return failure();
      result = conjunction ? b.logicalAnd(result, *value)
                           : b.logicalOr(result, *value);
    }
    return result;
  }
  case TermKind::Select: {
    FailureOr<Value> condition = truth(term.getOperand(0));
    FailureOr<Value> ifTrue = truth(term.getOperand(1));
    FailureOr<Value> ifFalse = truth(term.getOperand(2));
    if (failed(condition) || failed(ifTrue) || failed(ifFalse))
      return failure();
    return b.select(*condition, *ifTrue, *ifFalse);
  }
  case TermKind::Member: {
    FailureOr<Value> element = number(term.getOperand(0));
    if (failed(element))
      return failure();
    Value result = b.truth(false);
    for (int64_t member : term->members)
      result = b.logicalOr(result, b.compare(arith::CmpIPredicate::eq, *element,
                                             b.index(member)));
    return result;
  }
  default: {
    FailureOr<Value> value = number(term);
    if (failed(value))
      return failure();
    return b.compare(arith::CmpIPredicate::ne, *value, b.index(0));
  }
  }
}

/// The affine expression of a term over `operands`; what is not affine becomes
/// an operand.
FailureOr<AffineExpr> TermEmitter::affine(Term term,
                                          SmallVectorImpl<Value> &operands) {
  switch (term.getKind()) {
  case TermKind::Constant:
    return b.getAffineConstantExpr(term->number);
  case TermKind::Add: {
    AffineExpr sum = b.getAffineConstantExpr(0);
    for (unsigned i = 0; i < term.getNumOperands(); ++i) {
      FailureOr<AffineExpr> summand = affine(term.getOperand(i), operands);
      if (failed(summand))
        return failure();
      sum = sum + *summand;
    }
    return sum;
  }
  case TermKind::Mul:
    for (unsigned i : {0, 1})
      if (term.getOperand(i).isConstant()) {
        FailureOr<AffineExpr> factor = affine(term.getOperand(1 - i), operands);
        if (failed(factor))
          return failure();
        return *factor * term.getOperand(i)->number;
      }
    break;
  case TermKind::FloorDiv:
    if (term.getOperand(1).isConstant()) {
      FailureOr<AffineExpr> dividend = affine(term.getOperand(0), operands);
      if (failed(dividend))
        return failure();
      return dividend->floorDiv(term.getOperand(1)->number);
    }
    break;
  default:
    break;
  }
  FailureOr<Value> value = number(term);
  if (failed(value))
    return failure();
  operands.push_back(*value);
  return b.getAffineDimExpr(operands.size() - 1);
}

FailureOr<Value> TermEmitter::affineValue(Term term) {
  SmallVector<Value> operands;
  FailureOr<AffineExpr> expression = affine(term, operands);
  if (failed(expression))
    return failure();
  AffineMap map = AffineMap::get(operands.size(), 0, *expression);
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(),
      affine::makeComposedFoldedAffineApply(b, b.getLoc(), map,
                                            getAsOpFoldResult(operands)));
}

FailureOr<Value> TermEmitter::affineExtremum(Term term) {
  SmallVector<Value> operands;
  SmallVector<AffineExpr> expressions;
  for (unsigned i = 0; i < term.getNumOperands(); ++i) {
    FailureOr<AffineExpr> expression = affine(term.getOperand(i), operands);
    if (failed(expression))
      return failure();
    expressions.push_back(*expression);
  }
  AffineMap map =
      AffineMap::get(operands.size(), 0, expressions, b.getContext());
  auto make = term.getKind() == TermKind::Min
                  ? affine::makeComposedFoldedAffineMin
                  : affine::makeComposedFoldedAffineMax;
  return getValueOrCreateConstantIndexOp(
      b, b.getLoc(), make(b, b.getLoc(), map, getAsOpFoldResult(operands)));
}

FailureOr<Value> TermEmitter::data(Term term) {
  if (term->source.kind != TermSource::Data)
    return emitError(b.getLoc())
           << "a bound reads an index table that was not built";
  Value value = scope.lookup(term->source.value);
  if (!isa<MemRefType>(value.getType()))
    return emitError(b.getLoc())
           << "a bound reads a fact of type " << value.getType()
           << ", facts must be memrefs here";
  return value;
}

FailureOr<Value> TermEmitter::load(Term term) {
  FailureOr<Value> source = data(term);
  FailureOr<SmallVector<Value>> indices = numbers(term);
  if (failed(source) || failed(indices))
    return failure();
  auto [element, inBounds] = b.load(*source, *indices);
  Value value =
      term->limit ? b.toLimited(element, term->limit) : b.toIndex(element);
  Value otherwise = b.index(term->number);
  if (term->isTableEnd) {
    bool isLower = term->number > 0;
    Value none = b.index(isLower ? kNoKey : -kNoKey);
    auto beyond =
        isLower ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
    value = b.select(b.compare(beyond, value, none), otherwise, value);
  }
  return b.select(inBounds, value, otherwise);
}

/// Binary search for the first element of a row that is not less than operand
/// 0; a row that does not exist has no elements.
FailureOr<Value> TermEmitter::lowerBound(Term term) {
  FailureOr<Value> source = data(term);
  FailureOr<SmallVector<Value>> operands = numbers(term);
  if (failed(source) || failed(operands))
    return failure();
  Value element = operands->front();
  SmallVector<Value> row(llvm::drop_begin(*operands));
  Value length = b.createOrFold<memref::DimOp>(*source, row.size());
  if (!row.empty()) {
    Value rows = b.createOrFold<memref::DimOp>(*source, 0);
    Value exists = b.compare(arith::CmpIPredicate::ult, row.front(), rows);
    length = b.select(exists, length, b.index(0));
  }
  Value zero = b.index(0), one = b.index(1);
  auto search = scf::WhileOp::create(
      b, TypeRange{b.getIndexType(), b.getIndexType()},
      ValueRange{zero, length},
      [](OpBuilder &nested, Location loc, ValueRange range) {
        Value more = arith::CmpIOp::create(
            nested, loc, arith::CmpIPredicate::slt, range[0], range[1]);
        scf::ConditionOp::create(nested, loc, more, range);
      },
      [&](OpBuilder &nested, Location loc, ValueRange range) {
        LaneBuilder inner(loc, nested, 1);
        Value sum = inner.add(range[0], range[1]);
        Value middle = arith::ShRUIOp::create(inner, sum, one);
        SmallVector<Value> position(row);
        position.push_back(middle);
        Value at =
            inner.toLimited(memref::LoadOp::create(inner, *source, position));
        Value below = inner.compare(arith::CmpIPredicate::slt, at, element);
        Value lower = inner.select(below, inner.add(middle, one), range[0]);
        Value upper = inner.select(below, range[1], middle);
        scf::YieldOp::create(inner, ValueRange{lower, upper});
      });
  return search.getResult(0);
}

static unsigned bitOf(TermSymbol symbol) {
  return 1u << static_cast<unsigned>(symbol);
}

LogicalResult TermEmitter::hoist(Term term, unsigned symbols, bool asTruth) {
  if (!(term->dependences & symbols))
    return asTruth ? truth(term) : number(term);
  // Truth values of truth values, as in `makeTruth`.
  auto isTruth = [&](unsigned i) {
    switch (term.getKind()) {
    case TermKind::Min:
    case TermKind::Max:
      return asTruth;
    case TermKind::Select:
      return i == 0 || asTruth;
    default:
      return false;
    }
  };
  // Reductions bind the query or head themselves.
  if (std::optional<ReductionAxis> axis = getReduction(term.getKind()))
    symbols |= bitOf(axis->symbol);
  for (unsigned i = 0; i < term.getNumOperands(); ++i)
    if (failed(hoist(term.getOperand(i), symbols, isTruth(i))))
      return failure();
  return success();
}

FailureOr<Value> TermEmitter::reduce(Term term) {
  ReductionAxis axis = *getReduction(term.getKind());
  Value first = scope.lookup(axis.first), last = scope.lookup(axis.last);
  if (!first || !last)
    return emitError(b.getLoc())
           << "a bound over a tile is used where there is no tile";
  Term body = term.getOperand(0);
  if (failed(hoist(body, bitOf(axis.symbol))))
    return failure();
  bool isMin = axis.isMin;
  LogicalResult result = success();
  auto loop = scf::ForOp::create(
      b, first, b.add(last, b.index(1)), b.index(1),
      ValueRange{b.index(isMin ? 2 * kInfinity : -2 * kInfinity)},
      [&](OpBuilder &nested, Location loc, Value row, ValueRange carried) {
        TermScope inner(&scope);
        inner.bind(axis.symbol, row);
        TermEmitter emitter(nested, loc, inner);
        FailureOr<Value> value = emitter.number(body);
        if (failed(value)) {
          result = failure();
          value = carried[0];
        }
        Value extremum =
            isMin
                ? Value(arith::MinSIOp::create(nested, loc, carried[0], *value))
                : Value(
                      arith::MaxSIOp::create(nested, loc, carried[0], *value));
        scf::YieldOp::create(nested, loc, extremum);
      });
  if (failed(result))
    return failure();
  return loop.getResult(0);
}

FailureOr<Value> mlir::mask::emitTerm(OpBuilder &builder, Location loc,
                                      Term term, TermScope &scope) {
  TermEmitter emitter(builder, loc, scope);
  return emitter.number(term);
}

FailureOr<Value> mlir::mask::emitTruth(OpBuilder &builder, Location loc,
                                       Term term, TermScope &scope) {
  TermEmitter emitter(builder, loc, scope);
  return emitter.truth(term);
}

LogicalResult mlir::mask::emitInvariants(OpBuilder &builder, Location loc,
                                         Term term, TermScope &scope,
                                         ArrayRef<TermSymbol> symbols,
                                         bool asTruth) {
  unsigned bits = 0;
  for (TermSymbol symbol : symbols)
    bits |= bitOf(symbol);
  TermEmitter emitter(builder, loc, scope);
  return emitter.hoist(term, bits, asTruth);
}
