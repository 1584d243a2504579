//===- JitTest.cpp - passes before code is run -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// When compiled modules are verified: what users wrote after each pass, what
// was made of it after the last.
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/Jit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Marks each function as only modules may be, which is invalid and nothing
/// else; or takes the mark away.
struct Mark : public PassWrapper<Mark, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Mark)

  explicit Mark(bool add) : add(add) {}

  void runOnOperation() override {
    StringRef name = gpu::GPUDialect::getContainerModuleAttrName();
    if (add)
      getOperation()->setAttr(name, UnitAttr::get(&getContext()));
    else
      getOperation()->removeAttr(name);
  }

  bool add;
};

/// Whether a function compiles that is marked before the first passes, those
/// of round 0, or later ones, and whose mark the next pass takes away.
bool compiles(decltype(JitModule::compileLoops) *compile, bool repairs,
              int round = 0) {
  DialectRegistry registry;
  registerJitDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>("func.func @f() { return }", &context);
  JitOptions options;
  options.configure = [&](PassManager &pm) {
    if (round-- != 0)
      return success();
    pm.addNestedPass<func::FuncOp>(std::make_unique<Mark>(true));
    if (repairs)
      pm.addNestedPass<func::FuncOp>(std::make_unique<Mark>(false));
    return success();
  };
  // What is wrong is said; here it is expected.
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
  return succeeded(compile(*module, "test", options));
}

TEST(JitTest, VerifiesLoopsAfterTheLastPass) {
  EXPECT_TRUE(compiles(JitModule::compileLoops, /*repairs=*/true));
  EXPECT_FALSE(compiles(JitModule::compileLoops, /*repairs=*/false));
}

TEST(JitTest, VerifiesMasksAfterEachPass) {
  EXPECT_FALSE(compiles(JitModule::compile, /*repairs=*/true));
}

TEST(JitTest, VerifiesTilesAfterTheLastPass) {
  EXPECT_TRUE(compiles(JitModule::compile, /*repairs=*/true, /*round=*/1));
  EXPECT_FALSE(compiles(JitModule::compile, /*repairs=*/false, /*round=*/1));
}

} // namespace
