//===- BundleHost.cpp - functions of the host as a file -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bundle.h"

#include "Mask/Execution/NativeCode.h"
#include "Mask/Pipelines/MaskToCPU.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::mask;
namespace fs = llvm::sys::fs;

/// What every processor of the architecture runs: bundles are carried around.
static StringRef getPlainProcessor() {
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  return triple.getArch() == llvm::Triple::x86_64 ? "x86-64" : "generic";
}

/// An object file as a shared object.
static llvm::Expected<std::string> link(StringRef object) {
  std::string linker;
  for (StringRef name : {"ld", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name);
        found && linker.empty())
      linker = *found;
  if (linker.empty())
    return llvm::createStringError("there is no linker (ld or ld.lld) on the "
                                   "path, which its host functions need");
  SmallString<128> input, output, messages;
  for (auto [suffix, path] :
       {std::pair{"o", &input}, {"so", &output}, {"txt", &messages}})
    if (std::error_code code =
            fs::createTemporaryFile("mask-host", suffix, *path))
      return llvm::createStringError("cannot make a temporary file: " +
                                     code.message());
  llvm::FileRemover removeInput(input), removeOutput(output),
      removeMessages(messages);
  std::error_code code;
  llvm::raw_fd_ostream os(input, code);
  os << object;
  os.close();
  if (code || os.has_error())
    return llvm::createStringError("cannot write '" + input + "': " +
                                   (code ? code : os.error()).message());
  std::string message;
  int result = llvm::sys::ExecuteAndWait(
      linker, {linker, "-shared", "-o", output, input}, std::nullopt,
      {StringRef(""), StringRef(messages), StringRef(messages)},
      /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (result != 0) {
    auto said = llvm::MemoryBuffer::getFile(messages);
    return llvm::createStringError(
        "'" + linker + "' exits with " + Twine(result) + ": " + message +
        (said ? (*said)->getBuffer().trim() : StringRef()));
  }
  auto linked = llvm::MemoryBuffer::getFile(output, /*IsText=*/false);
  if (!linked)
    return llvm::createStringError("cannot read '" + output +
                                   "': " + linked.getError().message());
  return (*linked)->getBuffer().str();
}

FailureOr<std::string> mlir::mask::compileHostFunctions(ModuleOp host) {
  auto machine = createTargetMachine(getPlainProcessor(),
                                     llvm::CodeGenOptLevel::Aggressive);
  if (!machine)
    return host.emitError() << llvm::toString(machine.takeError());
  PassManager pm(host.getContext());
  if (failed(applyPassManagerCLOptions(pm)))
    return failure();
  MaskToCPUOptions pipeline;
  CPUTarget target = describeTarget(**machine);
  pipeline.vectorBits = target.vectorBits;
  pipeline.vectorRegisters = target.vectorRegisters;
  buildMaskToCPUPipeline(pm, pipeline);
  if (failed(pm.run(host)))
    return failure();
  for (auto function : host.getOps<LLVM::LLVMFuncOp>())
    if (function.isPrivate() && !function.isExternal())
      function.setLinkage(LLVM::Linkage::Internal);
  FailureOr<std::string> object =
      emitNativeCode(host, **machine, NativeCode::Object);
  if (failed(object))
    return failure();
  llvm::Expected<std::string> linked = link(*object);
  if (!linked)
    return host.emitError() << llvm::toString(linked.takeError());
  return *linked;
}
