//===- LayerBody.h - layer functions with their predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_LAYERBODY_H
#define MASK_LIB_TRANSFORMS_LAYERBODY_H

#include "Mask/Transforms/PredicateSlice.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

inline bool isPredicate(Value value) {
  return isa<PredicateType>(value.getType());
}

void eraseDeadOps(RewriterBase &rewriter, Region &region);

/// A call of a layer function, seen through casts.
struct LayerCall {
  func::CallOp op;
  func::FuncOp callee;
  SmallVector<Value> data;
  SmallVector<PredicateSlice> predicates;
};

/// Turns `function`, a copy of the callee, into the body for `call`: it takes
/// the data in the shapes that they have before they are cast, then the
/// captures of the predicates, one after the other. The predicates, and the
/// facts that are not given, are sunk into it.
void specializeBody(RewriterBase &rewriter, const LayerCall &call,
                    func::FuncOp function);

/// Closes the predicates of a body and simplifies them; remarks go to
/// `category`. Fails, with an error, where a predicate cannot be closed.
LogicalResult closeBody(RewriterBase &rewriter, func::FuncOp function,
                        StringRef category);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_LAYERBODY_H
