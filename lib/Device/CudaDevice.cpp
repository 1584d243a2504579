//===- CudaDevice.cpp - a device and its memory -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaDevice.h"

#include "Mask/Device/Cuda.h"

#include <array>

using namespace mlir::mask;
using namespace mlir::mask::cuda;

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

/// The first one.
llvm::Error CudaDevice::findDevice() {
  Result result = driver.Init(0);
  if (result == NoDevice || result == StubLibrary)
    return llvm::make_error<DeviceMissing>("there is no device of CUDA: " +
                                           driver.describe(result));
  if (llvm::Error error = driver.check(result, "start"))
    return error;
  int count = 0;
  if (llvm::Error error =
          driver.check(driver.DeviceGetCount(&count), "count devices"))
    return error;
  if (count == 0)
    return llvm::make_error<DeviceMissing>(
        "there is no device of CUDA: the driver counts 0");
  return driver.check(driver.DeviceGet(&device, 0), "find device 0");
}

llvm::Expected<int> CudaDevice::getAttribute(DeviceAttribute attribute) const {
  int value = 0;
  if (llvm::Error error = driver.check(
          driver.DeviceGetAttribute(&value, attribute, device),
          "tell attribute " + llvm::Twine(static_cast<int>(attribute)) +
              " of device 0"))
    return std::move(error);
  return value;
}

llvm::Error CudaDevice::openDevice() {
  std::array<char, 256> text{};
  if (llvm::Error error = driver.check(
          driver.DeviceGetName(text.data(), text.size() - 1, device),
          "name device 0"))
    return error;
  name = text.data();
  for (auto [number, attribute] : {std::pair{&major, ComputeCapabilityMajor},
                                   std::pair{&minor, ComputeCapabilityMinor}}) {
    auto value = getAttribute(attribute);
    if (!value)
      return value.takeError();
    *number = *value;
  }
  if (llvm::Error error =
          driver.check(driver.DevicePrimaryCtxRetain(&context, device),
                       "open '" + name + "'"))
    return error;
  if (llvm::Error error =
          driver.check(driver.CtxSetCurrent(context), "use '" + name + "'"))
    return error;
  for (Event *event : {&start, &end})
    if (llvm::Error error = driver.check(driver.EventCreate(event, /*flags=*/0),
                                         "make an event"))
      return error;
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<CudaDevice>> CudaDevice::create() {
  std::unique_ptr<CudaDevice> result(new CudaDevice());
  if (llvm::Error error = result->driver.open())
    return std::move(error);
  if (llvm::Error error = result->findDevice())
    return std::move(error);
  if (llvm::Error error = result->openDevice())
    return std::move(error);
  return result;
}

// After an error of a kernel the driver refuses everything; what cannot be
// given back then ends with the process.
CudaDevice::~CudaDevice() {
  for (Event event : {start, end})
    if (event)
      driver.EventDestroy(event);
  if (context)
    driver.DevicePrimaryCtxRelease(device);
}

DeviceTarget CudaDevice::getTarget() const {
  return {DeviceTarget::Code::PTX, major, minor};
}

llvm::Error CudaDevice::time(llvm::function_ref<llvm::Error()> launch,
                             const llvm::Twine &what) {
  if (llvm::Error error =
          driver.check(driver.EventRecord(start, nullptr), "record an event"))
    return error;
  if (llvm::Error error = launch())
    return error;
  if (llvm::Error error =
          driver.check(driver.EventRecord(end, nullptr), "record an event"))
    return error;
  if (llvm::Error error =
          driver.check(driver.EventSynchronize(end), "finish " + what))
    return error;
  float milliseconds = 0;
  if (llvm::Error error = driver.check(
          driver.EventElapsedTime(&milliseconds, start, end), "time " + what))
    return error;
  kernelTime += milliseconds;
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Device>> mlir::mask::createCudaDevice() {
  auto device = CudaDevice::create();
  if (!device)
    return device.takeError();
  return std::unique_ptr<Device>(std::move(*device));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<DeviceBuffer>>
CudaDevice::allocate(int64_t bytes) {
  auto result = std::make_unique<CudaBuffer>(driver, bytes);
  // The driver has no empty memory.
  auto size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
  if (llvm::Error error =
          driver.check(driver.MemAlloc(&result->address, size),
                       "allocate " + llvm::Twine(size) + " bytes"))
    return std::move(error);
  return result;
}

CudaBuffer::~CudaBuffer() {
  if (address)
    driver.MemFree(address);
}

llvm::Error CudaBuffer::upload(llvm::ArrayRef<char> data) {
  assert(static_cast<int64_t>(data.size()) <= bytes && "does not fit");
  if (data.empty())
    return llvm::Error::success();
  return driver.check(driver.MemcpyHtoD(address, data.data(), data.size()),
                      "copy " + llvm::Twine(data.size()) +
                          " bytes to the device");
}

llvm::Error CudaBuffer::download(llvm::MutableArrayRef<char> data) {
  assert(static_cast<int64_t>(data.size()) <= bytes && "is not there");
  if (data.empty())
    return llvm::Error::success();
  return driver.check(driver.MemcpyDtoH(data.data(), address, data.size()),
                      "copy " + llvm::Twine(data.size()) +
                          " bytes from the device");
}
