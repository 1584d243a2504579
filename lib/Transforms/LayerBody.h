//===- LayerBody.h - layer functions with their predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_LAYERBODY_H
#define MASK_LIB_TRANSFORMS_LAYERBODY_H

#include "Mask/Transforms/PredicateSlice.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::mask {

inline bool isPredicate(Value value) {
  return isa<PredicateType>(value.getType());
}

/// The name of the function that `call` calls, in the symbol table that it is
/// in; null if it calls a value or what is nested in a symbol.
StringAttr getCalleeName(CallOpInterface call);

void eraseDeadOps(RewriterBase &rewriter, Region &region);

/// A call of a layer function, seen through casts.
struct LayerCall {
  CallOpInterface op;
  FunctionOpInterface callee;
  SmallVector<Value> data;
  SmallVector<PredicateSlice> predicates;
};

/// Turns `function`, a copy of the callee, into the body for `call`: it takes
/// the data in the shapes that they have before they are cast, then the
/// captures of the predicates, one after the other. The predicates, and the
/// facts that are not given, are sunk into it.
void specializeBody(RewriterBase &rewriter, const LayerCall &call,
                    FunctionOpInterface function);

/// Closes the predicates of a body and simplifies them; remarks go to
/// `category`. Fails, with an error, where a predicate cannot be closed.
LogicalResult closeBody(RewriterBase &rewriter, FunctionOpInterface function,
                        StringRef category);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_LAYERBODY_H
