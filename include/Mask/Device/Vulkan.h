//===- Vulkan.h - devices with a Vulkan driver -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_VULKAN_H
#define MASK_DEVICE_VULKAN_H

#include "Mask/Device/Device.h"

namespace mlir::mask {

/// The first device with Vulkan 1.3 that computes. The loader, libvulkan.so.1,
/// is opened now. Fails with `DeviceMissing` where there is none, nor a device,
/// nor headers of Vulkan when this project was built.
///
/// Kernels are SPIR-V for Vulkan 1.3, as `mask-to-spirv` makes them: the arrays
/// among the arguments are the storage buffers of set 0, in their order, and a
/// last one holds the numbers as words of 64 bits (docs/GPU.md).
llvm::Expected<std::unique_ptr<Device>> createVulkanDevice();

} // namespace mlir::mask

#endif // MASK_DEVICE_VULKAN_H
