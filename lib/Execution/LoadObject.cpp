//===- LoadObject.cpp - object files as code of this process -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadObject.h"

#include "mlir/Support/LLVM.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr StringLiteral kInterfacePrefix = "_mlir_ciface_";

std::string mlir::mask::getPackedName(StringRef function) {
  return ("packed." + kInterfacePrefix + function).str();
}

void mlir::mask::addPackedFunctions(llvm::Module &module) {
  llvm::IRBuilder<> builder(module.getContext());
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), builder.getPtrTy(),
                                       /*isVarArg=*/false);
  for (llvm::Function &function :
       llvm::make_early_inc_range(module.functions())) {
    StringRef name = function.getName();
    if (function.isDeclaration() || !name.consume_front(kInterfacePrefix))
      continue;
    auto *packed = llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                                          getPackedName(name), module);
    builder.SetInsertPoint(
        llvm::BasicBlock::Create(module.getContext(), "", packed));
    SmallVector<llvm::Value *> arguments;
    for (const llvm::Argument &argument : function.args()) {
      llvm::Value *slot = builder.CreateConstGEP1_32(
          builder.getPtrTy(), packed->getArg(0), argument.getArgNo());
      arguments.push_back(builder.CreateLoad(
          argument.getType(), builder.CreateLoad(builder.getPtrTy(), slot)));
    }
    builder.CreateCall(&function, arguments);
    builder.CreateRetVoid();
  }
}

llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>>
mlir::mask::loadObject(StringRef object, ArrayRef<StringRef> libraries,
                       const llvm::StringMap<void *> &symbols) {
  namespace orc = llvm::orc;
  // There are no constructors to run, and no handlers of exceptions.
  auto linker =
      orc::LLJITBuilder().setPlatformSetUp(orc::setUpInactivePlatform).create();
  if (!linker)
    return linker.takeError();
  orc::JITDylib &code = (*linker)->getMainJITDylib();
  orc::SymbolMap known;
  for (const auto &symbol : symbols)
    known[(*linker)->mangleAndIntern(symbol.getKey())] = {
        orc::ExecutorAddr::fromPtr(symbol.getValue()),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  if (llvm::Error error = code.define(orc::absoluteSymbols(std::move(known))))
    return error;
  char prefix = (*linker)->getDataLayout().getGlobalPrefix();
  auto process =
      orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix);
  if (!process)
    return process.takeError();
  code.addGenerator(std::move(*process));
  for (StringRef path : libraries) {
    auto library =
        orc::DynamicLibrarySearchGenerator::Load(path.str().c_str(), prefix);
    if (!library)
      return library.takeError();
    code.addGenerator(std::move(*library));
  }
  if (llvm::Error error = (*linker)->addObjectFile(
          llvm::MemoryBuffer::getMemBufferCopy(object)))
    return error;
  return linker;
}
