//===- Walks.h - where the bounds of intervals lie -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_TILEOPS_WALKS_H
#define MASK_LIB_CONVERSION_TILEOPS_WALKS_H

#include "TileWalk.h"

namespace mlir::mask {

/// A walk over intervals whose bounds are operands.
class OperandWalk final : public TileWalk {
public:
  explicit OperandWalk(TileBuilder &b);
  SmallVector<Value> forEachInterval(ValueRange state,
                                     EmitInterval emit) override;
  Cursor getFirst() override;
  Cursor getNext(const Cursor &cursor) override;

private:
  void restrictTo(const Share &share) override;
  Cursor getNextTile(const Cursor &cursor);
  Cursor skipUnvisited(const Cursor &cursor);

  SmallVector<Interval> intervals;
};

/// A walk over intervals whose bounds are rows in memory. A row that is a
/// cursor's progress is the next one; beside it a walk hands on where the tiles
/// so far ended and, for a share, how many there were.
class MemoryWalk final : public TileWalk {
public:
  explicit MemoryWalk(TileBuilder &b);
  SmallVector<Value> forEachInterval(ValueRange state,
                                     EmitInterval emit) override;
  Cursor getFirst() override;
  Cursor getNext(const Cursor &cursor) override;

private:
  void restrictTo(const Share &newShare) override { share = newShare; }
  SmallVector<Value> begin();
  Interval enter(Value row, MutableArrayRef<Value> handedOn);
  Cursor enterNext(const Cursor &cursor);
  Cursor settle(const Cursor &cursor);
  Cursor stepOn(const Cursor &cursor);

  Value numRows;
  std::optional<Share> share;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_TILEOPS_WALKS_H
