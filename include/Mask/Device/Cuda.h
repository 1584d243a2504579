//===- Cuda.h - devices with a CUDA driver -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_CUDA_H
#define MASK_DEVICE_CUDA_H

#include "Mask/Device/Device.h"

namespace mlir::mask {

/// The first device of the CUDA driver. The driver, libcuda.so.1, is opened
/// now; nothing of CUDA is needed to build this. Fails with `DeviceMissing`
/// where there is none, nor a device.
///
/// Kernels are PTX, as `mask-to-nvvm` makes it for the device's chip: an array
/// among the arguments is a parameter for each word of its descriptor
/// (docs/GPU.md).
llvm::Expected<std::unique_ptr<Device>> createCudaDevice();

} // namespace mlir::mask

#endif // MASK_DEVICE_CUDA_H
