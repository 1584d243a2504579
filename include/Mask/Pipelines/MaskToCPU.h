//===- MaskToCPU.h - from masks to the LLVM dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_MASKTOCPU_H
#define MASK_PIPELINES_MASKTOCPU_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::mask {

/// What `mask-to-cpu` can be told. Attentions with a `schedule` attribute keep
/// theirs.
struct MaskToCPUOptions : public PassPipelineOptions<MaskToCPUOptions> {
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Size of the target's vector registers"),
      llvm::cl::init(512)};
  Option<int64_t> vectorRegisters{
      *this, "vector-registers",
      llvm::cl::desc("Number of the target's vector registers"),
      llvm::cl::init(32)};
  Option<bool> bf16Dot{
      *this, "bf16-dot",
      llvm::cl::desc("The target multiplies bf16 in pairs (AVX-512 BF16)"),
      llvm::cl::init(false)};
  Option<bool> amx{
      *this, "amx",
      llvm::cl::desc("The target multiplies tiles of bf16 (AMX); a process has "
                     "to ask Linux for their registers"),
      llvm::cl::init(false)};
  Option<bool> emulateBF16{
      *this, "emulate-bf16",
      llvm::cl::desc("Compute products of bf16 pairs and tiles in f32, for "
                     "processors without them"),
      llvm::cl::init(false)};
  Option<int64_t> cores{*this, "cores",
                        llvm::cl::desc("Processors that share the work"),
                        llvm::cl::init(1)};
  Option<int64_t> queryTile{*this, "query-tile",
                            llvm::cl::desc("Queries per tile; 0: chosen"),
                            llvm::cl::init(0)};
  Option<int64_t> keyTile{*this, "key-tile",
                          llvm::cl::desc("Keys per tile; 0: chosen"),
                          llvm::cl::init(0)};
  Option<int64_t> heads{*this, "heads",
                        llvm::cl::desc("Heads per tile; 0: chosen"),
                        llvm::cl::init(0)};
  Option<int64_t> parts{
      *this, "parts",
      llvm::cl::desc("Parts of the keys, of all tiles together; 0: chosen"),
      llvm::cl::init(0)};
  Option<int64_t> lanes{*this, "lanes",
                        llvm::cl::desc("Rows of a tile per vector; 0: chosen"),
                        llvm::cl::init(0)};
  Option<int64_t> rows{
      *this, "rows",
      llvm::cl::desc("Keys or value columns per register tile; 0: chosen"),
      llvm::cl::init(0)};
  Option<bool> decode{
      *this, "decode",
      llvm::cl::desc("Code of its own for few queries, where a call tells how "
                     "many there are"),
      llvm::cl::init(false)};
  Option<std::string> observer{
      *this, "observer",
      llvm::cl::desc(
          "Function called for every tile whose scores are computed"),
      llvm::cl::init("")};
  Option<bool> strided{
      *this, "strided",
      llvm::cl::desc("Queries, keys, values and outputs have strides; their "
                     "columns lie side by side"),
      llvm::cl::init(false)};
  Option<bool> openmp{
      *this, "openmp",
      llvm::cl::desc("Share the tiles of queries among OpenMP threads"),
      llvm::cl::init(false)};
};

/// From functions with attention on tensors to attention on memrefs: masks
/// become closed predicates with index tables, tensors become buffers, at
/// function boundaries in row-major order or `strided` (see
/// `mask-bufferize-strided`).
void buildMaskToBuffersPipeline(OpPassManager &pm, bool strided = false);

/// From attention on memrefs to upstream loops and vectors, with nothing that a
/// loop can do without left in it.
void buildMaskToLoopsPipeline(OpPassManager &pm,
                              const MaskToCPUOptions &options);

/// From loops and vectors to the LLVM dialect.
void buildLoopsToLLVMPipeline(OpPassManager &pm,
                              const MaskToCPUOptions &options);

/// From functions with attention on tensors to the LLVM dialect: the three
/// steps above.
void buildMaskToCPUPipeline(OpPassManager &pm, const MaskToCPUOptions &options);

/// Registers `mask-to-cpu`.
void registerMaskToCPUPipeline();

} // namespace mlir::mask

#endif // MASK_PIPELINES_MASKTOCPU_H
