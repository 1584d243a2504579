//===- DeviceModule.h - recorded functions on a device -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_DEVICEMODULE_H
#define MASK_EXECUTION_DEVICEMODULE_H

#include "Mask/Device/Device.h"
#include "Mask/Execution/Jit.h"
#include "Mask/Execution/LaunchPlan.h"

namespace mlir::mask {

/// Functions whose launches are recorded, called by their records: kernels run
/// on a device, and the functions of the host that are steps, compiled, here.
class DeviceModule {
public:
  /// `module` has functions with records, and those of the host, on memrefs;
  /// `code` is what the kernels have become. Errors are emitted.
  static FailureOr<std::unique_ptr<DeviceModule>>
  compile(ModuleOp module, ArrayRef<char> code, StringRef name,
          const JitOptions &options, Device &device);

  /// Calls a function. Arguments are those of `JitModule::Function`, arrays
  /// without an offset. They are copied to the device, and outputs back. Fails
  /// with a check of the record or an error of the device.
  llvm::Error call(StringRef function, ArrayRef<void *> arguments);

private:
  explicit DeviceModule(Device &device) : device(device) {}

  Device &device;
  llvm::StringMap<LaunchRecordAttr> records;
  std::unique_ptr<DeviceKernels> kernels;
  /// Null if no step is the host's.
  std::unique_ptr<JitModule> host;
};

} // namespace mlir::mask

#endif // MASK_EXECUTION_DEVICEMODULE_H
