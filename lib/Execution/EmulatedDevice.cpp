//===- EmulatedDevice.cpp - a device that is emulated -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/EmulatedDevice.h"

#include "Mask/Execution/EmulatedModule.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class EmulatedBuffer final : public DeviceBuffer {
public:
  // Of bytes that are no number where nobody has written.
  explicit EmulatedBuffer(int64_t bytes)
      : bytes(std::max<int64_t>(bytes, 1), static_cast<char>(0xff)) {}

  llvm::Error upload(ArrayRef<char> data) override {
    llvm::copy(data, bytes.begin());
    return llvm::Error::success();
  }
  llvm::Error download(MutableArrayRef<char> data) override {
    std::copy_n(bytes.begin(), data.size(), data.begin());
    return llvm::Error::success();
  }

  std::vector<char> bytes;
};

class EmulatedKernels final : public DeviceKernels {
public:
  EmulatedKernels(ModuleOp module, const EmulationOptions &options)
      : options(options) {
    module.walk([&](gpu::GPUFuncOp kernel) {
      auto owner = kernel->getParentOfType<gpu::GPUModuleOp>();
      names[kernel.getName()] =
          (owner.getName() + "::" + kernel.getName()).str();
    });
  }
  llvm::Error compile(ModuleOp module, const JitOptions &jit);
  llvm::Error launch(const DeviceLaunch &launch) override;

private:
  EmulationOptions options;
  /// With that of their module.
  llvm::StringMap<std::string> names;
  std::unique_ptr<EmulatedModule> kernels;
};

class EmulatedDevice final : public Device {
public:
  EmulatedDevice(MLIRContext *context, const EmulationOptions &emulation,
                 const JitOptions &jit)
      : context(context), emulation(emulation), jit(jit) {}

  StringRef getName() const override { return "emulation"; }
  DeviceTarget getTarget() const override { return {DeviceTarget::Code::MLIR}; }
  llvm::Expected<std::unique_ptr<DeviceBuffer>>
  allocate(int64_t bytes) override {
    return std::make_unique<EmulatedBuffer>(bytes);
  }
  llvm::Expected<std::unique_ptr<DeviceKernels>>
  load(ArrayRef<char> code) override;

private:
  MLIRContext *context;
  EmulationOptions emulation;
  JitOptions jit;
};

} // namespace

llvm::Error EmulatedKernels::compile(ModuleOp module, const JitOptions &jit) {
  auto compiled = EmulatedModule::compile(module, "kernels", jit);
  if (failed(compiled))
    return llvm::createStringError("the kernels cannot be emulated");
  kernels = std::move(*compiled);
  return llvm::Error::success();
}

llvm::Error EmulatedKernels::launch(const DeviceLaunch &launch) {
  auto name = names.find(launch.kernel);
  if (name == names.end())
    return llvm::createStringError("there is no kernel '" + launch.kernel +
                                   "'");
  KernelLaunch emulated;
  emulated.kernel = name->second;
  emulated.grid[0] = launch.blocks;
  emulated.block[0] = launch.threads;
  emulated.dynamicBytes = launch.sharedBytes;
  size_t count = launch.arguments.size();
  SmallVector<MemRefDescriptor> descriptors;
  SmallVector<void *> addresses;
  SmallVector<uint64_t> numbers;
  descriptors.reserve(count);
  addresses.reserve(count);
  numbers.reserve(count);
  for (const DeviceArgument &argument : launch.arguments) {
    if (!argument.buffer) {
      emulated.arguments.push_back(&numbers.emplace_back(argument.number));
      continue;
    }
    auto *buffer = static_cast<EmulatedBuffer *>(argument.buffer);
    addresses.push_back(
        descriptors.emplace_back(buffer->bytes.data(), argument.extents).get());
    emulated.arguments.push_back(&addresses.back());
  }
  return kernels->launch(emulated, options);
}

llvm::Expected<std::unique_ptr<DeviceKernels>>
EmulatedDevice::load(ArrayRef<char> code) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(StringRef(code.data(), code.size()), context);
  if (!module)
    return llvm::createStringError("the kernels are no module of MLIR");
  auto kernels = std::make_unique<EmulatedKernels>(*module, emulation);
  if (llvm::Error error = kernels->compile(*module, jit))
    return std::move(error);
  return kernels;
}

std::unique_ptr<Device>
mlir::mask::createEmulatedDevice(MLIRContext *context,
                                 const EmulationOptions &emulation,
                                 const JitOptions &jit) {
  return std::make_unique<EmulatedDevice>(context, emulation, jit);
}
