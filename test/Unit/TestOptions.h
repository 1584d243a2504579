//===- TestOptions.h - how much a unit test does -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TESTOPTIONS_H
#define MASK_TEST_UNIT_TESTOPTIONS_H

namespace mlir::mask::test {

/// Random cases to check: `--count`, or what takes seconds.
unsigned getCount(unsigned otherwise);
/// Where the random numbers start: `--seed`.
unsigned getSeed();
/// Whether to make the enumerations that take minutes: `--exhaustive`.
bool isExhaustive();

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TESTOPTIONS_H
