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

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <random>

namespace mlir::mask::test {

/// A tensor that an attention reads beside query, key and value.
struct Fact {
  std::string name;
  /// Its element type: i1, i32, i64 or f32.
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

/// What one run leaves, or why it failed.
struct AttentionResults {
  std::string message;
  /// Bits of the elements.
  std::vector<uint16_t> output;
  std::vector<float> logSumExp;
};

/// What the interpreter makes of a case, and of the magnitudes of its values.
struct ExpectedAttention {
  InterpretedAttention exact, magnitudes;
};

/// Changes the function of an attention when its kernels have been made and
/// neither outlined nor lowered. Returns whether it found what it changes.
using Mutation = std::function<bool(func::FuncOp)>;

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

  /// Null, and a failure, if it cannot be compiled or the mutation finds
  /// nothing.
  std::unique_ptr<EmulatedModule>
  compileAttention(const AttentionCase &, const std::string &options,
                   const Mutation &mutation = {},
                   KernelStage stage = KernelStage::GPU);
  ExpectedAttention interpret(const AttentionCase &);
  /// Fails also where an element of a result is not written once.
  static AttentionResults run(EmulatedModule &, const AttentionCase &,
                              const EmulationOptions &);
  /// What the results are wrong in; nothing if they are within the tolerance.
  static std::string compare(const AttentionCase &, const AttentionResults &,
                             const ExpectedAttention &);
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_EMULATION_EMULATEDATTENTION_H
