//===- Passes.h - passes that pipelines need and upstream lacks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_PASSES_H
#define MASK_PIPELINES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::mask {

#define GEN_PASS_DECL
#include "Mask/Pipelines/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Mask/Pipelines/Passes.h.inc"

} // namespace mlir::mask

#endif // MASK_PIPELINES_PASSES_H
