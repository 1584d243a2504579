//===- KeepBlends.h - blends that are not masked stores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EXECUTION_KEEPBLENDS_H
#define MASK_LIB_EXECUTION_KEEPBLENDS_H

#include "llvm/IR/PassManager.h"

namespace mlir::mask {

/// Keeps scores that are read, chosen by a mask and written to the same place
/// from becoming masked stores, as LLVM has made of them since its version 22
/// (llvm-project issue 213195): the instruction of AVX is microcode on AMD's
/// processors. What is read passes a fence for arithmetic, which is no
/// instruction.
struct KeepBlends : llvm::PassInfoMixin<KeepBlends> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &manager);
};

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_KEEPBLENDS_H
