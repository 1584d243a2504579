//===- TensorCoreEmitter.h - a query tile on tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H
#define MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H

#include "WarpMatrix.h"
#include "WorkgroupEmitter.h"

namespace mlir::mask {

/// The sizes of a workgroup's work: a warp has 16 rows of queries.
struct TensorCoreSchedule {
  static constexpr int64_t kWarpRows = 16, kWarpThreads = 32;
  /// Tiles of keys in workgroup memory: one in use, one on its way.
  static constexpr int64_t kBuffers = 2;

  /// Queries, a multiple of 16, and keys, one too, of a tile.
  int64_t queryTile, keyTile;
  /// Columns of Q and K, and of V, multiples of 16.
  int64_t depth, valueColumns;

  int64_t threads() const { return queryTile / kWarpRows * kWarpThreads; }
};

/// Emits a query tile for warps of NVIDIA's tensor cores: `ldmatrix`,
/// `mma.sync` of f16 or bf16 with sums of f32, and asynchronous copies of the
/// next tile of keys while one is worked on.
///
/// | workgroup memory | shape                        | holds               |
/// |------------------|------------------------------|---------------------|
/// | `queries`        | `[1, queryTile, depth]`      | Q, until it is read |
/// | `keys`           | `[2, keyTile, depth]`        | K                   |
/// | `values`         | `[2, keyTile, valueColumns]` | V                   |
///
/// Rows are padded by 16 bytes, so that the eight rows that `ldmatrix` reads at
/// a time lie in different banks. Q is in registers, as are scores and weights,
/// which pass from the first product to the second where they are
/// (`WarpMatrix`). A thread has two rows; the loop over key tiles carries, of
/// each, the maximum and the thread's share of the sum, and the thread's part
/// of the output.
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
  /// `flags` is a memref of an i32 per batch row, head and query tile: becomes
  /// one where a result is not finite, zero elsewhere.
  TensorCoreEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                    const TensorCoreSchedule &schedule, Value flags)
      : WorkgroupEmitter(builder, op, schedule.queryTile, schedule.valueColumns,
                         schedule.threads()),
        schedule(schedule), flags(flags) {}

  int64_t getTilesAhead() const override { return 1; }
  void fetch(const KeyTile &tile) override;
  void receive(const KeyTile &tile, const NextTile &next) override;
  SmallVector<Value> begin(const QueryTile &tile) override;
  Value getRows(Value handle, const ScoreLayout &layout) override;
  SmallVector<Value> scores(const KeyTile &tile) override;
  bool hasMissingKeys() const override { return true; }
  LogicalResult mapScores(const KeyTile &keys, SmallVectorImpl<Value> &scores,
                          ScoreFunction function) override;
  LogicalResult update(const KeyTile &tile, ArrayRef<Value> scores,
                       Value hidden, ScoreFunction visible,
                       SmallVectorImpl<Value> &state) override;
  void finish(ValueRange state) override;

private:
  void prepareScale();
  void loadQueries();
  /// An array of rows in workgroup memory: `rows` times `columns`, `buffers`
  /// of them.
  struct Rows {
    int64_t position, buffers, rows, columns;
  };
  Rows allocateRows(int64_t buffers, int64_t rows, int64_t columns);
  /// The array as groups of rows.
  Value viewRows(const Rows &array, int64_t groupSize);
  void copyRows(const AttentionOperand &operand, Value firstRow, Value count,
                const Rows &array, Value buffer);
  Value finishCopies();
  void waitForCopies();
  ScoreLayout getLayout(Value firstKey);
  Value getRowMaximum(Value scores, int64_t i);
  Value getBuffer(const KeyTile &keys);
  void flagNonFinite(ValueRange accumulators);
  void storeRow(int64_t i, Value factor, ValueRange accumulators);

  Value multiplyF(Value x, Value y);
  Value extract(Value vector, ArrayRef<int64_t> position);
  Value broadcast(Value value, VectorType type);

  int64_t keyFragments() const { return schedule.keyTile / 8; }
  int64_t valueFragments() const { return schedule.valueColumns / 8; }

  TensorCoreSchedule schedule;
  Value flags;
  std::optional<WarpMatrix> warp;
  /// The thread's first row in the tile.
  Value row;
  Rows queries, keys, values;
  /// Of Q, one fragment per 16 columns.
  SmallVector<Value> queryFragments;
  /// What makes scores natural, what makes them exponents of 2, and what Q is
  /// changed by, if anything (see `WarpMatrix::withSign`).
  Value scale, exponentScale, flip, keep;
  /// A copy that was waited for: what `nvgpu.device_async_wait` takes.
  Value copied;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_TENSORCOREEMITTER_H
