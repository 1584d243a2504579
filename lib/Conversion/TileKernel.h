//===- TileKernel.h - online softmax with queries in vector lanes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_TILEKERNEL_H
#define MASK_CONVERSION_TILEKERNEL_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <functional>

namespace mlir::mask {

/// Which part of the arrays one iteration of the outer loops works on.
struct QueryTile {
  /// Indices into the arrays; `row` is the first query.
  Value batch, head, keyHead, row;
  /// The number of queries that exist, at most the schedule's `query_tile`.
  Value rows;
  /// Absolute coordinates: of the first and last query, and of row 0 of the
  /// keys.
  Value absoluteBatch, absoluteHead, firstQuery, lastQuery, firstKey;
};

/// Emits the code of one query tile. The state lives in scratch memory:
///
/// | buffer        | shape              | holds                              |
/// |---------------|--------------------|------------------------------------|
/// | `queries`     | `[D, queryTile]`   | Q transposed, scaled, zero-padded  |
/// | `scores`      | `[keyTile, queryTile]` | S^T, then P^T                  |
/// | `accumulator` | `[Dv, queryTile]`  | O^T, not yet divided               |
/// | `maximum`     | `[queryTile]`      | running maximum of each query      |
/// | `sum`         | `[queryTile]`      | running sum of exp(s - maximum)    |
///
/// The running maximum starts at the lowest finite number, not at minus
/// infinity: so `exp(-inf - maximum)` is 0 and never NaN, and rows without
/// visible keys (law 3) need no test before the end.
class TileKernel {
public:
  /// Rewrites the scores of `lanes` queries from `lane` on against the key
  /// `firstKey + row` of the tile.
  using ScoreFunction =
      std::function<FailureOr<Value>(Value scores, Value lane, Value row)>;

  TileKernel(ImplicitLocOpBuilder &builder, AttentionOp op,
             ScheduleAttr schedule, const QueryTile &tile);

  /// Allocates the buffers and transposes the queries.
  void begin();
  /// S^T of `size` keys from the row `keyRow` of the key array on.
  void emitScores(Value keyRow, Value size);
  /// Applies `function` to every score of the tile.
  LogicalResult forEachScore(Value size, const ScoreFunction &function);
  /// Turns the scores of the tile into weights; a hidden score is minus
  /// infinity and becomes the weight zero.
  void weigh(Value size);
  /// Adds the weights times the values to the output. Zero times a value that
  /// is not finite is NaN: where a key is hidden from some query, its values
  /// must be finite.
  void accumulate(Value keyRow, Value size);
  /// Whether a value of the tile's keys is infinite or NaN, as an `i1`. Reads
  /// the values once; next to multiplying them for all queries that is little.
  Value hasNonFiniteValues(Value keyRow, Value size);
  /// `accumulate` for any values: what a query does not see does not reach it.
  /// `visible` turns a vector of ones to zero where the key is hidden.
  LogicalResult accumulateVisible(Value keyRow, Value size,
                                  const ScoreFunction &visible);
  /// Writes output and log-sum-exp, and frees the buffers.
  void finish();

  /// A buffer with one element per query of the tile, freed by `finish`.
  Value allocatePerQuery(Type element);

private:
  using RowFunction = llvm::function_ref<void(Value)>;
  void forLoop(Value lower, Value upper, int64_t step, RowFunction body);
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
  /// Folds all rows of the scores of one vector of queries; `combine` may also
  /// rewrite them. The chains are independent, then joined.
  Value reduceScores(Value size, Value lane, Value init, Value neutral,
                     llvm::function_ref<Value(Value, Value)> combine,
                     llvm::function_ref<Value(Value, Value, Value)> step);
  void softmax(Value size, Value lane);
  void rescale(Value lane, Value factor);
  void finishStatistics(Value lane);
  void transposeQueries();
  Value getScale();

  Value allocate(ArrayRef<OpFoldResult> shape, Type element);
  Value index(int64_t value);
  Value splat(double value);
  Value offset(Value base, int64_t distance);
  Value loadVector(Value memref, ValueRange indices);
  void storeVector(Value value, Value memref, ValueRange indices);
  Value dim(Value memref, int64_t dim);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  QueryTile tile;
  int64_t queryTile, keyTile, lanes, rows;
  /// Vectors of queries per register tile.
  int64_t vectors;
  VectorType vectorType;
  Value queries, scores, accumulator, maximum, sum;
  SmallVector<Value> buffers;
};

} // namespace mlir::mask

#endif // MASK_CONVERSION_TILEKERNEL_H
