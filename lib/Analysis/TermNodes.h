//===- TermNodes.h - what the builders of terms share -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_TERMNODES_H
#define MASK_LIB_ANALYSIS_TERMNODES_H

#include "Mask/Analysis/Term.h"

#include "llvm/ADT/SmallVector.h"

namespace mlir::mask {

inline Term::Node nodeOf(TermKind kind, ArrayRef<Term> operands) {
  Term::Node node;
  node.kind = kind;
  for (Term operand : operands)
    node.operands.push_back(operand.getNode());
  return node;
}

inline SmallVector<Term> operandsOf(Term term) {
  SmallVector<Term> operands;
  for (unsigned i = 0; i < term.getNumOperands(); ++i)
    operands.push_back(term.getOperand(i));
  return operands;
}

/// Whether `quotient` is `floor(x / divisor)`.
inline bool isMultipleOf(Term quotient, Term divisor) {
  return quotient.getKind() == TermKind::FloorDiv &&
         quotient.getOperand(1) == divisor;
}

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_TERMNODES_H
