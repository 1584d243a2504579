//===- AttentionDomain.cpp - the queries and keys of an attention -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionDomain.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr int64_t kLargestNumber = int64_t(1) << 48;

static std::optional<int64_t> getConstant(AffineExpr expr) {
  if (auto constant = dyn_cast_or_null<AffineConstantExpr>(expr))
    return constant.getValue();
  return std::nullopt;
}

AttentionDomain::AttentionDomain(AttentionOp attention)
    : attention(attention), context(attention.getContext()) {
  auto getOffset = [&](Parameter offset, unsigned originIndex) -> AffineExpr {
    AffineExpr expr = offset.isGiven() ? getNumber(offset)
                                       : getAffineConstantExpr(0, context);
    if (expr && !attention.getOrigin().empty())
      expr = expr + getVariable(attention.getOrigin()[originIndex]);
    return expr;
  };
  box.queryFirst = getOffset(attention.getQueryOffsetParameter(), 2);
  box.keyFirst = getOffset(attention.getKeyOffsetParameter(), 3);
  if (!box.queryFirst || !box.keyFirst)
    return;
  box.queryLast = box.queryFirst + getSize(attention.getQuery()) - 1;
  box.keyLast = box.keyFirst + getSize(attention.getKey()) - 1;
  known = true;
}

AffineExpr
AttentionDomain::getVariable(ValueBoundsConstraintSet::Variable variable) {
  variables.push_back(variable);
  return getAffineDimExpr(variables.size() - 1, context);
}

AffineExpr AttentionDomain::getNumber(Parameter parameter) {
  if (std::optional<int64_t> constant = parameter.getConstant()) {
    // Sums of these must not wrap around.
    if (*constant > kLargestNumber || *constant < -kLargestNumber)
      return {};
    return getAffineConstantExpr(*constant, context);
  }
  Value value = parameter.value;
  if (!value || !value.getType().isIndex())
    return {};
  if (value.getParentRegion() == &attention.getPredicate()) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument)
      return {};
    value = attention.getCaptures()[argument.getArgNumber()];
  }
  return getVariable(value);
}

AffineExpr AttentionDomain::getSize(Value data) {
  int64_t size = cast<ShapedType>(data.getType()).getDimSize(2);
  if (!ShapedType::isDynamic(size))
    return getAffineConstantExpr(size, context);
  return getVariable({data, 2});
}

bool AttentionDomain::provablyLessEqual(AffineExpr a, AffineExpr b) {
  if (!a || !b)
    return false;
  // Variables that occur on both sides cancel, whatever they are.
  AffineExpr difference =
      simplifyAffineExpr(b - a, variables.size(), /*numSymbols=*/0);
  if (std::optional<int64_t> constant = getConstant(difference))
    return *constant >= 0;
  // Value bounds know tensors, not buffers, and indices on both.
  auto makeMap = [&](AffineExpr expr) {
    return AffineMap::get(variables.size(), 0, expr);
  };
  return ValueBoundsConstraintSet::compare(
      {makeMap(difference), variables}, ValueBoundsConstraintSet::GE,
      {makeMap(getAffineConstantExpr(0, context)), variables});
}

bool AttentionDomain::isLeftVacuous(Parameter left) {
  AffineExpr bound = getNumber(left);
  return bound && provablyLessEqual(box.queryLast - bound, box.keyFirst);
}

bool AttentionDomain::isRightVacuous(Parameter right) {
  AffineExpr bound = getNumber(right);
  return bound && provablyLessEqual(box.keyLast, box.queryFirst + bound);
}

/// `q - left <= k <= q + right`; a bound that is given, but null, is not known.
Verdict AttentionDomain::evaluateWindow(AffineExpr left, bool hasLeft,
                                        AffineExpr right, bool hasRight,
                                        const Box &box) {
  if (left && provablyLessEqual(box.keyLast + left + 1, box.queryFirst))
    return Verdict::Empty;
  if (right && provablyLessEqual(box.queryLast + right + 1, box.keyFirst))
    return Verdict::Empty;
  bool leftHolds = !hasLeft || (left && provablyLessEqual(box.queryLast - left,
                                                          box.keyFirst));
  bool rightHolds =
      !hasRight ||
      (right && provablyLessEqual(box.keyLast, box.queryFirst + right));
  return leftHolds && rightHolds ? Verdict::Full : Verdict::Mixed;
}

/// `k < length`.
Verdict AttentionDomain::evaluateKeyBound(Parameter length, const Box &box) {
  AffineExpr bound = getNumber(length);
  if (!bound)
    return Verdict::Mixed;
  if (provablyLessEqual(box.keyLast + 1, bound))
    return Verdict::Full;
  return provablyLessEqual(bound, box.keyFirst) ? Verdict::Empty
                                                : Verdict::Mixed;
}

/// Full if all queries and keys lie in one chunk.
Verdict AttentionDomain::evaluateChunk(ChunkOp chunk, const Box &box) {
  std::optional<int64_t> size = chunk.getSizeParameter().getConstant();
  Parameter offsetParameter = chunk.getOffsetParameter();
  std::optional<int64_t> offset =
      offsetParameter.isGiven() ? offsetParameter.getConstant() : 0;
  std::optional<int64_t> ends[] = {
      getConstant(box.queryFirst), getConstant(box.queryLast),
      getConstant(box.keyFirst), getConstant(box.keyLast)};
  if (!size || *size < 1 || !offset ||
      !llvm::all_of(ends, [](auto end) { return end.has_value(); }))
    return Verdict::Mixed;
  auto chunkOf = [&](int64_t token) {
    return llvm::divideFloorSigned(token - *offset, *size);
  };
  return llvm::all_of(
             ends, [&](auto end) { return chunkOf(*end) == chunkOf(*ends[0]); })
             ? Verdict::Full
             : Verdict::Mixed;
}

Verdict AttentionDomain::evaluate(Value predicate) {
  return evaluate(predicate, box);
}

Verdict AttentionDomain::evaluate(Value predicate, const Box &box) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return Verdict::Mixed;
  auto evaluateAll = [&](Verdict neutral, Verdict absorbing) {
    Verdict result = neutral;
    for (Value input : op->getOperands()) {
      Verdict verdict = evaluate(input, box);
      if (verdict == absorbing)
        return absorbing;
      if (verdict == Verdict::Mixed)
        result = Verdict::Mixed;
    }
    return result;
  };
  return TypeSwitch<Operation *, Verdict>(op)
      .Case([&](FullOp) { return Verdict::Full; })
      .Case([&](EmptyOp) { return Verdict::Empty; })
      .Case([&](AndOp) { return evaluateAll(Verdict::Full, Verdict::Empty); })
      .Case([&](OrOp) { return evaluateAll(Verdict::Empty, Verdict::Full); })
      .Case([&](NotOp notOp) {
        Verdict verdict = evaluate(notOp.getInput(), box);
        if (verdict == Verdict::Mixed)
          return Verdict::Mixed;
        return verdict == Verdict::Full ? Verdict::Empty : Verdict::Full;
      })
      .Case<HeadsOp, BatchesOp>([&](auto restrict) {
        return evaluate(restrict.getInput(), box) == Verdict::Empty
                   ? Verdict::Empty
                   : Verdict::Mixed;
      })
      .Case([&](CausalOp) {
        return evaluateWindow({}, false, getAffineConstantExpr(0, context),
                              true, box);
      })
      .Case([&](WindowOp window) {
        Parameter left = window.getLeftParameter(),
                  right = window.getRightParameter();
        return evaluateWindow(getNumber(left), left.isGiven(), getNumber(right),
                              right.isGiven(), box);
      })
      .Case<PrefixOp, KeyLengthOp>([&](auto leaf) {
        return evaluateKeyBound(leaf.getLengthParameter(), box);
      })
      .Case([&](ChunkOp chunk) { return evaluateChunk(chunk, box); })
      .Case([&](ShiftOp shift) {
        AffineExpr query = getNumber(shift.getQueryParameter()),
                   key = getNumber(shift.getKeyParameter());
        if (!query || !key)
          return Verdict::Mixed;
        return evaluate(shift.getInput(),
                        {box.queryFirst + query, box.queryLast + query,
                         box.keyFirst + key, box.keyLast + key});
      })
      .Default([](Operation *) { return Verdict::Mixed; });
}
