//===- LowerKernels.h - attention as code of a device -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EXECUTION_LOWERKERNELS_H
#define MASK_LIB_EXECUTION_LOWERKERNELS_H

#include "Mask/Execution/Jit.h"

namespace mlir::mask {

/// What a device takes.
struct KernelCode {
  std::string code;
  /// How a file of it ends, and what the module was lowered to.
  std::string suffix, dialect;
};

/// Lowers attention to host code and kernels in the dialects of all GPUs, in
/// place.
LogicalResult lowerToKernels(ModuleOp module, const JitOptions &options);

/// Lowers attention for `options.device`: `module` keeps the records of
/// launches and the functions of the host.
FailureOr<KernelCode> lowerForDevice(ModuleOp module,
                                     const JitOptions &options);

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_LOWERKERNELS_H
