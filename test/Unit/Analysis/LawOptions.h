//===- LawOptions.h - how much the tests of laws do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_ANALYSIS_LAWOPTIONS_H
#define MASK_TEST_UNIT_ANALYSIS_LAWOPTIONS_H

namespace mlir::mask::test {

struct LawOptions {
  /// Random compositions, and where their numbers start.
  unsigned count, seed;
  /// The enumerations that take minutes, instead of those that take seconds.
  bool exhaustive;
};

/// What the command line says.
LawOptions getLawOptions();

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_ANALYSIS_LAWOPTIONS_H
