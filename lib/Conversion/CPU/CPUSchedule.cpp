//===- CPUSchedule.cpp - schedules chosen for a CPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/CPUSchedule.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

/// Queries and keys of a tile whose scores, queries and output stay in the
/// first two levels of cache.
static constexpr int64_t kTile = 64;

/// A power of two, which divides `most`, one as well.
static int64_t clampToPower(int64_t value, int64_t most) {
  return std::clamp<int64_t>(llvm::bit_floor(uint64_t(std::max<int64_t>(
                                 value, 0))),
                             1, most);
}

FailureOr<CPUScheduleAttr> mlir::mask::chooseCPUSchedule(
    function_ref<InFlightDiagnostic()> emitError, MLIRContext *context,
    const CPUTarget &target, const CPUScheduleParts &given) {
  auto choose = [](int64_t given, int64_t chosen) {
    return given ? given : chosen;
  };
  // A register tile of `rows` by two vectors of sums takes half of the vector
  // registers; what does not fit is spilled in the innermost loop.
  auto schedule = CPUScheduleAttr::getChecked(
      emitError, context, choose(given.queryTile, kTile),
      choose(given.keyTile, kTile), /*heads=*/int64_t(1),
      choose(given.lanes, clampToPower(target.vectorBits / 32, 16)),
      choose(given.rows, clampToPower(target.vectorRegisters / 4, 8)));
  if (!schedule)
    return failure();
  return schedule;
}
