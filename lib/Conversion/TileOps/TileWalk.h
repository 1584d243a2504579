//===- TileWalk.h - the tiles that a loop visits, in order -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a loop does with tiles does not depend on what holds the bounds of its
// intervals. There are two walks: over bounds that are operands, whose code is
// unrolled, and over rows of bounds in memory, by a loop.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_TILEOPS_TILEWALK_H
#define MASK_LIB_CONVERSION_TILEOPS_TILEWALK_H

#include "TileIntervals.h"

#include <memory>

namespace mlir::mask {

/// A place in a walk: the first key of a tile and the end of what is walked of
/// its interval. Past the last tile the key is not below the end.
struct Cursor {
  Value key, end;
  /// What finds the intervals after it.
  SmallVector<Value> progress;

  explicit Cursor(Value key, Value end, ValueRange progress = {})
      : key(key), end(end), progress(progress) {}
  /// To and from values that a loop carries.
  explicit Cursor(ValueRange values)
      : Cursor(values[0], values[1], values.drop_front(2)) {}
  SmallVector<Value> getValues() const {
    SmallVector<Value> values = {key, end};
    llvm::append_range(values, progress);
    return values;
  }
};

/// The intervals of one loop and their tiles. What is asked of it emits code at
/// the builder's insertion point.
class TileWalk {
public:
  /// The walk over the bounds of the builder's loop.
  static std::unique_ptr<TileWalk> create(TileBuilder &b);
  virtual ~TileWalk() = default;

  /// Cuts the walk down to the loop's part of its visited tiles. Before any of
  /// the following.
  void restrictToPart();

  /// Emits code for an interval, through which a state goes.
  using EmitInterval =
      function_ref<SmallVector<Value>(const Interval &, ValueRange state)>;
  /// Emits code for all intervals in their order. Returns the last state.
  virtual SmallVector<Value> forEachInterval(ValueRange state,
                                             EmitInterval emit) = 0;

  /// The first visited tile, and the one after another. It may not exist.
  virtual Cursor getFirst() = 0;
  virtual Cursor getNext(const Cursor &cursor) = 0;
  /// Whether there is a tile at the cursor.
  Value exists(const Cursor &cursor) {
    return b.compare(arith::CmpIPredicate::slt, cursor.key, cursor.end);
  }

protected:
  explicit TileWalk(TileBuilder &b) : b(b) {}

  /// Cuts the intervals down to the share.
  virtual void restrictTo(const Share &share) = 0;

  /// Moves the cursor on while a condition holds.
  Cursor moveWhile(const Cursor &cursor,
                   function_ref<Value(const Cursor &)> condition,
                   function_ref<Cursor(const Cursor &)> move);
  /// `then` or `otherwise`, emitted in branches.
  SmallVector<Value> emitIf(Value condition, TypeRange types,
                            function_ref<SmallVector<Value>()> then,
                            function_ref<SmallVector<Value>()> otherwise);
  /// Whether a tile that exists is passed by.
  Value isSkipped(const Cursor &cursor);

  TileBuilder &b;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_TILEOPS_TILEWALK_H
