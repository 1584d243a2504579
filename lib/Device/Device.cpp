//===- Device.cpp - what runs kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Device/Device.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mask;

char DeviceMissing::ID; // NOLINT(readability-identifier-naming)

void DeviceMissing::log(llvm::raw_ostream &os) const { os << message; }

std::error_code DeviceMissing::convertToErrorCode() const {
  return std::make_error_code(std::errc::no_such_device);
}

// Out of line, so that each has its table of functions here.
DeviceBuffer::~DeviceBuffer() = default;
DeviceKernels::~DeviceKernels() = default;
Device::~Device() = default;

llvm::Error mlir::mask::checkLimit(const DeviceLaunch &launch,
                                   llvm::StringRef what, int64_t count,
                                   int64_t most, const Device &device) {
  if (count <= most)
    return llvm::Error::success();
  return llvm::createStringError("kernel '" + launch.kernel + "' takes " +
                                 llvm::Twine(count) + " " + what +
                                 ", more than the " + llvm::Twine(most) +
                                 " of '" + device.getName() + "'");
}
