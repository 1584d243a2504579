//===- TensorCoreEmitter.h - a query tile on tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H
#define MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H

#include "TensorCoreSchedule.h"
#include "WarpMatrix.h"
#include "WorkgroupEmitter.h"

namespace mlir::mask {

/// Emits a query tile for warps of NVIDIA's tensor cores: `ldmatrix`,
/// `mma.sync` of f16 or bf16 with sums of f32, and asynchronous copies of the
/// next tile of keys while one is worked on.
///
/// | workgroup memory | shape                        | holds |
/// |------------------|------------------------------|-------|
/// | `queries`        | `[1, rows, depth]`           | Q     |
/// | `keys`           | `[2, keyTile, depth]`        | K     |
/// | `values`         | `[2, keyTile, valueColumns]` | V     |
///
/// Rows are padded by 16 bytes, so that the eight rows that `ldmatrix` reads at
/// a time lie in different banks; the ends of a row of the mask lie in the
/// padding of its row of Q. Columns that the data lack are zeros. Q is in
/// registers, if there are enough, and so are scores and weights, which pass
/// from the first product to the second where they are (`WarpMatrix`). A
/// thread has two rows of each 16 of its warp; the loop over key tiles carries,
/// of each, the maximum and the thread's share of the sum, and the thread's
/// part of the output.
///
/// The softmax is to the base 2. Scores are products without the scale, which
/// is part of the exponent; its sign goes to Q, and a scale of zero makes Q
/// zero, so that the factor in the exponent is always positive. With a score
/// region scores are scaled at once.
///
/// A value that is not finite makes NaN of every row of its product, also where
/// its key is hidden. Such results are flagged, tile by tile; a finite result
/// proves that nothing leaked, since neither NaN nor infinity can become finite
/// again. Flagged tiles are for another emitter.
class TensorCoreEmitter : public WorkgroupEmitter {
public:
  /// What depends on the data of a call.
  struct Launch {
    /// Of each workgroup: becomes one where a result is not finite, zero
    /// elsewhere.
    Value flags;
    /// Arrays whose rows can be copied 16 bytes at a time.
    Value query, key, value;
    /// Whether two elements of the output can be stored at once, an `i1`; null
    /// where they cannot.
    Value isPaired;
  };

  TensorCoreEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                    const TensorCoreSchedule &schedule, const Launch &launch)
      : WorkgroupEmitter(builder, op,
                         {schedule.queryTile, schedule.heads, schedule.rows(),
                          schedule.valueColumns, schedule.threads()}),
        schedule(schedule), call(launch) {}

  int64_t getTilesAhead() const override { return 1; }
  void fetch(const KeyTile &tile) override;
  void receive(const KeyTile &tile, const NextTile &next) override;
  SmallVector<Value> begin(const QueryTile &tile) override;
  Value getRows(Value handle, const ScoreLayout &layout) override;
  int64_t getSlices() const override { return schedule.slices(); }
  SmallVector<Value> scores(const KeyTile &tile) override;
  bool hasMissingKeys() const override { return true; }
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &tile, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange state) override;

protected:
  Value allocateRowEnds() override;

private:
  void prepareScale();
  void loadQueries();
  Value loadQueryFragment(int64_t block, int64_t step);

  /// An array of rows in workgroup memory: `rows` times `columns`, `buffers`
  /// of them.
  struct Rows {
    int64_t position, buffers, rows, columns;
  };
  /// What rows are copied from: the first `count` of them exist, `firstRow` and
  /// those after it, in which `firstColumn` is the first column. The array is a
  /// matrix, or that of the queries, where rows alternate between the heads of
  /// the tile.
  struct RowSource {
    Value array, firstRow, count, firstColumn;
  };
  Rows allocateRows(int64_t buffers, int64_t rows, int64_t columns);
  Type getElementType();
  /// The array as groups of rows.
  Value viewRows(const Rows &array, int64_t groupSize);
  /// The array as `WarpMatrix` reads a B from it.
  Value viewFragments(const Rows &array);
  void copyRows(const RowSource &source, const Rows &array, Value buffer);
  Value getColumnExists(const RowSource &source, const Rows &array,
                        Value column);
  Value getMatrix(const AttentionOperand &operand);
  SmallVector<Value> getPosition(const RowSource &source, Value row,
                                 int64_t distance);
  Value finishCopies();
  void waitForCopies();

  ScoreLayout getLayout(Value firstKey);
  Value getRowMaximum(Value scores, int64_t i);
  Value getBuffer(const KeyTile &keys);
  /// The 16 keys of a slice from `first` on, of all in a buffer.
  Value getGroup(const KeyTile &slice, int64_t first);
  /// A softmax step for the thread's row `i`: appends its weights to those of
  /// each fragment and returns the factor of what was summed before.
  Value updateRow(int64_t i, Value scores, SmallVectorImpl<Value> &state,
                  MutableArrayRef<SmallVector<Value>> weights);
  SmallVector<Value> scaleSums(int64_t block, ArrayRef<Value> factors,
                               ArrayRef<Value> state);
  Value getSum(ValueRange state, int64_t i, int64_t fragment, int64_t j);
  void flagNonFinite(ValueRange state);
  void storeRow(int64_t i, Value factor, const RowResults &results,
                ValueRange state);
  void storePair(Value pair, Value column, const RowResults &results);

  Value multiplyF(Value x, Value y);
  Value extract(Value vector, ArrayRef<int64_t> position);
  Value broadcast(Value value, VectorType type);

  /// Of the keys of a slice.
  int64_t keyFragments() const { return schedule.sliceKeys() / 8; }
  /// Of 16 rows of the warp, and of a thread, two of each 16.
  int64_t rowBlocks() const { return schedule.warpRows / 16; }
  int64_t threadRows() const { return 2 * rowBlocks(); }
  /// Of eight value columns; those of which no column exists are left out.
  int64_t valueFragments();
  /// Where the state holds the four elements of the accumulator of a row block
  /// and eight value columns. They are carried one by one: LLVM would keep
  /// vectors in pairs of registers, which products do not leave where they are.
  int64_t accumulator(int64_t block, int64_t fragment) {
    return 2 * threadRows() + 4 * (block * valueFragments() + fragment);
  }
  /// How many columns the values have.
  int64_t valueWidth();

  TensorCoreSchedule schedule;
  Launch call;
  std::optional<WarpMatrix> warp;
  /// The warp in its workgroup, and the thread's first row in the tile.
  Value warpNumber, row;
  Rows queries, keys, values;
  /// The keys and values of the tile's batch row and head.
  Value keyMatrix, valueMatrix;
  int64_t rowEnds = 0;
  /// Of Q, by row block, then by 16 columns; empty if they are read when they
  /// are used.
  SmallVector<Value> queryFragments;
  /// What makes scores natural, what makes them exponents of 2, and what Q is
  /// changed by, if anything (see `WarpMatrix::withSign`).
  Value scale, exponentScale, flip, keep;
  /// A copy that was waited for: what `nvgpu.device_async_wait` takes.
  Value copied;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H
