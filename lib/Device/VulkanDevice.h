//===- VulkanDevice.h - a device, its memory, its kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_VULKANDEVICE_H
#define MASK_DEVICE_VULKANDEVICE_H

#include "Mask/Device/Device.h"
#include "VulkanLoader.h"

#include "llvm/ADT/StringMap.h"

#include <functional>
#include <optional>
#include <vector>

namespace mlir::mask::vulkan {

/// Calls a function at the end of a scope.
class AtEnd {
public:
  explicit AtEnd(std::function<void()> function)
      : function(std::move(function)) {}
  AtEnd(const AtEnd &) = delete;
  AtEnd &operator=(const AtEnd &) = delete;
  ~AtEnd() { function(); }

private:
  std::function<void()> function;
};

/// A device and one queue of it.
class VulkanDevice final : public Device {
public:
  static llvm::Expected<std::unique_ptr<VulkanDevice>> create();
  ~VulkanDevice() override;

  llvm::StringRef getName() const override { return properties.deviceName; }
  DeviceTarget getTarget() const override {
    return {DeviceTarget::Code::SPIRV};
  }
  llvm::Expected<std::unique_ptr<DeviceBuffer>>
  allocate(int64_t bytes) override;
  llvm::Expected<std::unique_ptr<DeviceKernels>>
  load(llvm::ArrayRef<char> code) override;

  const VkPhysicalDeviceLimits &getLimits() const { return properties.limits; }
  /// Of a shader's capability, the name if the device lacks it.
  std::optional<llvm::StringRef> getMissingFeature(uint32_t capability) const;
  /// Records commands and runs them to their end.
  llvm::Error submit(llvm::function_ref<void(VkCommandBuffer)> record);

  Functions vk;
  VkDevice device = nullptr;

private:
  VulkanDevice() = default;
  llvm::Error chooseDevice();
  llvm::Error createDevice();
  std::optional<uint32_t> findMemoryType(uint32_t allowed) const;

  VkInstance instance = nullptr;
  VkPhysicalDevice physical = nullptr;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  VkPhysicalDeviceFeatures2 features{};
  VkPhysicalDeviceVulkan11Features features11{};
  VkPhysicalDeviceVulkan12Features features12{};
  VkPhysicalDeviceVulkan12Properties properties12{};
  uint32_t queueFamily = 0;
  VkQueue queue = nullptr;
  VkCommandPool pool = nullptr;
};

/// Memory that host and device see.
class VulkanBuffer final : public DeviceBuffer {
public:
  VulkanBuffer(const VulkanDevice &device, int64_t bytes)
      : device(device), bytes(bytes) {}
  ~VulkanBuffer() override;

  llvm::Error upload(llvm::ArrayRef<char> data) override;
  llvm::Error download(llvm::MutableArrayRef<char> data) override;

  const VulkanDevice &device;
  int64_t bytes;
  VkBuffer buffer = nullptr;
  VkDeviceMemory memory = nullptr;
  void *address = nullptr;
};

/// The kernels of one SPIR-V module.
class VulkanKernels final : public DeviceKernels {
public:
  explicit VulkanKernels(VulkanDevice &device) : device(device) {}
  ~VulkanKernels() override;

  llvm::Error create(llvm::ArrayRef<char> code);
  llvm::Error launch(const DeviceLaunch &launch) override;

private:
  /// What a kernel is launched by.
  struct Pipeline {
    VkDescriptorSetLayout sets = nullptr;
    VkPipelineLayout layout = nullptr;
    VkPipeline pipeline = nullptr;
    size_t buffers = 0;
  };
  llvm::Error checkLimits(const DeviceLaunch &launch, size_t buffers) const;
  llvm::Expected<Pipeline *> getPipeline(llvm::StringRef kernel,
                                         size_t buffers);
  llvm::Error createPipeline(llvm::StringRef kernel, Pipeline &pipeline);
  llvm::Error dispatch(const Pipeline &pipeline, const DeviceLaunch &launch,
                       llvm::ArrayRef<VkDescriptorBufferInfo> buffers);

  VulkanDevice &device;
  VkShaderModule shader = nullptr;
  llvm::StringMap<Pipeline> pipelines;
};

} // namespace mlir::mask::vulkan

#endif // MASK_DEVICE_VULKANDEVICE_H
