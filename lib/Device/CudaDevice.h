//===- CudaDevice.h - a device, its memory, its kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_CUDADEVICE_H
#define MASK_DEVICE_CUDADEVICE_H

#include "CudaDriver.h"
#include "Mask/Device/Device.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::mask::cuda {

/// A device, of which the context that others in the process share is taken.
class CudaDevice final : public Device {
public:
  static llvm::Expected<std::unique_ptr<CudaDevice>> create();
  ~CudaDevice() override;

  llvm::StringRef getName() const override { return name; }
  DeviceTarget getTarget() const override;
  double getKernelTime() const override { return kernelTime; }
  llvm::Expected<std::unique_ptr<DeviceBuffer>>
  allocate(int64_t bytes) override;
  llvm::Expected<std::unique_ptr<DeviceKernels>>
  load(llvm::ArrayRef<char> code) override;

  llvm::Expected<int> getAttribute(DeviceAttribute attribute) const;
  /// Runs what `launch` puts on the device to its end, and adds its time.
  llvm::Error time(llvm::function_ref<llvm::Error()> launch,
                   const llvm::Twine &what);

  Driver driver;

private:
  CudaDevice() = default;
  llvm::Error findDevice();
  llvm::Error openDevice();

  DeviceNumber device = 0;
  Context context = nullptr;
  Event start = nullptr, end = nullptr;
  std::string name;
  int major = 0, minor = 0;
  double kernelTime = 0;
};

class CudaBuffer final : public DeviceBuffer {
public:
  CudaBuffer(const Driver &driver, int64_t bytes)
      : driver(driver), bytes(bytes) {}
  ~CudaBuffer() override;

  llvm::Error upload(llvm::ArrayRef<char> data) override;
  llvm::Error download(llvm::MutableArrayRef<char> data) override;

  const Driver &driver;
  int64_t bytes;
  Address address = 0;
};

/// The kernels of one PTX file.
class CudaKernels final : public DeviceKernels {
public:
  explicit CudaKernels(CudaDevice &device) : device(device) {}
  ~CudaKernels() override;

  llvm::Error create(llvm::ArrayRef<char> code);
  llvm::Error launch(const DeviceLaunch &launch) override;

private:
  llvm::Error checkLimits(const DeviceLaunch &launch) const;
  llvm::Expected<Function> getFunction(const DeviceLaunch &launch);

  CudaDevice &device;
  Module module = nullptr;
  llvm::StringMap<Function> functions;
};

} // namespace mlir::mask::cuda

#endif // MASK_DEVICE_CUDADEVICE_H
