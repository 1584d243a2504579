//===- ApproximateMath.cpp - polynomials for exp and log -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKAPPROXIMATEMATH
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

/// Whether `op` is a function that its flags allow to approximate.
static bool mayBeApproximated(Operation *op) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  return fast && isa<math::MathDialect>(op->getDialect()) &&
         bitEnumContainsAny(fast.getFastMathFlagsAttr().getValue(),
                            arith::FastMathFlags::afn);
}

namespace {
struct ApproximateMathPass
    : public mask::impl::MaskApproximateMathBase<ApproximateMathPass> {
  void runOnOperation() override {
    SmallVector<Operation *> functions;
    getOperation()->walk([&](Operation *op) {
      if (mayBeApproximated(op))
        functions.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    // What a polynomial is made of may itself be approximated: `exp` on f16 is
    // one on f32.
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    (void)applyOpPatternsGreedily(functions, std::move(patterns), config);
  }
};
} // namespace
