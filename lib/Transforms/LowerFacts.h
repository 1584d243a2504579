//===- LowerFacts.h - loops that compute ids and index tables -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function per fact op: it reads buffers and fills `result`, a fresh buffer
// of the op's result shape, in time linear in the number of tokens.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_LOWERFACTS_H
#define MASK_LIB_TRANSFORMS_LOWERFACTS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// The rows of per-token data in a memref of shape `[seq]` or `[batch, seq]`.
/// Elements are i64 here, whatever their width in memory.
class TokenRow {
public:
  /// `batch` is null for data of rank 1.
  TokenRow(ImplicitLocOpBuilder &builder, Value memref, Value batch)
      : builder(builder), memref(memref), batch(batch) {}

  /// The number of tokens.
  Value getSize() const;
  /// Element `i`, sign-extended; flags (i1) are 0 and 1.
  Value load(Value i) const;
  /// Whether element `i` is not zero, as 0 or 1.
  Value loadFlag(Value i) const;
  /// Writes element `i`, or `[i, column]` of a table with columns.
  void store(Value element, Value i, Value column = {}) const;

private:
  SmallVector<Value> getIndices(Value i) const;
  ImplicitLocOpBuilder &builder;
  Value memref, batch;
};

/// `for i in [lower, upper)` with carried values; returns their last values.
ValueRange
emitLoop(ImplicitLocOpBuilder &builder, Value lower, Value upper,
         ValueRange inits,
         function_ref<SmallVector<Value>(Value i, ValueRange carried)> body);

/// Runs `body` once per batch row of `memref`; with a null batch row when its
/// tokens have no batch dimension. `tokenRank` is the rank of the token data.
void emitBatchLoop(ImplicitLocOpBuilder &builder, Value memref,
                   int64_t tokenRank, function_ref<void(Value batch)> body);

Value emitConstant(ImplicitLocOpBuilder &builder, int64_t value);
Value emitIndex(ImplicitLocOpBuilder &builder, int64_t value);

void emitRuns(ImplicitLocOpBuilder &builder, Value types,
              ArrayRef<int64_t> listed, Value result);
void emitItemIds(ImplicitLocOpBuilder &builder, Value ranges, Value length,
                 int64_t minLength, Value result);
void emitPositions(ImplicitLocOpBuilder &builder, Value valid, Value result);
void emitCountTable(ImplicitLocOpBuilder &builder, Value valid, Value result);
void emitRangeTable(ImplicitLocOpBuilder &builder, Value data, Value result);
void emitMonotoneTable(ImplicitLocOpBuilder &builder, Value positions,
                       Value result);
void emitDropLong(ImplicitLocOpBuilder &builder, Value ids, Value bound,
                  Value result);
void emitIntervalTable(ImplicitLocOpBuilder &builder, Value queryIds,
                       Value keyIds, bool nonNegative, Value result);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_LOWERFACTS_H
