//===- SafeValueBounds.h - value bounds of any IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_SAFEVALUEBOUNDS_H
#define MASK_TRANSFORMS_SAFEVALUEBOUNDS_H

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace mlir::mask {

/// Whether value bounds must not look at how `value` is made: a `tensor.dim` or
/// `memref.dim` of a dimension that its operand does not have. Such IR is valid
/// as long as it is not run, but MLIR's value bounds read past the shape.
bool isDimOutOfRange(Value value);

/// What is used of `ValueBoundsConstraintSet`, for any valid IR: a dimension
/// that does not exist is a number that nothing is known of.
struct SafeValueBounds {
  using Variable = ValueBoundsConstraintSet::Variable;

  static bool compare(const Variable &a,
                      ValueBoundsConstraintSet::ComparisonOperator comparison,
                      const Variable &b);
  static bool areEqual(const Variable &a, const Variable &b) {
    return compare(a, ValueBoundsConstraintSet::EQ, b);
  }
  static LogicalResult
  computeBound(AffineMap &map, ValueDimList &operands,
               presburger::BoundType type, const Variable &variable,
               const ValueBoundsConstraintSet::StopConditionFn &isLeaf,
               bool closedUpper = false);
  /// In terms of `dependencies` only.
  static LogicalResult computeDependentBound(AffineMap &map,
                                             ValueDimList &operands,
                                             presburger::BoundType type,
                                             const Variable &variable,
                                             const ValueDimList &dependencies);
};

} // namespace mlir::mask

#endif // MASK_TRANSFORMS_SAFEVALUEBOUNDS_H
