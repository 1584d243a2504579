//===- ScheduleTest.cpp - which schedules a lowering takes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToTiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Makes numbers schedules of a target that nobody lowers to.
struct OtherSchedule
    : public ScheduleAttrInterface::ExternalModel<OtherSchedule, IntegerAttr> {
  int64_t getQueryTile(Attribute) const { return 64; }
  int64_t getKeyTile(Attribute) const { return 64; }
  int64_t getHeads(Attribute) const { return 1; }
};

TEST(ScheduleTest, RefusesTheScheduleOfAnotherTarget) {
  DialectRegistry registry;
  registry.insert<MaskDialect, affine::AffineDialect, arith::ArithDialect,
                  func::FuncDialect, memref::MemRefDialect, scf::SCFDialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  IntegerAttr::attachInterface<OtherSchedule>(context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      R"(
func.func @attention(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = 7 : i64}
  return
}
)",
      &context);
  ASSERT_TRUE(module);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  IRRewriter rewriter(&context);
  module->walk([&](AttentionOp op) {
    EXPECT_TRUE(failed(lowerAttentionToTiles(rewriter, op)));
  });
  EXPECT_EQ(message,
            "'mask.attention' op has a schedule of another target: needs a "
            "#mask.cpu_schedule, got 7 : i64");
}

/// Two vectors of sums per row, two of operands, and one that is spread.
TEST(ScheduleTest, RegisterTilesFitTheRegisters) {
  MLIRContext context;
  context.loadDialect<MaskDialect>();
  auto error = [&] { return emitError(UnknownLoc::get(&context)); };
  auto chooseRows = [&](int64_t registers, int64_t bits = 256) {
    CPUTarget target;
    target.vectorBits = bits;
    target.vectorRegisters = registers;
    return chooseCPUSchedule(error, &context, target, AttentionShape())
        ->getRows();
  };
  EXPECT_EQ(chooseRows(16), 6);
  EXPECT_EQ(chooseRows(32), 8);
  EXPECT_EQ(chooseRows(32, 512), 8);
  // SSE and NEON.
  EXPECT_EQ(chooseRows(16, 128), 4);
  EXPECT_EQ(chooseRows(32, 128), 8);
  for (int64_t registers = 6; registers <= 64; ++registers)
    EXPECT_LE(2 * chooseRows(registers) + 3, registers) << registers;
}

} // namespace
