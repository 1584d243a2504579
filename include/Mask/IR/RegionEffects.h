//===- RegionEffects.h - what code in regions may do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_REGIONEFFECTS_H
#define MASK_IR_REGIONEFFECTS_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace mlir::mask {

/// An op that does more than compute and read, and what: "writes memory",
/// "allocates memory", "has effects that are not known".
struct ForbiddenEffect {
  Operation *op;
  StringRef what;
};

/// The first such op of `op` and the ops in its regions, if there is one. Code
/// without any may run as often as a predicate is evaluated, or once in front
/// of it.
std::optional<ForbiddenEffect> findForbiddenEffect(Operation *op);

} // namespace mlir::mask

#endif // MASK_IR_REGIONEFFECTS_H
