//===- CPUEmitter.h - what emitters for processors share -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUEMITTER_H

#include "../Skeleton/AttentionOperand.h"
#include "../Skeleton/TileEmitter.h"
#include "CPUElements.h"
#include "LoopBuilder.h"
#include "Workspace.h"

namespace mlir::mask {

/// A tile emitter for processors: loops over the grid that threads can share,
/// the arrays and rows of a tile, vectors of columns, and a softmax whose
/// weights are powers of two. The factor `log2 e` is part of the scores, unless
/// a score region reads them.
class CPUEmitter : public TileEmitter, protected LoopBuilder {
public:
  LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                            PositionFunction body) override;
  LogicalResult forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                             PositionFunction body) override;
  void once(function_ref<void()> body) override { body(); }
  std::optional<KeyPart> getKeyPart() const override;

  //===--- Parts of the keys ---===//

  // Where there are few tiles, threads share the keys of each: a part leaves
  // what it knows of its rows, and a second loop joins the parts of a tile.

  /// Splits the keys of tiles of `tileQueries` queries so that there are
  /// `pieces` parts at least, of all tiles together, or one per tile of keys.
  /// To be called in front of the loops; what is emitted until `joinParts` then
  /// has no results.
  void splitKeys(int64_t pieces, int64_t tileQueries);
  /// Emits what makes the results from those of the parts, if there are any.
  void joinParts();

protected:
  /// The running maximum starts at the lowest finite number, not at minus
  /// infinity: so the weight of minus infinity is 0 and never NaN, and rows
  /// without visible keys (law 3) need no test before the end.
  static const double kLowest;

  /// `pairs`: bf16 is multiplied in pairs.
  CPUEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
             CPUScheduleAttr schedule, bool pairs);

  /// Begins a tile: its arrays, and the factor of a product of query and key.
  void place(const QueryTile &tile);

  //===--- State ---===//

  using AccumulatorShape = std::array<OpFoldResult, 2>;
  /// The extents of `accumulator`.
  virtual AccumulatorShape getAccumulatorShape() = 0;
  /// How many numbers `maximum` and `sum` have.
  virtual int64_t getNumStatistics() const = 0;
  /// Emits what adds the state of another part of the keys to this one.
  virtual void addPart(Value others, Value otherMaximum, Value otherSum) = 0;
  /// Emits the results of the tile from the state.
  virtual void writeResults() = 0;
  /// Gets `accumulator`, of `shape`, `maximum` and `sum`, which may hold
  /// anything.
  void takeState(const AccumulatorShape &shape);
  /// Ends a tile whose keys have all been seen, or its part.
  void finishTile();

  //===--- Pages ---===//

  // The keys of a tile are looked up once, for both products.

  /// Gets scratch memory for where the keys and values of a tile lie, if they
  /// lie in pages.
  void takePages();
  /// Looks up where those of a tile do, and where keys of the tile after it do,
  /// which are not read, but asked for.
  void findPages(const KeyTile &keys);

  //===--- Rows and columns ---===//

  /// The head and the query of a row of the tile, as indices into the arrays.
  std::pair<Value, Value> locate(Value row);
  /// The same; of a row that does not exist, those of the last one.
  std::pair<Value, Value> locateExisting(Value row);
  /// The number of rows that exist.
  Value getNumRows();
  /// Computes `function` for the row that each lane up to `end`, of `count`,
  /// holds, the lane's number modulo `period`; rows that do not exist repeat
  /// the last one.
  FailureOr<Value> mapLanes(int64_t count, Value end, int64_t period,
                            RowFunction function);
  /// The sinks of these rows; null without sinks.
  Value gatherSinks(int64_t count, int64_t period);
  /// Steps of `step` columns: the whole ones, which lie inside of the array,
  /// then the last.
  void forColumns(Value columns, int64_t step,
                  llvm::function_ref<void(Value column, bool inBounds)> body);
  /// The same with carried values.
  SmallVector<Value> foldColumns(
      Value columns, int64_t step, ValueRange inits,
      llvm::function_ref<SmallVector<Value>(Value, bool, ValueRange)> body);
  /// Columns of a row; what lies beyond its end is zero.
  Value readVector(const AttentionOperand &operand, Value row, Value column,
                   VectorType type, bool inBounds);

  /// How many elements a line of a cache has.
  int64_t getElementsOfLine() const {
    return 64 * 8 / elements.data.getIntOrFloatBitWidth();
  }
  /// Asks for `lines` lines of a row, to be in the first level of cache, or in
  /// the second if the first has no room, when they are read or written.
  void prefetch(const AttentionOperand &operand, Value row, Value column,
                int64_t lines, bool isWrite = false);
  /// The same for a whole row.
  void prefetchRow(const AttentionOperand &operand, Value row,
                   bool isWrite = false);
  /// The same for those of `count` keys or values that are not behind the last.
  void prefetchKeys(const AttentionOperand &operand, Value first,
                    int64_t count);
  /// The key, or the last one if it is behind that.
  Value clampKey(Value key);

  //===--- Softmax ---===//

  /// Two to the power of a vector, as exact as the weights are kept.
  Value exp2(Value x);
  /// What scores are multiplied by to be in base 2; null if they are.
  Value getBase2Factor();
  /// Emits `body` where an element of the factor is not one, and the sum of
  /// weights so far not zero: in the first tile, and where no maximum moved, in
  /// most tiles after the first few, there is nothing to do.
  void whereMoved(Value factor, Value total, llvm::function_ref<void()> body);
  /// The maximum as processors have it, the second of two that do not compare.
  /// A NaN score stays one in the exponential, whatever the maximum then is.
  Value getMaximum(Value x, Value y);
  /// Turns the maximum of rows, in base 2, and their sum `total` into the
  /// natural log-sum-exp and the factor of the output, which take the places of
  /// `maximum` and `sum` at `lane`. A sink, in base e, joins the sum, but gives
  /// a row without visible keys nothing (law 3); `sinks` may be null.
  void finishRows(Value lane, Value total, Value sinks);
  void storeLogSumExp(Value row);

  //===--- Values that are not finite ---===//

  // Weights of hidden keys are zero, but zero times NaN is NaN. Where a tile
  // has both hidden keys and values that are not finite, each element is asked
  // again whether it is visible.

  /// What `scan` says of the values where the tile has `hidden` keys, an `i1`.
  Value scanWhere(Value hidden, llvm::function_ref<Value()> scan);
  /// Adds the weights times the values: `exact` where `nonFinite`, an `i1`,
  /// holds, else and where it is null `plain`.
  LogicalResult addValues(Value nonFinite, llvm::function_ref<void()> plain,
                          llvm::function_ref<LogicalResult()> exact);

  //===--- Numbers and vectors ---===//

  Value splat(double value);
  Value load(Value memref, ValueRange indices);
  void store(Value vector, Value memref, ValueRange indices);

  AttentionOp op;
  CPUElements elements;
  int64_t heads, keyTile, lanes;
  VectorType sums;

  QueryTile tile;
  AttentionOperand query, key, value, output;
  Value scoreBuffer, accumulator, maximum, sum;
  std::optional<Workspace> workspace;
  /// The factor of a product of query and key.
  Value scoreFactor;

private:
  /// The states of all parts, `[tile, part, ...]`, and where the emitter is.
  struct Split {
    int64_t tileQueries;
    Value parts, accumulators, maxima, sums;
    Value tile, part;
  };

  SmallVector<OpFoldResult> getNumTiles(int64_t tileQueries);
  Value numberTile(ValueRange position);
  /// The state of a part of the tile at hand.
  Value selectState(Value states, Value part);
  PagedRows takePages(const AttentionOperand &pool, int64_t keys);
  void findPages(Value from, Value to, bool areRead);
  void storeOffsets(const PagedRows &rows, Value page, Value row, Value i);
  void whereSplit(bool isSplit, llvm::function_ref<void()> body);
  void joinParts(ValueRange position);

  std::optional<Split> split;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUEMITTER_H
