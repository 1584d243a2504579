//===- EmulatedAttention.h - attention kernels, run and checked -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_EMULATION_EMULATEDATTENTION_H
#define MASK_TEST_UNIT_EMULATION_EMULATEDATTENTION_H

#include "EmulationFixture.h"

#include "Mask/Analysis/Interpreter.h"

#include <random>

namespace mlir::mask::test {

/// A tensor that an attention reads beside query, key and value.
struct Fact {
  std::string name;
  /// Its element type: i1, i32 or f32.
  std::string element;
  SmallVector<int64_t> shape;
  std::vector<double> values;

  std::string getType() const;
};

/// An attention and its data.
struct AttentionCase {
  /// Ops that define the predicate `%p`, and what follows `mask(%p)`.
  std::string mask = "%p = mask.causal";
  std::string clauses;
  std::string element = "bf16";
  int64_t batch = 1, heads = 2, keyHeads = 1, queries = 150, keys = 150,
          dim = 64, valueDim = 64;
  /// Whether the types say the sizes.
  bool isStatic = false;
  /// How many elements query, key, value and output start after a multiple of
  /// 16 bytes.
  int64_t shift = 0;
  std::vector<Fact> facts;
  /// Numbers that `clauses` read: f32, or index for offsets.
  std::vector<std::pair<std::string, float>> numbers;
  std::vector<std::pair<std::string, int64_t>> positions;
  /// Rounded to the element type; made by `fill`.
  std::vector<double> query, key, value;

  /// Random data: of unit variance, but for the factor of the query.
  void fill(unsigned seed, double queryFactor = 1);
  /// `x`, rounded to the element type.
  double round(double x) const;
  /// What may differ in an output element: `relative` times the sum of the
  /// weighted magnitudes of its values.
  double getTolerance() const {
    return element == "bf16" ? 1.0 / 128 : 1.0 / 512;
  }
};

/// Compiles attentions with `convert-mask-to-gpu` and compares their results
/// under emulation with the interpreter's.
class EmulatedAttentionTest : public EmulationTest {
protected:
  /// Runs `attention` with the options of `mask-to-gpu` under every schedule
  /// and compares each element of output and log-sum-exp.
  void check(const AttentionCase &attention, const std::string &options,
             ArrayRef<EmulationOptions> schedules);

  /// Copies late and early, one warp ahead of the others.
  static std::vector<EmulationOptions> getAdversaries();

private:
  std::unique_ptr<EmulatedModule> compileAttention(const AttentionCase &,
                                                   const std::string &options);
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_EMULATION_EMULATEDATTENTION_H
