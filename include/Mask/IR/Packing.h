//===- Packing.h - packed rows as connectives -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_PACKING_H
#define MASK_IR_PACKING_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Replaces `packed` by the connectives, documents and positions that its rule
/// stands for; `request` stands for `v5_12`.
void expandPacked(RewriterBase &rewriter, PackedOp packed);

} // namespace mlir::mask

#endif // MASK_IR_PACKING_H
