//===- TileClassifier.cpp - what is known of a whole tile -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PredicateBounds.h"

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
// Facts over a tile
//===----------------------------------------------------------------------===//

static int64_t rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

SmallVector<Term> PredicateBounds::batchIndex(Value data) {
  SmallVector<Term> indices;
  if (rankOf(data) == 2)
    indices.push_back(context.symbol(TermSymbol::Batch));
  return indices;
}

void PredicateBounds::setExtent(ElementRange &elements, Value data, Term first,
                                Term last) {
  TermSource source{TermSource::Data, data, {}};
  Term zero = context.constant(0), end = context.add(last, 1);
  Term size = context.size(source, rankOf(data) - 1);
  elements.inside =
      context.min(context.lessEqual(zero, first), context.lessEqual(end, size));
  elements.outside =
      context.max(context.lessEqual(end, zero), context.lessEqual(size, first));
  if (rankOf(data) != 2)
    return;
  Term batch = context.symbol(TermSymbol::Batch);
  elements.inside =
      context.min(elements.inside, context.lessEqual(context.add(batch, 1),
                                                     context.size(source, 0)));
}

ElementRange PredicateBounds::lookUpRows(Value data, Term query, Term first,
                                         Term last) {
  SmallVector<Term> indices = batchIndex(data);
  indices.push_back(query);
  // A row that does not exist counts as zero: that widens the range.
  Term element =
      context.load({TermSource::Data, data, {}}, indices, 0, kMaxProduct);
  ElementRange elements;
  elements.least = context.rowMin(element);
  elements.greatest = context.rowMax(element);
  elements.known = context.truth(true);
  setExtent(elements, data, first, last);
  return elements;
}

/// Two reads where the indices meet two blocks, one more for a block between;
/// longer ones are not known. In a single block the reads reach beyond the
/// range of indices, but each contains it.
std::optional<ElementRange> PredicateBounds::lookUp(Value data, Value table,
                                                    Term first, Term last) {
  std::optional<TermSource> source =
      tableOf(table, TermSource::RangeTable, data, {});
  if (!source)
    return std::nullopt;
  ElementRange elements;
  setExtent(elements, data, first, last);
  Term size = context.size({TermSource::Data, data, {}}, rankOf(data) - 1);
  Term begin = context.max(first, context.constant(0)),
       end = context.min(last, context.add(size, -1)),
       block = context.constant(kRangeBlock);
  Term firstBlock = context.floorDiv(begin, block),
       lastBlock = context.floorDiv(end, block),
       between = context.add(firstBlock, 1);
  auto read = [&](Term index, int64_t column) {
    SmallVector<Term> indices = batchIndex(data);
    indices.append({index, context.constant(column)});
    return context.load(*source, indices, 0, kMaxProduct);
  };
  Term single = context.lessEqual(lastBlock, firstBlock);
  Term hasMiddle = context.lessEqual(context.add(between, 1), lastBlock);
  auto extremum = [&](int64_t column, bool isMin) {
    Term head = read(begin, column), tail = read(end, column + 2);
    Term middle = context.select(
        hasMiddle, read(context.mul(between, block), column), head);
    Term low = context.min({head, tail, middle}),
         high = context.max({head, tail, middle});
    return isMin ? context.select(single, context.max(head, tail), low)
                 : context.select(single, context.min(head, tail), high);
  };
  elements.least = extremum(0, /*isMin=*/true);
  elements.greatest = extremum(1, /*isMin=*/false);
  elements.known = context.lessEqual(lastBlock, context.add(firstBlock, 2));
  return elements;
}

/// The input over the box of the positions that the tile holds. A query or key
/// without a position sees nothing.
TileClass PredicateBounds::classifyAtPositions(AtPositionsOp op,
                                               const TileFrame &frame) {
  Value queryPositions = op.getQueryPositions();
  std::optional<ElementRange> keys = lookUp(op.getKeyPositions(), op.getRange(),
                                            frame.keyFirst, frame.keyLast);
  if (!keys)
    return {context.truth(false), context.truth(false)};
  ElementRange rows = lookUpRows(queryPositions, frame.query, frame.queryFirst,
                                 frame.queryLast);
  auto position = [&](Term extremum) {
    return context.clamp(extremum, kMaxParameter);
  };
  TileFrame positions{
      fact(queryPositions, frame.query, /*otherwise=*/0, kMaxParameter),
      position(rows.least), position(rows.greatest), position(keys->least),
      position(keys->greatest)};
  TileClass part = classify(op.getInput(), positions);
  Term inside = context.min(rows.inside, keys->inside);
  return {context.min({keys->known, inside, part.full}),
          context.max({rows.outside, keys->outside,
                       context.min(keys->known, part.empty)})};
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
  if (set.exact || !op || direction == BoundsOf::Columns)
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
      .Case([&](AtPositionsOp op) {
        return either(classifyAtPositions(op, frame));
      })
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
