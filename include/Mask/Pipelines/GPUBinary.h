//===- GPUBinary.h - kernels as code of a GPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_GPUBINARY_H
#define MASK_PIPELINES_GPUBINARY_H

#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

#include <string>

namespace mlir::mask {

/// The triples of code for NVIDIA's and AMD's GPUs.
llvm::Triple getNVIDIATriple();
llvm::Triple getAMDTriple();

/// Fails with a message unless LLVM knows `chip` of the target: it takes an
/// unknown name for the oldest chip.
llvm::Error checkChip(const llvm::Triple &triple, StringRef chip);

/// The name of the newest chip of NVIDIA's that LLVM knows and that is not
/// newer than a compute capability. Its PTX runs there.
std::string getNVIDIAChip(int major, int minor);

/// The code of the module's only `gpu.binary`, which `gpu-module-to-binary` has
/// made. Errors are emitted.
FailureOr<StringRef> getKernelCode(ModuleOp module);

} // namespace mlir::mask

#endif // MASK_PIPELINES_GPUBINARY_H
