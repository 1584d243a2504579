//===- AttentionForm.h - what a model does to its scores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_ATTENTIONFORM_H
#define MASK_EXECUTION_ATTENTIONFORM_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::mask {

/// The attention of a model's file, for its scale, sinks, soft cap and score
/// region; null where there is none. Errors are emitted: several attentions
/// that differ in these; captures and scales that are not constants; sinks that
/// are neither constants nor values of f32 elements; origins, offsets and
/// pages, which a file alone does not give.
FailureOr<AttentionOp> findAttentionForm(ModuleOp module);

/// The scale of a form, if it has one.
std::optional<float> getConstantScale(AttentionOp form);

/// Whether a form has sinks that the file does not give.
bool hasOpenSinks(AttentionOp form);

/// Gives a form constant sinks in place of its open ones.
void setSinks(AttentionOp form, ArrayRef<float> sinks);

/// The sinks of a form, one per query head, or none.
std::vector<double> getConstantSinks(AttentionOp form);

/// Gives `attention`, which has none of them, the sinks, the soft cap and the
/// score region of `form`. Their constants are made before it.
void copyScore(OpBuilder &builder, AttentionOp form, AttentionOp attention);

} // namespace mlir::mask

#endif // MASK_EXECUTION_ATTENTIONFORM_H
