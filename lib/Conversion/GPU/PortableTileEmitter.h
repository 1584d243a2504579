//===- PortableTileEmitter.h - a query tile per workgroup -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_PORTABLETILEEMITTER_H
#define MASK_LIB_CONVERSION_GPU_PORTABLETILEEMITTER_H

#include "WorkgroupEmitter.h"

#include "llvm/Support/MathExtras.h"

namespace mlir::mask {

/// The sizes of a workgroup's work. Threads form a grid of `kColumns` columns;
/// thread `(x, y)` owns the rows `y + i threadRows` and, of a tile of scores,
/// the keys `x + j kColumns`.
struct PortableSchedule {
  static constexpr int64_t kColumns = 16;

  /// The rows of a tile are `queryTile` queries of each of `heads` heads.
  int64_t queryTile, keyTile, threads;
  /// How much of D is in workgroup memory at a time.
  int64_t depth;
  /// How many value columns a workgroup computes; wider values take several.
  int64_t valueColumns;
  int64_t heads = 1;

  int64_t threadRows() const { return threads / kColumns; }
  /// The rows of a tile; threads share them evenly.
  int64_t tileRows() const {
    return llvm::alignTo(queryTile * heads, threadRows());
  }
  /// Rows, keys and value columns of one thread.
  int64_t rows() const { return tileRows() / threadRows(); }
  int64_t keys() const { return keyTile / kColumns; }
  int64_t columns() const { return valueColumns / kColumns; }
};

/// Emits a query tile for a workgroup, with nothing but workgroup memory,
/// barriers and scalar arithmetic: code for every target of the gpu dialect.
/// Elements are f32, f16 or bf16, widened to f32 as they are read.
///
/// | workgroup memory | shape                  | holds                        |
/// |------------------|------------------------|------------------------------|
/// | `queryBlock`     | `[rows, depth]`         | a block of Q | | `keyBlock`
/// | `[keyTile, depth]`     | a block of K                 | | `scoreBuffer` |
/// `[rows, keyTile]`      | S, then P                    | | `partial`        |
/// `[rows, kColumns]`     | maxima of each thread's keys | | `values`         |
/// `[keyTile, valueColumns]` | V                         |
///
/// Rows are padded by one element, so that the threads of a warp read different
/// banks. The state is carried by the loop over key tiles: for each row of the
/// thread the running maximum, the sum and the output, not yet divided. As on
/// the CPU the maximum starts at the lowest finite number, so that rows without
/// visible keys need no test before the end.
class PortableTileEmitter : public WorkgroupEmitter {
public:
  PortableTileEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                      const PortableSchedule &schedule)
      : WorkgroupEmitter(builder, op,
                         {schedule.queryTile, schedule.heads,
                          schedule.tileRows(), schedule.valueColumns,
                          schedule.threads}),
        schedule(schedule) {}

  SmallVector<Value> begin(const QueryTile &tile) override;
  Value getRows(Value handle, const ScoreLayout &layout) override;
  SmallVector<Value> scores(const KeyTile &keys) override;
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &keys, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange state) override;

private:
  Value getRow(int64_t i);
  Value getColumn(int64_t j);
  Value getRow(Value i);
  Value getColumn(Value j);
  /// Rows or columns of an array that a block is filled from, from `first` on;
  /// those below `end` exist.
  struct Extent {
    Value first, end;
  };
  /// Reads an element of an array.
  using ElementFunction = function_ref<Value(Value row, Value column)>;
  /// Fills `block`, of `rows` by `columns` elements; what does not exist
  /// becomes zero.
  void loadBlock(Value block, int64_t rows, int64_t columns, Extent fromRows,
                 Extent fromColumns, ElementFunction element);
  void loadQueries(Value firstColumn, Value columnEnd);
  void loadKeyRows(const AttentionOperand &operand, Value block,
                   int64_t columns, const KeyTile &keys, Value firstColumn);
  void hideMissingKeys(const KeyTile &keys);
  SmallVector<Value> multiplyBlock(ValueRange sums);
  ScoreLayout getLayout(Value row, Value key);
  SmallVector<Value> updateMaxima(ValueRange before);
  SmallVector<Value> accumulate(const KeyTile &keys, ValueRange state,
                                ScoreFunction visible, LogicalResult &result);
  Value hasNonFiniteValues(const KeyTile &keys);

  PortableSchedule schedule;
  /// The place of the thread in the grid of threads.
  Value threadColumn, threadRow;
  Value queryBlock, keyBlock, scoreBuffer, partial, values;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_PORTABLETILEEMITTER_H
