//===- AffineTerms.h - affine expressions as terms -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_AFFINETERMS_H
#define MASK_ANALYSIS_AFFINETERMS_H

#include "Mask/Analysis/Term.h"

#include "mlir/IR/AffineExpr.h"

namespace mlir::mask {

/// `expr` with terms for its dimensions and symbols. Divisors are positive.
Term toTerm(TermContext &context, AffineExpr expr, ArrayRef<Term> dims,
            ArrayRef<Term> symbols);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_AFFINETERMS_H
