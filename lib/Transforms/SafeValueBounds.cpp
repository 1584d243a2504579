//===- SafeValueBounds.cpp - value bounds of any IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SafeValueBounds.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ShapedOpInterfaces.h"

using namespace mlir;
using namespace mlir::mask;

bool mlir::mask::isDimOutOfRange(Value value) {
  auto dim = value.getDefiningOp<ShapedDimOpInterface>();
  if (!dim)
    return false;
  std::optional<int64_t> index = getConstantIntValue(dim.getDimension());
  auto type = dyn_cast<ShapedType>(dim.getShapedValue().getType());
  return index &&
         (!type || !type.hasRank() || *index < 0 || *index >= type.getRank());
}

namespace {
/// A constraint set that does not look beyond dimensions out of range.
class SafeConstraintSet : public ValueBoundsConstraintSet {
public:
  explicit SafeConstraintSet(MLIRContext *context)
      : ValueBoundsConstraintSet(context,
                                 [](Value value, std::optional<int64_t>,
                                    ValueBoundsConstraintSet &) {
                                   return isDimOutOfRange(value);
                                 }) {}
};
} // namespace

bool SafeValueBounds::compare(
    const Variable &a, ValueBoundsConstraintSet::ComparisonOperator comparison,
    const Variable &b) {
  return SafeConstraintSet(a.getContext()).populateAndCompare(a, comparison, b);
}

LogicalResult SafeValueBounds::computeBound(
    AffineMap &map, ValueDimList &operands, presburger::BoundType type,
    const Variable &variable,
    const ValueBoundsConstraintSet::StopConditionFn &isLeaf, bool closedUpper) {
  auto stop = [&](Value value, std::optional<int64_t> dim,
                  ValueBoundsConstraintSet &constraints) {
    return isDimOutOfRange(value) || isLeaf(value, dim, constraints);
  };
  return ValueBoundsConstraintSet::computeBound(map, operands, type, variable,
                                                stop, closedUpper);
}

LogicalResult SafeValueBounds::computeDependentBound(
    AffineMap &map, ValueDimList &operands, presburger::BoundType type,
    const Variable &variable, const ValueDimList &dependencies) {
  auto isKnown = [&](Value value, std::optional<int64_t> dim,
                     ValueBoundsConstraintSet &) {
    return llvm::is_contained(dependencies, std::make_pair(value, dim));
  };
  if (failed(computeBound(map, operands, type, variable, isKnown)))
    return failure();
  return success(llvm::all_of(operands, [&](const auto &operand) {
    return llvm::is_contained(dependencies, operand);
  }));
}
