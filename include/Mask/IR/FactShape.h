//===- FactShape.h - shapes of what fact ops make -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_FACTSHAPE_H
#define MASK_IR_FACTSHAPE_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace mlir::mask {

/// The size of one dimension of the result of a fact op: `constant`, more than
/// an operand says.
struct FactSize {
  /// The number of an operand; without it the size is `constant` alone.
  std::optional<unsigned> operand;
  /// Which dimension of the operand, unless that is an `index`.
  int64_t dim = 0;
  int64_t constant = 0;
};

/// The shape of the result of an id builder or a table, from its operands. The
/// one place that says it: for reification, for value bounds and for
/// bufferization.
SmallVector<FactSize> getFactShape(Operation *op);

/// Checks the rank and the static sizes of the result against that shape.
LogicalResult verifyFactShape(Operation *op);

} // namespace mlir::mask

#endif // MASK_IR_FACTSHAPE_H
