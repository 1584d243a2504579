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

/// What the emitters of GPU code share: a workgroup per tile of queries and
/// block of value columns, its threads and its memory. What lies in between,
/// the code of a tile, is the derived class's.
class WorkgroupEmitter : public TileEmitter {
public:
  LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                            PositionFunction body) override;
  LogicalResult forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                             PositionFunction body) override;
  void once(function_ref<void()> body) override;
  /// The results are in workgroup memory; they are not read before the first
  /// barrier of a key tile.
  FailureOr<Value> mapRows(RowFunction function) override;

  /// Emits nothing but for the tiles whose element of `flags`, an i32 per batch
  /// row, head and `queryTile` queries, is not zero.
  void restrictTo(Value flags) { this->flags = flags; }

  /// The workgroup memory that what was emitted takes, in bytes.
  int64_t getWorkgroupBytes() const { return workgroupBytes; }

protected:
  /// A workgroup of `threads` threads for `queryTile` queries and
  /// `valueColumns` value columns.
  WorkgroupEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                   int64_t queryTile, int64_t valueColumns, int64_t threads)
      : b(builder), op(op), queryTile(queryTile), valueColumns(valueColumns),
        threads(threads) {}

  using BodyFunction = function_ref<void(Value)>;
  using CarryFunction = function_ref<SmallVector<Value>(Value, ValueRange)>;
  void forLoop(Value lower, Value upper, Value step, BodyFunction body);
  SmallVector<Value> forLoop(Value lower, Value upper, ValueRange inits,
                             CarryFunction body);
  void ifThen(Value condition, function_ref<void()> body);
  /// Numbers below `count`, spread over the threads of the workgroup.
  void forThreads(int64_t count, BodyFunction body);
  /// Workgroup memory of a static size.
  Value allocate(ArrayRef<int64_t> shape, Type element);
  /// Workgroup memory that the launch asks for, of which there can be more on
  /// NVIDIA GPUs: the position of so many bytes, a multiple of 16.
  int64_t allocateDynamic(int64_t bytes);
  /// The memory from there on as an array.
  Value viewDynamic(int64_t position, ArrayRef<int64_t> shape, Type element);
  void barrier() { gpu::BarrierOp::create(b); }

  /// Remembers the tile and the arrays at its batch row and heads.
  void placeTile(const QueryTile &tile);

  Value index(int64_t value);
  Value number(double value);
  Value truth(bool value);
  Value add(Value x, Value y);
  Value multiply(Value x, Value y);
  Value lessThan(Value x, Value y);
  Value isZero(Value x);
  /// Of the tile that starts at query `row`: its place in an array of flags.
  SmallVector<Value> getFlagPosition(Value batch, Value head, Value row);
  Value load(Value memref, ValueRange indices);
  void store(Value value, Value memref, ValueRange indices);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  QueryTile tile;
  AttentionOperand query, key, value, output;
  /// The thread in its workgroup.
  Value thread;
  /// Of the value columns: which block, and its first one.
  Value valueBlock, firstColumn;

private:
  /// The kernel is named after the function that the attention is in.
  gpu::LaunchOp createLaunch(Value blocks, int64_t threads, StringRef suffix);

  int64_t queryTile, valueColumns, threads;
  gpu::LaunchOp launch;
  int64_t workgroupBytes = 0, dynamicBytes = 0;
  Value flags;
};

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
