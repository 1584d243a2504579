//===- CudaDriver.cpp - the functions of the CUDA driver -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaDriver.h"

#include "Mask/Device/Device.h"

#include "llvm/Support/DynamicLibrary.h"

using namespace mlir::mask;
using namespace mlir::mask::cuda;

static constexpr const char *kLibrary = "libcuda.so.1";

llvm::Error Driver::open() {
  std::string message;
  auto library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(kLibrary, &message);
  if (!library.isValid())
    return llvm::make_error<DeviceMissing>("there is no CUDA driver: " +
                                           message);
#define MASK_FIND(name, symbol, parameters)                                    \
  this->name = reinterpret_cast<decltype(this->name)>(                         \
      library.getAddressOfSymbol(symbol));                                     \
  if (!this->name)                                                             \
    return llvm::createStringError(llvm::Twine(kLibrary) + " has no " symbol);
  MASK_CUDA_FUNCTIONS(MASK_FIND)
#undef MASK_FIND
  return llvm::Error::success();
}

std::string Driver::describe(Result result) const {
  const char *name = nullptr;
  if (GetErrorName(result, &name) != Success || !name)
    name = "an unknown error";
  return (llvm::Twine(name) + " (" + llvm::Twine(static_cast<int>(result)) +
          ")")
      .str();
}

llvm::Error Driver::check(Result result, const llvm::Twine &what) const {
  if (result == Success)
    return llvm::Error::success();
  return llvm::createStringError("CUDA cannot " + what + ": " +
                                 describe(result));
}
