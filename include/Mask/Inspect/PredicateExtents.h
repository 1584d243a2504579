//===- PredicateExtents.h - how far what a predicate reads goes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_PREDICATEEXTENTS_H
#define MASK_INSPECT_PREDICATEEXTENTS_H

#include "Mask/Analysis/Interpreter.h"

namespace mlir::mask {

/// Whether a predicate depends on the head.
bool dependsOnHead(Value predicate);

/// The heads, or batch rows, of a predicate.
struct DistinctCount {
  /// One more than the greatest that it names, or the extent of its data per
  /// head or batch row.
  int64_t named = 1;
  /// Those that tell all its masks apart: one more where it shows something to
  /// all that it does not name.
  int64_t distinct = 1;
};
FailureOr<DistinctCount> countDistinct(Value predicate, FactEvaluator &facts,
                                       ParameterAxis axis);

} // namespace mlir::mask

#endif // MASK_INSPECT_PREDICATEEXTENTS_H
