//===- Exp2Test.cpp - the error of the powers of two -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every f32 from zero down to -128 with `--exhaustive`, else one of a thousand,
// compiled and compared with float64.
//
//===----------------------------------------------------------------------===//

#include "../TestOptions.h"

#include "Mask/Conversion/Exp2.h"
#include "Mask/Execution/Jit.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::mask;

namespace {

float fromBits(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

/// 2^x of many numbers, by the polynomial of one degree.
class CompiledExp2 {
public:
  explicit CompiledExp2(Exp2Degree degree) {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(R"(
func.func @run(%x: memref<?xf32>) attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c16 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %e = math.exp2 %v : vector<16xf32>
    vector.store %e, %x[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}
)",
                                         &context);
    module->walk([&](math::Exp2Op op) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      op.replaceAllUsesWith(emitExp2(b, op.getOperand(), degree));
      op.erase();
    });
    auto compiled = JitModule::compile(*module, "exp2", JitOptions());
    if (failed(compiled))
      return;
    code = std::move(*compiled);
    function = llvm::cantFail(code->lookup("run"));
  }

  /// A multiple of 16 numbers, in place.
  void run(std::vector<float> &numbers) {
    MemRefDescriptor descriptor(numbers.data(),
                                {static_cast<int64_t>(numbers.size())});
    void *pointer = descriptor.get();
    void *argument = &pointer;
    function(&argument);
  }

  bool isValid() const { return function; }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<JitModule> code;
  JitModule::Function function = nullptr;
};

class Exp2Test : public ::testing::TestWithParam<Exp2Degree> {};

TEST_P(Exp2Test, ErrorOfEveryNumber) {
  CompiledExp2 exp2(GetParam());
  ASSERT_TRUE(exp2.isValid());
  const uint32_t stride = test::isExhaustive() ? 1 : 997;
  const uint32_t first = 0x80000000, last = 0xC3000000; // -0, -128
  constexpr size_t kBlock = 1 << 16;
  double relative = 0, absolute = 0;
  for (uint64_t bits = first; bits <= last; bits += kBlock * stride) {
    std::vector<float> numbers(kBlock);
    for (size_t i = 0; i < kBlock; ++i)
      numbers[i] = fromBits(std::min<uint64_t>(bits + i * stride, last));
    std::vector<float> powers = numbers;
    exp2.run(powers);
    for (auto [x, power] : llvm::zip_equal(numbers, powers)) {
      double expected = std::exp2(static_cast<double>(x));
      double error = std::abs(power - expected);
      if (x <= -126)
        absolute = std::max(absolute, error);
      else
        relative = std::max(relative, error / expected);
    }
  }
  std::printf("degree %d: relative error 2^%.2f\n",
              static_cast<int>(GetParam()), std::log2(relative));
  EXPECT_LE(relative, GetParam() == Exp2Degree::Three ? 0x1p-13 : 0x1p-22);
  EXPECT_LE(absolute, 0x1p-126);
}

TEST_P(Exp2Test, LimitsAndNumbersThatAreNone) {
  CompiledExp2 exp2(GetParam());
  ASSERT_TRUE(exp2.isValid());
  // NaN with every kind of payload stays one, whatever its low bits are.
  std::vector<float> numbers = {0.0F,
                                -0.0F,
                                -127.0F,
                                -1000.0F,
                                -3.4e38F,
                                -INFINITY,
                                -1.0F,
                                -126.0F,
                                NAN,
                                -NAN,
                                fromBits(0xFFFFFFFF),
                                fromBits(0x7FFFFFFF),
                                fromBits(0x7FC00001),
                                fromBits(0x7F800001),
                                fromBits(0xFFC0BEEF),
                                0x1p-20F};
  exp2.run(numbers);
  EXPECT_EQ(numbers[0], 1);
  EXPECT_EQ(numbers[1], 1);
  for (size_t i = 2; i < 6; ++i)
    EXPECT_EQ(numbers[i], 0) << i;
  EXPECT_EQ(numbers[6], 0.5F);
  EXPECT_EQ(numbers[7], 0x1p-126F);
  for (size_t i = 8; i < 15; ++i)
    EXPECT_TRUE(std::isnan(numbers[i])) << i;
  EXPECT_NEAR(numbers[15], 1, 0x1p-19);
}

INSTANTIATE_TEST_SUITE_P(Degrees, Exp2Test,
                         ::testing::Values(Exp2Degree::Three,
                                           Exp2Degree::Five));

} // namespace
