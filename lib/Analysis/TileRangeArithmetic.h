//===- TileRangeArithmetic.h - arithmetic on ranges over a tile -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_TILERANGEARITHMETIC_H
#define MASK_LIB_ANALYSIS_TILERANGEARITHMETIC_H

#include "Mask/Analysis/Term.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

namespace mlir::mask {

/// The least and the greatest value of an integer over a tile. Truth values are
/// `[0, 1]`; what may be anything is unbounded.
struct TileRange {
  Term least, greatest;
  /// What both are within whatever the data, as far as that is known; spares
  /// most checks for wrapping.
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();

  bool isBounded() const {
    return !least.isMinusInfinity() && !greatest.isPlusInfinity();
  }
  /// The value that all elements of the tile share, or null.
  Term getSingle() const { return least == greatest ? least : Term(); }
};

/// The integer ops of `arith` on ranges. Terms do not wrap as integers do, so
/// what is computed holds under assumptions, which are collected in `trusted`.
class TileRangeArithmetic {
public:
  explicit TileRangeArithmetic(TermContext &context)
      : context(context), trusted(context.truth(true)),
        inside(context.truth(true)) {}

  TileRange add(TileRange a, TileRange b, Type type);
  TileRange subtract(TileRange a, TileRange b, Type type);
  TileRange negate(TileRange a, Type type);
  TileRange multiply(TileRange a, TileRange b, Type type);
  TileRange floorDivide(TileRange a, TileRange b);
  TileRange divide(TileRange a, TileRange b);
  TileRange remainder(TileRange a, TileRange b);
  TileRange minimum(TileRange a, TileRange b);
  TileRange maximum(TileRange a, TileRange b);
  TileRange compare(arith::CmpIPredicate predicate, TileRange a, TileRange b,
                    Type type);
  TileRange select(TileRange condition, TileRange a, TileRange b);
  TileRange cast(TileRange a, Type in, Type out, bool isUnsigned);
  TileRange logicalNot(TileRange truth) {
    return makeTruth(context.logicalNot(truth.greatest),
                     context.logicalNot(truth.least));
  }

  TileRange anything() {
    return {context.minusInfinity(), context.plusInfinity()};
  }
  TileRange makeTruth(Term least, Term greatest) {
    return {least, greatest, 0, 1};
  }
  TileRange anyTruth() {
    return makeTruth(context.constant(0), context.constant(1));
  }
  TileRange anyOf(Type type) {
    return type.isInteger(1) ? anyTruth() : anything();
  }

protected:
  /// `range`, under the assumption that it fits in `type`, or that it lies
  /// within plus and minus `limit`.
  TileRange fit(TileRange range, Type type);
  TileRange within(TileRange range, int64_t limit);
  void assume(Term condition) { trusted = context.min(trusted, condition); }

  TermContext &context;
  /// Whether the ranges hold; whether everything that is read exists and every
  /// division has a result.
  Term trusted, inside;

private:
  /// The divisor of a division, made positive; null if it is not one number.
  Term divisor(TileRange b);
};

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_TILERANGEARITHMETIC_H
