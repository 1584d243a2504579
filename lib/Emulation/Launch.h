//===- Launch.h - blocks spread over threads of this machine -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_LAUNCH_H
#define MASK_LIB_EMULATION_LAUNCH_H

#include "Kernel.h"

namespace mlir::mask::simt {

/// Runs all blocks. Returns the message of the failure in the first block that
/// has one, or nothing.
std::string run(const Launch &launch);

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_LAUNCH_H
