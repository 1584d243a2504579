//===- CPUTileEmitter.h - online softmax with queries in lanes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H

#include "../Skeleton/AttentionOperand.h"
#include "../Skeleton/TileEmitter.h"
#include "Workspace.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Emits a query tile for vectors of `lanes` rows. `held` is the number of
/// rows, heads times queries, in whole vectors. The state lives in scratch
/// memory:
///
/// | buffer        | shape              | holds                              |
/// |---------------|--------------------|------------------------------------|
/// | `queries`     | `[D, held]`        | Q transposed, scaled, zero-padded  |
/// | `scores`      | `[keyTile, held]`  | S^T, then P^T                      |
/// | `accumulator` | `[Dv, held]`       | O^T, not yet divided               |
/// | `maximum`     | `[held]`           | running maximum of each row        |
/// | `sum`         | `[held]`           | running sum of exp(s - maximum)    |
///
/// The running maximum starts at the lowest finite number, not at minus
/// infinity: so `exp(-inf - maximum)` is 0 and never NaN, and rows without
/// visible keys (law 3) need no test before the end.
class CPUTileEmitter : public TileEmitter {
public:
  CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                 CPUScheduleAttr schedule);

  LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                            PositionFunction body) override;
  LogicalResult forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                             PositionFunction body) override;
  void once(function_ref<void()> body) override { body(); }
  SmallVector<Value> begin(const QueryTile &tile) override;
  FailureOr<Value> mapRows(RowFunction function) override;
  Value getRows(Value handle, const ScoreLayout &layout) override;
  SmallVector<Value> scores(const KeyTile &keys) override;
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &keys, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange state) override;

private:
  LogicalResult
  parallelLoop(ValueRange extents, ArrayRef<int64_t> steps,
               llvm::function_ref<LogicalResult(ValueRange)> body);
  using BodyFunction = llvm::function_ref<void(Value)>;
  void forLoop(Value lower, Value upper, int64_t step, BodyFunction body);
  /// The same with carried values.
  SmallVector<Value>
  forLoop(Value lower, Value upper, int64_t step, ValueRange inits,
          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);
  /// `count` rounded down to a multiple of `unit`.
  Value roundDown(Value count, int64_t unit);
  void forRowBlocks(Value count, llvm::function_ref<void(int64_t, Value)> body);
  /// `vectors` accumulators side by side, `rows` below each other:
  /// `target[row + r, lane...] (+)= sum_x scalar(r, x) source[x, lane...]`.
  void registerTile(int64_t rows, Value row, Value lane, Value target,
                    bool accumulate, Value reduction, Value source,
                    llvm::function_ref<Value(int64_t, Value)> scalar);
  /// Folds all keys of the scores of one vector of rows; `combine` may also
  /// rewrite them. The chains are independent, then joined.
  Value reduceScores(Value size, Value lane, Value init, Value neutral,
                     llvm::function_ref<Value(Value, Value)> combine,
                     llvm::function_ref<Value(Value, Value, Value)> step);
  /// The head and the query of a row of the tile, as indices into the arrays.
  std::pair<Value, Value> locate(Value row);
  /// The number of rows that exist.
  Value getNumRows();
  /// The layout of the scores of `lanes` rows from `lane` on against the key
  /// `row` of the array.
  ScoreLayout getLayout(Value lane, Value row);
  void softmax(Value size, Value lane);
  void rescale(Value lane, Value factor);
  /// Adds the weights times the values to the output.
  void accumulate(const KeyTile &keys);
  /// The same for any values: what a row does not see does not reach it.
  LogicalResult accumulateVisible(const KeyTile &keys, ScoreFunction visible);
  /// Whether a value of the tile's keys is infinite or NaN, as an `i1`. Reads
  /// the values once; next to multiplying them for all queries that is little.
  Value hasNonFiniteValues(const KeyTile &keys);
  /// The sinks of the heads of the tile, in scratch memory if there are several
  /// heads; null without sinks.
  Value gatherSinks();
  void finishStatistics(Value lane, Value sinks);
  void transposeQueries();

  Value index(int64_t value);
  Value splat(double value);
  Value offset(Value base, int64_t distance);
  Value loadVector(Value memref, ValueRange indices);
  void storeVector(Value value, Value memref, ValueRange indices);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  QueryTile tile;
  AttentionOperand query, key, value, output;
  int64_t heads, held, keyTile, lanes, rows;
  /// Vectors of rows per register tile.
  int64_t vectors;
  VectorType vectorType;
  Value queries, scoreBuffer, accumulator, maximum, sum;
  std::optional<Workspace> workspace;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
