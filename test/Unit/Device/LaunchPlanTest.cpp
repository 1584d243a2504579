//===- LaunchPlanTest.cpp - the launches of one call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/LaunchPlan.h"
#include "Mask/IR/Mask.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Two arrays of rows and a number; a table that the host fills; launches over
/// rows and over nothing.
constexpr StringLiteral kRecord = R"(#mask.launch_record<
  types = [memref<?x4xf32>, memref<?x4xf32>, index], alignments = [4, 4, 1],
  outputs = [1],
  checks = [#mask.launch_check<cmpi_eq(dim(0, 0), dim(1, 0)), "rows must agree">],
  workspaces = [#mask.workspace<memref<?x2xindex> sizes (addi(dim(0, 0), argument(2)))>],
  steps = [#mask.host_call<@fill (workspace(0) : memref<?x2xindex>, dim(0, 0) : index)>,
           #mask.launch<@kernels::@none blocks subi(dim(0, 0), dim(1, 0)) threads 1 shared 0 ()>,
           #mask.launch<@kernels::@copy blocks ceildivui(dim(0, 0), 32) threads 32
             shared muli(argument(2), 16)
             (argument(0) : memref<?x4xf32>, argument(1) : memref<?x4xf32>,
              workspace(0) : memref<?x2xindex>, 7 : i32)>]>)";

class LaunchPlanTest : public ::testing::Test {
protected:
  LaunchPlanTest() {
    context.loadDialect<MaskDialect>();
    record = cast<LaunchRecordAttr>(parseAttribute(kRecord, &context));
  }

  llvm::Expected<LaunchPlan> plan(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                                  int64_t number) {
    CallArgument arguments[3];
    arguments[0].extents.assign(from.begin(), from.end());
    arguments[1].extents.assign(to.begin(), to.end());
    arguments[2].number = number;
    return LaunchPlan::create(record, arguments);
  }
  std::string fail(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                   int64_t number) {
    auto result = plan(from, to, number);
    return result ? "" : llvm::toString(result.takeError());
  }

  MLIRContext context;
  LaunchRecordAttr record;
};

TEST_F(LaunchPlanTest, computes_every_number) {
  auto result = plan({100, 4}, {100, 4}, 3);
  ASSERT_TRUE(static_cast<bool>(result));
  ASSERT_EQ(result->workspaces.size(), 1U);
  EXPECT_EQ(ArrayRef(result->workspaces[0].extents),
            ArrayRef<int64_t>({103, 2}));
  EXPECT_EQ(result->workspaces[0].bytes, 103 * 2 * 8);
  // The launch of no workgroups is left out.
  ASSERT_EQ(result->steps.size(), 2U);
  using Kind = LaunchPlan::Operand::Kind;
  const LaunchPlan::Step &fill = result->steps[0], &copy = result->steps[1];
  EXPECT_FALSE(fill.isLaunch);
  EXPECT_EQ(fill.name, "fill");
  ASSERT_EQ(fill.operands.size(), 2U);
  EXPECT_EQ(fill.operands[0].kind, Kind::Workspace);
  EXPECT_EQ(fill.operands[1].kind, Kind::Number);
  EXPECT_EQ(fill.operands[1].value, 100);
  EXPECT_TRUE(copy.isLaunch);
  EXPECT_EQ(copy.name, "copy");
  EXPECT_EQ(copy.blocks, 4);
  EXPECT_EQ(copy.threads, 32);
  EXPECT_EQ(copy.sharedBytes, 48);
  ASSERT_EQ(copy.operands.size(), 4U);
  EXPECT_EQ(copy.operands[1].kind, Kind::Argument);
  EXPECT_EQ(copy.operands[1].value, 1);
  EXPECT_EQ(copy.operands[3].value, 7);
  EXPECT_TRUE(copy.operands[3].type.isInteger(32));
}

TEST_F(LaunchPlanTest, launches_nothing_for_no_rows) {
  auto result = plan({0, 4}, {0, 4}, 0);
  ASSERT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(result->workspaces[0].bytes, 0);
  ASSERT_EQ(result->steps.size(), 1U);
  EXPECT_FALSE(result->steps[0].isLaunch);
}

TEST_F(LaunchPlanTest, negative_check) {
  EXPECT_EQ(fail({3, 4}, {4, 4}, 0),
            "rows must agree; the call's arguments are 3x4, 4x4, 0");
}

TEST_F(LaunchPlanTest, negative_extents) {
  EXPECT_EQ(fail({3, 5}, {3, 4}, 0),
            "argument 0 has extent 5 in dimension 1, the record says 4");
  EXPECT_EQ(fail({3}, {3, 4}, 0),
            "argument 0 has 1 extents, the record says 2");
  EXPECT_EQ(fail({3, 4}, {3, 4}, -5),
            "an array of -2x2 elements has a negative extent");
  EXPECT_EQ(fail({3, 4}, {3, 4}, int64_t(1) << 60),
            "an array of 1152921504606846979x2 elements has more than 2^63 "
            "bytes");
  EXPECT_EQ(fail({3, 4}, {3, 4}, -2),
            "the launch of 'copy' has 1 workgroups and -32 bytes of workgroup "
            "memory");
}

TEST_F(LaunchPlanTest, negative_number_of_arguments) {
  auto result = LaunchPlan::create(record, {});
  ASSERT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(llvm::toString(result.takeError()),
            "a call has 0 arguments, the record 3");
}

} // namespace
