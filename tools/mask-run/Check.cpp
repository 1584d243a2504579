//===- Check.cpp - results against the interpreter -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check.h"

#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

/// The error of a number; that of an infinity or of NaN is infinite, unless
/// both are the same infinity.
static double getError(float computed, double expected) {
  if (std::isfinite(computed) && std::isfinite(expected))
    return std::abs(computed - expected);
  return computed == expected ? 0 : std::numeric_limits<double>::infinity();
}

static double maxError(ArrayRef<float> computed, ArrayRef<double> expected) {
  double error = 0;
  for (auto [a, b] : llvm::zip_equal(computed, expected))
    error = std::max(error, getError(a, b));
  return error;
}

/// Whether each error is at most `least`, and `rounding` of a magnitude, one
/// per number; none where there is no rounding.
static bool areWithin(ArrayRef<float> computed, ArrayRef<double> expected,
                      double least, double rounding = 0,
                      ArrayRef<double> magnitudes = {}) {
  for (auto [i, a, b] : llvm::enumerate(computed, expected)) {
    double bound = least;
    if (rounding > 0 && std::isfinite(b))
      bound += rounding * std::abs(magnitudes[i]);
    if (!(getError(a, b) <= bound))
      return false;
  }
  return true;
}

/// The largest finite magnitude, at least 1.
template <typename T>
static double getLargest(const std::vector<T> &values) {
  double largest = 1;
  for (double value : values)
    if (std::isfinite(value))
      largest = std::max(largest, std::abs(value));
  return largest;
}

bool mlir::mask::reportErrors(const AttentionBuffers &buffers,
                              const InterpretedAttention &expected,
                              const ErrorBounds &bounds, raw_ostream &os) {
  os << "max abs error "
     << llvm::format("%.3g", maxError(buffers.output, expected.output))
     << ", of the log-sum-exp "
     << llvm::format("%.3g", maxError(buffers.logSumExp, expected.logSumExp))
     << "\n";
  return areWithin(buffers.output, expected.output,
                   bounds.tolerance * getLargest(buffers.value),
                   bounds.rounding, bounds.magnitudes) &&
         areWithin(buffers.logSumExp, expected.logSumExp,
                   bounds.tolerance * getLargest(expected.logSumExp) +
                       bounds.logSumExp);
}
