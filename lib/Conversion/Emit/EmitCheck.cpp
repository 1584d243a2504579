//===- EmitCheck.cpp - rules that are checked at run time -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmitCheck.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mask;

/// `FILE:LINE:COLUMN: error: 'OP' op `, as the verifiers say it.
static std::string getPrefix(Operation *owner) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto loc = owner->getLoc()->findInstanceOf<FileLineColLoc>())
    os << loc.getFilename().getValue() << ":" << loc.getLine() << ":"
       << loc.getColumn() << ": ";
  os << "error: '" << owner->getName() << "' op ";
  return text;
}

void mlir::mask::emitCheck(ImplicitLocOpBuilder &builder, Operation *owner,
                           Value condition, const Twine &rule) {
  if (!matchPattern(condition, m_One()))
    cf::AssertOp::create(builder, condition, (getPrefix(owner) + rule).str());
}
