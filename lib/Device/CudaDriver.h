//===- CudaDriver.h - the functions of the CUDA driver -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is used of the driver, found at run time: nothing is linked, and its
// headers, which come with the toolkit, are not needed. Types are those of its
// binary interface, and numbers those of its documentation.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DEVICE_CUDADRIVER_H
#define MASK_DEVICE_CUDADRIVER_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <cstddef>
#include <cstdint>

namespace mlir::mask::cuda {

/// What a function returns.
enum Result : int { Success = 0, StubLibrary = 34, NoDevice = 100 };
using DeviceNumber = int;
using Address = uint64_t;
using Context = struct ContextImpl *;
using Module = struct ModuleImpl *;
using Function = struct FunctionImpl *;
using Event = struct EventImpl *;
using Stream = struct StreamImpl *;

/// Numbers of a device.
enum DeviceAttribute : int {
  MaxThreadsPerBlock = 1,
  MaxGridDimX = 5,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
  MaxSharedMemoryPerBlockOptin = 97,
};
enum FunctionAttribute : int { MaxDynamicSharedSizeBytes = 8 };
enum JitOption : int { ErrorLogBuffer = 5, ErrorLogBufferSizeBytes = 6 };

/// Name, symbol and parameters of each function.
#define MASK_CUDA_FUNCTIONS(F)                                                 \
  F(Init, "cuInit", (unsigned flags))                                          \
  F(GetErrorName, "cuGetErrorName", (Result result, const char **name))        \
  F(DeviceGetCount, "cuDeviceGetCount", (int *count))                          \
  F(DeviceGet, "cuDeviceGet", (DeviceNumber * device, int ordinal))            \
  F(DeviceGetName, "cuDeviceGetName",                                          \
    (char *name, int size, DeviceNumber device))                               \
  F(DeviceGetAttribute, "cuDeviceGetAttribute",                                \
    (int *value, DeviceAttribute attribute, DeviceNumber device))              \
  F(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain",                        \
    (Context * context, DeviceNumber device))                                  \
  F(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2",                   \
    (DeviceNumber device))                                                     \
  F(CtxSetCurrent, "cuCtxSetCurrent", (Context context))                       \
  F(MemAlloc, "cuMemAlloc_v2", (Address * address, size_t bytes))              \
  F(MemFree, "cuMemFree_v2", (Address address))                                \
  F(MemcpyHtoD, "cuMemcpyHtoD_v2",                                             \
    (Address to, const void *from, size_t bytes))                              \
  F(MemcpyDtoH, "cuMemcpyDtoH_v2", (void *to, Address from, size_t bytes))     \
  F(ModuleLoadDataEx, "cuModuleLoadDataEx",                                    \
    (Module * module, const void *image, unsigned count, JitOption *options,   \
     void **values))                                                           \
  F(ModuleUnload, "cuModuleUnload", (Module module))                           \
  F(ModuleGetFunction, "cuModuleGetFunction",                                  \
    (Function * function, Module module, const char *name))                    \
  F(FuncSetAttribute, "cuFuncSetAttribute",                                    \
    (Function function, FunctionAttribute attribute, int value))               \
  F(LaunchKernel, "cuLaunchKernel",                                            \
    (Function function, unsigned gridX, unsigned gridY, unsigned gridZ,        \
     unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,  \
     Stream stream, void **parameters, void **extra))                          \
  F(EventCreate, "cuEventCreate", (Event * event, unsigned flags))             \
  F(EventDestroy, "cuEventDestroy_v2", (Event event))                          \
  F(EventRecord, "cuEventRecord", (Event event, Stream stream))                \
  F(EventSynchronize, "cuEventSynchronize", (Event event))                     \
  F(EventElapsedTime, "cuEventElapsedTime",                                    \
    (float *milliseconds, Event start, Event end))

/// `driver.MemAlloc` is `cuMemAlloc`.
struct Driver {
#define MASK_DECLARE(name, symbol, parameters)                                 \
  Result(*name) parameters = nullptr;
  MASK_CUDA_FUNCTIONS(MASK_DECLARE)
#undef MASK_DECLARE

  /// Opens the library. Fails with `DeviceMissing` where there is none.
  llvm::Error open();
  /// An error that names the code and what was tried, or success.
  llvm::Error check(Result result, const llvm::Twine &what) const;
  /// The driver's name of a code, and its number.
  std::string describe(Result result) const;
};

} // namespace mlir::mask::cuda

#endif // MASK_DEVICE_CUDADRIVER_H
