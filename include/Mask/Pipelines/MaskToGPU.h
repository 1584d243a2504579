//===- MaskToGPU.h - from masks to GPU kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_MASKTOGPU_H
#define MASK_PIPELINES_MASKTOGPU_H

#include "Mask/Conversion/AttentionToGPU.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::mask {

// Upstream's base of all options has two bases itself.
// NOLINTBEGIN(misc-multiple-inheritance)

/// What every pipeline to GPU code can be told (see `mask-schedule-gpu`).
template <typename Options>
struct GPUPipelineOptions : public PassPipelineOptions<Options> {
  template <typename T>
  using Option = typename PassPipelineOptions<Options>::template Option<T>;

  Option<GPUEmitter> emitter{
      *this, "emitter", llvm::cl::desc("What the code of a tile is made of"),
      llvm::cl::init(GPUEmitter::Portable),
      llvm::cl::values(
          clEnumValN(GPUEmitter::Portable, "portable",
                     "Workgroup memory and scalar arithmetic in f32"),
          clEnumValN(GPUEmitter::TensorCore, "tensor-core",
                     "NVIDIA's matrix instructions on f16 or bf16"),
          clEnumValN(GPUEmitter::Auto, "auto",
                     "Tensor cores where they can, else portable"))};
  Option<int64_t> queryTile{*this, "query-tile",
                            llvm::cl::desc("Queries per tile; 0 chooses"),
                            llvm::cl::init(0)};
  Option<int64_t> keyTile{*this, "key-tile",
                          llvm::cl::desc("Keys per tile; 0 chooses"),
                          llvm::cl::init(0)};
  Option<int64_t> heads{*this, "heads",
                        llvm::cl::desc("Heads per tile; 0 chooses"),
                        llvm::cl::init(0)};
  Option<int64_t> parts{
      *this, "parts",
      llvm::cl::desc("The most parts that the keys of a tile are split into; 0 "
                     "chooses"),
      llvm::cl::init(0)};
  Option<int64_t> warpRows{
      *this, "warp-rows",
      llvm::cl::desc("Rows per warp on tensor cores, 16 or 32; 0 chooses"),
      llvm::cl::init(0)};
  Option<int64_t> threads{*this, "threads",
                          llvm::cl::desc("Threads per workgroup; 0 chooses"),
                          llvm::cl::init(0)};
  Option<int64_t> depth{
      *this, "depth",
      llvm::cl::desc("How much of the head dimension is in workgroup memory at "
                     "a time; 0 chooses"),
      llvm::cl::init(0)};
  Option<int64_t> valueColumns{
      *this, "value-columns",
      llvm::cl::desc("Value columns per workgroup; 0 chooses"),
      llvm::cl::init(0)};
  Option<int64_t> workgroupMemory{
      *this, "workgroup-memory",
      llvm::cl::desc("The most workgroup memory, in bytes; 0: the chip's"),
      llvm::cl::init(0)};
  Option<std::string> observer{
      *this, "observer",
      llvm::cl::desc(
          "Function called for every tile whose scores are computed"),
      llvm::cl::init("")};
};

/// What `mask-to-gpu` can be told.
struct MaskToGPUOptions : public GPUPipelineOptions<MaskToGPUOptions> {};

/// What `mask-to-nvvm` can be told.
struct MaskToNVVMOptions : public GPUPipelineOptions<MaskToNVVMOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("The target's name"),
                           llvm::cl::init("sm_80")};
  Option<std::string> features{*this, "features",
                               llvm::cl::desc("The version of PTX, such as "
                                              "+ptx80; empty: what the chip "
                                              "needs"),
                               llvm::cl::init("")};
};

/// What `mask-to-rocdl` can be told.
struct MaskToROCDLOptions : public GPUPipelineOptions<MaskToROCDLOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("The target's name"),
                           llvm::cl::init("gfx942")};
};

/// What `mask-to-spirv` can be told.
struct MaskToSPIRVOptions : public GPUPipelineOptions<MaskToSPIRVOptions> {};

// NOLINTEND(misc-multiple-inheritance)

/// From functions with attention on tensors to host code and GPU modules of
/// `gpu.func` kernels, in the dialects that all GPU targets share.
void buildMaskToGPUPipeline(OpPassManager &pm, const MaskToGPUOptions &options);

/// The same, then kernels to the NVVM dialect, with the target attached:
/// `gpu-module-to-binary` makes PTX of them.
void buildMaskToNVVMPipeline(OpPassManager &pm,
                             const MaskToNVVMOptions &options);

/// The same for AMD's GPUs.
void buildMaskToROCDLPipeline(OpPassManager &pm,
                              const MaskToROCDLOptions &options);

/// The same for Vulkan 1.3: a `spirv.module` of the kernels, functions of the
/// host for index tables, and for every function that launches kernels a
/// declaration with the record of its launches.
void buildMaskToSPIRVPipeline(OpPassManager &pm,
                              const MaskToSPIRVOptions &options);

/// Registers `mask-to-gpu`, `mask-to-nvvm`, `mask-to-rocdl` and
/// `mask-to-spirv`.
void registerMaskToGPUPipelines();

} // namespace mlir::mask

#endif // MASK_PIPELINES_MASKTOGPU_H
