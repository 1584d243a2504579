//===- Absence.h - facts and parameters that are not given -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_ABSENCE_H
#define MASK_IR_ABSENCE_H

#include "mlir/IR/ValueRange.h"

namespace mlir::mask {

/// The operands whose absence makes the results of `op` absent (law 4): what
/// ids are built from, and every operand of arithmetic on indices. Empty for
/// ops that do not hand absence on.
OperandRange getAbsenceOperands(Operation *op);

/// Whether `value` is `mask.absent`, or computed from it by ops that hand
/// absence on. Null is not absent: it was never asked for.
bool isAbsent(Value value);

/// Whether `value` is absent, or may turn out to be: the facts of a policy are
/// known only when it is used. What a predicate says of an absent fact must
/// survive rewriting inside of a policy.
bool mayBeAbsent(Value value);

} // namespace mlir::mask

#endif // MASK_IR_ABSENCE_H
