//===- PredicateOpInterface.h - what is asked of every predicate -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_PREDICATEOPINTERFACE_H
#define MASK_IR_PREDICATEOPINTERFACE_H

#include "Mask/IR/Parameter.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include <optional>

namespace mlir::mask {
class PredicateOrder;

/// A parameter of a predicate op, and what it has to be.
struct PredicateParameter {
  PredicateParameter(StringRef name, Parameter parameter)
      : name(name), parameter(parameter) {}

  /// It has to be given.
  PredicateParameter required() const {
    PredicateParameter copy = *this;
    copy.isRequired = true;
    return copy;
  }
  /// The least number that it may be; at run time only, if a static one may be
  /// less.
  PredicateParameter atLeast(int64_t number, bool staticToo = true) const {
    PredicateParameter copy = *this;
    copy.least = number;
    copy.isStaticLimited = staticToo;
    return copy;
  }
  /// Where it is absent, the leaf shows every key, or none.
  PredicateParameter ifAbsent(bool visible) const {
    PredicateParameter copy = *this;
    copy.neutral = visible;
    return copy;
  }

  StringRef name;
  Parameter parameter;
  bool isRequired = false;
  std::optional<int64_t> least;
  bool isStaticLimited = true;
  std::optional<bool> neutral;
};

/// What the index of a dimension of a table is.
enum class TableIndex { Batch, Head, Query, Key, Other };

/// A table that a predicate op reads: a fact, or a constant.
struct TableRead {
  Value table;
  /// One per dimension.
  SmallVector<TableIndex, 4> indices;
};

/// The read of per-token data, with or without batch rows, at `index`. Of no
/// table there is none.
void appendTokenRead(SmallVectorImpl<TableRead> &reads, Value table,
                     TableIndex index);

/// The tables that a predicate op reads: its facts, and parameters per batch
/// row or head.
SmallVector<TableRead> getTableReads(Operation *op);

/// Whether the op reads a table per batch row or head.
bool readsPer(Operation *op, ParameterAxis axis);

/// Whether a predicate op in the regions of `scope` depends on the batch row or
/// head.
bool hasPredicatesThatDependOn(Operation *scope, ParameterAxis axis);

/// Checks the parameters of a predicate op: P1 to P4, that those are given that
/// must be, and static ones against their least numbers.
LogicalResult verifyPredicateParameters(Operation *op);

/// A shift by numbers known to the compiler, or by one run-time number on both
/// sides.
struct StaticShift {
  /// Known only if both are.
  std::optional<int64_t> query, key;
  /// How far queries move away from keys, where that is known.
  std::optional<int64_t> distance;
};

} // namespace mlir::mask

#include "Mask/IR/PredicateOpInterface.h.inc"

#endif // MASK_IR_PREDICATEOPINTERFACE_H
