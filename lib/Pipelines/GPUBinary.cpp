//===- GPUBinary.cpp - kernels as code of a GPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/GPUBinary.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::mask;

llvm::Triple mlir::mask::getNVIDIATriple() {
  return llvm::Triple("nvptx64-nvidia-cuda");
}

llvm::Triple mlir::mask::getAMDTriple() {
  return llvm::Triple("amdgcn-amd-amdhsa");
}

llvm::Error mlir::mask::checkChip(const llvm::Triple &triple, StringRef chip) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeAMDGPUTargetInfo();
  LLVMInitializeAMDGPUTargetMC();
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (info && !chip.empty() && info->isCPUStringValid(chip))
    return llvm::Error::success();
  return llvm::createStringError("LLVM knows no '" + chip + "' of " +
                                 triple.getArchName());
}

std::string mlir::mask::getNVIDIAChip(int major, int minor) {
  for (int number = 10 * major + minor; number > 0; --number) {
    std::string chip = "sm_" + std::to_string(number);
    llvm::Error error = checkChip(getNVIDIATriple(), chip);
    if (!error)
      return chip;
    llvm::consumeError(std::move(error));
  }
  return "sm_" + std::to_string(10 * major + minor);
}

FailureOr<StringRef> mlir::mask::getKernelCode(ModuleOp module) {
  SmallVector<gpu::BinaryOp> binaries(module.getOps<gpu::BinaryOp>());
  if (binaries.empty())
    return module.emitError() << "has no attention, so no kernels";
  if (binaries.size() > 1)
    return binaries[1].emitOpError()
           << "is beside '" << binaries[0].getName()
           << "'; one module of kernels can be written";
  auto object = cast<gpu::ObjectAttr>(binaries[0].getObjects()[0]);
  return object.getObject().getValue();
}
