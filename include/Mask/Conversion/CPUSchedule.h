//===- CPUSchedule.h - schedules chosen for a CPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_CPUSCHEDULE_H
#define MASK_CONVERSION_CPUSCHEDULE_H

#include "Mask/IR/Mask.h"

namespace mlir::mask {

/// What a schedule needs to know of the processor.
struct CPUTarget {
  /// The size of a vector register, and how many there are.
  int64_t vectorBits = 512, vectorRegisters = 32;
};

/// The parts of a schedule that are given; zero where they are to be chosen.
/// See `#mask.cpu_schedule`.
struct CPUScheduleParts {
  int64_t queryTile = 0, keyTile = 0, lanes = 0, rows = 0;
};

/// The schedule for attentions on `target`: what is not `given` is chosen so
/// that a register tile takes half of the vector registers. Fails with an error
/// where what is given does not fit together.
FailureOr<CPUScheduleAttr>
chooseCPUSchedule(function_ref<InFlightDiagnostic()> emitError,
                  MLIRContext *context, const CPUTarget &target,
                  const CPUScheduleParts &given = {});

} // namespace mlir::mask

#endif // MASK_CONVERSION_CPUSCHEDULE_H
