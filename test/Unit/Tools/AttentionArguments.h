//===- AttentionArguments.h - random values of arguments -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_ATTENTIONARGUMENTS_H
#define MASK_TEST_UNIT_TOOLS_ATTENTIONARGUMENTS_H

#include "AttentionForms.h"

#include "Mask/Analysis/HostValue.h"

namespace mlir::mask::test {

/// Values of the arguments that `form` names, of the types in `function`: ids
/// contiguous and not, positions that rise and fall, ends of rows that are
/// empty by every convention, parameters around the borders of the supported
/// range.
std::vector<HostValue> drawArguments(RandomSource &random,
                                     func::FuncOp function, const Form &form,
                                     const Sizes &sizes);

/// Unit variance, exact in `type`.
std::shared_ptr<FloatArray> drawFloats(RandomSource &random,
                                       ArrayRef<int64_t> shape, FloatType type);

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_ATTENTIONARGUMENTS_H
