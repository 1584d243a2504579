//===- AgreedArguments.h - what all calls of a body say -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_AGREEDARGUMENTS_H
#define MASK_LIB_TRANSFORMS_AGREEDARGUMENTS_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/BitVector.h"

namespace mlir::mask {

/// Replaces the arguments of `function`, a body that only `calls` call, of
/// which all calls say the same: a fact that is not given, a number, an index
/// that is one affine function of the sizes of the data and of the indices
/// before it. Returns which are not used any more; remarks go to `category`,
/// also for what one call says and another does not.
llvm::BitVector sinkAgreedArguments(RewriterBase &rewriter,
                                    FunctionOpInterface function,
                                    ArrayRef<CallOpInterface> calls,
                                    StringRef category);

/// Says in `function` which ids all calls have dropped long blocks from, by
/// dropping them again: that changes nothing and is to be undone, by the ops
/// returned, once masks are simplified.
SmallVector<Operation *> assumeDroppedBlocks(RewriterBase &rewriter,
                                             FunctionOpInterface function,
                                             ArrayRef<CallOpInterface> calls,
                                             StringRef category);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_AGREEDARGUMENTS_H
