//===- EmitCheck.h - rules that are checked at run time -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_EMIT_EMITCHECK_H
#define MASK_LIB_CONVERSION_EMIT_EMITCHECK_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Emits a `cf.assert` of `condition`, an i1, unless it is the constant true.
/// Its message is that of a verifier, `FILE:LINE:COLUMN: error: 'OWNER' op
/// RULE`.
void emitCheck(ImplicitLocOpBuilder &builder, Operation *owner, Value condition,
               const Twine &rule);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_EMIT_EMITCHECK_H
