//===- RecordLaunchesPass.cpp - the pass mask-record-launches -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordLaunches.h"

#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKRECORDLAUNCHES
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {

struct RecordLaunches
    : public mask::impl::MaskRecordLaunchesBase<RecordLaunches> {
  using Base::Base;

  void runOnOperation() override {
    // Who did not ask for a record is not told why there is none.
    ScopedDiagnosticHandler quiet(&getContext(), [&](Diagnostic &diagnostic) {
      bool isReason = diagnostic.getSeverity() == DiagnosticSeverity::Remark;
      return success(isReason && !explain);
    });
    SmallVector<func::FuncOp> functions = getCalleesFirst();
    DenseSet<Operation *> launching;
    for (func::FuncOp function : functions)
      if (launches(function, launching))
        launching.insert(function);
    // One that cannot be recorded is launched by its code.
    for (func::FuncOp function : functions)
      if (launching.contains(function))
        (void)recordLaunches(function, launching);
  }

private:
  /// All functions, those that are called before those that call them.
  SmallVector<func::FuncOp> getCalleesFirst() {
    DenseSet<Operation *> visited;
    SmallVector<func::FuncOp> order;
    std::function<void(func::FuncOp)> visit = [&](func::FuncOp function) {
      if (!visited.insert(function).second)
        return;
      function.walk([&](func::CallOp call) {
        if (func::FuncOp callee = getCallee(call))
          visit(callee);
      });
      order.push_back(function);
    };
    for (auto function : getOperation().getOps<func::FuncOp>())
      visit(function);
    return order;
  }
};

} // namespace
