//===- ParameterTest.cpp - accessors of parameters and policies -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Parameter.h"
#include "Mask/IR/Mask.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class ParameterTest : public ::testing::Test {
protected:
  ParameterTest() { context.loadDialect<MaskDialect>(); }

  template <typename OpTy>
  OpTy parseFirst(StringRef source) {
    module = parseSourceString<ModuleOp>(source, &context);
    OpTy first;
    if (module)
      module->walk([&](OpTy op) {
        if (!first)
          first = op;
      });
    return first;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(ParameterTest, ConstantKeepsItsSign) {
  auto window = parseFirst<WindowOp>("%p = mask.window left -3 right 7");
  ASSERT_TRUE(window);
  EXPECT_EQ(window.getLeftParameter().getConstant(), -3);
  EXPECT_EQ(window.getRightParameter().getConstant(), 7);
}

TEST_F(ParameterTest, UnboundedSideIsNotGiven) {
  auto window = parseFirst<WindowOp>("%p = mask.window left 0 right unbounded");
  ASSERT_TRUE(window);
  EXPECT_TRUE(window.getLeftParameter().isGiven());
  EXPECT_EQ(window.getLeftParameter().getConstant(), 0);
  EXPECT_FALSE(window.getRightParameter().isGiven());
  EXPECT_FALSE(window.getRightParameter().getConstant().has_value());
}

TEST_F(ParameterTest, RunTimeParameterHasNoConstant) {
  auto window = parseFirst<WindowOp>(
      "%w = mask.absent : index\n%p = mask.window left %w right 0");
  ASSERT_TRUE(window);
  EXPECT_TRUE(window.getLeftParameter().isGiven());
  EXPECT_FALSE(window.getLeftParameter().getConstant().has_value());
}

TEST_F(ParameterTest, PolicyLookups) {
  auto policy = parseFirst<PolicyOp>(R"mlir(
    mask.policy @p("window" %w : index, "token_types" optional %t : tensor<?xi8>) {
      %a = mask.causal
      %b = mask.full
      mask.layer_type "sliding_attention" = %a
      mask.layer_type "full_attention" = %b
    }
  )mlir");
  ASSERT_TRUE(policy);
  SmallVector<StringRef> expected = {"sliding_attention", "full_attention"};
  EXPECT_EQ(policy.getLayerTypes(), expected);
  EXPECT_TRUE(policy.lookupLayerType("full_attention"));
  EXPECT_FALSE(policy.lookupLayerType("chunked_attention"));
  EXPECT_EQ(policy.lookupFact("token_types"), 1u);
  EXPECT_EQ(policy.lookupFact("tokens"), std::nullopt);
}

} // namespace
