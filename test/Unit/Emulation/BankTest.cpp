//===- BankTest.cpp - banks of workgroup memory -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows that tensor cores are fed from lie in different banks, for the head
// dimensions that there are; and rows that do not are found.
//
//===----------------------------------------------------------------------===//

#include "EmulatedAttention.h"
#include "TensorCoreKernel.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

/// Head dimension, and in how many steps eight threads copy to its rows. Where
/// they reach into the next row, the padding in between is passed over, and the
/// first and the last of them share banks.
struct Columns {
  int64_t count;
  unsigned copySteps;
};

/// Ends of rows lie in the padding of Q's rows, each four banks further: of 32
/// threads four share one.
constexpr unsigned kRowEndSteps = 4;

AttentionCase makeCase(int64_t columns) {
  AttentionCase a;
  a.heads = 1;
  a.queries = a.keys = 70;
  a.dim = a.valueDim = columns;
  a.fill(31);
  return a;
}

// As GoogleTest has it.
// NOLINTNEXTLINE(misc-multiple-inheritance)
class AttentionBankTest : public EmulatedAttentionTest,
                          public testing::WithParamInterface<Columns> {};

} // namespace

TEST_P(AttentionBankTest, RowsLieInDifferentBanks) {
  auto [columns, copySteps] = GetParam();
  AttentionCase a = makeCase(columns);
  EmulationOptions counting;
  counting.matrixBankSteps = 1;
  counting.copyBankSteps = copySteps;
  counting.storeBankSteps = kRowEndSteps;
  check(a, "emitter=tensor-core", counting);
}

INSTANTIATE_TEST_SUITE_P(Columns, AttentionBankTest,
                         testing::Values(Columns{64, 1}, Columns{96, 2},
                                         Columns{128, 1}, Columns{256, 1},
                                         Columns{72, 2}, Columns{80, 2}),
                         [](const testing::TestParamInfo<Columns> &info) {
                           return "Columns" + std::to_string(info.param.count);
                         });

using PortableBankTest = EmulatedAttentionTest;

/// The numbers above are not larger than they have to be.
TEST_F(PortableBankTest, RowEndsOfTensorCores) {
  AttentionCase a = makeCase(64);
  auto kernel = compileAttention(a, "emitter=tensor-core");
  ASSERT_TRUE(kernel);
  EmulationOptions counting;
  counting.storeBankSteps = kRowEndSteps - 1;
  expectMatch(run(*kernel, a, counting).message,
              "'memref.store': .* share[s]* banks of workgroup memory, in 4 "
              "steps, more than 3");
}

/// Two rows of scores, of 16 columns each, are one bank apart where they would
/// have to be 16.
TEST_F(PortableBankTest, Scores) {
  AttentionCase a = makeCase(64);
  auto kernel = compileAttention(a, "emitter=portable");
  ASSERT_TRUE(kernel);
  EmulationOptions counting;
  counting.storeBankSteps = 2;
  EXPECT_EQ(run(*kernel, a, counting).message, "");
  counting.storeBankSteps = 1;
  expectMatch(run(*kernel, a, counting).message,
              "'memref.store': .* banks of workgroup memory, in 2 steps, more "
              "than 1");
}

//===----------------------------------------------------------------------===//
// Mutants
//===----------------------------------------------------------------------===//

namespace {

using MutantBankTest = EmulationFixture<testing::Test>;

/// Runs the kernel that was written by hand, with rows of so many elements.
std::string run(EmulatedModule &module, const EmulationOptions &options) {
  CausalMask mask{62, 0};
  Attention attention(Half::F16, /*heads=*/1, /*tokens=*/65, /*seed=*/1);
  return attention.run(module, mask, options);
}

std::string withRows(int64_t elements) {
  std::string kernel = getTensorCoreKernel(Half::F16, /*sinks=*/false);
  const std::string padded = "x72xf16",
                    other = "x" + std::to_string(elements) + "xf16";
  size_t at = 0;
  while ((at = kernel.find(padded, at)) != std::string::npos) {
    kernel.replace(at, padded.size(), other);
    at += other.size();
  }
  return kernel;
}

} // namespace

TEST_F(MutantBankTest, PaddedRows) {
  auto module = compile(withRows(72));
  ASSERT_TRUE(module);
  EmulationOptions counting;
  counting.matrixBankSteps = counting.copyBankSteps = 1;
  EXPECT_EQ(run(*module, counting), "");
}

TEST_F(MutantBankTest, RowsWithoutPadding) {
  auto module = compile(withRows(64));
  ASSERT_TRUE(module);
  EXPECT_EQ(run(*module, EmulationOptions()), "");
  EmulationOptions counting;
  counting.matrixBankSteps = 1;
  std::string message = run(*module, counting);
  EXPECT_NE(message.find("'nvgpu.ldmatrix': thread (0, 0, 0) and those next to "
                         "it move what shares banks of workgroup memory, "
                         "in 8 steps, more than 1\n"),
            std::string::npos)
      << message;
}

TEST_F(MutantBankTest, TwiceThePadding) {
  auto module = compile(withRows(80));
  ASSERT_TRUE(module);
  EmulationOptions counting;
  counting.matrixBankSteps = 1;
  std::string message = run(*module, counting);
  EXPECT_NE(message.find("in 2 steps, more than 1"), std::string::npos)
      << message;
  counting.matrixBankSteps = 2;
  EXPECT_EQ(run(*module, counting), "");
}
