//===- RunFiles.h - attention on arrays in files -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKRUN_RUNFILES_H
#define MASK_TOOLS_MASKRUN_RUNFILES_H

#include "Mask/Device/Device.h"
#include "Mask/IR/Mask.h"
#include "Mask/Inspect/MaskInstance.h"

namespace mlir::mask {

/// Takes the sinks that the file leaves open from --sinks, and checks that
/// there is one per head. `who` says of how many heads there are: "the query
/// has ".
LogicalResult prepareSinks(AttentionOp form, int64_t heads, StringRef who);

/// Runs attention on the arrays of the options, checks it if that was asked
/// for, and writes all outputs or none. `form` and `device` may be null.
LogicalResult runFiles(PolicyOp policy, StringRef layer,
                       std::optional<PackingRule> rule, PolicyMasks &masks,
                       AttentionOp form, Device *device);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKRUN_RUNFILES_H
