//===- KeepBlends.cpp - blends that are not masked stores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepBlends.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;
using namespace llvm::PatternMatch;

/// The vector that `store` writes back where a mask does not hold, or holds;
/// null if it is not such a store.
static LoadInst *findBlended(StoreInst &store) {
  Value *condition, *x, *y;
  if (!match(store.getValueOperand(),
             m_Select(m_Value(condition), m_Value(x), m_Value(y))) ||
      !x->getType()->isFPOrFPVectorTy() || !condition->getType()->isVectorTy())
    return nullptr;
  for (Value *operand : {x, y})
    if (auto *load = dyn_cast<LoadInst>(operand);
        load && load->getPointerOperand() == store.getPointerOperand())
      return load;
  return nullptr;
}

PreservedAnalyses mlir::mask::KeepBlends::run(Function &function,
                                              FunctionAnalysisManager &) {
  bool changed = false;
  for (Instruction &instruction : instructions(function)) {
    auto *store = dyn_cast<StoreInst>(&instruction);
    LoadInst *load = store ? findBlended(*store) : nullptr;
    if (!load)
      continue;
    IRBuilder<> builder(cast<Instruction>(store->getValueOperand()));
    llvm::Value *fenced = builder.CreateArithmeticFence(load, load->getType());
    cast<Instruction>(store->getValueOperand())
        ->replaceUsesOfWith(load, fenced);
    changed = true;
  }
  if (!changed)
    return PreservedAnalyses::all();
  PreservedAnalyses preserved;
  preserved.preserveSet<CFGAnalyses>();
  return preserved;
}
