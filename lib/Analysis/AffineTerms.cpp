//===- AffineTerms.cpp - affine expressions as terms -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/AffineTerms.h"

#include "mlir/IR/AffineExprVisitor.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
struct AffineToTerm : public AffineExprVisitor<AffineToTerm, Term> {
  AffineToTerm(TermContext &context, ArrayRef<Term> dims,
               ArrayRef<Term> symbols)
      : context(context), dims(dims), symbols(symbols) {}

  Term visitAddExpr(AffineBinaryOpExpr e) {
    return context.add(visit(e.getLHS()), visit(e.getRHS()));
  }
  Term visitMulExpr(AffineBinaryOpExpr e) {
    return context.mul(visit(e.getLHS()), visit(e.getRHS()));
  }
  Term visitFloorDivExpr(AffineBinaryOpExpr e) {
    return context.floorDiv(visit(e.getLHS()), visit(e.getRHS()));
  }
  Term visitCeilDivExpr(AffineBinaryOpExpr e) { // ceil(x / c) is -floor(-x / c)
    Term negated = context.mul(context.constant(-1), visit(e.getLHS()));
    return context.mul(context.constant(-1),
                       context.floorDiv(negated, visit(e.getRHS())));
  }
  Term visitModExpr(AffineBinaryOpExpr e) { // x mod c is x - c * floor(x / c)
    Term x = visit(e.getLHS()), c = visit(e.getRHS());
    return context.sub(x, context.mul(c, context.floorDiv(x, c)));
  }
  Term visitConstantExpr(AffineConstantExpr e) {
    return context.constant(e.getValue());
  }
  Term visitDimExpr(AffineDimExpr e) { return dims[e.getPosition()]; }
  Term visitSymbolExpr(AffineSymbolExpr e) { return symbols[e.getPosition()]; }

  TermContext &context;
  ArrayRef<Term> dims, symbols;
};
} // namespace

Term mlir::mask::toTerm(TermContext &context, AffineExpr expr,
                        ArrayRef<Term> dims, ArrayRef<Term> symbols) {
  return AffineToTerm(context, dims, symbols).visit(expr);
}
