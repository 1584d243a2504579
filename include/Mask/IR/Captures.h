//===- Captures.h - what closed predicates read from outside -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_CAPTURES_H
#define MASK_IR_CAPTURES_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Adds captures to a closed attention; returns the region's new arguments.
SmallVector<Value> addCaptures(RewriterBase &rewriter, AttentionOp attention,
                               ValueRange values);

/// Drops the captures that the predicate region does not read.
void eraseUnusedCaptures(RewriterBase &rewriter, AttentionOp attention);

/// Moves what the predicate region computes for its predicate, facts and
/// numbers alike, to before the attention, in order; the results become
/// captures. So it is computed once per attention, as the region says. What the
/// predicate does not need is erased, not moved: a division that nobody reads
/// does not trap. Constants and what is absent stay, since folds look for them;
/// so does what cannot be moved (see `verifyHoistable`).
void hoistFacts(RewriterBase &rewriter, AttentionOp attention);

/// Checks that `hoistFacts` leaves nothing but predicates and constants in the
/// region: its ops only read, and all facts are given. Otherwise emits an error
/// at the first op that does not. Changes nothing.
LogicalResult verifyHoistable(AttentionOp attention);

} // namespace mlir::mask

#endif // MASK_IR_CAPTURES_H
