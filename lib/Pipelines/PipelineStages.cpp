//===- PipelineStages.cpp - stages that pipelines have in common -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PipelineStages.h"

#include "Mask/Pipelines/MaskToCPU.h"
#include "Mask/Pipelines/Passes.h"
#include "Mask/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/SCFToOpenMP/SCFToOpenMP.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::mask;

/// Masks to closed predicates whose leaves have their index tables.
static void addMaskPasses(OpPassManager &pm) {
  pm.addPass(createMaskResolvePolicies());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createMaskClosePredicates());
  pm.addPass(createMaskSimplify());
  pm.addPass(createMaskBuildTables());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Tensors to buffers; facts and tables to loops.
static void addBufferizationPasses(OpPassManager &pm, bool strided) {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(strided ? createMaskBufferizeStrided()
                     : bufferization::createOneShotBufferizePass(options));
  pm.addPass(createMaskOutlineTables());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createMaskFreeBuffers());
}

/// What tiling by a transform script leaves: loops over tiles, and the merge of
/// partial results.
static void addTilingPasses(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createForallToParallelLoopPass());
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToParallelLoopsPass());
}

void mlir::mask::buildMaskToBuffersPipeline(OpPassManager &pm, bool strided) {
  addMaskPasses(pm);
  addBufferizationPasses(pm, strided);
  addTilingPasses(pm);
}

void mlir::mask::addTileStages(OpPassManager &pm,
                               const ConvertMaskToSCFOptions &options) {
  // Nested, since functions are worked on at the same time.
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createConvertMaskToSCF(options));
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLoopInvariantCodeMotionPass());
}

void mlir::mask::buildLoopsToLLVMPipeline(OpPassManager &pm,
                                          const MaskToCPUOptions &options) {
  if (options.emulateBF16)
    pm.addPass(createMaskEmulateBF16Products());
  pm.addNestedPass<func::FuncOp>(createMaskApproximateMath());
  bool roundsBF16 = options.bf16Dot || options.amx;
  if (!roundsBF16 || options.emulateBF16)
    pm.addNestedPass<func::FuncOp>(createMaskExpandBF16());
  pm.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass());
  if (options.openmp) {
    pm.addPass(createMaskScheduleDynamically());
    pm.addPass(createConvertSCFToOpenMPPass());
    // Inlines the `memref.alloca_scope` of each iteration, which may not hold
    // control flow; there is nothing on the stack in it.
    pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  }
  OpPassManager &functions = pm.nest<func::FuncOp>();
  // These apply patterns, which takes longer where there are many blocks.
  functions.addPass(memref::createExpandStridedMetadataPass());
  functions.addPass(createLowerAffinePass());
  functions.addPass(createSCFToControlFlowPass());
  pm.addPass(createMaskLowerAsserts());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  vectors.amx = options.amx;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createCanonicalizerPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createCSEPass());
}
