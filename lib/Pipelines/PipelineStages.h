//===- PipelineStages.h - stages that pipelines have in common -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_PIPELINES_PIPELINESTAGES_H
#define MASK_LIB_PIPELINES_PIPELINESTAGES_H

#include "Mask/Conversion/Passes.h"

#include "mlir/Pass/PassManager.h"

namespace mlir::mask {

/// From `mask.tile_for` and what is in it to scf loops.
void addTileStages(OpPassManager &pm, const ConvertMaskToSCFOptions &options);

} // namespace mlir::mask

#endif // MASK_LIB_PIPELINES_PIPELINESTAGES_H
