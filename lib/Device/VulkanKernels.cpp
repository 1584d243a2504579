//===- VulkanKernels.cpp - launches by Vulkan -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanDevice.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <cstring>

using namespace mlir::mask;
using namespace mlir::mask::vulkan;

//===----------------------------------------------------------------------===//
// Shaders
//===----------------------------------------------------------------------===//

/// Fails for a capability that the device lacks. They stand at the beginning of
/// a module.
static llvm::Error checkCapabilities(const VulkanDevice &device,
                                     llvm::ArrayRef<uint32_t> words) {
  constexpr uint32_t kMagic = 0x07230203, kCapability = 17;
  constexpr size_t kHeader = 5;
  if (words.size() < kHeader || words[0] != kMagic)
    return llvm::createStringError("the kernels are no SPIR-V: they do not "
                                   "begin as it does");
  for (size_t at = kHeader; at + 1 < words.size();) {
    uint32_t opcode = words[at] & 0xffff, size = words[at] >> 16;
    if (opcode != kCapability || size == 0)
      return llvm::Error::success();
    if (auto missing = device.getMissingFeature(words[at + 1]))
      return llvm::createStringError("'" + device.getName() + "' lacks " +
                                     *missing + ", which the kernels need");
    at += size;
  }
  return llvm::Error::success();
}

llvm::Error VulkanKernels::create(llvm::ArrayRef<char> code) {
  if (code.size() % sizeof(uint32_t))
    return llvm::createStringError("the kernels are no SPIR-V: they have " +
                                   llvm::Twine(code.size()) +
                                   " bytes, no multiple of 4");
  std::vector<uint32_t> words(code.size() / sizeof(uint32_t));
  memcpy(words.data(), code.data(), code.size());
  if (llvm::Error error = checkCapabilities(device, words))
    return error;
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = code.size();
  info.pCode = words.data();
  return check(
      device.vk.CreateShaderModule(device.device, &info, nullptr, &shader),
      "take the kernels");
}

llvm::Expected<std::unique_ptr<DeviceKernels>>
VulkanDevice::load(llvm::ArrayRef<char> code) {
  auto kernels = std::make_unique<VulkanKernels>(*this);
  if (llvm::Error error = kernels->create(code))
    return std::move(error);
  return kernels;
}

VulkanKernels::~VulkanKernels() {
  const Functions &vk = device.vk;
  for (auto &entry : pipelines) {
    Pipeline &pipeline = entry.getValue();
    vk.DestroyPipeline(device.device, pipeline.pipeline, nullptr);
    vk.DestroyPipelineLayout(device.device, pipeline.layout, nullptr);
    vk.DestroyDescriptorSetLayout(device.device, pipeline.sets, nullptr);
  }
  vk.DestroyShaderModule(device.device, shader, nullptr);
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

llvm::Error VulkanKernels::createPipeline(llvm::StringRef kernel,
                                          Pipeline &pipeline) {
  const Functions &vk = device.vk;
  std::vector<VkDescriptorSetLayoutBinding> bindings(pipeline.buffers);
  for (auto [i, binding] : llvm::enumerate(bindings)) {
    binding.binding = static_cast<uint32_t>(i);
    binding.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    binding.descriptorCount = 1;
    binding.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo sets{};
  sets.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  sets.bindingCount = static_cast<uint32_t>(bindings.size());
  sets.pBindings = bindings.data();
  if (llvm::Error error =
          check(vk.CreateDescriptorSetLayout(device.device, &sets, nullptr,
                                             &pipeline.sets),
                "describe buffers"))
    return error;
  VkPipelineLayoutCreateInfo layout{};
  layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  layout.setLayoutCount = 1;
  layout.pSetLayouts = &pipeline.sets;
  if (llvm::Error error =
          check(vk.CreatePipelineLayout(device.device, &layout, nullptr,
                                        &pipeline.layout),
                "describe arguments"))
    return error;
  std::string name = kernel.str();
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.layout = pipeline.layout;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = shader;
  info.stage.pName = name.c_str();
  return check(vk.CreateComputePipelines(device.device, VK_NULL_HANDLE, 1,
                                         &info, nullptr, &pipeline.pipeline),
               "compile kernel '" + name + "'");
}

llvm::Expected<VulkanKernels::Pipeline *>
VulkanKernels::getPipeline(llvm::StringRef kernel, size_t buffers) {
  auto [entry, isNew] = pipelines.try_emplace(kernel);
  Pipeline &pipeline = entry->getValue();
  if (isNew) {
    pipeline.buffers = buffers;
    if (llvm::Error error = createPipeline(kernel, pipeline))
      return std::move(error);
  }
  return &pipeline;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

llvm::Error VulkanKernels::checkLimits(const DeviceLaunch &launch,
                                       size_t buffers) const {
  const VkPhysicalDeviceLimits &limits = device.getLimits();
  auto checkCount = [&](llvm::StringRef what, int64_t count, uint32_t most) {
    return checkLimit(launch, what, count, most, device);
  };
  if (llvm::Error error =
          checkCount("storage buffers", static_cast<int64_t>(buffers),
                     limits.maxPerStageDescriptorStorageBuffers))
    return error;
  if (llvm::Error error = checkCount("workgroups", launch.blocks,
                                     limits.maxComputeWorkGroupCount[0]))
    return error;
  return checkCount("threads of a workgroup", launch.threads,
                    std::min(limits.maxComputeWorkGroupInvocations,
                             limits.maxComputeWorkGroupSize[0]));
}

/// All numbers, a word each: the open extents of arrays, and what is no array.
static std::vector<uint64_t> packNumbers(const DeviceLaunch &launch) {
  std::vector<uint64_t> words;
  for (const DeviceArgument &argument : launch.arguments) {
    if (!argument.buffer)
      words.push_back(argument.number);
    for (auto [extent, isDynamic] :
         llvm::zip_equal(argument.extents, argument.isDynamic))
      if (isDynamic)
        words.push_back(static_cast<uint64_t>(extent));
  }
  return words;
}

llvm::Error
VulkanKernels::dispatch(const Pipeline &pipeline, const DeviceLaunch &launch,
                        llvm::ArrayRef<VkDescriptorBufferInfo> buffers) {
  const Functions &vk = device.vk;
  VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                            static_cast<uint32_t>(buffers.size())};
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = 1;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  VkDescriptorPool pool = nullptr;
  if (llvm::Error error =
          check(vk.CreateDescriptorPool(device.device, &info, nullptr, &pool),
                "make a pool of buffers"))
    return error;
  AtEnd destroy(
      [&] { vk.DestroyDescriptorPool(device.device, pool, nullptr); });
  VkDescriptorSetAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  allocate.descriptorPool = pool;
  allocate.descriptorSetCount = 1;
  allocate.pSetLayouts = &pipeline.sets;
  VkDescriptorSet set = nullptr;
  if (llvm::Error error =
          check(vk.AllocateDescriptorSets(device.device, &allocate, &set),
                "hand buffers over"))
    return error;
  VkWriteDescriptorSet write{};
  write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  write.dstSet = set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    write.dstBinding = static_cast<uint32_t>(i);
    write.pBufferInfo = &buffer;
    vk.UpdateDescriptorSets(device.device, 1, &write, 0, nullptr);
  }
  return device.submit([&](VkCommandBuffer commands) {
    vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                       pipeline.pipeline);
    vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                             pipeline.layout, 0, 1, &set, 0, nullptr);
    vk.CmdDispatch(commands, static_cast<uint32_t>(launch.blocks), 1, 1);
  });
}

llvm::Error VulkanKernels::launch(const DeviceLaunch &launch) {
  if (launch.sharedBytes)
    return llvm::createStringError(
        "kernel '" + launch.kernel + "' takes " +
        llvm::Twine(launch.sharedBytes) +
        " bytes of dynamic workgroup memory, which Vulkan has not");
  std::vector<uint64_t> words = packNumbers(launch);
  auto numbers =
      device.allocate(static_cast<int64_t>(words.size() * sizeof(uint64_t)));
  if (!numbers)
    return numbers.takeError();
  if (llvm::Error error =
          (*numbers)->upload({reinterpret_cast<const char *>(words.data()),
                              words.size() * sizeof(uint64_t)}))
    return error;
  std::vector<VkDescriptorBufferInfo> buffers;
  auto add = [&](DeviceBuffer *buffer) {
    buffers.push_back(
        {static_cast<VulkanBuffer *>(buffer)->buffer, 0, VK_WHOLE_SIZE});
  };
  for (const DeviceArgument &argument : launch.arguments)
    if (argument.buffer)
      add(argument.buffer);
  add(numbers->get());
  if (llvm::Error error = checkLimits(launch, buffers.size()))
    return error;
  auto pipeline = getPipeline(launch.kernel, buffers.size());
  if (!pipeline)
    return pipeline.takeError();
  return dispatch(**pipeline, launch, buffers);
}
