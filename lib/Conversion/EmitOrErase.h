//===- EmitOrErase.h - lowerings that may fail half way -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_EMITORERASE_H
#define MASK_LIB_CONVERSION_EMITORERASE_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Runs `emit`, which inserts ops right before `op` and changes nothing else.
/// Where it fails, what it inserted is erased: a pattern that fails must leave
/// everything as it was.
inline LogicalResult emitOrErase(RewriterBase &rewriter, Operation *op,
                                 llvm::function_ref<LogicalResult()> emit) {
  Operation *before = op->getPrevNode();
  rewriter.setInsertionPoint(op);
  if (succeeded(emit()))
    return success();
  while (op->getPrevNode() != before)
    rewriter.eraseOp(op->getPrevNode());
  return failure();
}

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_EMITORERASE_H
