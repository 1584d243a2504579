//===- SoftCap.h - the named case of score regions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_SOFTCAP_H
#define MASK_IR_SOFTCAP_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Writes `soft_cap` out as the first ops of the score region (a new one, if
/// there is none), for lowerings that know score regions only. Nothing happens
/// to an attention without `soft_cap`.
void expandSoftCap(RewriterBase &rewriter, AttentionOp op);

} // namespace mlir::mask

#endif // MASK_IR_SOFTCAP_H
