//===- TensorCoreTest.cpp - a kernel for tensor cores, and mutants --------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreKernel.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// The kernel: right, and clean under every schedule
//===----------------------------------------------------------------------===//

namespace {

struct Variant {
  Half type;
  bool sinks;
};

class TensorCoreTest
    : public EmulationFixture<testing::TestWithParam<Variant>> {};

} // namespace

TEST_P(TensorCoreTest, IsExactUnderEverySchedule) {
  auto [type, sinks] = GetParam();
  auto module = compile(getTensorCoreKernel(type, sinks));
  ASSERT_TRUE(module);
  // More tokens than a multiple of the tile, windows across and inside of
  // tiles, a window that is no limit.
  for (auto [tokens, window] : {std::pair(512, 100), std::pair(300, 512),
                                std::pair(200, 62), std::pair(65, 1)}) {
    // First keys that end inside of a tile, and never overlap with a window.
    CausalMask mask{window, sinks ? std::min(10, window) : 0};
    Attention attention(type, /*heads=*/2, tokens, /*seed=*/tokens);
    for (const EmulationOptions &options : getSchedules()) {
      // Of the large ones, the gentlest schedule and the two harshest.
      if (tokens > 200 && options.seed != 0 &&
          (options.order != WarpOrder::Skewed ||
           options.copies == CopyTime::Random))
        continue;
      Attention run = attention;
      ASSERT_EQ(run.run(*module, mask, options), "");
      // Every schedule gives the same bits.
      if (options.seed == 0) {
        EXPECT_LE(run.getError(type, mask), 1)
            << tokens << " tokens, window " << window;
        attention.output = run.output;
        attention.logSumExp = run.logSumExp;
      }
      ASSERT_EQ(run.output, attention.output) << print(options);
      ASSERT_EQ(run.logSumExp, attention.logSumExp) << print(options);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, TensorCoreTest,
    testing::Values(Variant{Half::F16, false}, Variant{Half::BF16, false},
                    Variant{Half::F16, true}, Variant{Half::BF16, true}),
    [](const testing::TestParamInfo<Variant> &info) {
      return std::string(info.param.type == Half::F16 ? "F16" : "BF16") +
             (info.param.sinks ? "Sinks" : "Window");
    });

//===----------------------------------------------------------------------===//
// Mutants: wrong by one line, and found
//===----------------------------------------------------------------------===//

namespace {

struct Mutant {
  const char *name;
  /// The text that is replaced, and which one of those in the kernel.
  const char *before;
  int which;
  const char *after;
  /// In the message of every schedule; empty where the numbers are wrong.
  const char *message;
  /// For which the mistake is visible.
  int64_t tokens = 300, window = 512;
};

class MutantTest : public EmulationFixture<testing::TestWithParam<Mutant>> {};

} // namespace

/// Replaces one of the places that hold a text.
static std::string mutate(StringRef kernel, const Mutant &mutant) {
  size_t at = kernel.find(mutant.before);
  for (int i = 0; i < mutant.which && at != StringRef::npos; ++i)
    at = kernel.find(mutant.before, at + 1);
  if (at == StringRef::npos) {
    ADD_FAILURE() << "the kernel has no " << mutant.before;
    return "";
  }
  StringRef rest = kernel.drop_front(at + StringRef(mutant.before).size());
  return (kernel.take_front(at) + mutant.after + rest).str();
}

TEST_P(MutantTest, IsFound) {
  const Mutant &mutant = GetParam();
  auto module =
      compile(mutate(getTensorCoreKernel(Half::F16, /*sinks=*/false), mutant));
  ASSERT_TRUE(module);
  CausalMask mask{mutant.window, 0};
  Attention attention(Half::F16, /*heads=*/1, mutant.tokens, /*seed=*/1);
  for (const EmulationOptions &options : getSchedules()) {
    Attention run = attention;
    std::string message = run.run(*module, mask, options);
    if (*mutant.message) {
      expectMatch(message, mutant.message);
      continue;
    }
    EXPECT_EQ(message, "") << print(options);
    EXPECT_GT(run.getError(Half::F16, mask), 2) << print(options);
  }
}

// Which of these is seen first hangs on the schedule.
static const char kRace[] =
    "kernel.mlir:[0-9]+:[0-9]+: .*: thread .* (((races on|touches) byte .* of "
    "workgroup memory .*kernel.mlir:[0-9]+:[0-9]+: .*: thread)|(reads byte .* "
    "of workgroup memory, which no thread has written))";
static const char kMeeting[] =
    "kernel.mlir:.*(threads meet at different ops|no thread can go on)";

INSTANTIATE_TEST_SUITE_P(
    Mutants, MutantTest,
    testing::Values(
        Mutant{"NoBarrierAfterQueries", "gpu.barrier\n", 0, "\n", kRace},
        Mutant{"NoBarrierAfterWait", "gpu.barrier\n", 1, "\n", kRace},
        Mutant{"NoWaitForQueries", "numGroups = 0 : i32", 0,
               "numGroups = 1 : i32", kRace},
        Mutant{"NoWaitForTile", "numGroups = 0 : i32", 1, "numGroups = 1 : i32",
               kRace},
        Mutant{"CopyToBufferThatIsRead", "arith.subi %c1, %buffer", 0,
               "arith.addi %c0, %buffer", kRace},
        Mutant{"BarrierInBranch", "gpu.barrier\n", 1,
               "%is0 = arith.cmpi eq, %warp, %c0 : index\n"
               "scf.if %is0 {\n gpu.barrier\n }\n gpu.barrier\n",
               kMeeting},
        Mutant{"ShuffleInBranch", "%total = arith.addf %scaled, %log", 0,
               "%odd, %v3 = gpu.shuffle xor %scaled, %lane1, %lanes : f32\n"
               "%total = arith.addf %odd, %log",
               kMeeting},
        Mutant{"FragmentsSwapped", "vector.insert %f1, %b00[1]", 0,
               "vector.insert %f2, %b00[1]", ""},
        Mutant{"ValuesNotTransposed", "transpose = true", 0,
               "transpose = false", ""},
        Mutant{"CoreEndsOneLate", "(d0 + 1, n)>(%q0)[%N]", 0,
               "(d0 + 2, n)>(%q0)[%N]", "", 300, 126},
        Mutant{"CoreBeginsOneEarly", "(d0 - w + 63, 0)", 0, "(d0 - w + 62, 0)",
               "", 128, 126},
        Mutant{"FragmentBehindRow", "first + i * 16", 0, "first + i * 24",
               "'nvgpu.ldmatrix': thread .* is out of bounds: 8 element.* of "
               "dimension 1, which has 72"},
        Mutant{"WritesBehindArray", "arith.cmpi slt, %row, %N", 3,
               "arith.cmpi sle, %row, %N",
               "is out of bounds: .* at index 300 of dimension 1, which has "
               "300"}),
    [](const testing::TestParamInfo<Mutant> &info) { return info.param.name; });
