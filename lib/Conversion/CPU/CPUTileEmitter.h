//===- CPUTileEmitter.h - online softmax with queries in lanes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H

#include "CPUEmitter.h"

namespace mlir::mask {

/// Emits a query tile for vectors of `lanes` rows. `held` is the number of
/// rows, heads times queries, in whole vectors; rows that do not exist repeat
/// the last one in vectors of others that do. Scratch memory, in elements of
/// `CPUElements` (`sum`, or cells of `width` times `factor`):
///
/// | buffer        | shape                     | holds                        |
/// |---------------|---------------------------|------------------------------|
/// | `queries`     | `[D / width, held]`       | cells of Q transposed        |
/// | `keyBlock`    | `[keyTile, D / width]`    | cells of K, if it is packed  |
/// | `valueBlock`  | `[keyTile / width, Dv]`   | cells of V, if it is packed  |
/// | `scoreBuffer` | `[keyTile, held]`         | S^T                          |
/// | `weights`     | `[keyTile / width, held]` | cells of P^T                 |
/// | `accumulator` | `[Dv, held]`              | O^T, not yet divided         |
/// | `maximum`     | `[held]`                  | running maximum of each row  |
/// | `sum`         | `[held]`                  | running sum of weights       |
///
/// Where cells are single elements, weights take the place of the scores.
///
/// The parts are in files of their own: `CPUTileEmitter.cpp` the grid and the
/// rows, `CPUPacking.cpp` what is laid out anew, `CPUProducts.cpp` both
/// products, `CPUSoftmax.cpp` the softmax, `CPUExactUpdate.cpp` values that are
/// not finite. `CPUAMXEmitter` has the products of processors with AMX.
class CPUTileEmitter : public CPUEmitter {
public:
  CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                 CPUScheduleAttr schedule)
      : CPUTileEmitter(builder, op, schedule, schedule.getRows(),
                       /*rowUnit=*/1) {}

  SmallVector<Value> begin(const QueryTile &tile) override;
  Value leavesCore() override;
  FailureOr<Value> mapRows(RowFunction function) override {
    return mapLanes(held, roundUp(getNumRows(), vectors * lanes), held,
                    function);
  }
  Value getRows(Value handle, const ScoreLayout &layout) override;
  SmallVector<Value> scores(const KeyTile &keys) override;
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &keys, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange) override { finishTile(); }

protected:
  /// `rows`: keys or value columns per register tile; `rowUnit`: the products
  /// compute multiples of so many.
  CPUTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                 CPUScheduleAttr schedule, int64_t rows, int64_t rowUnit);

  AccumulatorShape getAccumulatorShape() override;
  int64_t getNumStatistics() const override { return held; }
  void addPart(Value others, Value otherMaximum, Value otherSum) override;
  void writeResults() override;
  virtual void allocate();
  virtual void multiplyKeys(const KeyTile &keys);
  virtual void multiplyValues(const KeyTile &keys);

  struct Range {
    Value lower, upper;
  };
  /// Rows (keys or value columns) by vectors of sums.
  struct RegisterTile {
    int64_t rows, vectors;
  };
  /// The keys of a tile, counted from its first, that the rows of a register
  /// tile of the schedule see, and others up to multiples of a block; unless it
  /// `narrows` all keys.
  Range getKeys(const KeyTile &keys, bool narrows, Value lane);
  /// Asks for what is read after `count` keys from `row` on, and those rows of
  /// queries from `lane` on, are multiplied.
  void prefetchAfter(const KeyTile &keys, const RegisterTile &shape,
                     bool narrows, Value lane, Value row, int64_t count);

  /// Where the `i`-th cell begins.
  Value cell(Value i) {
    return apply(b.getAffineDimExpr(0) * elements.width, i);
  }
  Value countCells(Value size) {
    return apply(b.getAffineDimExpr(0).ceilDiv(elements.width), size);
  }

  int64_t held, rows, rowUnit;
  /// Both products take multiples of so many keys: those that do not exist are
  /// hidden.
  int64_t keyUnit;
  /// Vectors of rows per register tile.
  int64_t vectors;
  Value queries, keyBlock, valueBlock, weights;

private:
  //===--- Rows ---===//

  /// Heads and queries of `lanes` rows from `lane` on. Those that do not exist
  /// are the last one.
  SmallVector<std::pair<Value, Value>> locateLanes(Value lane);
  /// The layout of the scores of `lanes` rows from `lane` on against the key
  /// `row` of the array.
  ScoreLayout getLayout(Value lane, Value row);
  /// Vectors of rows, those that have rows that exist.
  void forLanes(BodyFunction body) {
    forLoop(index(0), roundUp(getNumRows(), lanes), lanes, body);
  }
  /// Those that products are computed of.
  void forProductLanes(BodyFunction body);

  //===--- Packing ---===//

  /// Asks for rows of the tile, of queries or outputs. They lie in another
  /// place than those of the tile before, so that the processor does not
  /// foresee them.
  void prefetchLanes(const AttentionOperand &operand, Value first, Value end,
                     bool isWrite = false);
  /// The same for the keys that are multiplied first.
  void prefetchFirstKeys();
  void packQueries();
  /// Whether keys can be multiplied where they lie, in pairs: their rows are
  /// elements side by side, and whole cells of them.
  bool areKeysWholeCells();
  void packKeys(const KeyTile &keys);
  /// Packs the values of a tile of keys, where they are packed, and says
  /// whether one of them is infinite or NaN: an `i1`, if `scans`, else null.
  Value packValues(const KeyTile &keys, bool scans);
  void writeOutput();

  //===--- Products ---===//

  using Factor = std::function<Value(int64_t r, Value x)>;
  /// Where the operands of a register tile come from, and go.
  struct Product {
    /// The rows of `target`.
    Value target;
    bool accumulates;
    /// The operands in lanes.
    Value source;
    /// For the rows of queries from a lane on: the rows of `target` that are
    /// computed, of which the first is a multiple of a block, and the operands
    /// along the sum.
    llvm::function_ref<Range(Value lane)> rows, sum;
    /// The other operands of `count` rows from `row` on: of the `r`-th of them
    /// the `x`-th along the sum.
    llvm::function_ref<Factor(Value row, int64_t count)> factors;
    /// The sums are multiplied by it; may be null.
    Value scale;
    /// Emits what goes before a register tile of `count` rows; may be null.
    llvm::function_ref<void(Value lane, Value row, int64_t count)> before = {};
  };
  /// Columns of queries and keys whose products are summed one by one in f32:
  /// more are summed in parts of so many, since the error of a sum grows with
  /// the number of its additions.
  static constexpr int64_t kPartOfSum = 128;
  /// Whether sums are put together of parts.
  bool isLong(const Product &product, const Range &sum);
  void emitProduct(const Product &product, const RegisterTile &shape);
  void emitRegisterTile(const Product &product, const RegisterTile &shape,
                        Value row, Value lane, const Range &sum);
  /// As many sums as a register tile of the schedule in a square, which reads
  /// less: 4 + 4 operands for 16 sums, where 8 by 2 are 10. None where it does
  /// not, or does not fit.
  std::optional<RegisterTile> getSquareTile();
  /// Whether all rows are in one register tile of the schedule; an `i1`.
  Value hasFewRows();
  /// Emits `body` for register tiles of the schedule, which are narrowed to the
  /// keys that one of their rows sees, or in tiles of many rows that all see
  /// whole for square ones.
  void forShape(
      const KeyTile &keys,
      llvm::function_ref<void(const RegisterTile &shape, bool narrows)> body);
  /// The greatest end of the rows of a register tile, or the least.
  Value reduceEnds(Value ends, Value lane, bool greatest);
  /// Asks for lines of the output while the keys from `row` on are multiplied.
  void prefetchOutput(const KeyTile &keys, const RegisterTile &shape,
                      Value row);

  //===--- Softmax ---===//

  /// Folds all keys of the scores of one vector of rows, `width` at a time at
  /// the end; `map` may rewrite them. The chains are independent, then joined.
  Value reduceScores(
      Value count, Value lane, Value init, Value neutral,
      llvm::function_ref<Value(Value, Value)> combine,
      llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>)> map);
  void startSoftmax();
  void hideMissingKeys(const KeyTile &keys);
  void softmax(const KeyTile &keys, Value lane);
  void rescale(Value lane, Value factor, Value total);

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
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUTILEEMITTER_H
