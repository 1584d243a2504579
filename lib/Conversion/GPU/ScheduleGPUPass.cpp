//===- ScheduleGPUPass.cpp - the pass mask-schedule-gpu -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SchedulingPass.h"

#include "Mask/Conversion/Passes.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSCHEDULEGPU
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {

struct MaskScheduleGPU
    : public SchedulingPass<mask::impl::MaskScheduleGPUBase<MaskScheduleGPU>> {
  using SchedulingPass::SchedulingPass;

  void runOnOperation() override {
    GPUScheduleOptions options;
    readScheduleOptions(options);
    WalkResult result = getOperation()->walk([&](AttentionOp op) {
      FailureOr<GPUScheduleAttr> schedule = getGPUSchedule(op, options);
      if (failed(schedule))
        return WalkResult::interrupt();
      op.setScheduleAttr(*schedule);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
