//===- TileRanges.cpp - scalar code over a tile, by interval arithmetic -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The region of `mask.generic` is evaluated once for all elements of a tile:
// every integer becomes the range of its values. One rule per op; what has none
// may be anything. Terms do not wrap as integers do, so an operation whose
// range leaves its type makes the whole answer "not known".
//
//===----------------------------------------------------------------------===//

#include "PredicateBounds.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// The least and the greatest value of an integer over a tile. Truth values are
/// `[0, 1]`; what may be anything is unbounded.
struct TileRange {
  Term least, greatest;
  /// What both are within whatever the data, as far as that is known; spares
  /// most checks for wrapping.
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();

  bool isBounded() const {
    return !least.isMinusInfinity() && !greatest.isPlusInfinity();
  }
  /// The value that all elements of the tile share, or null.
  Term getSingle() const { return least == greatest ? least : Term(); }
};

class RangeInterpreter {
public:
  RangeInterpreter(PredicateBounds &bounds, TermContext &context, GenericOp op,
                   const TileFrame &frame);
  TileClass run();

private:
  void interpret(Block &block, bool isConditional);
  void interpret(Operation &inner, bool isConditional);
  TileRange apply(Operation *inner);
  TileRange load(Value data, ValueRange indices, bool isConditional);

  TileRange add(TileRange a, TileRange b, Type type);
  TileRange negate(TileRange a, Type type);
  TileRange multiply(TileRange a, TileRange b, Type type);
  TileRange floorDivide(TileRange a, TileRange b);
  TileRange divide(TileRange a, TileRange b);
  TileRange remainder(TileRange a, TileRange b);
  TileRange minimum(TileRange a, TileRange b);
  TileRange maximum(TileRange a, TileRange b);
  TileRange compare(arith::CmpIPredicate predicate, TileRange a, TileRange b,
                    Type type);
  TileRange select(TileRange condition, TileRange a, TileRange b);
  TileRange cast(TileRange a, Type in, Type out, bool isUnsigned);
  TileRange logicalNot(TileRange truth) {
    return makeTruth(context.logicalNot(truth.greatest),
                     context.logicalNot(truth.least));
  }

  TileRange anything() {
    return {context.minusInfinity(), context.plusInfinity()};
  }
  TileRange makeTruth(Term least, Term greatest) {
    return {least, greatest, 0, 1};
  }
  TileRange anyTruth() {
    return makeTruth(context.constant(0), context.constant(1));
  }
  TileRange anyOf(Type type) {
    return type.isInteger(1) ? anyTruth() : anything();
  }
  TileRange rangeOf(Value value);
  /// The divisor of a division, made positive; null if it is not one number.
  Term divisor(TileRange b);
  void assume(Term condition) { trusted = context.min(trusted, condition); }
  /// `range`, under the assumption that it fits in `type`, or that it lies
  /// within plus and minus `limit`.
  TileRange fit(TileRange range, Type type);
  TileRange within(TileRange range, int64_t limit);

  PredicateBounds &bounds;
  TermContext &context;
  GenericOp op;
  const TileFrame &frame;
  DenseMap<Value, TileRange> ranges;
  /// Whether the ranges hold; whether everything that is read exists and every
  /// division has a result; whether something that every element reads exists
  /// for none.
  Term trusted, inside, outside;
};

} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

RangeInterpreter::RangeInterpreter(PredicateBounds &bounds,
                                   TermContext &context, GenericOp op,
                                   const TileFrame &frame)
    : bounds(bounds), context(context), op(op), frame(frame),
      trusted(context.truth(true)), inside(context.truth(true)),
      outside(context.truth(false)) {
  Block &block = op.getBody().front();
  // Positions, also shifted ones, batch rows and heads.
  constexpr int64_t kFar = kMaxQuery;
  auto bind = [&](unsigned i, Term least, Term greatest) {
    ranges[block.getArgument(i)] = {least, greatest, -kFar, kFar};
  };
  Term batch = context.symbol(TermSymbol::Batch),
       head = context.symbol(TermSymbol::Head);
  bind(0, batch, batch);
  bind(1, head, head);
  bind(2, frame.queryFirst, frame.queryLast);
  bind(3, frame.keyFirst, frame.keyLast);
  for (auto [i, capture] : llvm::enumerate(op.getCaptures()))
    if (capture.getType().isIndex()) {
      Term parameter = context.parameter(capture, kMaxProduct);
      ranges[block.getArgument(4 + i)] =
          fit({parameter, parameter}, capture.getType());
    }
}

TileRange RangeInterpreter::rangeOf(Value value) {
  auto it = ranges.find(value);
  return it == ranges.end() ? anyOf(value.getType()) : it->second;
}

TileRange RangeInterpreter::fit(TileRange range, Type type) {
  if (!range.isBounded())
    return range;
  // Sixty-four bits hold more than terms compute exactly.
  int64_t limit = kMaxProduct - 1;
  if (!type.isIndex() && type.getIntOrFloatBitWidth() < 58)
    limit = (int64_t(1) << (type.getIntOrFloatBitWidth() - 1)) - 1;
  return within(range, limit);
}

TileRange RangeInterpreter::within(TileRange range, int64_t limit) {
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

TileClass RangeInterpreter::run() {
  Block &block = op.getBody().front();
  interpret(block, /*isConditional=*/false);
  TileRange visible = rangeOf(block.getTerminator()->getOperand(0));
  // What reads a fact where it has no element is hidden (law 1).
  Term full = context.lessEqual(context.constant(1), visible.least);
  Term empty = context.lessEqual(visible.greatest, context.constant(0));
  return {context.min({trusted, inside, full}),
          context.max(outside, context.min(trusted, empty))};
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

TileRange RangeInterpreter::add(TileRange a, TileRange b, Type type) {
  if (!a.isBounded() || !b.isBounded())
    return anything();
  return fit({context.add(a.least, b.least),
              context.add(a.greatest, b.greatest),
              clampWide(__int128(a.low) + b.low),
              clampWide(__int128(a.high) + b.high)},
             type);
}

TileRange RangeInterpreter::negate(TileRange a, Type type) {
  if (!a.isBounded())
    return anything();
  Term minus = context.constant(-1);
  return fit({context.mul(minus, a.greatest), context.mul(minus, a.least),
              clampWide(-__int128(a.high)), clampWide(-__int128(a.low))},
             type);
}

TileRange RangeInterpreter::multiply(TileRange a, TileRange b, Type type) {
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

Term RangeInterpreter::divisor(TileRange b) {
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

TileRange RangeInterpreter::floorDivide(TileRange a, TileRange b) {
  Term c = divisor(b);
  if (!c || !a.isBounded())
    return anything();
  return {context.floorDiv(a.least, c), context.floorDiv(a.greatest, c),
          std::min<int64_t>(a.low, 0), std::max<int64_t>(a.high, 0)};
}

/// Division that rounds to zero is monotone too: `a < 0 ? -floor(-a / c) :
/// floor(a / c)`.
TileRange RangeInterpreter::divide(TileRange a, TileRange b) {
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
TileRange RangeInterpreter::remainder(TileRange a, TileRange b) {
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

TileRange RangeInterpreter::minimum(TileRange a, TileRange b) {
  return {context.min(a.least, b.least), context.min(a.greatest, b.greatest),
          std::min(a.low, b.low), std::min(a.high, b.high)};
}

TileRange RangeInterpreter::maximum(TileRange a, TileRange b) {
  return {context.max(a.least, b.least), context.max(a.greatest, b.greatest),
          std::max(a.low, b.low), std::max(a.high, b.high)};
}

TileRange RangeInterpreter::compare(arith::CmpIPredicate predicate, TileRange a,
                                    TileRange b, Type type) {
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

TileRange RangeInterpreter::select(TileRange condition, TileRange a,
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
TileRange RangeInterpreter::cast(TileRange a, Type in, Type out,
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

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

TileRange RangeInterpreter::load(Value data, ValueRange indices,
                                 bool isConditional) {
  Block &block = op.getBody().front();
  Type element = mlir::cast<ShapedType>(data.getType()).getElementType();
  auto argument = dyn_cast<BlockArgument>(data);
  bool isCapture = argument && argument.getOwner() == &block;
  bool byBatch = indices.size() == 2 && indices[0] == block.getArgument(0);
  TileRange index = indices.empty() ? anything() : rangeOf(indices.back());
  if (!isCapture || (indices.size() != 1 && !byBatch) || !index.isBounded()) {
    inside = context.truth(false);
    return anyOf(element);
  }
  unsigned number = argument.getArgNumber() - 4;
  Value capture = op.getCaptures()[number];
  std::optional<ElementRange> elements;
  if (indices.back() == block.getArgument(2)) {
    elements =
        bounds.lookUpRows(capture, frame.query, index.least, index.greatest);
  } else if (Term single = index.getSingle()) {
    elements = bounds.lookUpRows(capture, single, single, single);
  } else {
    elements = bounds.lookUp(capture, op.getTableOf(number), index.least,
                             index.greatest);
  }
  if (!elements) {
    ElementRange extent;
    bounds.setExtent(extent, capture, index.least, index.greatest);
    extent.known = context.truth(true);
    extent.least = context.minusInfinity();
    extent.greatest = context.plusInfinity();
    elements = extent;
  }
  inside = context.min(inside, elements->inside);
  if (!isConditional)
    outside = context.max(outside, elements->outside);
  if (!element.isIntOrIndex() || elements->least.isMinusInfinity())
    return anyOf(element);
  assume(elements->known);
  if (element.isInteger(1))
    return makeTruth(elements->least, elements->greatest);
  TileRange range{elements->least, elements->greatest};
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (width < 64) {
    range.low = -(int64_t(1) << (width - 1));
    range.high = -(range.low + 1);
  } else {
    range = fit(range, element);
  }
  return range;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

TileRange RangeInterpreter::apply(Operation *inner) {
  auto operand = [&](unsigned i) { return rangeOf(inner->getOperand(i)); };
  Type type = inner->getResult(0).getType();
  bool isTruth = type.isInteger(1);
  // Arithmetic on flags is not that of numbers.
  auto onNumbers = [&](TileRange range) {
    return isTruth ? anyTruth() : range;
  };
  // One that is not negative, as an unsigned operation takes it.
  auto natural = [&](unsigned i) {
    return cast(operand(i), inner->getOperand(i).getType(), type, true);
  };
  return TypeSwitch<Operation *, TileRange>(inner)
      .Case([&](arith::ConstantOp constant) {
        auto value = dyn_cast<IntegerAttr>(constant.getValue());
        if (!value)
          return anything();
        // An i1 is a truth value, not a signed number.
        int64_t number = isTruth ? value.getValue().getZExtValue()
                                 : value.getValue().getSExtValue();
        if (number >= kMaxProduct || number <= -kMaxProduct)
          return anything();
        Term term = context.constant(number);
        return TileRange{term, term, number, number};
      })
      .Case([&](arith::AddIOp) {
        return onNumbers(add(operand(0), operand(1), type));
      })
      .Case([&](arith::SubIOp) {
        if (isTruth || !operand(0).isBounded() || !operand(1).isBounded())
          return anyOf(type);
        TileRange a = operand(0), b = operand(1);
        return fit({context.sub(a.least, b.greatest),
                    context.sub(a.greatest, b.least),
                    clampWide(__int128(a.low) - b.high),
                    clampWide(__int128(a.high) - b.low)},
                   type);
      })
      .Case([&](arith::MulIOp) {
        return onNumbers(multiply(operand(0), operand(1), type));
      })
      .Case([&](arith::FloorDivSIOp) {
        return onNumbers(floorDivide(operand(0), operand(1)));
      })
      .Case([&](arith::CeilDivSIOp) { // -floor(-a / c)
        if (isTruth)
          return anyTruth();
        return negate(floorDivide(negate(operand(0), type), operand(1)), type);
      })
      .Case([&](arith::DivSIOp) {
        return onNumbers(divide(operand(0), operand(1)));
      })
      .Case([&](arith::RemSIOp) {
        return onNumbers(remainder(operand(0), operand(1)));
      })
      .Case([&](arith::DivUIOp) {
        return isTruth ? anyTruth() : divide(natural(0), natural(1));
      })
      .Case([&](arith::RemUIOp) {
        return isTruth ? anyTruth() : remainder(natural(0), natural(1));
      })
      .Case([&](arith::MinSIOp) {
        return onNumbers(minimum(operand(0), operand(1)));
      })
      .Case([&](arith::MaxSIOp) {
        return onNumbers(maximum(operand(0), operand(1)));
      })
      .Case([&](arith::CmpIOp op) {
        return compare(op.getPredicate(), operand(0), operand(1),
                       op.getLhs().getType());
      })
      .Case([&](arith::AndIOp) {
        return isTruth ? minimum(operand(0), operand(1)) : anything();
      })
      .Case([&](arith::OrIOp) {
        return isTruth ? maximum(operand(0), operand(1)) : anything();
      })
      .Case([&](arith::XOrIOp) {
        return isTruth ? select(operand(0), logicalNot(operand(1)), operand(1))
                       : anything();
      })
      .Case([&](arith::SelectOp op) {
        return op.getCondition().getType().isInteger(1)
                   ? select(operand(0), operand(1), operand(2))
                   : anyOf(type);
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>([&](auto op) {
        return cast(operand(0), op.getIn().getType(), type, false);
      })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto op) {
        return cast(operand(0), op.getIn().getType(), type, true);
      })
      .Default([&](Operation *) { return anyOf(type); });
}

void RangeInterpreter::interpret(Operation &inner, bool isConditional) {
  // What a branch that may not be taken reads must exist all the same, or the
  // tile is not known to be full; its results may be anything.
  for (Region &region : inner.getRegions())
    for (Block &block : region)
      interpret(block, /*isConditional=*/true);
  if (auto extract = dyn_cast<tensor::ExtractOp>(inner)) {
    ranges[extract.getResult()] =
        load(extract.getTensor(), extract.getIndices(), isConditional);
    return;
  }
  if (auto read = dyn_cast<memref::LoadOp>(inner)) {
    ranges[read.getResult()] =
        load(read.getMemRef(), read.getIndices(), isConditional);
    return;
  }
  if (inner.getNumRegions())
    return;
  // Divisions look at what they divide by.
  bool divides =
      isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp,
          arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp>(inner);
  if (divides ? inner.getResult(0).getType().isInteger(1)
              : !isSpeculatable(&inner))
    inside = context.truth(false);
  for (Value result : inner.getResults())
    ranges[result] =
        inner.getNumResults() == 1 ? apply(&inner) : anyOf(result.getType());
}

void RangeInterpreter::interpret(Block &block, bool isConditional) {
  for (Operation &inner : block.without_terminator())
    interpret(inner, isConditional);
}

TileClass PredicateBounds::classifyGeneric(GenericOp op,
                                           const TileFrame &frame) {
  return RangeInterpreter(*this, context, op, frame).run();
}
