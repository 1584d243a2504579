//===- TestMain.cpp - unit tests with options -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MaskFooTests [--gtest_filter=Random*] [--count=N] [--seed=S] [--exhaustive]
//
//===----------------------------------------------------------------------===//

#include "TestOptions.h"

#include "gtest/gtest.h"

#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;

static cl::opt<unsigned> count("count", cl::desc("random cases to check"));
static cl::opt<unsigned> seed("seed", cl::init(20260101),
                              cl::desc("seed of the random cases"));
static cl::opt<bool>
    exhaustive("exhaustive",
               cl::desc("enumerate more than a run in seconds allows"));

unsigned mlir::mask::test::getCount(unsigned otherwise) {
  return count.getNumOccurrences() ? count : otherwise;
}
unsigned mlir::mask::test::getSeed() { return seed; }
bool mlir::mask::test::isExhaustive() { return exhaustive; }

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "unit tests of attention masks\n");
  return RUN_ALL_TESTS();
}
