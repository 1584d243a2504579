//===- Fixture.h - IR text to predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_INTERPRETER_FIXTURE_H
#define MASK_TEST_UNIT_INTERPRETER_FIXTURE_H

#include "Mask/Analysis/Interpreter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace mlir::mask {

/// An array of the given shape.
inline HostValue array(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  auto result = IntegerArray::zeros(shape);
  result->values.assign(values.begin(), values.end());
  return std::shared_ptr<const IntegerArray>(result);
}
/// A list without batch.
inline HostValue list(ArrayRef<int64_t> values) {
  return array({static_cast<int64_t>(values.size())}, values);
}

/// A function whose returned value is evaluated under given arguments.
class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          errors += diagnostic.str() + "\n";
          return success();
        }) {
    context.loadDialect<MaskDialect, affine::AffineDialect, arith::ArithDialect,
                        func::FuncDialect, memref::MemRefDialect,
                        scf::SCFDialect, tensor::TensorDialect>();
  }

  /// `body` defines %p of type `type`; `prefix` stands before the function.
  Value parse(const std::string &arguments, const std::string &body,
              const std::string &type = "!mask.predicate",
              const std::string &prefix = "") {
    errors.clear();
    module = parseSourceString<ModuleOp>(prefix + "func.func @f(" + arguments +
                                             ") -> " + type + " {\n" + body +
                                             "\nreturn %p : " + type + "\n}",
                                         &context);
    EXPECT_TRUE(bool(module)) << errors;
    return module ? module->lookupSymbol<func::FuncOp>("f")
                        .front()
                        .getTerminator()
                        ->getOperand(0)
                  : Value();
  }

  void bind(FactEvaluator &facts, ArrayRef<HostValue> values) {
    Block &block = module->lookupSymbol<func::FuncOp>("f").front();
    for (auto [argument, value] : llvm::zip_equal(block.getArguments(), values))
      facts.bind(argument, value);
  }

  FailureOr<PredicateFunction> interpret(const std::string &arguments,
                                         ArrayRef<HostValue> values,
                                         const std::string &body,
                                         const std::string &prefix = "") {
    Value predicate = parse(arguments, body, "!mask.predicate", prefix);
    if (!predicate)
      return failure();
    FactEvaluator facts;
    bind(facts, values);
    return interpretPredicate(predicate, facts);
  }

  /// Compares with `expected` on every b, h in [-1, 3) and q, k in [-3, 12).
  void check(const std::string &arguments, ArrayRef<HostValue> values,
             const std::string &body,
             function_ref<bool(int64_t, int64_t, int64_t, int64_t)> expected,
             const std::string &prefix = "") {
    FailureOr<PredicateFunction> visible =
        interpret(arguments, values, body, prefix);
    ASSERT_TRUE(succeeded(visible)) << errors;
    for (int64_t b = -1; b < 3; ++b)
      for (int64_t h = -1; h < 3; ++h)
        for (int64_t q = -3; q < 12; ++q)
          for (int64_t k = -3; k < 12; ++k)
            ASSERT_EQ((*visible)(b, h, q, k), expected(b, h, q, k))
                << body << "\nat b " << b << " h " << h << " q " << q << " k "
                << k;
  }

  /// Expects an error with `text` in it.
  void checkError(const std::string &arguments, ArrayRef<HostValue> values,
                  const std::string &body, const std::string &text) {
    EXPECT_TRUE(failed(interpret(arguments, values, body))) << body;
    EXPECT_NE(errors.find(text), std::string::npos) << body << "\n" << errors;
  }

  MLIRContext context;
  std::string errors;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::mask

#endif // MASK_TEST_UNIT_INTERPRETER_FIXTURE_H
