//===- TileRangeArithmetic.cpp - arithmetic on ranges over a tile -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileRangeArithmetic.h"

#include "Mask/IR/Range.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::mask;

TileRange TileRangeArithmetic::fit(TileRange range, Type type) {
  if (!range.isBounded())
    return range;
  // Sixty-four bits hold more than terms compute exactly.
  int64_t limit = kMaxProduct - 1;
  if (!type.isIndex() && type.getIntOrFloatBitWidth() < 58)
    limit = (int64_t(1) << (type.getIntOrFloatBitWidth() - 1)) - 1;
  return within(range, limit);
}

TileRange TileRangeArithmetic::within(TileRange range, int64_t limit) {
  if (range.low < -limit) {
    assume(context.lessEqual(context.constant(-limit), range.least));
    range.low = -limit;
  }
  if (range.high > limit) {
    assume(context.lessEqual(range.greatest, context.constant(limit)));
    range.high = limit;
  }
  return range;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Sums and products of static bounds, which may be any 64-bit number.
static int64_t clampWide(__int128 value) {
  return static_cast<int64_t>(
      std::clamp<__int128>(value, std::numeric_limits<int64_t>::min(),
                           std::numeric_limits<int64_t>::max()));
}

TileRange TileRangeArithmetic::add(TileRange a, TileRange b, Type type) {
  if (!a.isBounded() || !b.isBounded())
    return anything();
  return fit({context.add(a.least, b.least),
              context.add(a.greatest, b.greatest),
              clampWide(__int128(a.low) + b.low),
              clampWide(__int128(a.high) + b.high)},
             type);
}

TileRange TileRangeArithmetic::subtract(TileRange a, TileRange b, Type type) {
  if (!a.isBounded() || !b.isBounded())
    return anything();
  return fit({context.sub(a.least, b.greatest),
              context.sub(a.greatest, b.least),
              clampWide(__int128(a.low) - b.high),
              clampWide(__int128(a.high) - b.low)},
             type);
}

TileRange TileRangeArithmetic::negate(TileRange a, Type type) {
  if (!a.isBounded())
    return anything();
  Term minus = context.constant(-1);
  return fit({context.mul(minus, a.greatest), context.mul(minus, a.least),
              clampWide(-__int128(a.high)), clampWide(-__int128(a.low))},
             type);
}

TileRange TileRangeArithmetic::multiply(TileRange a, TileRange b, Type type) {
  if (!a.isBounded() || !b.isBounded())
    return anything();
  auto corners = [&] {
    std::array<__int128, 4> products = {
        __int128(a.low) * b.low, __int128(a.low) * b.high,
        __int128(a.high) * b.low, __int128(a.high) * b.high};
    return std::pair(clampWide(*llvm::min_element(products)),
                     clampWide(*llvm::max_element(products)));
  };
  auto [low, high] = corners();
  // A product of terms must not saturate.
  if (low <= -kMaxProduct || high >= kMaxProduct) {
    constexpr int64_t kRoot = int64_t(1) << 28;
    a = within(a, kRoot);
    b = within(b, kRoot);
    std::tie(low, high) = corners();
  }
  SmallVector<Term> products = {
      context.mul(a.least, b.least), context.mul(a.least, b.greatest),
      context.mul(a.greatest, b.least), context.mul(a.greatest, b.greatest)};
  return fit({context.min(products), context.max(products), low, high}, type);
}

Term TileRangeArithmetic::divisor(TileRange b) {
  Term single = b.getSingle();
  if (!single || (single.isConstant() && single->number <= 0)) {
    inside = context.truth(false); // It may be zero: hidden.
    return Term();
  }
  if (single.isConstant())
    return single;
  Term one = context.constant(1);
  assume(context.lessEqual(one, single));
  return context.max(single, one);
}

TileRange TileRangeArithmetic::floorDivide(TileRange a, TileRange b) {
  Term c = divisor(b);
  if (!c || !a.isBounded())
    return anything();
  return {context.floorDiv(a.least, c), context.floorDiv(a.greatest, c),
          std::min<int64_t>(a.low, 0), std::max<int64_t>(a.high, 0)};
}

/// Division that rounds to zero is monotone too: `a < 0 ? -floor(-a / c) :
/// floor(a / c)`.
TileRange TileRangeArithmetic::divide(TileRange a, TileRange b) {
  Term c = divisor(b);
  if (!c || !a.isBounded())
    return anything();
  Term zero = context.constant(0), minus = context.constant(-1);
  auto quotient = [&](Term x) {
    Term up = context.mul(minus, context.floorDiv(context.mul(minus, x), c));
    return context.select(context.lessEqual(zero, x), context.floorDiv(x, c),
                          up);
  };
  return {quotient(a.least), quotient(a.greatest), std::min<int64_t>(a.low, 0),
          std::max<int64_t>(a.high, 0)};
}

/// The remainder has the sign of the dividend. Where no multiple of the divisor
/// is crossed, it moves with the dividend.
TileRange TileRangeArithmetic::remainder(TileRange a, TileRange b) {
  Term c = divisor(b);
  if (!c || !a.isBounded())
    return anything();
  Term zero = context.constant(0);
  Term quotient = context.floorDiv(a.least, c);
  Term sameMultiple =
      context.min(context.lessEqual(context.floorDiv(a.greatest, c), quotient),
                  context.lessEqual(zero, a.least));
  Term start = context.mul(c, quotient);
  Term least = context.min(
      zero, context.max(a.least, context.sub(context.constant(1), c)));
  Term greatest =
      context.max(zero, context.min(a.greatest, context.add(c, -1)));
  return {
      context.select(sameMultiple, context.sub(a.least, start), least),
      context.select(sameMultiple, context.sub(a.greatest, start), greatest),
      std::min<int64_t>(a.low, 0), std::max<int64_t>(a.high, 0)};
}

TileRange TileRangeArithmetic::minimum(TileRange a, TileRange b) {
  return {context.min(a.least, b.least), context.min(a.greatest, b.greatest),
          std::min(a.low, b.low), std::min(a.high, b.high)};
}

TileRange TileRangeArithmetic::maximum(TileRange a, TileRange b) {
  return {context.max(a.least, b.least), context.max(a.greatest, b.greatest),
          std::max(a.low, b.low), std::max(a.high, b.high)};
}

TileRange TileRangeArithmetic::compare(arith::CmpIPredicate predicate,
                                       TileRange a, TileRange b, Type type) {
  using arith::CmpIPredicate;
  if (!a.isBounded() || !b.isBounded())
    return anyTruth();
  auto less = [&](TileRange x, TileRange y,
                  int64_t distance) { // x + distance <= y
    return makeTruth(
        context.lessEqual(context.add(x.greatest, distance), y.least),
        context.lessEqual(context.add(x.least, distance), y.greatest));
  };
  if (predicate == CmpIPredicate::eq || predicate == CmpIPredicate::ne) {
    TileRange below = less(a, b, 0), above = less(b, a, 0);
    TileRange equal = makeTruth(context.min(below.least, above.least),
                                context.min(below.greatest, above.greatest));
    return predicate == CmpIPredicate::eq ? equal : logicalNot(equal);
  }
  // As a signed number, true is minus one.
  if (type.isInteger(1))
    return anyTruth();
  auto ordered = [&](TileRange order, bool isUnsigned) {
    if (!isUnsigned || (a.low >= 0 && b.low >= 0))
      return order;
    // Unsigned order is the signed one where no number is negative.
    Term zero = context.constant(0);
    Term same = context.min(context.lessEqual(zero, a.least),
                            context.lessEqual(zero, b.least));
    return makeTruth(context.min(same, order.least),
                     context.max(context.logicalNot(same), order.greatest));
  };
  switch (predicate) {
  case CmpIPredicate::sle:
  case CmpIPredicate::ule:
    return ordered(less(a, b, 0), predicate == CmpIPredicate::ule);
  case CmpIPredicate::slt:
  case CmpIPredicate::ult:
    return ordered(less(a, b, 1), predicate == CmpIPredicate::ult);
  case CmpIPredicate::sge:
  case CmpIPredicate::uge:
    return ordered(less(b, a, 0), predicate == CmpIPredicate::uge);
  case CmpIPredicate::sgt:
  case CmpIPredicate::ugt:
    return ordered(less(b, a, 1), predicate == CmpIPredicate::ugt);
  default:
    return anyTruth();
  }
}

TileRange TileRangeArithmetic::select(TileRange condition, TileRange a,
                                      TileRange b) {
  Term always = context.lessEqual(context.constant(1), condition.least);
  Term never = context.lessEqual(condition.greatest, context.constant(0));
  auto choose = [&](Term ifTrue, Term ifFalse, Term either) {
    return context.select(always, ifTrue,
                          context.select(never, ifFalse, either));
  };
  // A choice between known and unbounded is unbounded; as a term that would be
  // hidden inside of a selection.
  if (!a.isBounded() || !b.isBounded())
    return anything();
  return {choose(a.least, b.least, context.min(a.least, b.least)),
          choose(a.greatest, b.greatest, context.max(a.greatest, b.greatest)),
          std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// Widening keeps the number, narrowing too if it fits. A flag widens to one or
/// to minus one.
TileRange TileRangeArithmetic::cast(TileRange a, Type in, Type out,
                                    bool isUnsigned) {
  if (out.isInteger(1))
    return in.isInteger(1) ? a : anyTruth();
  if (in.isInteger(1) && !isUnsigned)
    return negate(a, out);
  if (isUnsigned && a.low < 0) {
    if (!a.isBounded())
      return anything();
    assume(context.lessEqual(context.constant(0), a.least));
    a.low = 0;
  }
  return fit(a, out);
}
