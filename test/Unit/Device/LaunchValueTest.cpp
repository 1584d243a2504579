//===- LaunchValueTest.cpp - what a host computes for a launch -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/LaunchValue.h"
#include "Mask/IR/Mask.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

class LaunchValueTest : public ::testing::Test {
protected:
  LaunchValueTest() { context.loadDialect<MaskDialect>(); }

  /// The number of an expression in which `argument(i)` is `10 + i` and `dim(i,
  /// d)` is `100 i + d`, or the message.
  std::string compute(StringRef text) {
    auto value = dyn_cast_if_present<LaunchValueAttr>(
        parseAttribute(("#mask.launch_value<" + text + ">").str(), &context));
    if (!value)
      return "no value";
    auto number = evaluate(value, [](LaunchValueAttr leaf) {
      return leaf.is("dim") ? 100 * leaf.getIndex() + leaf.getIndex(1)
                            : 10 + leaf.getIndex();
    });
    return number ? std::to_string(*number)
                  : llvm::toString(number.takeError());
  }

  MLIRContext context;
};

TEST_F(LaunchValueTest, names_arguments_and_extents) {
  EXPECT_EQ(compute("7"), "7");
  EXPECT_EQ(compute("argument(3)"), "13");
  EXPECT_EQ(compute("addi(dim(2, 1), argument(0))"), "211");
}

TEST_F(LaunchValueTest, rounds_quotients) {
  EXPECT_EQ(compute("divsi(-7, 2)"), "-3");
  EXPECT_EQ(compute("remsi(-7, 2)"), "-1");
  EXPECT_EQ(compute("floordivsi(-7, 2)"), "-4");
  EXPECT_EQ(compute("floordivsi(7, 2)"), "3");
  EXPECT_EQ(compute("floordivsi(-8, 2)"), "-4");
  EXPECT_EQ(compute("ceildivsi(7, 2)"), "4");
  EXPECT_EQ(compute("ceildivsi(-7, 2)"), "-3");
  EXPECT_EQ(compute("ceildivsi(8, 2)"), "4");
  EXPECT_EQ(compute("ceildivui(0, 32)"), "0");
  EXPECT_EQ(compute("ceildivui(33, 32)"), "2");
  EXPECT_EQ(compute("divui(-1, 2)"), std::to_string(kGreatest));
  EXPECT_EQ(compute("remui(-1, 16)"), "15");
}

TEST_F(LaunchValueTest, wraps_around) {
  std::string lowest = std::to_string(kLowest);
  EXPECT_EQ(compute("addi(" + std::to_string(kGreatest) + ", 1)"), lowest);
  EXPECT_EQ(compute("muli(" + lowest + ", -1)"), lowest);
  EXPECT_EQ(compute("divsi(" + lowest + ", -1)"), lowest);
  EXPECT_EQ(compute("remsi(" + lowest + ", -1)"), "0");
  EXPECT_EQ(compute("shli(1, 64)"), "0");
  EXPECT_EQ(compute("shrsi(-8, 64)"), "-1");
  EXPECT_EQ(compute("shrui(-1, 63)"), "1");
}

TEST_F(LaunchValueTest, compares_and_chooses) {
  EXPECT_EQ(compute("cmpi_slt(-1, 0)"), "1");
  EXPECT_EQ(compute("cmpi_ult(-1, 0)"), "0");
  EXPECT_EQ(compute("cmpi_uge(-1, 0)"), "1");
  EXPECT_EQ(compute("select(cmpi_ne(1, 1), 5, 6)"), "6");
  EXPECT_EQ(compute("minsi(-1, 0)"), "-1");
  EXPECT_EQ(compute("minui(-1, 0)"), "0");
  EXPECT_EQ(compute("maxui(-1, 0)"), "-1");
  EXPECT_EQ(compute("xori(1, 1)"), "0");
}

TEST_F(LaunchValueTest, extends_bits) {
  EXPECT_EQ(compute("extsi(255, 8)"), "-1");
  EXPECT_EQ(compute("extui(-1, 8)"), "255");
  EXPECT_EQ(compute("extsi(1, 1)"), "-1");
  EXPECT_EQ(compute("extui(3, 1)"), "1");
  EXPECT_EQ(compute("extsi(-5, 64)"), "-5");
}

TEST_F(LaunchValueTest, negative_zero_divisor) {
  EXPECT_EQ(compute("remui(dim(0, 1), dim(0, 0))"),
            "remui(dim(0, 1), dim(0, 0)) divides by zero");
}

} // namespace
