//===- VulkanLoader.cpp - the functions of Vulkan -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanLoader.h"

#include "Mask/Device/Device.h"

#include "llvm/Support/DynamicLibrary.h"

using namespace mlir::mask;
using namespace mlir::mask::vulkan;

static constexpr const char *kLoader = "libvulkan.so.1";

llvm::Error vulkan::check(VkResult result, llvm::StringRef what) {
  if (result == VK_SUCCESS)
    return llvm::Error::success();
  return llvm::createStringError("Vulkan cannot " + what + ": VkResult " +
                                 llvm::Twine(static_cast<int>(result)));
}

template <typename Function>
static llvm::Error find(Function &function, PFN_vkVoidFunction found,
                        const char *name) {
  function = reinterpret_cast<Function>(found);
  if (function)
    return llvm::Error::success();
  return llvm::createStringError(llvm::Twine(kLoader) + " has no " + name);
}

llvm::Expected<VkInstance> vulkan::createInstance(Functions &functions) {
  std::string message;
  auto library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(kLoader, &message);
  if (!library.isValid())
    return llvm::make_error<DeviceMissing>("there is no Vulkan: " + message);
  auto get = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      library.getAddressOfSymbol("vkGetInstanceProcAddr"));
  PFN_vkCreateInstance create = nullptr;
  if (get)
    create = reinterpret_cast<PFN_vkCreateInstance>(
        get(nullptr, "vkCreateInstance"));
  if (!create)
    return llvm::make_error<DeviceMissing>(std::string("there is no Vulkan: ") +
                                           kLoader + " is no loader of it");
  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.apiVersion = VK_API_VERSION_1_3;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  VkInstance instance = nullptr;
  VkResult result = create(&info, nullptr, &instance);
  if (result != VK_SUCCESS)
    return llvm::make_error<DeviceMissing>(
        "there is no Vulkan driver: VkResult " +
        std::to_string(static_cast<int>(result)));
#define MASK_FIND(name)                                                        \
  if (llvm::Error error =                                                      \
          find(functions.name, get(instance, "vk" #name), "vk" #name))         \
    return std::move(error);
  MASK_VULKAN_INSTANCE_FUNCTIONS(MASK_FIND)
#undef MASK_FIND
  return instance;
}

llvm::Error vulkan::loadDeviceFunctions(VkDevice device, Functions &functions) {
#define MASK_FIND(name)                                                        \
  if (llvm::Error error =                                                      \
          find(functions.name,                                                 \
               functions.GetDeviceProcAddr(device, "vk" #name), "vk" #name))   \
    return error;
  MASK_VULKAN_DEVICE_FUNCTIONS(MASK_FIND)
#undef MASK_FIND
  return llvm::Error::success();
}
