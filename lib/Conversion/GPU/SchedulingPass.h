//===- SchedulingPass.h - passes that are told schedules -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_SCHEDULINGPASS_H
#define MASK_LIB_CONVERSION_GPU_SCHEDULINGPASS_H

#include "Mask/Conversion/GPUSchedule.h"

namespace mlir::mask {

/// A pass whose options begin with `GPUScheduleOptions` (Passes.td).
template <typename PassBase>
struct SchedulingPass : public PassBase {
  using PassBase::PassBase;

protected:
  void readScheduleOptions(GPUScheduleOptions &options) const {
    options.emitter = this->emitter;
    options.schedule.queryTile = this->queryTile;
    options.schedule.keyTile = this->keyTile;
    options.schedule.heads = this->heads;
    options.schedule.parts = this->parts;
    options.schedule.valueColumns = this->valueColumns;
    options.schedule.warpRows = this->warpRows;
    options.schedule.threads = this->threads;
    options.schedule.depth = this->depth;
    options.chip = this->chip;
    options.workgroupMemory = this->workgroupMemory;
  }
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_SCHEDULINGPASS_H
