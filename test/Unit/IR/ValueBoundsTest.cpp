//===- ValueBoundsTest.cpp - sizes of results in terms of operands -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// What `ValueBoundsOpInterface` knows of the sizes of results; no pass of a
// stock build shows it.
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"
#include "Mask/Transforms/ValueBoundsOpInterfaceImpl.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class ValueBoundsTest : public ::testing::Test {
protected:
  ValueBoundsTest() {
    DialectRegistry registry;
    registerValueBoundsOpInterfaceExternalModels(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
  }

  /// Parses a function and keeps it.
  func::FuncOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module ? *module->getOps<func::FuncOp>().begin() : func::FuncOp();
  }

  template <typename OpTy>
  static Value get(func::FuncOp function) {
    return (*function.getOps<OpTy>().begin())->getResult(0);
  }

  /// Whether the size of a result is that of an operand and `difference`.
  static bool isLarger(Value result, int64_t dim, Value operand,
                       int64_t operandDim, int64_t difference) {
    FailureOr<int64_t> delta = ValueBoundsConstraintSet::computeConstantDelta(
        result, operand, dim, operandDim);
    return succeeded(delta) && *delta == difference;
  }

  static std::optional<int64_t> getSize(Value value, int64_t dim) {
    FailureOr<int64_t> size = ValueBoundsConstraintSet::computeConstantBound(
        presburger::BoundType::EQ, {value, dim});
    return succeeded(size) ? std::optional(*size) : std::nullopt;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(ValueBoundsTest, Attention) {
  auto function = parse(R"mlir(
    func.func @f(%q: tensor<?x8x?x?xf32>, %o: tensor<?x8x?x?xf32>, %m: !mask.predicate) {
      %r = mask.attention ins(%q, %q, %q : tensor<?x8x?x?xf32>, tensor<?x8x?x?xf32>, tensor<?x8x?x?xf32>)
             outs(%o : tensor<?x8x?x?xf32>) mask(%m) -> tensor<?x8x?x?xf32>
      return
    })mlir");
  ASSERT_TRUE(function);
  Value result = get<AttentionOp>(function);
  for (int64_t dim : {0, 2, 3})
    EXPECT_TRUE(isLarger(result, dim, function.getArgument(1), dim, 0));
  EXPECT_EQ(getSize(result, 1), 8);
}

TEST_F(ValueBoundsTest, Ids) {
  auto function = parse(R"mlir(
    func.func @f(%types: tensor<?x?xi8>, %ranges: tensor<?x?x2xi32>, %n: index) {
      %runs = mask.runs %types of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
      %kept = mask.drop_long %runs longer_than %n : tensor<?x?xi32>
      %pos = mask.positions %types : tensor<?x?xi8> -> tensor<?x?xi32>
      %items = mask.item_ids %ranges length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
      return
    })mlir");
  ASSERT_TRUE(function);
  Value types = function.getArgument(0), ranges = function.getArgument(1);
  for (int64_t dim : {0, 1}) {
    EXPECT_TRUE(isLarger(get<RunsOp>(function), dim, types, dim, 0));
    EXPECT_TRUE(isLarger(get<DropLongOp>(function), dim, types, dim, 0));
    EXPECT_TRUE(isLarger(get<PositionsOp>(function), dim, types, dim, 0));
  }
  Value items = get<ItemIdsOp>(function);
  EXPECT_TRUE(isLarger(items, 0, ranges, 0, 0));
  FailureOr<bool> covers =
      ValueBoundsConstraintSet::areEqual({items, 1}, {function.getArgument(2)});
  EXPECT_TRUE(succeeded(covers) && *covers);
}

TEST_F(ValueBoundsTest, Tables) {
  auto function = parse(R"mlir(
    func.func @f(%ids: tensor<?x?xi32>, %valid: tensor<?xi1>) {
      %intervals = mask.interval_table %ids : tensor<?x?xi32> -> tensor<?x?x?xi32>
      %counts = mask.count_table %valid : tensor<?xi1> -> tensor<?xi32>
      %ranges = mask.range_table %valid : tensor<?xi1> -> tensor<?x?xi32>
      %monotone = mask.monotone_table %valid : tensor<?xi1> -> tensor<?xi32>
      return
    })mlir");
  ASSERT_TRUE(function);
  Value ids = function.getArgument(0), valid = function.getArgument(1);
  Value intervals = get<IntervalTableOp>(function);
  EXPECT_TRUE(isLarger(intervals, 1, ids, 1, 0));
  EXPECT_EQ(getSize(intervals, 2), 4);
  EXPECT_TRUE(isLarger(get<CountTableOp>(function), 0, valid, 0, 3));
  EXPECT_TRUE(isLarger(get<RangeTableOp>(function), 0, valid, 0, 0));
  EXPECT_EQ(getSize(get<RangeTableOp>(function), 1), 4);
  EXPECT_EQ(getSize(get<MonotoneTableOp>(function), 0), 1);
}

} // namespace
