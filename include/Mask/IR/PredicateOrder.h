//===- PredicateOrder.h - a structural order of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_PREDICATEORDER_H
#define MASK_IR_PREDICATEORDER_H

#include "Mask/IR/Parameter.h"

#include "llvm/ADT/DenseMap.h"

namespace mlir::mask {

/// A total order of predicates, facts and parameters by what they are: kind of
/// op (cheap leaves first), attributes, operands. It does not depend on
/// addresses, so operands sorted by it are the same from run to run, and in two
/// functions that build the same predicate. Ops that are not pure are ordered
/// by their place.
class PredicateOrder {
public:
  /// Negative, zero, positive: `a` before, the same as, after `b`. Zero is a
  /// theorem: both have the same value wherever both are defined.
  int compare(Value a, Value b);
  /// Whether `compare` is zero; parameters also agree in their axis.
  bool isSame(Value a, Value b) { return compare(a, b) == 0; }
  bool isSame(Parameter a, Parameter b);

private:
  int compareOps(Operation *a, Operation *b);
  DenseMap<std::pair<Value, Value>, int> known;
};

} // namespace mlir::mask

#endif // MASK_IR_PREDICATEORDER_H
