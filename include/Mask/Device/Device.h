//===- Device.h - what runs kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device as a host sees it: memory, and kernels that are launched on it. What
// is launched, and on which memory, says the record of the launches
// (Mask/Execution/LaunchPlan.h).
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_DEVICE_H
#define MASK_DEVICE_DEVICE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <string>

namespace mlir::mask {

/// Says that the machine has no such device, or no driver for it.
class DeviceMissing : public llvm::ErrorInfo<DeviceMissing> {
public:
  // As `llvm::ErrorInfo` calls it.
  static char ID; // NOLINT(readability-identifier-naming)
  explicit DeviceMissing(std::string message) : message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;

private:
  std::string message;
};

/// Memory of a device.
class DeviceBuffer {
public:
  virtual ~DeviceBuffer();
  /// Copies from and to the memory of the host, beginning with the first byte.
  virtual llvm::Error upload(llvm::ArrayRef<char> bytes) = 0;
  virtual llvm::Error download(llvm::MutableArrayRef<char> bytes) = 0;
};

/// An argument of a kernel: an array, or a number.
struct DeviceArgument {
  /// Null for a number.
  DeviceBuffer *buffer = nullptr;
  /// The extents of an array, row-major, and which of them its type leaves
  /// open.
  llvm::SmallVector<int64_t, 4> extents;
  llvm::SmallVector<bool, 4> isDynamic;
  /// The bits of a number, and how many bytes its type has.
  uint64_t number = 0;
  unsigned bytes = 8;
};

/// A launch of workgroups in one dimension.
struct DeviceLaunch {
  llvm::StringRef kernel;
  int64_t blocks = 0, threads = 0, sharedBytes = 0;
  llvm::SmallVector<DeviceArgument> arguments;
};

/// Kernels that a device has taken.
class DeviceKernels {
public:
  virtual ~DeviceKernels();
  /// Launches a kernel and waits for its end. Fails where the launch is beyond
  /// the device's limits, with the numbers.
  virtual llvm::Error launch(const DeviceLaunch &launch) = 0;
};

/// What kernels have to be, so that a device takes them.
struct DeviceTarget {
  enum class Code {
    /// Text of `gpu.module`s in MLIR.
    MLIR,
    PTX,
    SPIRV
  };
  Code code;
  /// Of PTX, the compute capability.
  int major = 0, minor = 0;
};

/// A device. It has to outlive its buffers and kernels.
class Device {
public:
  virtual ~Device();
  /// As its driver calls it.
  virtual llvm::StringRef getName() const = 0;
  virtual DeviceTarget getTarget() const = 0;
  /// The milliseconds that kernels have taken so far, by the device's clock; 0
  /// where it is not asked.
  virtual double getKernelTime() const { return 0; }
  /// Memory of at least `bytes` bytes. Fails where it is more than a buffer may
  /// have, with the numbers.
  virtual llvm::Expected<std::unique_ptr<DeviceBuffer>>
  allocate(int64_t bytes) = 0;
  /// Takes kernels, in the form that the device's driver reads.
  virtual llvm::Expected<std::unique_ptr<DeviceKernels>>
  load(llvm::ArrayRef<char> code) = 0;
};

/// An error with the numbers if a launch has more than `most` of something, as
/// "workgroups".
llvm::Error checkLimit(const DeviceLaunch &launch, llvm::StringRef what,
                       int64_t count, int64_t most, const Device &device);

} // namespace mlir::mask

#endif // MASK_DEVICE_DEVICE_H
