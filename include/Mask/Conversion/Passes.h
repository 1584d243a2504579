//===- Passes.h - passes from masks to loops and vectors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_PASSES_H
#define MASK_CONVERSION_PASSES_H

#include "Mask/Conversion/AttentionToGPU.h"

#include "mlir/Pass/Pass.h"

namespace mlir::mask {

#define GEN_PASS_DECL
#include "Mask/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Mask/Conversion/Passes.h.inc"

} // namespace mlir::mask

#endif // MASK_CONVERSION_PASSES_H
