//===- MaskToCPU.cpp - from masks to the LLVM dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/MaskToCPU.h"

#include "PipelineStages.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::mask;

void mlir::mask::buildMaskToLoopsPipeline(OpPassManager &pm,
                                          const MaskToCPUOptions &options) {
  ConvertMaskToTilesOptions tiles;
  tiles.vectorBits = options.vectorBits;
  tiles.vectorRegisters = options.vectorRegisters;
  tiles.bf16Dot = options.bf16Dot;
  tiles.amx = options.amx;
  tiles.cores = options.cores;
  tiles.queryTile = options.queryTile;
  tiles.keyTile = options.keyTile;
  tiles.heads = options.heads;
  tiles.parts = options.parts;
  tiles.lanes = options.lanes;
  tiles.rows = options.rows;
  tiles.decode = options.decode;
  tiles.observer = options.observer;
  pm.addNestedPass<func::FuncOp>(createConvertMaskToTiles(tiles));
  addTileStages(pm, {/*indexBits=*/64, /*mergeEdges=*/true});
}

void mlir::mask::buildMaskToCPUPipeline(OpPassManager &pm,
                                        const MaskToCPUOptions &options) {
  buildMaskToBuffersPipeline(pm, options.strided);
  buildMaskToLoopsPipeline(pm, options);
  buildLoopsToLLVMPipeline(pm, options);
}

void mlir::mask::registerMaskToCPUPipeline() {
  PassPipelineRegistration<MaskToCPUOptions>(
      "mask-to-cpu",
      "lower masked attention on tensors to the LLVM dialect for the CPU",
      buildMaskToCPUPipeline);
}
