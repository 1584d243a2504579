//===- SerializeSPIRV.cpp - kernels as SPIR-V -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/SerializeSPIRV.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Target/SPIRV/Serialization.h"

using namespace mlir;
using namespace mlir::mask;

FailureOr<SmallVector<char>> mlir::mask::serializeSPIRV(ModuleOp module) {
  SmallVector<spirv::ModuleOp> shaders(module.getOps<spirv::ModuleOp>());
  if (shaders.empty())
    return module.emitError() << "has no attention, so no kernels";
  if (shaders.size() > 1)
    return shaders[1].emitOpError()
           << "is beside another one; one module of kernels can be written";
  SmallVector<uint32_t> words;
  if (failed(spirv::serialize(shaders.front(), words)))
    return failure();
  const char *bytes = reinterpret_cast<const char *>(words.data());
  return SmallVector<char>(bytes, bytes + words.size() * sizeof(uint32_t));
}
