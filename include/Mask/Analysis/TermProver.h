//===- TermProver.h - inequalities that always hold -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_TERMPROVER_H
#define MASK_ANALYSIS_TERMPROVER_H

#include "Mask/Analysis/Term.h"

namespace mlir::mask {

/// Whether `a <= b` holds for every row, batch row and head, whatever the data.
/// Decided by structure and, for linear terms, by MLIR's Presburger library; a
/// floor is an opaque `t` with `x - C + 1 <= C t <= x`. `false` means "not
/// proved".
bool provablyLessEqual(TermContext &context, Term a, Term b);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_TERMPROVER_H
