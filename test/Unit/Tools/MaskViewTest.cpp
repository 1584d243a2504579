//===- MaskViewTest.cpp - pictures against the interpreter ------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A picture that differs from the interpreter is found, in the first element
// that differs.
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskViewBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class MaskViewTest : public ::testing::Test {
protected:
  MaskViewTest() {
    context.loadDialect<MaskDialect, func::FuncDialect>();
    module = parseSourceString<ModuleOp>(R"(
      func.func @f() -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
        %causal = mask.causal
        %window = mask.window left 6 right 0
        %stride = mask.dilated 3
        %some = mask.and %causal, %stride
        %second = mask.batches %window in [1]
        %first = mask.batches %causal in [0]
        %rows = mask.or %first, %second
        return %causal, %window, %some, %rows : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
      })",
                                         &context);
    auto function = cast<func::FuncOp>(module->getBody()->front());
    ValueRange results = function.front().getTerminator()->getOperands();
    causal = results[0];
    window = results[1];
    some = results[2];
    rows = results[3];
  }

  static MaskExtents makeExtents(int64_t size, int64_t batch = 1) {
    MaskExtents extents;
    extents.batch = batch;
    extents.queries = extents.keys = size;
    extents.queryOffset.assign(batch, -2);
    extents.keyOffset.assign(batch, -2);
    return extents;
  }

  /// The error of comparing the picture of `shown` with `asked`; empty if none.
  std::string verify(Value shown, Value asked, const MaskExtents &extents) {
    FailureOr<MaskView> view =
        buildMaskView(module->getLoc(), shown, facts, extents, /*heads=*/1);
    EXPECT_TRUE(succeeded(view));
    FailureOr<PredicateFunction> visible = interpretPredicate(asked, facts);
    EXPECT_TRUE(succeeded(visible));
    std::string message;
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
    LogicalResult result = verifyMaskView(module->getLoc(), *view, *visible);
    EXPECT_EQ(failed(result), !message.empty());
    return message;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  FactEvaluator facts;
  Value causal, window, some, rows;
};

TEST_F(MaskViewTest, EveryElementIsCompared) {
  MaskExtents extents = makeExtents(40);
  EXPECT_EQ(verify(causal, causal, extents), "");
  EXPECT_EQ(verify(some, some, extents), "");
  EXPECT_EQ(verify(causal, window, extents),
            "the picture differs from the interpreter at batch row 0, head 0, "
            "q = 5, k = -2, which it shows as visible");
  EXPECT_EQ(verify(window, causal, extents),
            "the picture differs from the interpreter at batch row 0, head 0, "
            "q = 5, k = -2, which it shows as hidden");
  EXPECT_EQ(verify(some, causal, extents),
            "the picture differs from the interpreter at batch row 0, head 0, "
            "q = -1, k = -2, which it shows as hidden");
  EXPECT_EQ(verify(rows, causal, makeExtents(10, /*batch=*/2)),
            "the picture differs from the interpreter at batch row 1, head 0, "
            "q = 5, k = -2, which it shows as hidden");
}

// More elements than are looked at: a difference at the end of a span is found.
TEST_F(MaskViewTest, LargeMasksAreComparedAtTheEndsOfSpans) {
  MaskExtents extents = makeExtents(4000);
  EXPECT_EQ(verify(window, window, extents), "");
  EXPECT_NE(verify(window, causal, extents), "");
  EXPECT_NE(verify(causal, window, extents), "");
}

// Bounds that the interpreter contradicts are not shown at all.
TEST_F(MaskViewTest, BoundsAreCheckedAtTheirEnds) {
  auto build = [&](Value predicate, Value written) {
    std::string message;
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
    FailureOr<MaskView> view =
        buildMaskView(module->getLoc(), predicate, facts, makeExtents(40),
                      /*heads=*/1, written);
    EXPECT_EQ(failed(view), !message.empty());
    return message;
  };
  EXPECT_EQ(build(causal, causal), "");
  EXPECT_EQ(build(window, window), "");
  EXPECT_EQ(build(some, some), "");
  EXPECT_EQ(build(causal, window),
            "the bounds of the mask are wrong at batch row 0, head 0, q = 5, "
            "k = -2, which the interpreter says is hidden");
  EXPECT_EQ(build(window, causal),
            "the bounds of the mask are wrong at batch row 0, head 0, q = 5, "
            "k = -2, which the interpreter says is visible");
  EXPECT_EQ(build(causal, some),
            "the bounds of the mask are wrong at batch row 0, head 0, q = -1, "
            "k = -2, which the interpreter says is hidden");
}

} // namespace
