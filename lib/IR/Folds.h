//===- Folds.h - what folds of predicates share -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_IR_FOLDS_H
#define MASK_LIB_IR_FOLDS_H

#include "Mask/IR/Mask.h"

#include <limits>

namespace mlir::mask {

/// What folders return for `mask.full` and `mask.empty`.
inline OpFoldResult truth(Operation *op, bool visible) {
  return BoolAttr::get(op->getContext(), visible);
}

/// Makes a constant `index` operand the static parameter, unless it lies below
/// `least`: what only the request can be blamed for stays for the interpreter
/// to report. As where it is read at run time, the number is clamped.
bool makeStatic(Parameter parameter, Attribute constant,
                function_ref<void(Parameter)> set,
                int64_t least = std::numeric_limits<int64_t>::min());

} // namespace mlir::mask

#endif // MASK_LIB_IR_FOLDS_H
