//===- DefineTruncation.cpp - f32 to bf16, in the object -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DefineTruncation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

static bool isBF16(const llvm::Value *value) {
  return value->getType()->getScalarType()->isBFloatTy();
}

static bool hasBF16(llvm::Module &module) {
  return llvm::any_of(module, [](llvm::Function &function) {
    return llvm::any_of(
        llvm::instructions(function), [](llvm::Instruction &instruction) {
          return isBF16(&instruction) ||
                 llvm::any_of(instruction.operand_values(), isBF16);
        });
  });
}

void mlir::mask::defineBF16Truncation(llvm::Module &module) {
  constexpr const char *kName = "__truncsfbf2";
  if (module.getFunction(kName) || !hasBF16(module))
    return;
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto *type = llvm::FunctionType::get(b.getBFloatTy(), {b.getFloatTy()},
                                       /*isVarArg=*/false);
  // Objects that are linked together share one; others do not see it.
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::LinkOnceODRLinkage, kName, module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  llvm::appendToCompilerUsed(module, {function});
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
  llvm::Value *number = function->getArg(0);
  llvm::Value *bits = b.CreateBitCast(number, b.getInt32Ty());
  llvm::Value *isOdd = b.CreateAnd(b.CreateLShr(bits, 16), b.getInt32(1));
  llvm::Value *rounded = b.CreateLShr(
      b.CreateAdd(bits, b.CreateAdd(isOdd, b.getInt32(0x7FFF))), 16);
  llvm::Value *result = b.CreateSelect(b.CreateFCmpUNO(number, number),
                                       b.getInt32(0x7FC0), rounded);
  b.CreateRet(
      b.CreateBitCast(b.CreateTrunc(result, b.getInt16Ty()), b.getBFloatTy()));
}
