//===- LaneBuilder.h - arithmetic on one value per lane or for all lanes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_LANEBUILDER_H
#define MASK_CONVERSION_LANEBUILDER_H

#include "Mask/IR/Range.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Builds integer and truth arithmetic on values that are either *uniform* (a
/// scalar, the same in all lanes) or *varying* (a vector with one element per
/// lane). Uniform operands stay scalar as long as they meet no varying one, so
/// that what depends on the key alone is computed once per key.
class LaneBuilder : public ImplicitLocOpBuilder {
public:
  LaneBuilder(Location loc, OpBuilder &builder, int64_t lanes)
      : ImplicitLocOpBuilder(loc, builder), lanes(lanes) {}

  int64_t getNumLanes() const { return lanes; }
  static bool isVarying(Value value);
  /// The vector type with one `element` per lane.
  VectorType getLaneType(Type element) const;
  /// `value` as a vector.
  Value splat(Value value);

  Value index(int64_t value);
  Value truth(bool value);

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  /// The product of two indices, saturating at `kMaxProduct`.
  Value saturatingMul(Value a, Value b);
  /// `floor(a / b)` and `a - b floor(a / b)` for positive `b`.
  Value floorDiv(Value a, Value b);
  Value floorMod(Value a, Value b);
  Value compare(arith::CmpIPredicate predicate, Value a, Value b);
  Value logicalAnd(Value a, Value b);
  Value logicalOr(Value a, Value b);
  Value logicalNot(Value a);
  Value select(Value condition, Value a, Value b);

  /// An integer of any width as `index`: flags without sign, the rest with it.
  Value toIndex(Value integer);
  /// The same of a parameter, offset, position or end as it is read: within
  /// plus and minus `limit`, which is not looked at where the type is narrower.
  Value toLimited(Value integer, int64_t limit = kMaxParameter);

  /// What is read from memory, and whether there is such an element. Elements
  /// outside of the extent are not touched and read as zero.
  struct Loaded {
    Value value, inBounds;
  };
  Loaded load(Value memref, ValueRange indices);

private:
  void align(Value &a, Value &b);
  Loaded loadUniform(Value memref, ValueRange indices, Value inBounds);
  Value gatherInnermost(Value memref, ValueRange indices, Value inBounds);
  Value gatherLinear(Value memref, ValueRange indices, Value inBounds);
  Value zero(Type type);

  int64_t lanes;
};

/// An affine expression of one dimension, which may vary (null where it does
/// not occur), and of symbols. Products of unknowns saturate (Mask/IR/Range.h).
Value emitAffine(LaneBuilder &builder, AffineExpr expr, Value dim,
                 ArrayRef<Value> symbols);

} // namespace mlir::mask

#endif // MASK_CONVERSION_LANEBUILDER_H
