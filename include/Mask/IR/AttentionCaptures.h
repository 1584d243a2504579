//===- AttentionCaptures.h - captures attention can do without -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_ATTENTIONCAPTURES_H
#define MASK_IR_ATTENTIONCAPTURES_H

#include "Mask/IR/Mask.h"

namespace mlir::mask {

/// Absent captures become `mask.absent` inside of the regions of an attention,
/// and captures that a region does not read go.
void populateDropCapturesPatterns(RewritePatternSet &patterns);

} // namespace mlir::mask

#endif // MASK_IR_ATTENTIONCAPTURES_H
