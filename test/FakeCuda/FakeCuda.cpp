//===- FakeCuda.cpp - a CUDA driver that runs nothing -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands in for libcuda.so.1 where LD_LIBRARY_PATH leads to it. Memory is the
// host's. A launch is checked against what the PTX declares (Kernels.h) and
// then does nothing. The environment says what the device is and what goes
// wrong:
//
//   MASK_FAKE_CUDA_LOG=FILE          gets a line for each launch
//   MASK_FAKE_CUDA_DEVICES=0         there is none
//   MASK_FAKE_CUDA_CAPABILITY=8.0    its chip; 9.0 if not given
//   MASK_FAKE_CUDA_FAIL=NAME:N:CODE  the call N (from 1) of a function, or of
//   any
//                                    with NAME *, returns CODE
//   MASK_FAKE_CUDA_RESULT=FILE       what is copied from the device are the
//   last
//                                    bytes of this file
//
// Whoever ends with something not given back is told so on standard error.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>

using namespace fake;

namespace {

enum Code {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kStubLibrary = 34,
  kNoDevice = 100,
  kInvalidContext = 201,
  kInvalidImage = 200,
  kNoBinary = 209,
  kNotFound = 500,
  kIllegalAddress = 700,
  kLaunchFailed = 719,
};

constexpr struct {
  int code;
  const char *name;
} kNames[] = {
    {kSuccess, "CUDA_SUCCESS"},
    {kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
    {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
    {kStubLibrary, "CUDA_ERROR_STUB_LIBRARY"},
    {kNoDevice, "CUDA_ERROR_NO_DEVICE"},
    {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE"},
    {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
    {kNoBinary, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
    {kNotFound, "CUDA_ERROR_NOT_FOUND"},
    {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
};

std::string getVariable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

struct LoadedModule {
  Kernels kernels;
};
struct LoadedFunction {
  const Kernel *kernel;
  int64_t sharedBytes = 48 * 1024;
};
struct RecordedEvent {
  bool isRecorded = false;
};

/// What a process has of the device.
class Device {
public:
  Device() { Kernels::parseVersion(getVariable(kCapability), major, minor); }
  ~Device() {
    for (auto [count, what] : {std::pair{memory.size(), "allocation(s)"},
                               {modules.size(), "module(s)"},
                               {events.size(), "event(s)"},
                               {static_cast<size_t>(contexts), "context(s)"}})
      if (count)
        std::fprintf(stderr, "fake CUDA: %zu %s not given back\n", count, what);
  }

  /// Whether this call is the one that fails, and with what.
  int enter(const std::string &function) {
    std::string plan = getVariable("MASK_FAKE_CUDA_FAIL");
    std::istringstream parts(plan);
    std::string name, number, code;
    if (!std::getline(parts, name, ':') || !std::getline(parts, number, ':') ||
        !std::getline(parts, code))
      return kSuccess;
    if (name != "*" && name != function)
      return kSuccess;
    return ++calls == std::stoi(number) ? std::stoi(code) : kSuccess;
  }

  void log(const std::string &line) {
    std::string path = getVariable("MASK_FAKE_CUDA_LOG");
    if (!path.empty())
      std::ofstream(path, std::ios::app) << line << "\n";
  }

  /// Says on standard error what a caller did wrong.
  int refuse(int code, const std::string &what) {
    std::fprintf(stderr, "fake CUDA: %s\n", what.c_str());
    return code;
  }

  /// The bytes from `address` to the end of its allocation; -1 if it is in
  /// none.
  int64_t getRoom(uint64_t address) const {
    auto after = memory.upper_bound(address);
    if (after == memory.begin())
      return -1;
    auto [start, allocation] = *std::prev(after);
    int64_t offset = static_cast<int64_t>(address - start);
    return offset <= allocation.bytes ? allocation.bytes - offset : -1;
  }

  struct Allocation {
    std::shared_ptr<char[]> data;
    int64_t bytes;
  };

  int major = 9, minor = 0;
  int contexts = 0;
  bool hasContext = false;
  int calls = 0;
  std::map<uint64_t, Allocation> memory;
  std::map<LoadedModule *, std::unique_ptr<LoadedModule>> modules;
  std::map<std::pair<LoadedModule *, std::string>, LoadedFunction> functions;
  std::map<RecordedEvent *, std::unique_ptr<RecordedEvent>> events;

private:
  static constexpr const char *kCapability = "MASK_FAKE_CUDA_CAPABILITY";
};

Device &device() {
  static Device theDevice;
  return theDevice;
}

/// Begins a function of the driver.
#define ENTER()                                                                \
  if (int code = device().enter(__func__))                                     \
  return code
#define ENTER_CONTEXT()                                                        \
  ENTER();                                                                     \
  if (!device().hasContext)                                                    \
  return device().refuse(kInvalidContext,                                      \
                         std::string(__func__) + " without a context")

} // namespace

// Named as the driver names them.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

int cuInit(unsigned flags) {
  ENTER();
  return flags ? kInvalidValue : kSuccess;
}

int cuGetErrorName(int code, const char **name) {
  for (auto known : kNames)
    if (known.code == code) {
      *name = known.name;
      return kSuccess;
    }
  return kInvalidValue;
}

int cuDriverGetVersion(int *version) {
  *version = 12080;
  return kSuccess;
}

int cuDeviceGetCount(int *count) {
  ENTER();
  *count = getVariable("MASK_FAKE_CUDA_DEVICES") == "0" ? 0 : 1;
  return kSuccess;
}

int cuDeviceGet(int *number, int ordinal) {
  ENTER();
  *number = ordinal;
  return ordinal ? kInvalidValue : kSuccess;
}

int cuDeviceGetName(char *name, int size, int) {
  ENTER();
  std::snprintf(name, size, "fake");
  return kSuccess;
}

int cuDeviceGetAttribute(int *value, int attribute, int) {
  ENTER();
  const std::map<int, int> known = {
      {1, 1024},              // threads per block
      {5, 2147483647},        // blocks
      {13, 1755000},          // clock rate in kHz
      {36, 2619000},          // memory clock rate in kHz
      {38, 50 * 1024 * 1024}, // bytes of the L2 cache
      {75, device().major},
      {76, device().minor},
      {97, device().major == 8 && device().minor == 9 ? 101376 : 232448},
  };
  auto found = known.find(attribute);
  if (found == known.end())
    return kInvalidValue;
  *value = found->second;
  return kSuccess;
}

int cuDevicePrimaryCtxRetain(void **context, int) {
  ENTER();
  *context = &device();
  ++device().contexts;
  return kSuccess;
}

int cuDevicePrimaryCtxRelease_v2(int) {
  --device().contexts;
  return kSuccess;
}

int cuCtxSetCurrent(void *context) {
  ENTER();
  device().hasContext = context == &device() && device().contexts > 0;
  return device().hasContext ? kSuccess : kInvalidContext;
}

int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  ENTER_CONTEXT();
  if (bytes == 0)
    return device().refuse(kInvalidValue, "an allocation of 0 bytes");
  if (bytes > (size_t(1) << 36))
    return kOutOfMemory;
  std::shared_ptr<char[]> data(new char[bytes]);
  std::memset(data.get(), 0xff, bytes);
  *address = reinterpret_cast<uint64_t>(data.get());
  device().memory[*address] = {data, static_cast<int64_t>(bytes)};
  return kSuccess;
}

int cuMemFree_v2(uint64_t address) {
  if (!device().memory.erase(address))
    return device().refuse(kInvalidValue, "memory that is none was given back");
  return kSuccess;
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  ENTER_CONTEXT();
  if (device().getRoom(to) < static_cast<int64_t>(bytes))
    return device().refuse(kInvalidValue, "a copy out of bounds");
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return kSuccess;
}

int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  ENTER_CONTEXT();
  if (device().getRoom(from) < static_cast<int64_t>(bytes))
    return device().refuse(kInvalidValue, "a copy out of bounds");
  std::memcpy(to, reinterpret_cast<void *>(from), bytes);
  std::string path = getVariable("MASK_FAKE_CUDA_RESULT");
  if (path.empty())
    return kSuccess;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  int64_t size = file.tellg();
  if (size >= static_cast<int64_t>(bytes)) {
    file.seekg(size - static_cast<int64_t>(bytes));
    file.read(static_cast<char *>(to), static_cast<int64_t>(bytes));
  }
  return kSuccess;
}

int cuMemsetD8_v2(uint64_t address, unsigned char value, size_t bytes) {
  ENTER_CONTEXT();
  if (device().getRoom(address) < static_cast<int64_t>(bytes))
    return device().refuse(kInvalidValue, "a memset out of bounds");
  std::memset(reinterpret_cast<void *>(address), value, bytes);
  return kSuccess;
}

int cuModuleLoadDataEx(void **result, const void *image, unsigned count,
                       int *options, void **values) {
  ENTER_CONTEXT();
  auto module = std::make_unique<LoadedModule>();
  std::string message = module->kernels.parse(static_cast<const char *>(image),
                                              device().major, device().minor);
  if (!message.empty()) {
    // The log's buffer and its size.
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == 5)
        for (unsigned j = 0; j < count; ++j)
          if (options[j] == 6)
            std::snprintf(static_cast<char *>(values[i]),
                          reinterpret_cast<size_t>(values[j]), "%s",
                          message.c_str());
    return module->kernels.isForNewerChip ? kNoBinary : kInvalidImage;
  }
  *result = module.get();
  LoadedModule *key = module.get();
  device().modules[key] = std::move(module);
  return kSuccess;
}

int cuModuleUnload(void *module) {
  return device().modules.erase(static_cast<LoadedModule *>(module))
             ? kSuccess
             : device().refuse(kInvalidValue, "no module was unloaded");
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER_CONTEXT();
  auto *loaded = static_cast<LoadedModule *>(module);
  const Kernel *kernel = loaded->kernels.lookup(name);
  if (!kernel)
    return kNotFound;
  LoadedFunction &entry = device().functions[{loaded, name}];
  entry.kernel = kernel;
  *function = &entry;
  return kSuccess;
}

int cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER_CONTEXT();
  if (attribute != 8)
    return kInvalidValue;
  static_cast<LoadedFunction *>(function)->sharedBytes = value;
  return kSuccess;
}

int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                   unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned sharedBytes, void *stream,
                   void **parameters, void **extra) {
  ENTER_CONTEXT();
  auto *loaded = static_cast<LoadedFunction *>(function);
  const Kernel &kernel = *loaded->kernel;
  auto refuse = [&](const std::string &what) {
    return device().refuse(kInvalidValue, kernel.name + ": " + what);
  };
  if (gridX < 1 || gridX > 2147483647U || gridY != 1 || gridZ != 1 ||
      blockY != 1 || blockZ != 1 || stream || extra)
    return refuse("a launch that is not of one dimension");
  if (blockX != kernel.threads)
    return refuse(std::to_string(blockX) + " threads for .maxntid " +
                  std::to_string(kernel.threads));
  if (sharedBytes > loaded->sharedBytes)
    return refuse(std::to_string(sharedBytes) +
                  " bytes of shared memory, allowed are " +
                  std::to_string(loaded->sharedBytes));
  std::ostringstream line;
  line << kernel.name << " grid " << gridX << " block " << blockX << " shared "
       << sharedBytes;
  std::string message = kernel.checkParameters(
      parameters, [](uint64_t address) { return device().getRoom(address); },
      line);
  if (!message.empty())
    return refuse(message);
  device().log(line.str());
  return kSuccess;
}

int cuCtxSynchronize() {
  ENTER_CONTEXT();
  return kSuccess;
}

int cuEventCreate(void **event, unsigned) {
  ENTER_CONTEXT();
  auto created = std::make_unique<RecordedEvent>();
  *event = created.get();
  RecordedEvent *key = created.get();
  device().events[key] = std::move(created);
  return kSuccess;
}

int cuEventDestroy_v2(void *event) {
  return device().events.erase(static_cast<RecordedEvent *>(event))
             ? kSuccess
             : device().refuse(kInvalidValue, "no event was destroyed");
}

int cuEventRecord(void *event, void *stream) {
  ENTER_CONTEXT();
  static_cast<RecordedEvent *>(event)->isRecorded = true;
  return stream ? kInvalidValue : kSuccess;
}

int cuEventSynchronize(void *event) {
  ENTER_CONTEXT();
  return static_cast<RecordedEvent *>(event)->isRecorded ? kSuccess
                                                         : kInvalidValue;
}

int cuEventElapsedTime(float *milliseconds, void *start, void *end) {
  ENTER_CONTEXT();
  *milliseconds = 0.5F;
  return static_cast<RecordedEvent *>(start)->isRecorded &&
                 static_cast<RecordedEvent *>(end)->isRecorded
             ? kSuccess
             : kInvalidValue;
}

} // extern "C"
// NOLINTEND(readability-identifier-naming)
