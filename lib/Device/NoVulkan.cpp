//===- NoVulkan.cpp - built without Vulkan's headers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Device/Vulkan.h"

using namespace mlir::mask;

llvm::Expected<std::unique_ptr<Device>> mlir::mask::createVulkanDevice() {
  return llvm::make_error<DeviceMissing>(
      "there is no Vulkan: its headers were missing when this was built");
}
