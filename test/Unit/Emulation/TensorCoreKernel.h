//===- TensorCoreKernel.h - a kernel for tensor cores, emulated -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_EMULATION_TENSORCOREKERNEL_H
#define MASK_TEST_UNIT_EMULATION_TENSORCOREKERNEL_H

#include "EmulationFixture.h"

namespace mlir::mask::test {

/// Elements of 16 bits.
enum class Half { F16, BF16 };

uint16_t roundTo(Half type, float value);
float widen(Half type, uint16_t bits);

/// Causal attention with a window, of which the first keys are no part.
struct CausalMask {
  /// Keys before a query that it sees.
  int64_t window;
  /// First keys that all queries see, if these are not in their future.
  int64_t sinks;
  bool sees(int64_t query, int64_t key) const {
    return key <= query && (key >= query - window || key < sinks);
  }
};

/// Queries, keys and values `[heads, tokens, 64]`, and what the kernel makes of
/// them.
struct Attention {
  int64_t heads, tokens;
  std::vector<uint16_t> query, key, value, output;
  std::vector<float> logSumExp;

  /// Normally distributed numbers; outputs are NaN.
  Attention(Half type, int64_t heads, int64_t tokens, unsigned seed);

  /// Runs `@kernels::@attention`; returns the message of a failure.
  std::string run(EmulatedModule &module, const CausalMask &mask,
                  const EmulationOptions &options);
  /// How far the output is from the exact one, as a multiple of the tolerance;
  /// NaN counts as infinitely far.
  double getError(Half type, const CausalMask &mask) const;
};

/// The source of test/GPU/tensor-core-kernel.mlir, with or without the lines
/// for first keys, for one of the element types.
std::string getTensorCoreKernel(Half type, bool sinks);

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_EMULATION_TENSORCOREKERNEL_H
