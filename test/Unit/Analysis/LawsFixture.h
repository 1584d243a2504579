//===- LawsFixture.h - what the tests of laws share -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_ANALYSIS_LAWSFIXTURE_H
#define MASK_TEST_UNIT_ANALYSIS_LAWSFIXTURE_H

#include "../TestOptions.h"
#include "Enumerations.h"
#include "LawChecker.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "gtest/gtest.h"

namespace mlir::mask::test {

class LawsFixture : public ::testing::Test {
protected:
  LawsFixture() {
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
    context.disableMultithreading();
  }

  LawChecker makeChecker(ArrayRef<std::string> leaves, std::vector<Fact> facts,
                         const LawGrid &grid) {
    Source source;
    for (const std::string &leaf : leaves)
      source.yield(source.add(leaf));
    return LawChecker(context, source, std::move(facts), grid);
  }

  /// Leaves without facts.
  void checkAll(ArrayRef<std::string> leaves, const LawGrid &grid,
                Expect expect = Expect::Sound) {
    LawChecker checker = makeChecker(leaves, {}, grid);
    checker.check(expect);
    counts += checker.getCounts();
  }

  void TearDown() override {
    if (!HasFailure())
      std::printf("%s\n", counts.toString().c_str());
  }

  MLIRContext context;
  LawCounts counts;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_ANALYSIS_LAWSFIXTURE_H
