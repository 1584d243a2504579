//===- RecordHost.h - what a host computes between launches -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_GPU_RECORDHOST_H
#define MASK_CONVERSION_GPU_RECORDHOST_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace mlir::mask {

/// Whether a function of the host has a copy of an op, which may be null,
/// instead of an argument for its result.
bool isClonedForHost(Operation *op);

/// Ops of the host that a function of its own will compute.
struct HostGroup {
  SmallVector<Operation *> ops;
  /// What they use from outside.
  SmallVector<Value> captures;
  std::string name;

  void findCaptures();
  /// Makes a function of the group, before the one that it is in, and calls it
  /// where its last op is.
  void outline(func::FuncOp function);
};

} // namespace mlir::mask

#endif // MASK_CONVERSION_GPU_RECORDHOST_H
