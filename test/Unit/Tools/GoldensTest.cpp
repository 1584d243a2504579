//===- GoldensTest.cpp - the interpreter against real systems -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/Goldens.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "gtest/gtest.h"

#include <set>

using namespace mlir;
using namespace mlir::mask;

TEST(Goldens, InterpreterReproducesEveryMask) {
  MLIRContext context;
  context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                      tensor::TensorDialect>();
  llvm::Expected<GoldenReport> report =
      checkGoldens(MASK_GOLDENS_DIR, &context, interpretGolden);
  ASSERT_TRUE(bool(report)) << llvm::toString(report.takeError());
  for (const std::string &failure : report->failures)
    ADD_FAILURE() << failure;
  EXPECT_EQ(report->compared, 540u);
  EXPECT_EQ(report->equal, 540u);
  EXPECT_EQ(report->skipped, 0u);
}

// The sample that slower engines are checked on.
TEST(Goldens, SampleNamesEveryPolicyOfTheGoldens) {
  auto policiesOf = [](llvm::StringRef path) {
    std::set<std::string> policies;
    auto cases = findGoldenCases(path);
    EXPECT_TRUE(bool(cases)) << llvm::toString(cases.takeError());
    for (const std::string &path : *cases) {
      auto golden = readGoldenCase(path);
      EXPECT_TRUE(bool(golden)) << llvm::toString(golden.takeError());
      policies.insert(golden->policy);
    }
    return policies;
  };
  EXPECT_EQ(policiesOf(MASK_GOLDENS_DIR "/sample.txt"),
            policiesOf(MASK_GOLDENS_DIR));
}
