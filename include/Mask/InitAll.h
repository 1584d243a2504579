//===- InitAll.h - registers everything of the project -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INITALL_H
#define MASK_INITALL_H

#include "Mask/Conversion/Passes.h"
#include "Mask/IR/Mask.h"
#include "Mask/Pipelines/MaskToCPU.h"
#include "Mask/Pipelines/MaskToGPU.h"
#include "Mask/Pipelines/Passes.h"
#include "Mask/Transforms/BufferizableOpInterfaceImpl.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/TilingInterfaceImpl.h"
#include "Mask/Transforms/ValueBoundsOpInterfaceImpl.h"

#include "mlir/IR/DialectRegistry.h"

namespace mlir::mask {

/// Adds the mask dialect and its external interface models to `registry`.
inline void registerAllDialects(DialectRegistry &registry) {
  registry.insert<MaskDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
  registerTilingInterfaceExternalModels(registry);
  registerValueBoundsOpInterfaceExternalModels(registry);
}

/// Registers the passes and pipelines of the project.
inline void registerAllPasses() {
  registerMaskConversionPasses();
  registerMaskTransformsPasses();
  registerMaskPipelinesPasses();
  registerMaskToCPUPipeline();
  registerMaskToGPUPipelines();
}

} // namespace mlir::mask

#endif // MASK_INITALL_H
