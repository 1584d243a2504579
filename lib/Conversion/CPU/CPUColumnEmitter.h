//===- CPUColumnEmitter.h - online softmax of few rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUCOLUMNEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUCOLUMNEMITTER_H

#include "CPUEmitter.h"

namespace mlir::mask {

/// Emits a query tile of so few rows that they would not fill vectors: a decode
/// step. Columns of the arrays lie in lanes, as they do in memory. `held` is
/// the number of rows, rounded up to a power of two, at most `lanes`; the
/// scores of `lanes / held` keys for all rows are one vector, keys major. Rows
/// that do not exist repeat the last one. Scratch memory, of sums unless said
/// otherwise; a cell holds the `width` elements that are multiplied together:
///
/// | buffer        | shape              | holds                               |
/// |---------------|--------------------|-------------------------------------|
/// | `queries`     | `[held, D]`        | Q, cells of columns                 |
/// | `scoreBuffer` | `[keyTile * held]` | S: row `i mod held`                 |
/// | `weights`     | `[keyTile * held]` | P, cells of keys: of row `i mod     |
/// |               |                    | held` the cell `i`                  |
/// | `flags`       | `[lanes]`          | which of a vector of scores is seen |
/// | `accumulator` | `[held, Dv]`       | O, not yet divided                  |
/// | `maximum`     | `[lanes]`          | running maximum of row `i mod held` |
/// | `sum`         | `[lanes]`          | the lane's part of its sum          |
///
/// The first two are multiplied with the factor of scores where this can be
/// done without rounding, Q or else S; P takes the place of S where cells have
/// one element. A product of Q and K sums the columns of each row and key in a
/// vector of its own; a tree of shuffles then joins the lanes of all of them.
/// Every key and value is read once, and asked for while the other product
/// keeps the processor busy.
class CPUColumnEmitter : public CPUEmitter {
public:
  CPUColumnEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                   CPUScheduleAttr schedule);

  /// No loop over keys is faster for a number of them that is known.
  bool mergesTiles() const override { return true; }
  SmallVector<Value> begin(const QueryTile &tile) override;
  FailureOr<Value> mapRows(RowFunction function) override {
    return mapLanes(lanes, index(lanes), held, function);
  }
  Value getRows(Value handle, const ScoreLayout &layout) override;
  SmallVector<Value> scores(const KeyTile &keys) override;
  bool hasMissingKeys() const override { return keysPerVector > 1; }
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &keys, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange) override { finishTile(); }

protected:
  AccumulatorShape getAccumulatorShape() override;
  int64_t getNumStatistics() const override { return lanes; }
  void addPart(Value others, Value otherMaximum, Value otherSum) override;
  void writeResults() override;

private:
  //===--- Rows and columns ---===//

  /// Keys `first` and those after it, counted from the first of the tile.
  ScoreLayout getLayout(const KeyTile &keys, Value first);
  /// A vector of columns as numbers of `type`; what lies beyond the end is
  /// zero.
  Value read(const AttentionOperand &operand, Value row, Value column,
             VectorType type, bool inBounds);
  /// Some rows of keys or values.
  struct RowRange {
    const AttentionOperand *operand;
    Value first;
    int64_t count;
  };
  /// Asks for the rows of `wanted` while as many rows of `read` are read: for
  /// that share of the first which stands for `size` elements of the second at
  /// `place`, counted through its rows.
  /// They are asked for as they lie in memory, whatever the order in which the
  /// others are read: processors follow that further by themselves.
  void prefetchShare(const RowRange &wanted, const AttentionOperand &read,
                     Value place, int64_t size);
  /// Emits `body` for all vectors of scores of a tile.
  void forScores(const KeyTile &keys, BodyFunction body);

  //===--- Products ---===//

  void multiplyKeys(const KeyTile &keys, Value first, int64_t count,
                    bool isWhole);
  SmallVector<Value> multiplyKeys(ArrayRef<Value> keys, int64_t row);
  /// The sums of the lanes of each of `lanes` vectors, in their order.
  Value sumLanes(ArrayRef<Value> vectors);
  void multiplyValues(const KeyTile &keys);
  void multiplyValues(const KeyTile &keys, int64_t row, Value column,
                      int64_t count, bool inBounds);
  /// Where the weights of a row for the cell of keys that begins with `key`
  /// are.
  Value locateWeights(Value key, Value row);
  LogicalResult multiplyVisibleValues(const KeyTile &keys,
                                      ScoreFunction visible);
  Value hasNonFiniteValues(const KeyTile &keys);

  //===--- Softmax ---===//

  /// Combines what the lanes of a row hold; all of them get the result.
  Value joinLanes(Value vector,
                  llvm::function_ref<Value(Value, Value)> combine);
  void softmax(const KeyTile &keys);
  void storeWeights(ArrayRef<Value> vectors, Value first);
  void hideMissingPartner(const KeyTile &keys);
  void rescale(Value factor, Value total);

  /// `keysPerStep` keys are whole vectors of scores and whole cells.
  int64_t held, keysPerVector, keysPerStep;
  /// Vectors of sums in innermost loops: a power of two, as many as registers
  /// have room for beside the operands. They are of `rowsAtOnce` rows, which
  /// share each vector of keys or values, and as many columns of values, or
  /// `keysAtOnce` keys, which share each vector of queries.
  int64_t numSums, rowsAtOnce, keysAtOnce;
  Value queries, weights, flags;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUCOLUMNEMITTER_H
