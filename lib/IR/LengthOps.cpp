//===- LengthOps.cpp - rules of leaves that end at a length -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// `mask.prefix`, `mask.key_length` and `mask.query_length`: a coordinate below
// a length.
//
//===----------------------------------------------------------------------===//

#include "Folds.h"
#include "Mask/IR/Absence.h"
#include "Mask/IR/PredicateOrder.h"
#include "Mask/IR/Range.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

/// The one parameter of such a leaf.
static PredicateParameter getLength(PredicateOpInterface op) {
  return op.getParameters().front();
}

//===----------------------------------------------------------------------===//
// Folds
//===----------------------------------------------------------------------===//

template <typename OpTy>
static OpFoldResult foldLength(OpTy op, Attribute length) {
  if (isAbsent(op.getLength()))
    return truth(op, *getLength(op).neutral);
  bool changed =
      makeStatic(op.getLengthParameter(), length,
                 [&](Parameter number) { op.setLengthParameter(number); });
  return changed ? op.getResult() : OpFoldResult();
}

OpFoldResult PrefixOp::fold(FoldAdaptor adaptor) {
  return foldLength(*this, adaptor.getLength());
}
OpFoldResult KeyLengthOp::fold(FoldAdaptor adaptor) {
  return foldLength(*this, adaptor.getLength());
}
OpFoldResult QueryLengthOp::fold(FoldAdaptor adaptor) {
  return foldLength(*this, adaptor.getLength());
}

//===----------------------------------------------------------------------===//
// Shifts
//===----------------------------------------------------------------------===//

/// `x + shift < length`
template <typename OpTy>
static Value shiftLength(OpTy op, StaticShift shift, OpBuilder &builder) {
  std::optional<int64_t> length = op.getLengthParameter().getConstant(),
                         by = op.readsQuery() ? shift.query : shift.key;
  if (!length || !by)
    return {};
  std::optional<int64_t> moved = llvm::checkedSub(*length, *by);
  if (!moved || *moved != clampParameter(*moved))
    return {};
  return OpTy::create(builder, op.getLoc(), builder.getI64IntegerAttr(*moved));
}

Value PrefixOp::getShifted(OpBuilder &builder, StaticShift shift) {
  return shiftLength(*this, shift, builder);
}
Value KeyLengthOp::getShifted(OpBuilder &builder, StaticShift shift) {
  return shiftLength(*this, shift, builder);
}
Value QueryLengthOp::getShifted(OpBuilder &builder, StaticShift shift) {
  return shiftLength(*this, shift, builder);
}

//===----------------------------------------------------------------------===//
// Implications
//===----------------------------------------------------------------------===//

/// Of two leaves with one formula the shorter implies the longer.
static bool lengthImplies(PredicateOpInterface a, Operation *other,
                          PredicateOrder &order) {
  auto b = dyn_cast<PredicateOpInterface>(other);
  if (!b || a.getFormula() != b.getFormula())
    return false;
  PredicateParameter ofA = getLength(a), ofB = getLength(b);
  if (ofA.parameter.getConstant() && ofB.parameter.getConstant())
    return *ofA.parameter.getConstant() <= *ofB.parameter.getConstant();
  // An absent length may still come: it makes a prefix empty, a key length
  // full.
  return (!*ofA.neutral || *ofB.neutral) &&
         order.isSame(ofA.parameter, ofB.parameter);
}

bool PrefixOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  return lengthImplies(*this, other, order);
}
bool KeyLengthOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  return lengthImplies(*this, other, order);
}
bool QueryLengthOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  return lengthImplies(*this, other, order);
}
