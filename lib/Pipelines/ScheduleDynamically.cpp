//===- ScheduleDynamically.cpp - dynamic OpenMP schedules -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSCHEDULEDYNAMICALLY
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

namespace {
struct ScheduleDynamicallyPass
    : public mask::impl::MaskScheduleDynamicallyBase<ScheduleDynamicallyPass> {
  void runOnOperation() override {
    getOperation()->walk([](omp::WsloopOp loop) {
      if (!loop.getScheduleKind())
        loop.setScheduleKind(omp::ClauseScheduleKind::Dynamic);
    });
  }
};
} // namespace
