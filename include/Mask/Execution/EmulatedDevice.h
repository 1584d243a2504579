//===- EmulatedDevice.h - a device that is emulated -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_EMULATEDDEVICE_H
#define MASK_EXECUTION_EMULATEDDEVICE_H

#include "Mask/Device/Device.h"
#include "Mask/Execution/Jit.h"

namespace mlir::mask {

/// A device whose kernels, text of `gpu.module`s, are emulated on this machine:
/// what is launched on it is what a driver would be given. `context` has to
/// outlive it. `jit` says how kernels are compiled.
std::unique_ptr<Device> createEmulatedDevice(MLIRContext *context,
                                             const EmulationOptions &emulation,
                                             const JitOptions &jit);

} // namespace mlir::mask

#endif // MASK_EXECUTION_EMULATEDDEVICE_H
