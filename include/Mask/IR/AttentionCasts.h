//===- AttentionCasts.h - attention on the types before casts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_ATTENTIONCASTS_H
#define MASK_IR_ATTENTIONCASTS_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// The more static value that `value` was cast from, or `value`.
Value lookThroughCast(Value value);

/// Lets `attention` work on the types that its operands had before a
/// `tensor.cast` made them less static. The arguments of its regions take the
/// types of the captures, and results that become more static are cast back.
/// Sizes that the casts hid and that do not agree are left to the verifier.
void foldCastsIntoAttention(RewriterBase &rewriter, AttentionOp attention);

/// `foldCastsIntoAttention` as a pattern that comes before upstream's for any
/// destination-passing op: that one clones the op with the new operands, which
/// leaves the regions' arguments as they are, and a missing region crashes it.
void populateFoldCastsIntoAttentionPatterns(RewritePatternSet &patterns);

} // namespace mlir::mask

#endif // MASK_IR_ATTENTIONCASTS_H
