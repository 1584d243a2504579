//===- CPUTileEmitter.h - online softmax with queries in lanes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H

#include "../Skeleton/AttentionOperand.h"
#include "CPUElements.h"
#include "CPUGrid.h"
#include "LoopBuilder.h"
#include "Workspace.h"

namespace mlir::mask {

/// Emits a query tile for vectors of `lanes` rows. `held` is the number of
/// rows, heads times queries, in whole vectors; rows that do not exist repeat
/// the last one. The state lives in scratch memory, in elements of
/// `CPUElements`
/// (`sum`, or cells of `width` times `factor`):
///
/// | buffer        | shape                  | holds                          |
/// |---------------|------------------------|--------------------------------|
/// | `queries`     | `[D / width, held]`    | cells of Q transposed          |
/// | `keyBlock`    | `[keyTile, D / width]` | cells of K, if it is packed    |
/// | `valueBlock`  | `[keyTile / width, Dv]`| cells of V, if it is packed    |
/// | `scoreBuffer` | `[keyTile, held]`      | S^T                            |
/// | `weights`     | `[keyTile / width, held]` | cells of P^T; the scores' own
/// place where cells are single | | `accumulator` | `[Dv, held]`           |
/// O^T, not yet divided           | | `maximum`     | `[held]`               |
/// running maximum of each row    | | `sum`         | `[held]`               |
/// running sum of weights         |
///
/// Weights are powers of two: the factor `log2 e` is part of the scores, unless
/// a score region reads them. The running maximum starts at the lowest finite
/// number, not at minus infinity: so the weight of minus infinity is 0 and
/// never NaN, and rows without visible keys (law 3) need no test before the
/// end.
///
/// The parts are in files of their own: `CPUTileEmitter.cpp` the grid and the
/// rows, `CPUPacking.cpp` what is laid out anew, `CPUProducts.cpp` both
/// products, `CPUSoftmax.cpp` the softmax, `CPUExactUpdate.cpp` values that are
/// not finite.
class CPUTileEmitter : public CPUGrid, private LoopBuilder {
public:
  CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                 CPUScheduleAttr schedule);

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
  //===--- Rows ---===//

  /// The head and the query of a row of the tile, as indices into the arrays.
  std::pair<Value, Value> locate(Value row);
  /// The same of `lanes` rows from `lane` on. Those that do not exist are the
  /// last one.
  SmallVector<std::pair<Value, Value>> locateLanes(Value lane);
  /// The number of rows that exist.
  Value getNumRows();
  /// The layout of the scores of `lanes` rows from `lane` on against the key
  /// `row` of the array.
  ScoreLayout getLayout(Value lane, Value row);
  void forLanes(BodyFunction body) {
    forLoop(index(0), index(held), lanes, body);
  }

  //===--- Packing ---===//

  void allocate();
  /// Steps of `step` columns: the whole ones, which lie inside of the array,
  /// then the last.
  void forColumns(Value columns, int64_t step,
                  llvm::function_ref<void(Value column, bool inBounds)> body);
  Value readVector(const AttentionOperand &operand, Value row, Value column,
                   VectorType type, bool inBounds);
  void packQueries();
  void packKeys(const KeyTile &keys);
  /// Packs the values of a tile of keys, where they are packed, and says
  /// whether one of them is infinite or NaN: an `i1`, if `scans`, else null.
  Value packValues(const KeyTile &keys, bool scans);
  void writeOutput();

  //===--- Products ---===//

  /// Where the operands of a register tile come from, and go.
  struct Product {
    /// The rows of `target`, and how many of it a block has.
    Value target;
    bool accumulates;
    /// The operands in lanes, and how many there are along the sum.
    Value source, count;
    /// The other operand of row `r` of a block, the `x`-th along the sum.
    llvm::function_ref<Value(Value r, Value x)> factor;
    /// The sums are multiplied by it; may be null.
    Value scale;
  };
  void emitProduct(const Product &product, Value count);
  void emitRegisterTile(const Product &product, int64_t count, Value row,
                        Value lane);
  void multiplyKeys(const KeyTile &keys);
  void multiplyValues(const KeyTile &keys);

  //===--- Softmax ---===//

  /// Folds all keys of the scores of one vector of rows, `width` at a time at
  /// the end; `map` may rewrite them. The chains are independent, then joined.
  Value reduceScores(
      Value count, Value lane, Value init, Value neutral,
      llvm::function_ref<Value(Value, Value)> combine,
      llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>)> map);
  Value exp2(Value x);
  void startSoftmax();
  void hideMissingPartner(const KeyTile &keys);
  void softmax(const KeyTile &keys, Value lane);
  void rescale(Value lane, Value factor);
  /// The sinks of the rows, in scratch memory; null without sinks.
  Value gatherSinks();
  void finishStatistics(Value lane, Value sinks);
  void writeLogSumExp();

  //===--- Values that are not finite ---===//

  /// Adds the weights times the values to the output.
  LogicalResult accumulate(const KeyTile &keys, Value hidden,
                           ScoreFunction visible);
  /// As `multiplyValues`, for any values: what a row does not see does not
  /// reach it.
  LogicalResult multiplyVisibleValues(const KeyTile &keys,
                                      ScoreFunction visible);
  /// The value of the `i`-th key of cell `x`, as sums are.
  Value loadValue(const KeyTile &keys, Value x, int64_t i, Value column);

  //===--- Numbers and vectors ---===//

  Value splat(double value);
  Value load(Value memref, ValueRange indices);
  void store(Value vector, Value memref, ValueRange indices);
  /// Where the `i`-th cell begins.
  Value cell(Value i) {
    return apply(b.getAffineDimExpr(0) * elements.width, i);
  }
  Value countCells(Value size) {
    return apply(b.getAffineDimExpr(0).ceilDiv(elements.width), size);
  }

  AttentionOp op;
  CPUElements elements;
  int64_t heads, held, keyTile, lanes, rows;
  /// Vectors of rows per register tile.
  int64_t vectors;
  VectorType sums;

  QueryTile tile;
  AttentionOperand query, key, value, output;
  Value queries, keyBlock, valueBlock, scoreBuffer, weights, accumulator,
      maximum, sum;
  std::optional<Workspace> workspace;
  /// The factor of a product of query and key.
  Value scoreFactor;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
