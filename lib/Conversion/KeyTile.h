//===- KeyTile.h - one tile of keys against one tile of queries -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_KEYTILE_H
#define MASK_CONVERSION_KEYTILE_H

#include "Mask/Analysis/RowIntervals.h"
#include "Mask/Conversion/EmitTerm.h"
#include "TileKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::mask {

/// Emits the body of the loop over the key tiles of a query tile: what is
/// visible of the tile, the kernel's steps, and masking between them.
class KeyTileEmitter {
public:
  /// `plan` is that of the attention's predicate. `observer` may be null.
  KeyTileEmitter(ImplicitLocOpBuilder &builder, TermContext &context,
                 AttentionOp op, ScheduleAttr schedule, const TilePlan &plan,
                 FlatSymbolRefAttr observer);

  /// Emits, before the loop, what all key tiles of `tile` share: row bounds,
  /// and the parts of tile classes that do not depend on the keys. `scope`
  /// holds the symbols of the query tile and must outlive the emitter.
  LogicalResult emitPrologue(TileKernel &kernel, const QueryTile &tile,
                             TermScope &scope);
  /// Emits the tile of `size` keys from the absolute key `key` on.
  LogicalResult emit(Value key, Value size);

  /// Whether no row's upper end can lie in a tile that starts before the core
  /// (`mask.tile_for`'s `wide_core`).
  bool hasWideCore();

private:
  /// A condition that every visible element meets. All parts together are the
  /// predicate.
  struct Part {
    /// Null for the bounds of the rows' only interval.
    Value predicate;
    /// Whether the condition hides nothing of a tile, as far as is known.
    Term full;
    /// The same in the tile at hand: whether the part must be evaluated.
    Value fails;
  };

  void chooseParts();
  Sides getSides() const;
  LogicalResult emitRowBounds();
  FailureOr<Value> emitConditions(Value key, TermScope &tile);
  LogicalResult emitVisible(Value key, Value size, TermScope &tile);
  LogicalResult emitScoreRegion(Value key, Value size);
  LogicalResult emitMask(Value key, Value size);
  LogicalResult emitAccumulate(Value key, Value size, Value keyRow,
                               Value masked);
  Value apply(const Part &part, Value scores, Value key, Value lane, Value row,
              FloatAttr hidden);
  void observe(Value keyRow, Value size, Value masked);

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value truth(bool value) {
    return arith::ConstantOp::create(b, b.getBoolAttr(value));
  }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }

  ImplicitLocOpBuilder &b;
  TermContext &context;
  AttentionOp op;
  ScheduleAttr schedule;
  const TilePlan &plan;
  FlatSymbolRefAttr observer;
  SmallVector<Part> parts;

  TileKernel *kernel = nullptr;
  QueryTile tile;
  TermScope *scope = nullptr;
  /// Bounds of each row of the query tile; null where they hide nothing.
  Value rowLower, rowUpper;
};

} // namespace mlir::mask

#endif // MASK_CONVERSION_KEYTILE_H
