//===- VulkanDevice.cpp - a device and its memory -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanDevice.h"

#include "Mask/Device/Vulkan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir::mask;
using namespace mlir::mask::vulkan;

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

/// The first device that has Vulkan 1.3 and a queue that computes.
llvm::Error VulkanDevice::chooseDevice() {
  uint32_t count = 0;
  if (llvm::Error error =
          check(vk.EnumeratePhysicalDevices(instance, &count, nullptr),
                "count devices"))
    return error;
  std::vector<VkPhysicalDevice> devices(count);
  if (llvm::Error error =
          check(vk.EnumeratePhysicalDevices(instance, &count, devices.data()),
                "list devices"))
    return error;
  for (VkPhysicalDevice candidate : devices) {
    vk.GetPhysicalDeviceProperties(candidate, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3)
      continue;
    uint32_t families = 0;
    vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &families, nullptr);
    std::vector<VkQueueFamilyProperties> queues(families);
    vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &families,
                                              queues.data());
    for (uint32_t i = 0; i < families; ++i) {
      if (!(queues[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
        continue;
      physical = candidate;
      queueFamily = i;
      return llvm::Error::success();
    }
  }
  return llvm::make_error<DeviceMissing>(
      "there is no device with Vulkan 1.3: the driver has " +
      std::to_string(count) + " of other versions");
}

/// Takes all features that kernels may need and the device has.
llvm::Error VulkanDevice::createDevice() {
  VkPhysicalDeviceFeatures2 all{};
  VkPhysicalDeviceVulkan11Features all11{};
  VkPhysicalDeviceVulkan12Features all12{};
  all.sType = features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  all11.sType = features11.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  all12.sType = features12.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  all.pNext = &all11;
  all11.pNext = &all12;
  features.pNext = &features11;
  features11.pNext = &features12;
  vk.GetPhysicalDeviceFeatures2(physical, &all);
  features.features.shaderInt16 = all.features.shaderInt16;
  features.features.shaderInt64 = all.features.shaderInt64;
  features.features.shaderFloat64 = all.features.shaderFloat64;
  features11.storageBuffer16BitAccess = all11.storageBuffer16BitAccess;
  features12.shaderInt8 = all12.shaderInt8;
  features12.shaderFloat16 = all12.shaderFloat16;
  features12.storageBuffer8BitAccess = all12.storageBuffer8BitAccess;

  VkPhysicalDeviceProperties2 all2{};
  all2.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES;
  all2.pNext = &properties12;
  vk.GetPhysicalDeviceProperties2(physical, &all2);

  float priority = 1;
  VkDeviceQueueCreateInfo queues{};
  queues.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queues.queueFamilyIndex = queueFamily;
  queues.queueCount = 1;
  queues.pQueuePriorities = &priority;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &features;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queues;
  if (llvm::Error error = check(
          vk.CreateDevice(physical, &info, nullptr, &device), "open a device"))
    return error;
  if (llvm::Error error = loadDeviceFunctions(device, vk))
    return error;
  vk.GetDeviceQueue(device, queueFamily, 0, &queue);
  vk.GetPhysicalDeviceMemoryProperties(physical, &memory);
  VkCommandPoolCreateInfo commands{};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  commands.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  commands.queueFamilyIndex = queueFamily;
  return check(vk.CreateCommandPool(device, &commands, nullptr, &pool),
               "make a pool of commands");
}

llvm::Expected<std::unique_ptr<VulkanDevice>> VulkanDevice::create() {
  std::unique_ptr<VulkanDevice> result(new VulkanDevice());
  auto instance = createInstance(result->vk);
  if (!instance)
    return instance.takeError();
  result->instance = *instance;
  if (llvm::Error error = result->chooseDevice())
    return std::move(error);
  if (llvm::Error error = result->createDevice())
    return std::move(error);
  return result;
}

VulkanDevice::~VulkanDevice() {
  // What was not made is null, and destroying that does nothing.
  if (device && vk.DestroyCommandPool)
    vk.DestroyCommandPool(device, pool, nullptr);
  if (device && vk.DestroyDevice)
    vk.DestroyDevice(device, nullptr);
  if (instance)
    vk.DestroyInstance(instance, nullptr);
}

std::optional<llvm::StringRef>
VulkanDevice::getMissingFeature(uint32_t capability) const {
  struct Need {
    /// As SPIR-V numbers it.
    uint32_t capability;
    VkBool32 isThere;
    llvm::StringRef name;
  };
  const Need needs[] = {
      {9, features12.shaderFloat16, "shaderFloat16"},
      {10, features.features.shaderFloat64, "shaderFloat64"},
      {11, features.features.shaderInt64, "shaderInt64"},
      {22, features.features.shaderInt16, "shaderInt16"},
      {39, features12.shaderInt8, "shaderInt8"},
      {4433, features11.storageBuffer16BitAccess, "storageBuffer16BitAccess"},
      {4448, features12.storageBuffer8BitAccess, "storageBuffer8BitAccess"},
      {4466, properties12.shaderSignedZeroInfNanPreserveFloat32,
       "shaderSignedZeroInfNanPreserveFloat32"},
  };
  for (const Need &need : needs)
    if (need.capability == capability && !need.isThere)
      return need.name;
  return std::nullopt;
}

llvm::Error
VulkanDevice::submit(llvm::function_ref<void(VkCommandBuffer)> record) {
  VkCommandBufferAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  allocate.commandPool = pool;
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = 1;
  VkCommandBuffer commands = nullptr;
  if (llvm::Error error =
          check(vk.AllocateCommandBuffers(device, &allocate, &commands),
                "allocate commands"))
    return error;
  AtEnd free([&] { vk.FreeCommandBuffers(device, pool, 1, &commands); });
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  if (llvm::Error error =
          check(vk.BeginCommandBuffer(commands, &begin), "begin commands"))
    return error;
  record(commands);
  if (llvm::Error error = check(vk.EndCommandBuffer(commands), "end commands"))
    return error;
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  if (llvm::Error error = check(vk.QueueSubmit(queue, 1, &info, VK_NULL_HANDLE),
                                "submit commands"))
    return error;
  return check(vk.QueueWaitIdle(queue), "finish a kernel");
}

llvm::Expected<std::unique_ptr<Device>> mlir::mask::createVulkanDevice() {
  auto device = VulkanDevice::create();
  if (!device)
    return device.takeError();
  return std::unique_ptr<Device>(std::move(*device));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A type that the host can write to without telling, best one that is the
/// device's own.
std::optional<uint32_t> VulkanDevice::findMemoryType(uint32_t allowed) const {
  constexpr VkMemoryPropertyFlags kShared =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (VkMemoryPropertyFlags wanted :
       {kShared | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, kShared})
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
      if ((allowed >> i & 1) &&
          (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
        return i;
  return std::nullopt;
}

llvm::Expected<std::unique_ptr<DeviceBuffer>>
VulkanDevice::allocate(int64_t bytes) {
  auto most = static_cast<int64_t>(getLimits().maxStorageBufferRange);
  if (bytes > most)
    return llvm::createStringError(
        "an array of " + llvm::Twine(bytes) + " bytes is more than the " +
        llvm::Twine(most) + " that a buffer of '" + getName() + "' may have");
  // No buffer is empty, and narrow elements may be read as words.
  auto size =
      static_cast<VkDeviceSize>(llvm::alignTo(std::max<int64_t>(bytes, 1), 16));
  auto result = std::make_unique<VulkanBuffer>(*this, bytes);
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = std::min<VkDeviceSize>(size, getLimits().maxStorageBufferRange);
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  if (llvm::Error error =
          check(vk.CreateBuffer(device, &info, nullptr, &result->buffer),
                "make a buffer"))
    return std::move(error);
  VkMemoryRequirements needs{};
  vk.GetBufferMemoryRequirements(device, result->buffer, &needs);
  std::optional<uint32_t> type = findMemoryType(needs.memoryTypeBits);
  if (!type)
    return llvm::createStringError("'" + getName() +
                                   "' has no memory that the host sees");
  VkMemoryAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = *type;
  std::string what = "allocate " + std::to_string(bytes) + " bytes";
  if (llvm::Error error = check(
          vk.AllocateMemory(device, &allocate, nullptr, &result->memory), what))
    return std::move(error);
  if (llvm::Error error = check(
          vk.BindBufferMemory(device, result->buffer, result->memory, 0), what))
    return std::move(error);
  if (llvm::Error error =
          check(vk.MapMemory(device, result->memory, 0, VK_WHOLE_SIZE, 0,
                             &result->address),
                "map memory"))
    return std::move(error);
  return result;
}

VulkanBuffer::~VulkanBuffer() {
  device.vk.DestroyBuffer(device.device, buffer, nullptr);
  device.vk.FreeMemory(device.device, memory, nullptr);
}

llvm::Error VulkanBuffer::upload(llvm::ArrayRef<char> data) {
  assert(static_cast<int64_t>(data.size()) <= bytes && "does not fit");
  if (!data.empty())
    memcpy(address, data.data(), data.size());
  return llvm::Error::success();
}

llvm::Error VulkanBuffer::download(llvm::MutableArrayRef<char> data) {
  assert(static_cast<int64_t>(data.size()) <= bytes && "is not there");
  if (!data.empty())
    memcpy(data.data(), address, data.size());
  return llvm::Error::success();
}
