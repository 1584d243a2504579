//===- VulkanLoader.h - the functions of Vulkan -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vulkan's functions, found at run time: nothing is linked.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_VULKANLOADER_H
#define MASK_DEVICE_VULKANLOADER_H

#include "llvm/Support/Error.h"

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

namespace mlir::mask::vulkan {

/// Those that ask about an instance and its devices.
#define MASK_VULKAN_INSTANCE_FUNCTIONS(F)                                      \
  F(CreateDevice)                                                              \
  F(DestroyInstance)                                                           \
  F(EnumeratePhysicalDevices)                                                  \
  F(GetDeviceProcAddr)                                                         \
  F(GetPhysicalDeviceFeatures2)                                                \
  F(GetPhysicalDeviceMemoryProperties)                                         \
  F(GetPhysicalDeviceProperties)                                               \
  F(GetPhysicalDeviceProperties2)                                              \
  F(GetPhysicalDeviceQueueFamilyProperties)

/// Those of a device.
#define MASK_VULKAN_DEVICE_FUNCTIONS(F)                                        \
  F(AllocateCommandBuffers)                                                    \
  F(AllocateDescriptorSets)                                                    \
  F(AllocateMemory)                                                            \
  F(BeginCommandBuffer)                                                        \
  F(BindBufferMemory)                                                          \
  F(CmdBindDescriptorSets)                                                     \
  F(CmdBindPipeline)                                                           \
  F(CmdDispatch)                                                               \
  F(CreateBuffer)                                                              \
  F(CreateCommandPool)                                                         \
  F(CreateComputePipelines)                                                    \
  F(CreateDescriptorPool)                                                      \
  F(CreateDescriptorSetLayout)                                                 \
  F(CreatePipelineLayout)                                                      \
  F(CreateShaderModule)                                                        \
  F(DestroyBuffer)                                                             \
  F(DestroyCommandPool)                                                        \
  F(DestroyDescriptorPool)                                                     \
  F(DestroyDescriptorSetLayout)                                                \
  F(DestroyDevice)                                                             \
  F(DestroyPipeline)                                                           \
  F(DestroyPipelineLayout)                                                     \
  F(DestroyShaderModule)                                                       \
  F(EndCommandBuffer)                                                          \
  F(FreeCommandBuffers)                                                        \
  F(FreeMemory)                                                                \
  F(GetBufferMemoryRequirements)                                               \
  F(GetDeviceQueue)                                                            \
  F(MapMemory)                                                                 \
  F(QueueSubmit)                                                               \
  F(QueueWaitIdle)                                                             \
  F(UpdateDescriptorSets)

/// `functions.CreateBuffer` is `vkCreateBuffer`.
struct Functions {
#define MASK_DECLARE(name) PFN_vk##name name = nullptr;
  MASK_VULKAN_INSTANCE_FUNCTIONS(MASK_DECLARE)
  MASK_VULKAN_DEVICE_FUNCTIONS(MASK_DECLARE)
#undef MASK_DECLARE
};

/// Opens the loader and makes an instance of Vulkan 1.3. Fails with
/// `DeviceMissing`.
llvm::Expected<VkInstance> createInstance(Functions &functions);

/// Finds the functions of `device`.
llvm::Error loadDeviceFunctions(VkDevice device, Functions &functions);

/// An error for a result that is none, or success.
llvm::Error check(VkResult result, llvm::StringRef what);

} // namespace mlir::mask::vulkan

#endif // MASK_DEVICE_VULKANLOADER_H
