//===- MaskFolds.cpp - folds of the mask dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// What is decided by one op and its operands alone. Rewrites that need new ops
// are canonicalization patterns. Every rewrite holds for all integers `q` and
// `k`, with law 1 (a fact read outside of its extent makes its leaf false).
//
//===----------------------------------------------------------------------===//

#include "Connective.h"
#include "Folds.h"
#include "Mask/IR/Absence.h"
#include "Mask/IR/Range.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/CommonFolders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static OpFoldResult absent(Operation *op) {
  return UnitAttr::get(op->getContext());
}
static bool isFull(Attribute predicate) {
  auto visible = dyn_cast_if_present<BoolAttr>(predicate);
  return visible && visible.getValue();
}
static bool isEmpty(Attribute predicate) {
  auto visible = dyn_cast_if_present<BoolAttr>(predicate);
  return visible && !visible.getValue();
}

bool mlir::mask::makeStatic(Parameter parameter, Attribute constant,
                            function_ref<void(Parameter)> set, int64_t least) {
  Value value = parameter.getValue();
  auto number = dyn_cast_if_present<IntegerAttr>(constant);
  if (!value || !value.getType().isIndex() || !number)
    return false;
  int64_t element = clampParameter(number.getValue().getSExtValue());
  if (element < least)
    return false;
  set(Builder(constant.getContext()).getI64IntegerAttr(element));
  return true;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

OpFoldResult FullOp::fold(FoldAdaptor) { return truth(*this, true); }
OpFoldResult EmptyOp::fold(FoldAdaptor) { return truth(*this, false); }
OpFoldResult AbsentOp::fold(FoldAdaptor) { return absent(*this); }

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

OpFoldResult WindowOp::fold(FoldAdaptor adaptor) {
  bool changed = false;
  if (isAbsent(getLeft())) {
    setLeftParameter(Parameter());
    changed = true;
  }
  if (isAbsent(getRight())) {
    setRightParameter(Parameter());
    changed = true;
  }
  changed |= makeStatic(
      getLeftParameter(), adaptor.getLeft(),
      [&](Parameter number) { setLeftParameter(number); },
      /*least=*/0);
  changed |= makeStatic(
      getRightParameter(), adaptor.getRight(),
      [&](Parameter number) { setRightParameter(number); },
      /*least=*/0);
  Parameter left = getLeftParameter(), right = getRightParameter();
  if (!left.isGiven() && !right.isGiven())
    return truth(*this, true);
  std::optional<int64_t> l = left.getConstant(), r = right.getConstant();
  // [-l, r] holds nothing.
  if (l && r)
    if (std::optional<int64_t> width = llvm::checkedAdd(*l, *r);
        width ? *width < 0 : *l < 0)
      return truth(*this, false);
  return changed ? getResult() : OpFoldResult();
}

OpFoldResult BlockBidirectionalOp::fold(FoldAdaptor) {
  if (isAbsent(getQueryIds()) || isAbsent(getKeyIds()))
    return truth(*this, false);
  return {};
}

OpFoldResult DocumentOp::fold(FoldAdaptor) {
  if (isAbsent(getQueryIds()) || isAbsent(getKeyIds()))
    return truth(*this, true);
  return {};
}

OpFoldResult ChunkOp::fold(FoldAdaptor adaptor) {
  if (isAbsent(getSize()))
    return truth(*this, true);
  bool changed = false;
  if (isAbsent(getOffset())) {
    setOffsetParameter(Parameter());
    changed = true;
  }
  changed |= makeStatic(
      getSizeParameter(), adaptor.getSize(),
      [&](Parameter number) { setSizeParameter(number); },
      /*least=*/1);
  changed |= makeStatic(getOffsetParameter(), adaptor.getOffset(),
                        [&](Parameter number) { setOffsetParameter(number); });
  // Only the offset's remainder counts; zero is the missing offset.
  std::optional<int64_t> size = getSizeParameter().getConstant(),
                         offset = getOffsetParameter().getConstant();
  if (offset) {
    int64_t rest = size ? llvm::mod(*offset, *size) : *offset;
    if (rest == 0) {
      setOffsetParameter(Parameter());
      changed = true;
    } else if (rest != *offset) {
      setOffsetParameter(Builder(getContext()).getI64IntegerAttr(rest));
      changed = true;
    }
  }
  return changed ? getResult() : OpFoldResult();
}

OpFoldResult KeyPaddingOp::fold(FoldAdaptor) {
  return isAbsent(getValid()) ? truth(*this, true) : OpFoldResult();
}

OpFoldResult DilatedOp::fold(FoldAdaptor adaptor) {
  if (isAbsent(getStride()))
    return truth(*this, true);
  bool changed = makeStatic(
      getStrideParameter(), adaptor.getStride(),
      [&](Parameter number) { setStrideParameter(number); },
      /*least=*/1);
  if (getStrideParameter().getConstant() == 1)
    return truth(*this, true);
  return changed ? getResult() : OpFoldResult();
}

/// An absent table leaves its side unbounded.
OpFoldResult RowRangeOp::fold(FoldAdaptor) {
  auto isUnbounded = [](Value table) { return !table || isAbsent(table); };
  if (isUnbounded(getLower()) && isUnbounded(getUpper()))
    return truth(*this, true);
  bool changed = false;
  for (auto [table, operand] : {std::pair(getLower(), getLowerMutable()),
                                std::pair(getUpper(), getUpperMutable())})
    if (table && isAbsent(table)) {
      operand.clear();
      changed = true;
    }
  return changed ? getResult() : OpFoldResult();
}

OpFoldResult DenseOp::fold(FoldAdaptor) {
  return isAbsent(getMask()) ? truth(*this, true) : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// Connectives
//===----------------------------------------------------------------------===//

/// Removes the neutral operands and the repeated ones; one operand is the
/// result, the absorbing constant decides it.
template <typename OpTy>
static OpFoldResult foldConnective(OpTy op, ArrayRef<Attribute> inputs) {
  constexpr bool neutral = Connective<OpTy>::neutral;
  SmallVector<Value> kept;
  llvm::SmallPtrSet<Value, 8> seen;
  for (auto [value, constant] : llvm::zip_equal(op.getInputs(), inputs)) {
    if (auto visible = dyn_cast_if_present<BoolAttr>(constant)) {
      if (visible.getValue() != neutral)
        return truth(op, !neutral);
      continue;
    }
    if (seen.insert(value).second)
      kept.push_back(value);
  }
  if (kept.empty())
    return truth(op, neutral);
  if (kept.size() == 1)
    return kept.front();
  if (kept.size() == op.getInputs().size())
    return {};
  op.getInputsMutable().assign(kept);
  return op.getResult();
}

OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  return foldConnective(*this, adaptor.getInputs());
}
OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  return foldConnective(*this, adaptor.getInputs());
}

// The trait Involution folds `not` of `not`.
OpFoldResult NotOp::fold(FoldAdaptor adaptor) {
  if (auto visible = dyn_cast_if_present<BoolAttr>(adaptor.getInput()))
    return truth(*this, !visible.getValue());
  return {};
}

//===----------------------------------------------------------------------===//
// Change of coordinates
//===----------------------------------------------------------------------===//

OpFoldResult ShiftOp::fold(FoldAdaptor adaptor) {
  bool changed = false;
  IntegerAttr zero = Builder(getContext()).getI64IntegerAttr(0);
  if (isAbsent(getQuery())) {
    setQueryParameter(zero);
    changed = true;
  }
  if (isAbsent(getKey())) {
    setKeyParameter(zero);
    changed = true;
  }
  changed |= makeStatic(getQueryParameter(), adaptor.getQuery(),
                        [&](Parameter number) { setQueryParameter(number); });
  changed |= makeStatic(getKeyParameter(), adaptor.getKey(),
                        [&](Parameter number) { setKeyParameter(number); });
  Parameter query = getQueryParameter(), key = getKeyParameter();
  if (query.getConstant() == 0 && key.getConstant() == 0)
    return getInput();
  if (isEmpty(adaptor.getInput()))
    return truth(*this, false);
  // Outside of the extent of a shift per row nothing is visible (law 1).
  if (isFull(adaptor.getInput()) && !query.axis && !key.axis)
    return truth(*this, true);
  return changed ? getResult() : OpFoldResult();
}

// Not `full`: outside of the extent of the positions nothing is visible.
OpFoldResult AtPositionsOp::fold(FoldAdaptor adaptor) {
  if (isAbsent(getQueryPositions()) || isAbsent(getKeyPositions()))
    return getInput();
  if (isEmpty(adaptor.getInput()))
    return truth(*this, false);
  return {};
}

OpFoldResult HeadsOp::fold(FoldAdaptor adaptor) {
  if (getMembers().empty() || isEmpty(adaptor.getInput()))
    return truth(*this, false);
  return {};
}

OpFoldResult BatchesOp::fold(FoldAdaptor adaptor) {
  if (getMembers().empty() || isEmpty(adaptor.getInput()))
    return truth(*this, false);
  return {};
}

/// Only what holds under every rule.
OpFoldResult PackedOp::fold(FoldAdaptor adaptor) {
  if (isEmpty(adaptor.getCore()) && isEmpty(adaptor.getOverlay()))
    return truth(*this, false);
  if (getSequenceIds() && !isAbsent(getSequenceIds()))
    return {};
  if (isFull(adaptor.getCore()) || isFull(adaptor.getOverlay()))
    return truth(*this, true);
  if (isEmpty(adaptor.getCore()))
    return getOverlay();
  if (isEmpty(adaptor.getOverlay()))
    return getCore();
  return {};
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

OpFoldResult RunsOp::fold(FoldAdaptor) {
  return isAbsent(getTokenTypes()) ? absent(*this) : OpFoldResult();
}
OpFoldResult ItemIdsOp::fold(FoldAdaptor) {
  return isAbsent(getRanges()) ? absent(*this) : OpFoldResult();
}
OpFoldResult DropLongOp::fold(FoldAdaptor) {
  if (isAbsent(getIds()))
    return absent(*this);
  return isAbsent(getBound()) ? OpFoldResult(getIds()) : OpFoldResult();
}
OpFoldResult PositionsOp::fold(FoldAdaptor) {
  return isAbsent(getValid()) ? absent(*this) : OpFoldResult();
}
