//===- RecordLaunches.h - launches as data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_RECORDLAUNCHES_H
#define MASK_LIB_CONVERSION_GPU_RECORDLAUNCHES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::mask {

/// The function of the module that an op calls, or null.
func::FuncOp getCallee(Operation *op);

/// Whether an op launches kernels, itself, in its regions, or by a call of one
/// of `functions`.
bool launches(Operation *op, const DenseSet<Operation *> &functions);

/// Attaches the record of its launches to a function; `launching` are those
/// that launch kernels, of which what it calls has its record. Fails with a
/// remark that says why there is none; the function does what it did in any
/// case.
LogicalResult recordLaunches(func::FuncOp function,
                             const DenseSet<Operation *> &launching);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_RECORDLAUNCHES_H
