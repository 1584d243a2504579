//===- CheckPages.h - pages that keys are read from -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKRUN_CHECKPAGES_H
#define MASK_TOOLS_MASKRUN_CHECKPAGES_H

#include "Mask/Execution/AttentionKernel.h"
#include "Mask/Inspect/MaskInstance.h"

namespace mlir::mask {

/// Checks that the pages of all keys between the bounds of a row's intervals
/// are in the pool. Compiled code asks, too, but can say no numbers, and ends
/// the process.
LogicalResult checkPages(Location loc, MaskInstance &mask,
                         const Request &request, const AttentionArrays &sizes);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKRUN_CHECKPAGES_H
