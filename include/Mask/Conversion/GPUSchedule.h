//===- GPUSchedule.h - schedules chosen for a GPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_GPUSCHEDULE_H
#define MASK_CONVERSION_GPUSCHEDULE_H

#include "Mask/IR/Mask.h"

#include <string>

namespace mlir::mask {

/// What the code of a tile is made of (see `mask-schedule-gpu`).
enum class GPUEmitter {
  Portable,   ///< scalar arithmetic in f32
  TensorCore, ///< NVIDIA's matrix instructions
  Auto        ///< tensor cores where they can; a remark says why they cannot
};

/// What a schedule needs to know of a GPU.
struct GPUTarget {
  /// The most workgroup memory of a workgroup, in bytes. What is there by
  /// default, every chip with tensor cores for bf16 has.
  int64_t workgroupMemory = 99 * 1024;
  /// How many workgroups can run at once, one on each.
  int64_t multiprocessors = 100;
};

/// The GPU of NVIDIA that LLVM calls `chip`, such as `sm_90` or `sm_90a`; none
/// if it has no tensor cores for bf16, or is not known.
std::optional<GPUTarget> getNVIDIATarget(StringRef chip);

/// The parts of a schedule that are given; zero where they are to be chosen.
/// See `#mask.gpu_schedule`.
struct GPUScheduleParts {
  int64_t queryTile = 0, keyTile = 0, heads = 0, parts = 0, valueColumns = 0;
  /// On tensor cores only.
  int64_t warpRows = 0;
  /// For portable code only.
  int64_t threads = 0, depth = 0;
  GPUTileOrder order = GPUTileOrder::LateFirst;
};

/// What schedules are chosen from.
struct GPUScheduleOptions {
  GPUEmitter emitter = GPUEmitter::Portable;
  GPUScheduleParts schedule;
  /// NVIDIA's GPU that sizes are chosen for, or empty.
  std::string chip;
  /// The most workgroup memory, in bytes: the chip's, or what every chip with
  /// tensor cores has; for portable code 48 KiB.
  int64_t workgroupMemory = 0;

  /// The GPU that the options tell of.
  GPUTarget getTarget() const;
};

/// The schedule of an attention, on tensors or memrefs: its own, or else a
/// chosen one. Where all queries are known to be few, a tile has all of them,
/// of as many heads of a group as make 64 rows, and its keys are split. On
/// tensor cores tiles are the greatest that fit, of which two fit on a
/// multiprocessor if 64 queries and 32 keys allow that, but none that compute a
/// quarter more than these would, since the mask is narrow; wide values are cut
/// into as few blocks as fit. Fails with a located error, and the numbers,
/// where sizes do not fit each other, the data or the GPU.
FailureOr<GPUScheduleAttr> getGPUSchedule(AttentionOp op,
                                          const GPUScheduleOptions &options);

} // namespace mlir::mask

#endif // MASK_CONVERSION_GPUSCHEDULE_H
