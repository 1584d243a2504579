//===- TensorCoreSchedule.h - sizes of work for tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_TENSORCORESCHEDULE_H
#define MASK_LIB_CONVERSION_GPU_TENSORCORESCHEDULE_H

#include "Mask/Conversion/GPUSchedule.h"

#include "llvm/Support/MathExtras.h"

#include <cstdint>

namespace mlir::mask {

/// The sizes of a workgroup's work on tensor cores.
struct TensorCoreSchedule {
  static constexpr int64_t kWarpThreads = 32;
  /// Tiles of keys in workgroup memory: one in use, one on its way.
  static constexpr int64_t kBuffers = 2;
  /// What rows of workgroup memory are longer than what they hold, and the
  /// bytes of an element.
  static constexpr int64_t kPadding = 8, kElementBytes = 2;

  /// The rows of a tile are `queryTile` queries of each of `heads` heads, a
  /// warp has 16 or 32 of them. Keys are a multiple of 16.
  int64_t queryTile, keyTile, heads = 1, warpRows = 16;
  /// Columns of Q and K, and of V, multiples of 16.
  int64_t depth, valueColumns;

  int64_t rows() const {
    return static_cast<int64_t>(llvm::alignTo(queryTile * heads, warpRows));
  }
  int64_t threads() const { return rows() / warpRows * kWarpThreads; }
  /// Of a thread: for sums of f32, scores of f32 of so many keys, and what
  /// becomes of them.
  int64_t registers(int64_t keys) const {
    return warpRows / 16 * (valueColumns / 2 + keys * 3 / 4);
  }
  /// Of how many keys scores are kept at a time: of a tile, or of slices of one
  /// where with a whole one something was seen to be spilled. Sums are scaled
  /// for each slice, so it has 32 keys at least.
  int64_t sliceKeys() const {
    int64_t most = warpRows == 16 ? 176 : 144, keys = keyTile;
    while (keys % 64 == 0 && registers(keys) > most)
      keys /= 2;
    return keys;
  }
  int64_t slices() const { return keyTile / sliceKeys(); }
  /// Whether Q stays in registers: where scores and sums leave room for it.
  bool keepsQueries() const {
    constexpr int64_t most = 160;
    int64_t perRowBlock = valueColumns / 2 + sliceKeys() / 2 + depth / 4;
    return warpRows / 16 * perRowBlock <= most;
  }
  /// Workgroup memory, in bytes.
  int64_t bytes() const {
    int64_t elements =
        rows() * (depth + kPadding) +
        kBuffers * keyTile * (depth + valueColumns + 2 * kPadding);
    return elements * kElementBytes;
  }
};

/// Chooses the tiles of an attention, as far as they are not `given`; heads
/// are. Fails, with a reason that `refuse` begins and that has the numbers,
/// where nothing fits.
FailureOr<TensorCoreSchedule>
chooseTensorCoreSchedule(AttentionOp op, const GPUTarget &target,
                         const GPUScheduleParts &given,
                         function_ref<InFlightDiagnostic()> refuse);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_TENSORCORESCHEDULE_H
