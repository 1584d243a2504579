//===- DefineTruncation.h - f32 to bf16, in the object -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EXECUTION_DEFINETRUNCATION_H
#define MASK_LIB_EXECUTION_DEFINETRUNCATION_H

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::mask {

/// Defines what LLVM calls where it moves a bf16 number about on x86 processors
/// that have no conversion to it, `__truncsfbf2`, if the module has such
/// numbers: libgcc has the function since its version 13 only. Rounds to
/// nearest, ties to even; NaN becomes a quiet one.
void defineBF16Truncation(llvm::Module &module);

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_DEFINETRUNCATION_H
