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
#include "TileRangeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class RangeInterpreter : TileRangeArithmetic {
public:
  RangeInterpreter(PredicateBounds &bounds, TermContext &context, GenericOp op,
                   const TileFrame &frame);
  TileClass run();

private:
  void interpret(Block &block, bool isConditional);
  void interpret(Operation &inner, bool isConditional);
  TileRange apply(Operation *inner);
  TileRange load(Value data, ValueRange indices, bool isConditional);

  TileRange rangeOf(Value value);
  PredicateBounds &bounds;
  GenericOp op;
  const TileFrame &frame;
  DenseMap<Value, TileRange> ranges;
  /// Whether something that every element reads exists for none.
  Term outside;
};

} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

RangeInterpreter::RangeInterpreter(PredicateBounds &bounds,
                                   TermContext &context, GenericOp op,
                                   const TileFrame &frame)
    : TileRangeArithmetic(context), bounds(bounds), op(op), frame(frame),
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
        return isTruth ? anyTruth() : subtract(operand(0), operand(1), type);
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
