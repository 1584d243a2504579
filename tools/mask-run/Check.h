//===- Check.h - results against the interpreter -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASK_RUN_CHECK_H
#define MASK_TOOLS_MASK_RUN_CHECK_H

#include "Mask/Execution/RunAttention.h"

namespace mlir::mask {

/// How large errors may be.
struct ErrorBounds {
  /// For values up to 1; the bound grows with the values, since f32 is a
  /// relative format.
  double tolerance;
  /// What more an element of the output may be off, relative to its magnitude.
  double rounding;
  /// One per element of the output; none without rounding.
  std::vector<double> magnitudes;
  /// What more a log-sum-exp may be off.
  double logSumExp = 0;
};

/// Prints the largest errors, and returns whether all are within the bounds.
bool reportErrors(const AttentionBuffers &buffers,
                  const InterpretedAttention &expected,
                  const ErrorBounds &bounds, raw_ostream &os);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASK_RUN_CHECK_H
