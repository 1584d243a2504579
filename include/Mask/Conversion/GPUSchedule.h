//===- GPUSchedule.h - schedules chosen for a GPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_GPUSCHEDULE_H
#define MASK_CONVERSION_GPUSCHEDULE_H

#include "Mask/IR/Mask.h"

namespace mlir::mask {

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

/// The sizes of a workgroup's work; zero where they are to be chosen.
struct GPUSchedule {
  /// The rows of a tile are `queryTile` queries of each of `heads` heads, which
  /// share their keys; `keyTile` keys at a time.
  int64_t queryTile = 0, keyTile = 0, heads = 0;
  /// Workgroups among which the keys that a tile visits are split, at most.
  int64_t parts = 0;
  /// Columns of the values; wider ones take several workgroups.
  int64_t valueColumns = 0;
  /// Rows per warp on tensor cores; zero for portable code.
  int64_t warpRows = 0;
};

/// Gives the heads of a tile and the most parts of its keys, where they are to
/// be chosen, and, if all queries are few, the queries: then a tile has all of
/// them, of as many heads of a group as make 64 rows, and its keys are split.
void chooseTileRows(AttentionOp op, GPUSchedule &given);

/// Chooses the tiles of an attention on tensor cores, as far as they are not
/// `given`: the greatest that fit, of which two fit on a multiprocessor if 64
/// queries and 32 keys allow that, but none that compute a quarter more than
/// these would, since the mask is narrow. Wide values are cut into as few
/// blocks as fit. Fails, with a reason that `refuse` begins and that has the
/// numbers, where nothing fits.
FailureOr<GPUSchedule>
chooseTensorCoreSchedule(AttentionOp op, const GPUTarget &target,
                         const GPUSchedule &given,
                         function_ref<InFlightDiagnostic()> refuse);

} // namespace mlir::mask

#endif // MASK_CONVERSION_GPUSCHEDULE_H
