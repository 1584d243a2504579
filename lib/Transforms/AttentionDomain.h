//===- AttentionDomain.h - the queries and keys of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H
#define MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H

#include "Mask/IR/Mask.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace mlir::mask {

/// What a predicate is on all queries and keys of an attention. `Full` and
/// `Empty` are proved.
enum class Verdict { Full, Empty, Mixed };

/// The box of absolute queries and keys that a closed attention looks at, and
/// what can be proved on it. Ends are affine in sizes, offsets and parameters.
class AttentionDomain {
public:
  explicit AttentionDomain(AttentionOp attention);

  /// Whether the offsets are single numbers. Nothing else may be asked if not.
  bool isKnown() const { return known; }

  Verdict evaluate(Value predicate);

  /// Whether `q - left <= k`, or `k <= q + right`, holds everywhere.
  bool isLeftVacuous(Parameter left);
  bool isRightVacuous(Parameter right);

private:
  /// The first and the last absolute query and key.
  struct Box {
    AffineExpr queryFirst, queryLast, keyFirst, keyLast;
  };

  AffineExpr getVariable(ValueBoundsConstraintSet::Variable variable);
  /// The single number that a parameter of the region, or of the attention, is;
  /// null for per-row data and what the region computes.
  AffineExpr getNumber(Parameter parameter);
  AffineExpr getSize(Value data);
  bool provablyLessEqual(AffineExpr a, AffineExpr b);

  Verdict evaluate(Value predicate, const Box &box);
  Verdict evaluateWindow(AffineExpr left, bool hasLeft, AffineExpr right,
                         bool hasRight, const Box &box);
  Verdict evaluateKeyBound(Parameter length, const Box &box);
  Verdict evaluateChunk(ChunkOp chunk, const Box &box);

  AttentionOp attention;
  MLIRContext *context;
  SmallVector<ValueBoundsConstraintSet::Variable> variables;
  Box box;
  bool known = false;
};

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H
