//===- VerifyRegion.h - what regions take and yield -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_IR_VERIFYREGION_H
#define MASK_LIB_IR_VERIFYREGION_H

#include "mlir/IR/Operation.h"

namespace mlir::mask {

/// Checks that a region has one block, takes `arguments` and yields one value
/// of type `result`. `name` is used in the errors.
LogicalResult verifyYieldingRegion(Operation *op, Region &region,
                                   TypeRange arguments, Type result,
                                   StringRef name);

} // namespace mlir::mask

#endif // MASK_LIB_IR_VERIFYREGION_H
