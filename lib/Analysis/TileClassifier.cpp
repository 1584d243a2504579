//===- TileClassifier.cpp - what is known of a whole tile -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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

static TileClass swap(TileClass tile) { return {tile.empty, tile.full}; }

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

/// A tile inside of one core is full; one outside of all hulls is empty.
TileClass PredicateBounds::classifyByIntervals(const IntervalSet &set,
                                               const TileFrame &frame) {
  TileClass result{context.truth(false), context.truth(true)};
  for (const IntervalPiece &piece : set.pieces) {
    TileInterval tile = tileInterval({piece.outer, piece.inner});
    Term inside = context.min(
        context.lessEqual(tile.coreLower, frame.keyFirst),
        context.lessEqual(context.add(frame.keyLast, 1), tile.coreUpper));
    Term outside = context.max(
        context.lessEqual(context.add(frame.keyLast, 1), tile.hullLower),
        context.lessEqual(tile.hullUpper, frame.keyFirst));
    result.full = context.max(result.full, inside);
    result.empty = context.min(result.empty, outside);
  }
  return result;
}

/// Counts of valid keys before the ends of the tile.
TileClass PredicateBounds::classifyPadding(KeyPaddingOp op,
                                           const TileFrame &frame) {
  std::optional<TermSource> source =
      tableOf(op.getTable(), TermSource::CountTable, op.getValid(), {});
  if (!source)
    return {context.truth(false), context.truth(false)};
  unsigned dim = cast<ShapedType>(op.getValid().getType()).getRank() - 1;
  Term total = context.add(context.size(*source, dim), -3);
  auto countBefore = [&](Term key) {
    SmallVector<Term> indices;
    if (dim)
      indices.push_back(context.symbol(TermSymbol::Batch));
    indices.push_back(
        context.max(context.min(key, total), context.constant(0)));
    return context.load(*source, indices, 0);
  };
  Term end = context.add(frame.keyLast, 1);
  Term count = context.sub(countBefore(end), countBefore(frame.keyFirst));
  return {context.lessEqual(context.sub(end, frame.keyFirst), count),
          context.lessEqual(count, context.constant(0))};
}

/// The tile's differences `q - k` fill a range; is a multiple of the stride in
/// it?
TileClass PredicateBounds::classifyDilated(DilatedOp op,
                                           const TileFrame &frame) {
  Term stride = parameter(op.getStrideParameter());
  Term least = context.sub(frame.queryFirst, frame.keyLast);
  Term greatest = context.sub(frame.queryLast, frame.keyFirst);
  Term multiple = context.mul(stride, context.floorDiv(greatest, stride));
  Term single = context.min(context.lessEqual(greatest, least),
                            context.lessEqual(greatest, multiple));
  Term inside = isInside(ArrayRef(op.getStrideParameter()));
  Term all =
      context.max(context.lessEqual(stride, context.constant(1)), single);
  return {context.min(inside, all),
          context.lessEqual(context.add(multiple, 1), least)};
}

//===----------------------------------------------------------------------===//
// Scalar code: interval arithmetic over the tile
//===----------------------------------------------------------------------===//

namespace {

/// The least and the greatest value of an integer over a tile. Truth values are
/// `[0, 1]`; anything may be `[-inf, inf]`.
struct Range {
  Term least, greatest;
};

/// One rule per op; what has none may be anything.
class RangeInterpreter {
public:
  RangeInterpreter(TermContext &context, GenericOp op, const TileFrame &frame)
      : context(context), op(op), frame(frame), defined(context.truth(true)) {
    Block &block = op.getBody().front();
    Term batch = context.symbol(TermSymbol::Batch),
         head = context.symbol(TermSymbol::Head);
    ranges[block.getArgument(0)] = {batch, batch};
    ranges[block.getArgument(1)] = {head, head};
    ranges[block.getArgument(2)] = {frame.queryFirst, frame.queryLast};
    ranges[block.getArgument(3)] = {frame.keyFirst, frame.keyLast};
  }

  TileClass run() {
    Block &block = op.getBody().front();
    for (Operation &inner : block.without_terminator()) {
      if (!isTotal(&inner))
        defined = context.truth(false);
      for (Value result : inner.getResults())
        ranges[result] = apply(&inner);
    }
    Range visible = rangeOf(block.getTerminator()->getOperand(0));
    // What is not defined is hidden (law 1), whatever the region yields.
    return {context.min(defined,
                        context.lessEqual(context.constant(1), visible.least)),
            context.lessEqual(visible.greatest, context.constant(0))};
  }

private:
  Range anything() { return {context.minusInfinity(), context.plusInfinity()}; }
  Range anyTruth() { return {context.constant(0), context.constant(1)}; }

  Range rangeOf(Value value) {
    auto it = ranges.find(value);
    if (it != ranges.end())
      return it->second;
    // A captured index, or an index of the block of a closed region.
    for (auto [argument, capture] :
         llvm::zip(op.getBody().getArguments().drop_front(4), op.getCaptures()))
      if (argument == value && value.getType().isIndex()) {
        Term term = context.parameter(capture);
        return {term, term};
      }
    return value.getType().isInteger(1) ? anyTruth() : anything();
  }

  static bool isKnown(Range range) {
    return !range.least.isMinusInfinity() && !range.greatest.isPlusInfinity();
  }

  Range multiply(Range a, Range b) {
    if (!isKnown(a) || !isKnown(b))
      return anything();
    SmallVector<Term> corners = {
        context.mul(a.least, b.least), context.mul(a.least, b.greatest),
        context.mul(a.greatest, b.least), context.mul(a.greatest, b.greatest)};
    return {context.min(corners), context.max(corners)};
  }

  /// The positive constant that a value is, or none.
  static std::optional<int64_t> positiveConstant(Range range) {
    if (range.least == range.greatest && range.least.isConstant() &&
        range.least->number > 0)
      return range.least->number;
    return std::nullopt;
  }

  Range floorDivide(Range a, Range b) {
    std::optional<int64_t> divisor = positiveConstant(b);
    if (!divisor || !isKnown(a))
      return anything();
    Term c = context.constant(*divisor);
    return {context.floorDiv(a.least, c), context.floorDiv(a.greatest, c)};
  }

  /// Division that rounds to zero is monotone too: `a < 0 ? -floor(-a / c) :
  /// floor(a / c)`.
  Range divide(Range a, Range b) {
    std::optional<int64_t> divisor = positiveConstant(b);
    if (!divisor || !isKnown(a))
      return anything();
    Term c = context.constant(*divisor), zero = context.constant(0);
    auto quotient = [&](Term x) {
      Term negated = context.mul(context.constant(-1), x);
      Term up = context.mul(context.constant(-1), context.floorDiv(negated, c));
      return context.select(context.lessEqual(zero, x), context.floorDiv(x, c),
                            up);
    };
    return {quotient(a.least), quotient(a.greatest)};
  }

  /// The remainder has the sign of the dividend.
  Range remainder(Range a, Range b) {
    std::optional<int64_t> divisor = positiveConstant(b);
    if (!divisor)
      return anything();
    Term zero = context.constant(0);
    return {
        context.min(zero, context.max(a.least, context.constant(1 - *divisor))),
        context.max(zero,
                    context.min(a.greatest, context.constant(*divisor - 1)))};
  }

  Range compare(arith::CmpIPredicate predicate, Range a, Range b) {
    auto less = [&](Range x, Range y, int64_t distance) { // x + distance <= y
      return Range{
          context.lessEqual(context.add(x.greatest, distance), y.least),
          context.lessEqual(context.add(x.least, distance), y.greatest)};
    };
    if (!isKnown(a) || !isKnown(b))
      return anyTruth();
    switch (predicate) {
    case arith::CmpIPredicate::sle:
      return less(a, b, 0);
    case arith::CmpIPredicate::slt:
      return less(a, b, 1);
    case arith::CmpIPredicate::sge:
      return less(b, a, 0);
    case arith::CmpIPredicate::sgt:
      return less(b, a, 1);
    case arith::CmpIPredicate::eq:
    case arith::CmpIPredicate::ne: {
      Range below = less(a, b, 0), above = less(b, a, 0);
      Range equal = {context.min(below.least, above.least),
                     context.min(below.greatest, above.greatest)};
      return predicate == arith::CmpIPredicate::eq ? equal : negate(equal);
    }
    default: // Unsigned comparisons of numbers that may be negative.
      return anyTruth();
    }
  }

  Range negate(Range truth) {
    return {context.logicalNot(truth.greatest),
            context.logicalNot(truth.least)};
  }

  Range select(Range condition, Range a, Range b) {
    Term always = context.lessEqual(context.constant(1), condition.least);
    Term never = context.lessEqual(condition.greatest, context.constant(0));
    return {
        context.select(
            always, a.least,
            context.select(never, b.least, context.min(a.least, b.least))),
        context.select(always, a.greatest,
                       context.select(never, b.greatest,
                                      context.max(a.greatest, b.greatest)))};
  }

  Range apply(Operation *inner) {
    auto operand = [&](unsigned i) { return rangeOf(inner->getOperand(i)); };
    bool truth = inner->getNumResults() == 1 &&
                 inner->getResult(0).getType().isInteger(1);
    return TypeSwitch<Operation *, Range>(inner)
        .Case([&](arith::ConstantOp constant) {
          auto value = dyn_cast<IntegerAttr>(constant.getValue());
          if (!value)
            return anything();
          // An i1 is a truth value, not a signed number.
          int64_t number = truth ? value.getValue().getZExtValue()
                                 : value.getValue().getSExtValue();
          Term term = context.constant(number);
          return Range{term, term};
        })
        .Case([&](arith::AddIOp) {
          if (truth)
            return anyTruth();
          Range a = operand(0), b = operand(1);
          if (!isKnown(a) || !isKnown(b))
            return anything();
          return Range{context.add(a.least, b.least),
                       context.add(a.greatest, b.greatest)};
        })
        .Case([&](arith::SubIOp) {
          if (truth)
            return anyTruth();
          Range a = operand(0), b = operand(1);
          if (!isKnown(a) || !isKnown(b))
            return anything();
          return Range{context.sub(a.least, b.greatest),
                       context.sub(a.greatest, b.least)};
        })
        .Case([&](arith::MulIOp) {
          return truth ? anyTruth() : multiply(operand(0), operand(1));
        })
        .Case([&](arith::FloorDivSIOp) {
          return floorDivide(operand(0), operand(1));
        })
        .Case([&](arith::DivSIOp) { return divide(operand(0), operand(1)); })
        .Case([&](arith::RemSIOp) { return remainder(operand(0), operand(1)); })
        .Case([&](arith::MinSIOp) {
          return Range{context.min(operand(0).least, operand(1).least),
                       context.min(operand(0).greatest, operand(1).greatest)};
        })
        .Case([&](arith::MaxSIOp) {
          return Range{context.max(operand(0).least, operand(1).least),
                       context.max(operand(0).greatest, operand(1).greatest)};
        })
        .Case([&](arith::CmpIOp compareOp) {
          return compare(compareOp.getPredicate(), operand(0), operand(1));
        })
        .Case([&](arith::AndIOp) {
          if (!truth)
            return anything();
          return Range{context.min(operand(0).least, operand(1).least),
                       context.min(operand(0).greatest, operand(1).greatest)};
        })
        .Case([&](arith::OrIOp) {
          if (!truth)
            return anything();
          return Range{context.max(operand(0).least, operand(1).least),
                       context.max(operand(0).greatest, operand(1).greatest)};
        })
        .Case([&](arith::XOrIOp) {
          if (!truth)
            return anything();
          return select(operand(0), negate(operand(1)), operand(1));
        })
        .Case([&](arith::SelectOp) {
          return select(operand(0), operand(1), operand(2));
        })
        .Case([&](arith::IndexCastOp cast) {
          // Narrowing wraps; widening does not. A flag is not a signed number.
          Type in = cast.getIn().getType(), out = cast.getOut().getType();
          if (in.isInteger(1) || out.isInteger(1) ||
              (in.isIndex() && !out.isInteger(64)))
            return anything();
          return operand(0);
        })
        .Case([&](tensor::ExtractOp load) {
          return loadRange(load.getTensor(), load.getIndices());
        })
        .Case([&](memref::LoadOp load) {
          return loadRange(load.getMemRef(), load.getIndices());
        })
        .Default([&](Operation *) { return truth ? anyTruth() : anything(); });
  }

  /// Whether the op has a result everywhere; loads are looked at one by one.
  bool isTotal(Operation *inner) {
    if (isa<tensor::ExtractOp, memref::LoadOp>(inner))
      return true;
    if (isa<arith::RemSIOp, arith::RemUIOp>(inner) &&
        !positiveConstant(rangeOf(inner->getOperand(1))))
      return false;
    return isSpeculatable(inner);
  }

  /// A one-dimensional capture read at the query: its extrema over the rows.
  /// Elsewhere the extent is not looked at, so the tile may not be full.
  Range loadRange(Value data, ValueRange indices) {
    Block &block = op.getBody().front();
    Type element = cast<ShapedType>(data.getType()).getElementType();
    auto argument = dyn_cast<BlockArgument>(data);
    bool atQuery = indices.size() == 1 && indices[0] == block.getArgument(2);
    if (!argument || argument.getOwner() != &block || !atQuery ||
        element.isInteger(1) || !element.isIntOrIndex()) {
      defined = context.truth(false);
      return element.isInteger(1) ? anyTruth() : anything();
    }
    Value capture = op.getCaptures()[argument.getArgNumber() - 4];
    TermSource source{TermSource::Data, capture, {}};
    Term row = context.load(source, {frame.query}, 0);
    defined = context.min(
        {defined, context.lessEqual(context.constant(0), frame.queryFirst),
         context.lessEqual(context.add(frame.queryLast, 1),
                           context.size(source, 0))});
    return {context.rowMin(row), context.rowMax(row)};
  }

  TermContext &context;
  GenericOp op;
  const TileFrame &frame;
  /// Whether every element of the tile reads and divides only what it may.
  Term defined;
  DenseMap<Value, Range> ranges;
};

} // namespace

TileClass PredicateBounds::classifyGeneric(GenericOp op,
                                           const TileFrame &frame) {
  return RangeInterpreter(context, op, frame).run();
}

//===----------------------------------------------------------------------===//
// All predicates
//===----------------------------------------------------------------------===//

TileClass PredicateBounds::classify(Value predicate, const TileFrame &frame) {
  // What has exact bounds needs nothing else; bounds are in the predicate's own
  // keys, as the frame is.
  IntervalSet set = bounds(predicate, frame.query);
  TileClass known = classifyByIntervals(set, frame);
  Operation *op = predicate.getDefiningOp();
  if (set.exact || !op)
    return known;
  auto either = [&](TileClass tile) {
    return TileClass{context.max(known.full, tile.full),
                     context.max(known.empty, tile.empty)};
  };
  return TypeSwitch<Operation *, TileClass>(op)
      .Case([&](AndOp op) {
        TileClass tile{context.truth(true), context.truth(false)};
        for (Value input : op.getInputs()) {
          TileClass part = classify(input, frame);
          tile = {context.min(tile.full, part.full),
                  context.max(tile.empty, part.empty)};
        }
        return either(tile);
      })
      .Case([&](OrOp op) {
        TileClass tile{context.truth(false), context.truth(true)};
        for (Value input : op.getInputs()) {
          TileClass part = classify(input, frame);
          tile = {context.max(tile.full, part.full),
                  context.min(tile.empty, part.empty)};
        }
        return either(tile);
      })
      .Case([&](NotOp op) {
        return either(swap(classify(op.getInput(), frame)));
      })
      .Case([&](ShiftOp op) {
        Term query = parameter(op.getQueryParameter()),
             key = parameter(op.getKeyParameter());
        TileFrame moved{context.add(frame.query, query),
                        context.add(frame.queryFirst, query),
                        context.add(frame.queryLast, query),
                        context.add(frame.keyFirst, key),
                        context.add(frame.keyLast, key)};
        TileClass part = classify(op.getInput(), moved);
        Term inside = isInside({op.getQueryParameter(), op.getKeyParameter()});
        return either({context.min(inside, part.full), part.empty});
      })
      .Case<HeadsOp, BatchesOp>([&](auto op) {
        bool heads = isa<HeadsOp>(op.getOperation());
        Term chosen = context.member(
            context.symbol(heads ? TermSymbol::Head : TermSymbol::Batch),
            op.getMembers());
        TileClass part = classify(op.getInput(), frame);
        return either({context.min(chosen, part.full),
                       context.max(context.logicalNot(chosen), part.empty)});
      })
      .Case([&](KeyPaddingOp op) { return either(classifyPadding(op, frame)); })
      .Case([&](DilatedOp op) { return either(classifyDilated(op, frame)); })
      .Case([&](GenericOp op) { return either(classifyGeneric(op, frame)); })
      .Default([&](Operation *) { return known; });
}

TileClass PredicateBounds::classify(Value predicate) {
  // A classifier that costs more than the tile is worth is left out.
  constexpr unsigned kMaxWeight = 2000;
  TileFrame frame{context.symbol(TermSymbol::Query),
                  context.symbol(TermSymbol::QueryFirst),
                  context.symbol(TermSymbol::QueryLast),
                  context.symbol(TermSymbol::KeyFirst),
                  context.symbol(TermSymbol::KeyLast)};
  TileClass tile = classify(predicate, frame);
  if (tile.full.getWeight() > kMaxWeight)
    tile.full = context.truth(false);
  if (tile.empty.getWeight() > kMaxWeight)
    tile.empty = context.truth(false);
  return tile;
}
