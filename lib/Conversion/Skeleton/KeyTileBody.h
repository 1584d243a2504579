//===- KeyTileBody.h - the body of the loop over key tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_SKELETON_KEYTILEBODY_H
#define MASK_LIB_CONVERSION_SKELETON_KEYTILEBODY_H

#include "Mask/Analysis/TilePlan.h"
#include "Mask/Conversion/EmitTerm.h"
#include "TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Fills the loop over the key tiles of a query tile: which tiles are visited,
/// the emitter's steps, and the parts of the plan that mask between them.
class KeyTileBody {
public:
  /// `plan` is that of the attention's predicate. `observer` may be null.
  KeyTileBody(ImplicitLocOpBuilder &builder, AttentionOp op,
              const TilePlan &plan, TileEmitter &emitter,
              FlatSymbolRefAttr observer)
      : b(builder), op(op), plan(plan), emitter(emitter), observer(observer) {}

  /// Emits, before the loop, what all key tiles of `tile` share: ends of rows,
  /// and the parts of tile classes that do not depend on the keys. `scope`
  /// holds the symbols of the query tile and must outlive this object.
  LogicalResult emitPrologue(const QueryTile &tile, TermScope &scope);
  /// Emits the regions of `loop`, whose blocks exist.
  LogicalResult emit(TileForOp loop);

  /// Whether tiles of the hull are classified before they are visited.
  bool classifies() const {
    return !plan.isByRows() && !plan.tileEmpty.isConstant(0);
  }

private:
  /// A part of the plan in the code at hand.
  struct Part {
    const TilePart *plan;
    /// Of an end: the emitter's handle on one i32 per row, an index into the
    /// keys.
    Value rowEnds;
    /// In the tile at hand: whether the part may hide something.
    Value fails;
  };

  FailureOr<Value> emitRowEnds(Term end);
  LogicalResult emitVisit(Block &block);
  void emitLoad(Block &block);
  LogicalResult emitBody(TileForOp loop);
  LogicalResult emitSlices(const KeyTile &keys, TileForOp loop, Value masked,
                           SmallVectorImpl<Value> &state);
  LogicalResult emitSlice(const KeyTile &keys, TileForOp loop, Value masked,
                          SmallVectorImpl<Value> &state);
  int64_t getSliceSize(TileForOp loop);
  NextTile getNext(TileForOp loop, int64_t ahead);
  FailureOr<Value> emitConditions(TileForOp loop, TermScope &scope);
  LogicalResult emitScoreRegion(const KeyTile &keys,
                                SmallVectorImpl<Value> &scores);
  LogicalResult emitMask(const KeyTile &keys, SmallVectorImpl<Value> &scores);
  LogicalResult hideMissingKeys(const KeyTile &keys, TileForOp loop,
                                SmallVectorImpl<Value> &scores);
  const Part *findPart(TilePart::Kind kind);
  bool hidesMissingKeys();
  Value getKeyEnd(const KeyTile &keys);
  Value apply(const Part &part, const KeyTile &keys, Value scores,
              const ScoreLayout &layout, FloatAttr hidden);
  Value reshape(Value vector, VectorType type);
  void observe(const KeyTile &keys, Value masked);

  void placeKeys(Value first, Value size, TermScope &scope);
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value truth(bool value) {
    return arith::ConstantOp::create(b, b.getBoolAttr(value));
  }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  const TilePlan &plan;
  TileEmitter &emitter;
  FlatSymbolRefAttr observer;

  SmallVector<Part> parts;
  QueryTile tile;
  TermScope *scope = nullptr;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_KEYTILEBODY_H
