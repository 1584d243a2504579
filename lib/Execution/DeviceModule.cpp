//===- DeviceModule.cpp - recorded functions on a device -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/DeviceModule.h"

#include "Mask/Execution/RecordedFunctions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

FailureOr<std::unique_ptr<DeviceModule>>
DeviceModule::compile(ModuleOp module, ArrayRef<char> code, StringRef name,
                      const JitOptions &options, Device &device) {
  std::unique_ptr<DeviceModule> result(new DeviceModule(device));
  for (auto function : module.getOps<func::FuncOp>()) {
    auto record = function->getAttrOfType<LaunchRecordAttr>(
        LaunchRecordAttr::getAttrName());
    if (record)
      result->records[function.getName()] = record;
  }
  auto kernels = device.load(code);
  if (!kernels)
    return emitError(module.getLoc()) << llvm::toString(kernels.takeError());
  result->kernels = std::move(*kernels);
  OwningOpRef<ModuleOp> host = extractHostFunctions(module);
  if (!host)
    return result;
  auto compiled =
      JitModule::compileLoops(*host, (name + ".host").str(), options);
  if (failed(compiled))
    return failure();
  result->host = std::move(*compiled);
  return result;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

namespace {
/// An array of a call: where the host has it, and the device.
struct CallArray {
  Type element;
  SmallVector<int64_t, 4> extents;
  int64_t bytes = 0;
  /// Memory of the host; of a workspace, its own, when a step needs it.
  char *data = nullptr;
  std::vector<char> storage;
  std::unique_ptr<DeviceBuffer> buffer;
  /// Whether the contents that count are the device's.
  bool isOnDevice = false;
};

/// One call of a recorded function.
class Call {
public:
  Call(Device &device, DeviceKernels &kernels, JitModule *host,
       LaunchRecordAttr record, ArrayRef<void *> arguments)
      : device(device), kernels(kernels), host(host), record(record),
        pointers(arguments) {}

  llvm::Error run();

private:
  llvm::Error readArguments(SmallVectorImpl<CallArgument> &numbers);
  CallArray &getArray(const LaunchPlan::Operand &operand) {
    return operand.kind == LaunchPlan::Operand::Kind::Argument
               ? arguments[operand.value]
               : workspaces[operand.value];
  }
  llvm::Error moveToDevice(CallArray &array);
  llvm::Error moveToHost(CallArray &array);
  llvm::Error launch(const LaunchPlan::Step &step);
  llvm::Error callHost(const LaunchPlan::Step &step);

  Device &device;
  DeviceKernels &kernels;
  JitModule *host;
  LaunchRecordAttr record;
  ArrayRef<void *> pointers;
  std::vector<CallArray> arguments, workspaces;
};
} // namespace

/// Arrays are passed by the address of a pointer to their descriptor (aligned
/// pointer, offset and extents behind the first word), numbers by their
/// address.
llvm::Error Call::readArguments(SmallVectorImpl<CallArgument> &numbers) {
  for (auto [i, pointer] : llvm::enumerate(pointers)) {
    CallArgument number;
    CallArray array;
    Type type = record.getType(i);
    if (auto memref = dyn_cast<MemRefType>(type)) {
      const int64_t *words = *static_cast<int64_t **>(pointer);
      if (words[2])
        return llvm::createStringError("argument " + Twine(i) +
                                       " begins behind its first element");
      array.data = reinterpret_cast<char *>(words[1]);
      array.element = memref.getElementType();
      array.extents.assign(words + 3, words + 3 + memref.getRank());
      number.extents = array.extents;
      auto bytes = getArrayBytes(array.element, array.extents);
      if (!bytes)
        return bytes.takeError();
      array.bytes = *bytes;
    } else {
      unsigned bytes =
          type.isIndex() ? 8 : (type.getIntOrFloatBitWidth() + 7) / 8;
      memcpy(&number.number, pointer, bytes);
      if (type.isInteger() && bytes < 8 && !type.isInteger(1))
        number.number = llvm::SignExtend64(number.number, 8 * bytes);
    }
    numbers.push_back(std::move(number));
    arguments.push_back(std::move(array));
  }
  return llvm::Error::success();
}

llvm::Error Call::moveToDevice(CallArray &array) {
  if (!array.buffer) {
    auto buffer = device.allocate(array.bytes);
    if (!buffer)
      return buffer.takeError();
    array.buffer = std::move(*buffer);
  }
  if (array.isOnDevice)
    return llvm::Error::success();
  array.isOnDevice = true;
  // A workspace that nothing was written to has no contents.
  if (!array.data)
    return llvm::Error::success();
  return array.buffer->upload({array.data, static_cast<size_t>(array.bytes)});
}

llvm::Error Call::moveToHost(CallArray &array) {
  if (!array.data) {
    array.storage.resize(std::max<int64_t>(array.bytes, 1));
    array.data = array.storage.data();
  }
  if (!array.isOnDevice)
    return llvm::Error::success();
  array.isOnDevice = false;
  return array.buffer->download({array.data, static_cast<size_t>(array.bytes)});
}

llvm::Error Call::launch(const LaunchPlan::Step &step) {
  DeviceLaunch launch;
  launch.kernel = step.name;
  launch.blocks = step.blocks;
  launch.threads = step.threads;
  launch.sharedBytes = step.sharedBytes;
  for (const LaunchPlan::Operand &operand : step.operands) {
    DeviceArgument argument;
    if (auto type = dyn_cast<MemRefType>(operand.type)) {
      CallArray &array = getArray(operand);
      if (llvm::Error error = moveToDevice(array))
        return error;
      argument.buffer = array.buffer.get();
      argument.extents = array.extents;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        argument.isDynamic.push_back(type.isDynamicDim(dim));
    } else {
      argument.number = static_cast<uint64_t>(operand.value);
      argument.bytes = operand.type.isIndex()
                           ? 8
                           : (operand.type.getIntOrFloatBitWidth() + 7) / 8;
    }
    launch.arguments.push_back(std::move(argument));
  }
  return kernels.launch(launch);
}

llvm::Error Call::callHost(const LaunchPlan::Step &step) {
  auto function = host->lookup(step.name);
  if (!function)
    return function.takeError();
  SmallVector<MemRefDescriptor> descriptors;
  SmallVector<void *> addresses;
  SmallVector<int64_t> numbers;
  size_t count = step.operands.size();
  descriptors.reserve(count);
  addresses.reserve(count);
  numbers.reserve(count);
  SmallVector<void *> pointers;
  for (const LaunchPlan::Operand &operand : step.operands) {
    if (!isa<MemRefType>(operand.type)) {
      pointers.push_back(&numbers.emplace_back(operand.value));
      continue;
    }
    CallArray &array = getArray(operand);
    if (llvm::Error error = moveToHost(array))
      return error;
    addresses.push_back(
        descriptors.emplace_back(array.data, array.extents).get());
    pointers.push_back(&addresses.back());
  }
  (*function)(pointers.data());
  return llvm::Error::success();
}

llvm::Error Call::run() {
  SmallVector<CallArgument> numbers;
  if (llvm::Error error = readArguments(numbers))
    return error;
  auto plan = LaunchPlan::create(record, numbers);
  if (!plan)
    return plan.takeError();
  for (const LaunchPlan::Workspace &workspace : plan->workspaces) {
    CallArray &array = workspaces.emplace_back();
    array.element = workspace.type.getElementType();
    array.extents = workspace.extents;
    array.bytes = workspace.bytes;
  }
  for (const LaunchPlan::Step &step : plan->steps)
    if (llvm::Error error = step.isLaunch ? launch(step) : callHost(step))
      return error;
  for (int64_t output : record.getOutputs().asArrayRef())
    if (arguments[output].isOnDevice)
      if (llvm::Error error = moveToHost(arguments[output]))
        return error;
  return llvm::Error::success();
}

llvm::Error DeviceModule::call(StringRef function, ArrayRef<void *> arguments) {
  auto found = records.find(function);
  if (found == records.end())
    return llvm::createStringError("'" + function +
                                   "' has no record of its launches");
  return Call(device, *kernels, host.get(), found->second, arguments).run();
}
