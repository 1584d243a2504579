//===- ColumnIntervals.cpp - which queries can see a key -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/ColumnIntervals.h"
#include "Mask/IR/Range.h"

#include "PredicateBounds.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Affine bounds solved for the query
//===----------------------------------------------------------------------===//

namespace {
/// The queries at which an affine expression lies on one side of a term.
class AffineSolver {
public:
  AffineSolver(TermContext &context, IntervalAlgebra &algebra,
               ValueRange symbols)
      : context(context), algebra(algebra), symbols(symbols) {}

  /// `expr <= bound`, or `expr >= bound` if `above`. Unknown where the query
  /// occurs twice, under `mod`, or with a factor known only at run time.
  IntervalSet solve(AffineExpr expr, Term bound, bool above) {
    if (!expr.isFunctionOfDim(0)) {
      std::optional<Term> value = toTerm(expr);
      if (!value)
        return algebra.unknown();
      return algebra.restrict(algebra.full(),
                              above ? context.lessEqual(bound, *value)
                                    : context.lessEqual(*value, bound));
    }
    if (isa<AffineDimExpr>(expr))
      return above ? algebra.exactly(bound, context.plusInfinity(),
                                     Emptiness::Never)
                   : algebra.exactly(context.minusInfinity(),
                                     context.add(bound, 1), Emptiness::Never);
    auto binary = cast<AffineBinaryOpExpr>(expr);
    if (expr.getKind() == AffineExprKind::Add)
      return solveSum(binary.getLHS(), binary.getRHS(), bound, above);
    auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!constant)
      return algebra.unknown();
    int64_t c = constant.getValue();
    switch (expr.getKind()) {
    case AffineExprKind::Mul:
      return solveProduct(binary.getLHS(), c, bound, above);
    case AffineExprKind::FloorDiv: // floor(x / c) <= t is x <= c t + c - 1
      bound = context.mul(context.constant(c), bound);
      return solve(binary.getLHS(), above ? bound : context.add(bound, c - 1),
                   above);
    case AffineExprKind::CeilDiv: // ceil(x / c) >= t is x >= c t - c + 1
      bound = context.mul(context.constant(c), bound);
      return solve(binary.getLHS(), above ? context.add(bound, 1 - c) : bound,
                   above);
    default:
      return algebra.unknown();
    }
  }

private:
  IntervalSet solveSum(AffineExpr a, AffineExpr b, Term bound, bool above) {
    if (a.isFunctionOfDim(0))
      std::swap(a, b);
    std::optional<Term> rest = toTerm(a);
    if (a.isFunctionOfDim(0) || !rest)
      return algebra.unknown();
    return solve(b, context.sub(bound, *rest), above);
  }

  IntervalSet solveProduct(AffineExpr x, int64_t factor, Term bound,
                           bool above) {
    if (factor == 0)
      return algebra.unknown();
    if (factor < 0) {
      bound = context.mul(context.constant(-1), bound);
      above = !above;
      factor = -factor;
    }
    Term divisor = context.constant(factor);
    if (!above)
      return solve(x, context.floorDiv(bound, divisor), above);
    // The least integer at or above the quotient.
    Term rounded = context.floorDiv(context.add(bound, factor - 1), divisor);
    return solve(x, rounded, above);
  }

  /// An expression without the query, of constants, symbols and sums.
  std::optional<Term> toTerm(AffineExpr expr) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return context.constant(constant.getValue());
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return context.parameter(symbols[symbol.getPosition()], kMaxParameter);
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return std::nullopt;
    std::optional<Term> a = toTerm(binary.getLHS()),
                        b = toTerm(binary.getRHS());
    if (!a || !b)
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::Add)
      return context.add(*a, *b);
    if (expr.getKind() == AffineExprKind::Mul)
      return context.mul(*a, *b);
    return std::nullopt;
  }

  TermContext &context;
  IntervalAlgebra &algebra;
  ValueRange symbols;
};
} // namespace

//===----------------------------------------------------------------------===//
// Leaves and coordinates, exchanged
//===----------------------------------------------------------------------===//

/// Lower(q) <= k and k + 1 <= upper(q); a side that is not given holds for all.
IntervalSet PredicateBounds::intervalColumn(IntervalOp op, Term key) {
  AffineSolver solver(context, algebra, op.getSymbols());
  IntervalSet set = algebra.full();
  if (std::optional<AffineMap> lower = op.getLower())
    set = solver.solve(lower->getResult(0), key, /*above=*/false);
  if (std::optional<AffineMap> upper = op.getUpper())
    set = algebra.intersect(set, solver.solve(upper->getResult(0),
                                              context.add(key, 1),
                                              /*above=*/true));
  return set;
}

/// A key is visible to every query or to none.
IntervalSet PredicateBounds::allQueriesIf(Term condition) {
  return algebra.restrict(algebra.full(), condition);
}

std::optional<IntervalSet> PredicateBounds::computeColumn(Operation *op,
                                                          Term key) {
  using Result = std::optional<IntervalSet>;
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](CausalOp) -> Result {
        return algebra.exactly(key, context.plusInfinity(), Emptiness::Never,
                               key);
      })
      .Case([&](WindowOp op) -> Result {
        Parameter left = op.getLeftParameter(), right = op.getRightParameter();
        return algebra.restrict(window(right, left, key),
                                isInside({left, right}));
      })
      .Case<BlockBidirectionalOp, DocumentOp>([&](auto op) -> Result {
        Value queryIds = op.getQueryIds(), keyIds = op.getEffectiveKeyIds();
        constexpr bool isBlock =
            std::is_same_v<decltype(op), BlockBidirectionalOp>;
        // Table and promise of the op are of its keys.
        bool same = queryIds == keyIds;
        bool contiguous = (same && op.getContiguous()) ||
                          (isBlock && hasContiguousIds(queryIds));
        return sameId(keyIds, queryIds, same ? op.getTable() : Value(), isBlock,
                      contiguous, key);
      })
      .Case([&](KeyPaddingOp op) -> Result {
        Term flag = fact(op.getValid(), key, /*otherwise=*/0);
        return allQueriesIf(context.logicalNot(context.member(flag, {0})));
      })
      .Case([&](IntervalOp op) -> Result { return intervalColumn(op, key); })
      // A table of bounds per query is no table of bounds per key.
      .Case([&](RowRangeOp) -> Result { return algebra.unknown(); })
      .Case([&](ShiftOp op) -> Result {
        Parameter byQuery = op.getQueryParameter(),
                  byKey = op.getKeyParameter();
        Term moved = context.add(key, parameter(byKey));
        Term back = context.mul(context.constant(-1), parameter(byQuery));
        return algebra.restrict(
            algebra.translate(bounds(op.getInput(), moved), back),
            isInside({byQuery, byKey}));
      })
      .Case([&](AtPositionsOp op) -> Result {
        Value queryPositions = op.getQueryPositions(),
              keyPositions = op.getKeyPositions();
        return atPositions(
            op.getInput(), keyPositions, queryPositions,
            queryPositions == keyPositions ? op.getTable() : Value(), key);
      })
      // Everything else is symmetric, or says the same of rows and columns.
      .Default([](Operation *) { return std::nullopt; });
}

RowIntervals
mlir::mask::computeColumnIntervals(TermContext &context, Value predicate,
                                   const RowIntervalOptions &options) {
  PredicateBounds bounds(context, options, BoundsOf::Columns);
  return getIntervals(
      bounds.bounds(predicate, context.symbol(TermSymbol::Query)));
}
