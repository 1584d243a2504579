//===- AttentionForm.h - what a model does to its scores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_ATTENTIONFORM_H
#define MASK_TOOLS_ATTENTIONFORM_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::mask {

/// The attention of a model's file, for its scale, sinks, soft cap and score
/// region; null where there is none. Errors are emitted: several attentions
/// that differ in these; captures, scales and sinks that are not constants;
/// origins and offsets, which a file alone does not give.
FailureOr<AttentionOp> findAttentionForm(ModuleOp module);

/// The scale of a form, if it has one.
std::optional<float> getConstantScale(AttentionOp form);

/// The sinks of a form, one per query head, or none.
std::vector<double> getConstantSinks(AttentionOp form);

/// Gives `attention`, which has none of them, the sinks, the soft cap and the
/// score region of `form`. Their constants are made before it.
void copyScore(OpBuilder &builder, AttentionOp form, AttentionOp attention);

} // namespace mlir::mask

#endif // MASK_TOOLS_ATTENTIONFORM_H
