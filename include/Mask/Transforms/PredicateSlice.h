//===- PredicateSlice.h - the ops that build a predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_PREDICATESLICE_H
#define MASK_TRANSFORMS_PREDICATESLICE_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"

namespace mlir::mask {

/// What a predicate is built from. Two predicates of the same structure have
/// slices that correspond op by op and capture by capture.
struct PredicateSlice {
  Value predicate;
  /// Predicate ops, and the constants and absent facts that folds need to see.
  /// Operands come before their users.
  SmallVector<Operation *> ops;
  /// Every other value that `ops` read, in the order of the first read: facts,
  /// tables, parameters. A predicate among them has no definition that could be
  /// copied: an argument, a select.
  SmallVector<Value> captures;
};

/// The ops that `predicate` is built from, up to where its facts are.
PredicateSlice getPredicateSlice(Value predicate);

/// Copies the ops to the insertion point, with `captures` in place of the
/// slice's; returns the copied predicate.
Value cloneSlice(OpBuilder &builder, const PredicateSlice &slice,
                 ValueRange captures);

/// Whether two predicates are the same but for the captures, whose types agree.
bool haveSameStructure(const PredicateSlice &a, const PredicateSlice &b);

} // namespace mlir::mask

#endif // MASK_TRANSFORMS_PREDICATESLICE_H
