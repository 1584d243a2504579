//===- TargetTest.cpp - what schedules know of processors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is read from LLVM's descriptions of processors.
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/Jit.h"
#include "Mask/Execution/NativeCode.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Target/TargetMachine.h"
#include "gtest/gtest.h"

using namespace mlir::mask;

namespace {

#ifdef __x86_64__
CPUTarget describe(llvm::StringRef processor) {
  auto machine = createTargetMachine(processor, llvm::CodeGenOptLevel::None);
  if (!machine) {
    ADD_FAILURE() << llvm::toString(machine.takeError());
    return {};
  }
  return describeTarget(**machine);
}

TEST(Target, Widths) {
  EXPECT_EQ(describe("x86-64").vectorBits, 128);
  EXPECT_EQ(describe("haswell").vectorBits, 256);
  EXPECT_EQ(describe("haswell").vectorRegisters, 16);
  EXPECT_EQ(describe("znver4").vectorBits, 512);
  EXPECT_EQ(describe("znver4").vectorRegisters, 32);
}

// LLVM prefers 256 bits for these.
TEST(Target, WidestRegisters) {
  EXPECT_EQ(describe("skylake-avx512").vectorBits, 512);
  EXPECT_EQ(describe("sapphirerapids").vectorBits, 512);
}

TEST(Target, ProductsOfBF16) {
  EXPECT_FALSE(describe("icelake-server").bf16Dot);
  EXPECT_TRUE(describe("znver4").bf16Dot);
  EXPECT_FALSE(describe("znver4").amx);
  EXPECT_TRUE(describe("sapphirerapids").amx);
}

// Their products of pairs are slower than those of f32.
TEST(Target, SlowPairs) {
  for (const char *name : {"sapphirerapids", "graniterapids"}) {
    auto machine = createTargetMachine(name, llvm::CodeGenOptLevel::None);
    ASSERT_TRUE(bool(machine));
    EXPECT_TRUE(hasPairProducts(**machine));
    EXPECT_FALSE(describeTarget(**machine).bf16Dot);
  }
}
#endif

TEST(Target, EmulatedProducts) {
  JitOptions options;
  options.bf16Products = BF16Products::EmulatedPairs;
  auto pairs = describeProcessor(options);
  ASSERT_TRUE(bool(pairs));
  EXPECT_TRUE(pairs->bf16Dot);
  EXPECT_FALSE(pairs->amx);
  options.bf16Products = BF16Products::EmulatedTiles;
  auto tiles = describeProcessor(options);
  ASSERT_TRUE(bool(tiles));
  EXPECT_TRUE(tiles->amx);
  EXPECT_FALSE(tiles->bf16Dot);
  EXPECT_EQ(tiles->vectorBits, 512);
}

// LLVM's quick code generation has no tiles in loops, wherever they are.
TEST(Target, NoTilesWithoutOptimization) {
  JitOptions options;
  options.optimize = false;
  auto target = describeProcessor(options);
  ASSERT_TRUE(bool(target));
  EXPECT_FALSE(target->amx);
}

// The flag is LLVM's: whether it is still there, under this name.
TEST(Target, SkipsLoopStrengthReduction) {
  llvm::cl::Option *found =
      llvm::cl::getRegisteredOptions().lookup("disable-lsr");
  ASSERT_TRUE(found);
  auto &flag = *static_cast<llvm::cl::opt<bool> *>(found);
  bool before = flag;
  skipLoopStrengthReduction();
  EXPECT_TRUE(flag);
  flag.setValue(before);
}

} // namespace
