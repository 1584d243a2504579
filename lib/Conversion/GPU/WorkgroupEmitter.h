//===- WorkgroupEmitter.h - what all code for workgroups shares -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_WORKGROUPEMITTER_H
#define MASK_LIB_CONVERSION_GPU_WORKGROUPEMITTER_H

#include "../Skeleton/AttentionOperand.h"
#include "../Skeleton/TileEmitter.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mask {

/// What a workgroup works on.
struct WorkgroupShape {
  /// The rows of a tile are so many queries of so many heads, which share their
  /// keys; `rows` is at least their product.
  int64_t queryTile, heads, rows;
  int64_t valueColumns, threads;
};

/// Where workgroups that have a part of the keys each leave their results: in
/// f32, shaped as output and log-sum-exp are with `parts` times as many batch
/// rows, those of the first part first.
struct PartialResults {
  Value parts, output, logSumExp;
};

/// What the emitters of GPU code share: a workgroup per tile of queries, block
/// of value columns and part of the keys, its threads and its memory. What lies
/// in between, the code of a tile, is the derived class's.
class WorkgroupEmitter : public TileEmitter {
public:
  LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                            PositionFunction body) override;
  LogicalResult forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                             PositionFunction body) override;
  void once(function_ref<void()> body) override;
  std::optional<KeyPart> getKeyPart() const override;
  /// The results are in workgroup memory; they are not read before the first
  /// barrier of a key tile.
  FailureOr<Value> mapRows(RowFunction function) override;

  /// Gives each workgroup a part of the keys of its tile, and sends what it
  /// finds there to `partial` instead of the attention's outputs.
  void splitKeys(const PartialResults &partial) { this->partial = partial; }
  /// Says which tiles of queries the first workgroups compute.
  void setOrder(GPUTileOrder order) { this->order = order; }
  /// Emits nothing but for what has an element of `flags` that is not zero: an
  /// `i32` for each workgroup of a launch whose workgroups differ from these in
  /// having `columns` value columns.
  void restrictTo(Value flags, int64_t columns) {
    this->flags = flags;
    flagColumns = columns;
  }
  /// Takes all workgroup memory from what the launch asks for.
  void useDynamicMemory() { isDynamic = true; }

  /// The workgroup memory that what was emitted takes, in bytes.
  int64_t getWorkgroupBytes() const { return workgroupBytes; }

protected:
  WorkgroupEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                   const WorkgroupShape &shape)
      : b(builder), op(op), shape(shape) {}

  using BodyFunction = function_ref<void(Value)>;
  using CarryFunction = function_ref<SmallVector<Value>(Value, ValueRange)>;
  void forLoop(Value lower, Value upper, Value step, BodyFunction body);
  SmallVector<Value> forLoop(Value lower, Value upper, ValueRange inits,
                             CarryFunction body);
  void ifThen(Value condition, function_ref<void()> body);
  /// Numbers below `count`, spread over the threads of the workgroup.
  void forThreads(int64_t count, BodyFunction body);
  /// Workgroup memory of a static size, for the whole of a launch.
  Value allocate(ArrayRef<int64_t> shape, Type element);
  /// Workgroup memory that the launch asks for, of which there can be more on
  /// NVIDIA GPUs: the position of so many bytes, a multiple of 16.
  int64_t allocateDynamic(int64_t bytes);
  /// The memory from there on as an array.
  Value viewDynamic(int64_t position, ArrayRef<int64_t> shape, Type element);
  /// Workgroup memory for an i32 per row of a tile.
  virtual Value allocateRowEnds();
  void barrier() { gpu::BarrierOp::create(b); }

  /// Remembers the tile and the arrays at its batch row and heads.
  void placeTile(const QueryTile &tile);
  /// Where row `row` of the tile is: its head and query, counted from the
  /// tile's first.
  std::pair<Value, Value> getPlace(Value row);
  /// The same as expressions; and with a key, as a `ScoreLayout` has it.
  SmallVector<AffineExpr> getPlace(AffineExpr row, AffineExpr key);
  /// How many rows of the tile exist: the first ones.
  Value getNumRows();
  /// The arrays at the head and query of a row of the tile.
  struct RowResults {
    AttentionOperand output;
    Value query, sink, logSumExp;
  };
  RowResults getResults(Value row);
  void storeLogSumExp(Value value, const RowResults &results);
  bool hasLogSumExp() { return partial || op.getLogSumExp(); }

  Value index(int64_t value);
  Value number(double value);
  Value truth(bool value);
  Value add(Value x, Value y);
  Value multiply(Value x, Value y);
  Value lessThan(Value x, Value y);
  Value isZero(Value x);
  /// Which of the launch's workgroups this is.
  Value getWorkgroup() { return launch.getBlockIds().x; }
  Value load(Value memref, ValueRange indices);
  void store(Value value, Value memref, ValueRange indices);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  QueryTile tile;
  AttentionOperand query, key, value;
  /// The thread in its workgroup.
  Value thread;
  /// Of the value columns: which block, and its first one.
  Value valueBlock, firstColumn;

private:
  LogicalResult emitPosition(SmallVector<Value> position,
                             PositionFunction body);
  Value countValueBlocks(int64_t columns);
  Value getFlagPosition();

  WorkgroupShape shape;
  gpu::LaunchOp launch;
  int64_t workgroupBytes = 0, dynamicBytes = 0;
  bool isDynamic = false;
  std::optional<PartialResults> partial;
  /// Which part of the keys is the workgroup's, and the batch row of results.
  Value part, resultBatch;
  Value flags;
  int64_t flagColumns = 0;
  GPUTileOrder order = GPUTileOrder::LateFirst;
};

/// A launch of `blocks` workgroups, of which there may be none, as a kernel
/// named after the function that the attention is in. Leaves the insertion
/// point before the terminator of its body.
gpu::LaunchOp createLaunch(ImplicitLocOpBuilder &b, AttentionOp op,
                           Value blocks, int64_t threads, StringRef suffix);

/// What becomes of a row: the factor of its sum of weighted values, and its
/// log-sum-exp.
struct RowStatistics {
  Value factor, logSumExp;
};

/// The end of a row's softmax, of its maximum and the sum of its weights, f32
/// both. A sink (which may be null) joins the sum, but gives a row without
/// visible keys nothing (law 3).
RowStatistics finishRow(ImplicitLocOpBuilder &b, Value maximum, Value sum,
                        Value sink);

/// `exp(x - y)`.
Value emitExpOfDifference(ImplicitLocOpBuilder &b, Value x, Value y);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_WORKGROUPEMITTER_H
