//===- ReportBounds.h - remarks on the bounds of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_REPORTBOUNDS_H
#define MASK_LIB_CONVERSION_REPORTBOUNDS_H

#include "Mask/Analysis/TilePlan.h"

namespace mlir::mask {

/// Remarks on what bounds the loops of an attention, if remarks are asked for:
/// each interval of a row with its hull and core, whether they are walked one
/// after the other, and at the ops that make them inexact why.
void reportBounds(AttentionOp op, const TilePlan &plan, TermContext &context,
                  const RowIntervalOptions &options);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_REPORTBOUNDS_H
