//===- CudaKernels.cpp - launches by CUDA -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaDevice.h"

#include <array>
#include <vector>

using namespace mlir::mask;
using namespace mlir::mask::cuda;

llvm::Expected<std::unique_ptr<DeviceKernels>>
CudaDevice::load(llvm::ArrayRef<char> code) {
  auto result = std::make_unique<CudaKernels>(*this);
  if (llvm::Error error = result->create(code))
    return std::move(error);
  return result;
}

/// The driver compiles PTX for the device, and tells what it does not like.
llvm::Error CudaKernels::create(llvm::ArrayRef<char> code) {
  // It reads to a zero.
  std::string image(code.begin(), code.end());
  std::array<char, 4096> log{};
  JitOption options[] = {ErrorLogBuffer, ErrorLogBufferSizeBytes};
  void *values[] = {log.data(),
                    reinterpret_cast<void *>(uintptr_t(log.size() - 1))};
  Result result = device.driver.ModuleLoadDataEx(
      &module, image.c_str(), std::size(options), options, values);
  if (result == Success)
    return llvm::Error::success();
  module = nullptr;
  llvm::StringRef message = llvm::StringRef(log.data()).trim();
  return llvm::createStringError("CUDA cannot load the kernels for '" +
                                 device.getName() +
                                 "': " + device.driver.describe(result) +
                                 (message.empty() ? "" : "\n" + message));
}

CudaKernels::~CudaKernels() {
  if (module)
    device.driver.ModuleUnload(module);
}

llvm::Error CudaKernels::checkLimits(const DeviceLaunch &launch) const {
  struct Limit {
    llvm::StringRef what;
    int64_t count;
    DeviceAttribute most;
  };
  const Limit limits[] = {
      {"workgroups", launch.blocks, MaxGridDimX},
      {"threads of a workgroup", launch.threads, MaxThreadsPerBlock},
      {"bytes of workgroup memory", launch.sharedBytes,
       MaxSharedMemoryPerBlockOptin}};
  for (const Limit &limit : limits) {
    auto most = device.getAttribute(limit.most);
    if (!most)
      return most.takeError();
    if (llvm::Error error =
            checkLimit(launch, limit.what, limit.count, *most, device))
      return error;
  }
  return llvm::Error::success();
}

llvm::Expected<Function> CudaKernels::getFunction(const DeviceLaunch &launch) {
  const Driver &driver = device.driver;
  std::string name = launch.kernel.str();
  Function &function = functions[name];
  if (!function)
    if (llvm::Error error = driver.check(
            driver.ModuleGetFunction(&function, module, name.c_str()),
            "find kernel '" + name + "'"))
      return std::move(error);
  // What every kernel may have without being asked for.
  constexpr int64_t kUsualSharedBytes = 48 * 1024;
  if (launch.sharedBytes > kUsualSharedBytes)
    if (llvm::Error error = driver.check(
            driver.FuncSetAttribute(function, MaxDynamicSharedSizeBytes,
                                    static_cast<int>(launch.sharedBytes)),
            "give kernel '" + name + "' " + llvm::Twine(launch.sharedBytes) +
                " bytes of workgroup memory"))
      return std::move(error);
  return function;
}

/// A word for each parameter: of arrays the descriptor.
static std::vector<uint64_t> packParameters(const DeviceLaunch &launch) {
  std::vector<uint64_t> words;
  for (const DeviceArgument &argument : launch.arguments) {
    if (!argument.buffer) {
      words.push_back(argument.number);
      continue;
    }
    Address address = static_cast<CudaBuffer *>(argument.buffer)->address;
    size_t rank = argument.extents.size();
    words.insert(words.end(), {address, address, /*offset=*/0});
    words.insert(words.end(), argument.extents.begin(), argument.extents.end());
    words.resize(words.size() + rank);
    uint64_t stride = 1;
    for (size_t dim = rank; dim-- > 0; stride *= argument.extents[dim])
      words[words.size() - rank + dim] = stride;
  }
  return words;
}

llvm::Error CudaKernels::launch(const DeviceLaunch &launch) {
  if (llvm::Error error = checkLimits(launch))
    return error;
  auto function = getFunction(launch);
  if (!function)
    return function.takeError();
  // The driver reads of each as many bytes as the kernel declares.
  std::vector<uint64_t> words = packParameters(launch);
  std::vector<void *> parameters;
  parameters.reserve(words.size() + 1);
  for (uint64_t &word : words)
    parameters.push_back(&word);
  // Which the driver does not read, but who stands in for it in tests.
  parameters.push_back(nullptr);
  std::string what = "kernel '" + launch.kernel.str() + "'";
  return device.time(
      [&] {
        return device.driver.check(
            device.driver.LaunchKernel(
                *function, static_cast<unsigned>(launch.blocks), 1, 1,
                static_cast<unsigned>(launch.threads), 1, 1,
                static_cast<unsigned>(launch.sharedBytes), nullptr,
                parameters.data(), nullptr),
            "launch " + what + " with " + llvm::Twine(launch.blocks) +
                " workgroups of " + llvm::Twine(launch.threads) +
                " threads and " + llvm::Twine(launch.sharedBytes) +
                " bytes of workgroup memory");
      },
      what);
}
