//===- InterpreterGeneric.h - scalar regions as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_INTERPRETERGENERIC_H
#define MASK_LIB_ANALYSIS_INTERPRETERGENERIC_H

#include "Mask/Analysis/Interpreter.h"

namespace mlir::mask {

/// The region of a `mask.generic` as a function. An element for which it reads
/// a capture outside of its extent, or divides by zero, is invisible (law 1).
FailureOr<PredicateFunction> interpretGeneric(GenericOp op,
                                              FactEvaluator &facts);

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_INTERPRETERGENERIC_H
