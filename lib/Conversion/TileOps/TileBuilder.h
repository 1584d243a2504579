//===- TileBuilder.h - builds code about the tiles of a loop -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_TILEOPS_TILEBUILDER_H
#define MASK_LIB_CONVERSION_TILEOPS_TILEBUILDER_H

#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <limits>
#include <optional>

namespace mlir::mask {

/// A builder that knows how long the tiles of one `mask.tile_for` are. With a
/// constant step it makes affine ops, whose bounds other passes can compose and
/// fold; with one that is known at run time, by which an affine map cannot
/// divide, arithmetic.
class TileBuilder : public ImplicitLocOpBuilder {
public:
  /// Loops count in `indexBits` bits, 32 or those of an index.
  TileBuilder(OpBuilder &builder, TileForOp op, unsigned indexBits);

  TileForOp getLoop() const { return op; }
  /// What loops count with.
  Type getNumberType() {
    return indexBits == 32 ? Type(getI32Type()) : getIndexType();
  }
  /// Before every key: what nothing has been visited up to.
  static constexpr int64_t kNoKey = std::numeric_limits<int32_t>::min();

  // Arithmetic.
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(*this, value);
  }
  Value truth(bool value) {
    return arith::ConstantOp::create(*this, getBoolAttr(value));
  }
  Value add(Value x, Value y) { return createOrFold<arith::AddIOp>(x, y); }
  Value multiply(Value x, Value y) { return createOrFold<arith::MulIOp>(x, y); }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return createOrFold<arith::CmpIOp>(predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return createOrFold<arith::SelectOp>(condition, x, y);
  }
  Value maximum(Value x, Value y);
  Value minimum(Value x, Value y);

  /// A bound, moved to where loops can count: no key lies beyond 2^30.
  Value limitBound(Value bound);

  // Tiles that start at `start` and every step after it.

  /// Keys per tile.
  Value getStep();
  /// The first start of a tile at or after `bound`.
  Value roundUp(Value start, Value bound);
  /// The end of the last whole tile that ends at or before `bound`; `start` if
  /// there is none.
  Value roundDown(Value start, Value bound);
  /// How many start before `end`.
  Value countTiles(Value start, Value end);
  /// The start of the tile that `count` tiles precede, none if that is
  /// negative.
  Value skipTiles(Value start, Value count);
  /// `key` moved down to a multiple of the alignment.
  Value alignDown(Value key, int64_t align);
  /// The keys of a tile that exist, of an interval whose hull ends at `end`.
  Value getSize(Value key, Value end);

  // Regions of the loop.

  /// A copy of the region's only block; what it yields.
  SmallVector<Value> inlineRegion(Region &region, ValueRange arguments);
  /// What the region `visit` says of a tile.
  Value isVisited(Value key, Value end);

private:
  Value affineMax(ArrayRef<AffineExpr> expressions, ValueRange operands);
  Value affineMin(ArrayRef<AffineExpr> expressions, ValueRange operands);
  Value distance(Value from, Value to);

  TileForOp op;
  unsigned indexBits;
  /// The step if it is known.
  std::optional<int64_t> step;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_TILEOPS_TILEBUILDER_H
