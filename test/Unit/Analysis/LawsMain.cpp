//===- LawsMain.cpp - the tests of the analysis, with options -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MaskAnalysisTests [--gtest_filter=RandomLaws.*] [--count=N] [--seed=S]
//                   [--exhaustive]
//
//===----------------------------------------------------------------------===//

#include "LawOptions.h"

#include "gtest/gtest.h"

#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;

static cl::opt<unsigned> count("count", cl::init(300),
                               cl::desc("random compositions to check"));
static cl::opt<unsigned> seed("seed", cl::init(20260101),
                              cl::desc("seed of the random compositions"));
static cl::opt<bool>
    exhaustive("exhaustive",
               cl::desc("enumerate more than a run in seconds allows"));

mlir::mask::test::LawOptions mlir::mask::test::getLawOptions() {
  return {count, seed, exhaustive};
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "laws of the analysis of masks\n");
  return RUN_ALL_TESTS();
}
