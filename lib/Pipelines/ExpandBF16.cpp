//===- ExpandBF16.cpp - conversions of bf16 by integers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKEXPANDBF16
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

namespace {
struct ExpandBF16Pass : public mask::impl::MaskExpandBF16Base<ExpandBF16Pass> {
  void runOnOperation() override {
    SmallVector<Operation *> conversions;
    getOperation()->walk([&](Operation *op) {
      if (isa<arith::ExtFOp, arith::TruncFOp>(op))
        conversions.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    (void)applyOpPatternsGreedily(conversions, std::move(patterns));
  }
};
} // namespace
