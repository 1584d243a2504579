//===- RecordHost.cpp - what a host computes between launches -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordHost.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

bool mlir::mask::isClonedForHost(Operation *op) {
  return op && (op->hasTrait<OpTrait::ConstantLike>() ||
                isa<memref::GetGlobalOp>(op));
}

void HostGroup::findCaptures() {
  llvm::SmallSetVector<Value, 8> found;
  for (Operation *op : ops) {
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands()) {
        Operation *owner = operand.getParentBlock()->getParentOp();
        bool isLocal = llvm::any_of(ops, [&](Operation *outer) {
          return outer == owner || outer->isProperAncestor(owner);
        });
        if (!isLocal && !isClonedForHost(operand.getDefiningOp()))
          found.insert(operand);
      }
    });
  }
  captures = found.takeVector();
}

void HostGroup::outline(func::FuncOp function) {
  OpBuilder builder(function);
  auto host = func::FuncOp::create(
      builder, ops.front()->getLoc(), name,
      builder.getFunctionType(ValueRange(captures).getTypes(), {}));
  host->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                builder.getUnitAttr());
  builder.setInsertionPoint(ops.back());
  func::CallOp::create(builder, ops.back()->getLoc(), host, captures);
  Block *body = host.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  auto end = func::ReturnOp::create(builder, host.getLoc());
  IRMapping constants;
  for (Operation *op : ops) {
    op->moveBefore(end);
    op->walk([&](Operation *nested) {
      for (OpOperand &operand : nested->getOpOperands()) {
        auto *found = llvm::find(captures, operand.get());
        if (found != captures.end()) {
          operand.set(body->getArgument(found - captures.begin()));
          continue;
        }
        Operation *constant = operand.get().getDefiningOp();
        if (!constant || constant->getBlock() == body ||
            host->isProperAncestor(constant))
          continue;
        if (!constants.contains(operand.get())) {
          builder.setInsertionPointToStart(body);
          builder.clone(*constant, constants);
        }
        operand.set(constants.lookup(operand.get()));
      }
    });
  }
}
