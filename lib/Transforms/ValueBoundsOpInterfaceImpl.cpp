//===- ValueBoundsOpInterfaceImpl.cpp - sizes of facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/ValueBoundsOpInterfaceImpl.h"

#include "Mask/IR/FactShape.h"
#include "Mask/IR/Mask.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Each size of the result is what `getFactShape` says.
template <typename FactOp>
struct FactBounds
    : ValueBoundsOpInterface::ExternalModel<FactBounds<FactOp>, FactOp> {
  void
  populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                  ValueBoundsConstraintSet &constraints) const {
    FactSize size = getFactShape(op)[dim];
    AffineExpr bound = getAffineConstantExpr(size.constant, op->getContext());
    if (size.operand) {
      Value operand = op->getOperand(*size.operand);
      bound = bound + (operand.getType().isIndex()
                           ? constraints.getExpr(operand)
                           : constraints.getExpr(operand, size.dim));
    }
    constraints.bound(value)[dim] == bound;
  }
};

template <typename... FactOps>
void attachBounds(MLIRContext &context) {
  (FactOps::template attachInterface<FactBounds<FactOps>>(context), ...);
}

} // namespace

void mlir::mask::registerValueBoundsOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MaskDialect *) {
    attachBounds<CountTableOp, DropLongOp, IntervalTableOp, ItemIdsOp,
                 MonotoneTableOp, RangeTableOp, PositionsOp, RunsOp>(*context);
  });
}
