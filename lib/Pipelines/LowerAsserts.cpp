//===- LowerAsserts.cpp - failed asserts that leave a message -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Conversion/LLVMCommon/PrintCallHelper.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKLOWERASSERTS
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

/// Calls a function of the C library, which is declared where it is missing.
static LogicalResult callLibrary(OpBuilder &builder, Location loc,
                                 ModuleOp module, StringRef name,
                                 ValueRange operands, Type result) {
  SmallVector<Type> types(operands.getTypes());
  FailureOr<LLVM::LLVMFuncOp> function =
      LLVM::lookupOrCreateFn(builder, module, name, types, result);
  if (failed(function))
    return failure();
  LLVM::CallOp::create(builder, loc, *function, operands);
  return success();
}

/// Branches to a block that prints the message, flushes it, and aborts.
static LogicalResult lowerAssert(RewriterBase &rewriter, cf::AssertOp op,
                                 const LLVMTypeConverter &types) {
  Location loc = op.getLoc();
  auto module = op->getParentOfType<ModuleOp>();
  Block *before = op->getBlock();
  Block *after = rewriter.splitBlock(before, std::next(op->getIterator()));
  Block *fails = rewriter.createBlock(before->getParent());
  auto pointer = LLVM::LLVMPointerType::get(op.getContext());
  auto none = LLVM::LLVMVoidType::get(op.getContext());
  if (failed(LLVM::createPrintStrCall(rewriter, loc, module, "check_message",
                                      op.getMsg(), types, /*addNewline=*/false,
                                      "puts")))
    return failure();
  // `abort` loses what a stream still holds.
  Value all = LLVM::ZeroOp::create(rewriter, loc, pointer);
  if (failed(callLibrary(rewriter, loc, module, "fflush", all,
                         rewriter.getI32Type())) ||
      failed(callLibrary(rewriter, loc, module, "abort", {}, none)))
    return failure();
  LLVM::UnreachableOp::create(rewriter, loc);
  rewriter.setInsertionPoint(op);
  cf::CondBranchOp::create(rewriter, loc, op.getArg(), after, fails);
  rewriter.eraseOp(op);
  return success();
}

namespace {
struct LowerAssertsPass
    : public mask::impl::MaskLowerAssertsBase<LowerAssertsPass> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> asserts;
    getOperation()->walk([&](cf::AssertOp op) {
      // A region of one block has no place for a branch.
      if (!op->getParentOp()->hasTrait<OpTrait::SingleBlock>())
        asserts.push_back(op);
    });
    LLVMTypeConverter types(&getContext());
    IRRewriter rewriter(&getContext());
    for (cf::AssertOp op : asserts)
      if (failed(lowerAssert(rewriter, op, types)))
        return signalPassFailure();
  }
};
} // namespace
