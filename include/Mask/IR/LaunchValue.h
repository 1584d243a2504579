//===- LaunchValue.h - what a host computes for a launch -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_LAUNCHVALUE_H
#define MASK_IR_LAUNCHVALUE_H

#include "Mask/IR/MaskAttrs.h"

#include "llvm/Support/Error.h"

namespace mlir::mask {

/// Whether `name` is a function that values are made of, and how many operands
/// it has.
std::optional<unsigned> getLaunchFunctionArity(StringRef name);

/// The number of a value. `lookup` is asked for `argument(i)` of a number and
/// for `dim(i, d)`. Fails where it divides by zero.
llvm::Expected<int64_t>
evaluate(LaunchValueAttr value,
         llvm::function_ref<int64_t(LaunchValueAttr)> lookup);

} // namespace mlir::mask

#endif // MASK_IR_LAUNCHVALUE_H
