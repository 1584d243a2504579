//===- RowIntervals.cpp - row intervals of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/RowIntervals.h"
#include "IntervalSet.h"
#include "Mask/Analysis/AffineTerms.h"
#include "Mask/Analysis/TermProver.h"
#include "Mask/IR/Absence.h"
#include "Mask/IR/Range.h"
#include "PredicateBounds.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Parameters and facts as terms
//===----------------------------------------------------------------------===//

static int64_t rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

Term PredicateBounds::parameter(Parameter parameter) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return context.constant(*constant);
  if (!parameter.axis)
    return context.parameter(parameter.getValue(), kMaxParameter);
  TermSymbol axis = *parameter.axis == ParameterAxis::Batch ? TermSymbol::Batch
                                                            : TermSymbol::Head;
  return context.load({TermSource::Data, parameter.getValue(), {}},
                      context.symbol(axis), /*otherwise=*/1, kMaxParameter);
}

/// A parameter per row that ends before the row makes its leaf false (law 1).
Term PredicateBounds::isInside(ArrayRef<Parameter> parameters) {
  Term inside = context.truth(true);
  for (const Parameter &parameter : parameters) {
    if (!parameter.axis)
      continue;
    TermSymbol axis = *parameter.axis == ParameterAxis::Batch
                          ? TermSymbol::Batch
                          : TermSymbol::Head;
    inside = context.min(inside,
                         isInside(parameter.getValue(), context.symbol(axis)));
  }
  return inside;
}

Term PredicateBounds::fact(Value value, Term index, int64_t otherwise,
                           int64_t limit) {
  SmallVector<Term> indices;
  if (rankOf(value) == 2)
    indices.push_back(context.symbol(TermSymbol::Batch));
  indices.push_back(index);
  return context.load({TermSource::Data, value, {}}, indices, otherwise, limit);
}

Term PredicateBounds::isInside(Value value, Term index) {
  return isInside(value, index, rankOf(value) - 1);
}

Term PredicateBounds::isInside(Value data, Term index, unsigned dim) {
  Term size = context.size({TermSource::Data, data, {}}, dim);
  return context.min(context.lessEqual(context.constant(0), index),
                     context.lessEqual(context.add(index, 1), size));
}

/// The index table of a leaf: its operand, or one to be built.
std::optional<TermSource> PredicateBounds::tableOf(Value table,
                                                   TermSource::Kind kind,
                                                   Value fact, Value second) {
  if (table)
    return TermSource{TermSource::Data, table, {}};
  if (!options.buildTables)
    return std::nullopt;
  return TermSource{kind, fact, second};
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

bool mlir::mask::hasContiguousIds(Value ids) {
  Operation *op = ids.getDefiningOp();
  if (auto drop = dyn_cast_or_null<DropLongOp>(op))
    return hasContiguousIds(drop.getIds());
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(op))
    return hasContiguousIds(cast.getSource());
  return isa_and_nonnull<RunsOp, ItemIdsOp>(op);
}

IntervalSet PredicateBounds::window(Parameter left, Parameter right,
                                    Term query) {
  Term lower = left.isGiven() ? context.sub(query, parameter(left))
                              : context.minusInfinity();
  Term upper = right.isGiven()
                   ? context.add({query, parameter(right), context.constant(1)})
                   : context.plusInfinity();
  // A bound that is not negative keeps the query inside; a run-time bound is
  // not negative (mask.window).
  auto keepsQuery = [](Parameter bound) {
    return !bound.getConstant() || *bound.getConstant() >= 0;
  };
  if (keepsQuery(left) && keepsQuery(right))
    return algebra.exactly(lower, upper, Emptiness::Never, query);
  bool nonEmpty = !left.isGiven() || !right.isGiven() ||
                  provablyLessEqual(context, context.add(lower, 1), upper);
  return algebra.exactly(lower, upper,
                         nonEmpty ? Emptiness::Never : Emptiness::Unknown);
}

IntervalSet PredicateBounds::chunk(ChunkOp op, Term query) {
  Term size = parameter(op.getSizeParameter());
  Term offset = op.getOffsetParameter().isGiven()
                    ? parameter(op.getOffsetParameter())
                    : context.constant(0);
  Term index = context.floorDiv(context.sub(query, offset), size);
  Term lower = context.add(context.mul(size, index), offset);
  return algebra.exactly(lower, context.add(lower, size), Emptiness::Never,
                         query);
}

/// Tokens of one id: columns of the interval table.
IntervalSet PredicateBounds::sameId(Value queryIds, Value keyIds, Value table,
                                    bool nonNegative, bool contiguous,
                                    Term query) {
  std::optional<TermSource> source =
      tableOf(table,
              nonNegative ? TermSource::NonNegativeIntervalTable
                          : TermSource::IntervalTable,
              queryIds, keyIds);
  if (!source)
    return algebra.unknown();
  auto column = [&](int64_t number) {
    SmallVector<Term> indices;
    if (rankOf(queryIds) == 2)
      indices.push_back(context.symbol(TermSymbol::Batch));
    indices.push_back(query);
    indices.push_back(context.constant(number));
    return context.tableEnd(*source, indices, /*isLower=*/number % 2 == 0);
  };
  // A token with an id sees itself if both sides read one table.
  Term anchor = queryIds == keyIds ? query : Term();
  IntervalSet set =
      algebra.exactly(column(0), column(1), Emptiness::Normalized, anchor);
  if (contiguous)
    return set;
  set.exact = false;
  set.pieces[0].inner = {column(2), column(3)};
  return set;
}

/// What is walked ends at the length, or all of it is visible up to there.
IntervalSet PredicateBounds::length(Parameter length, bool ofKey, Term query) {
  Term end = parameter(length), inside = isInside(ArrayRef(length));
  if (ofKey == (direction == BoundsOf::Rows))
    return algebra.restrict(
        algebra.exactly(context.minusInfinity(), end, Emptiness::Never),
        inside);
  return algebra.restrict(
      algebra.full(),
      context.min(inside, context.lessEqual(context.add(query, 1), end)));
}

IntervalSet PredicateBounds::keyPadding(KeyPaddingOp op) {
  std::optional<TermSource> source =
      tableOf(op.getTable(), TermSource::CountTable, op.getValid(), {});
  if (!source)
    return algebra.unknown();
  unsigned dim = rankOf(op.getValid()) - 1;
  auto fromEnd = [&](int64_t distance) {
    SmallVector<Term> indices;
    if (dim)
      indices.push_back(context.symbol(TermSymbol::Batch));
    indices.push_back(context.add(context.size(*source, dim), -distance));
    return indices;
  };
  Term first = context.tableEnd(*source, fromEnd(2), /*isLower=*/true),
       end = context.tableEnd(*source, fromEnd(1), /*isLower=*/false),
       count = context.load(*source, fromEnd(3), /*otherwise=*/0);
  IntervalSet set = algebra.exactly(first, end, Emptiness::Normalized);
  Term noHoles = context.lessEqual(context.sub(end, first), count);
  set.pieces[0].inner = {context.select(noHoles, first, context.plusInfinity()),
                         context.select(noHoles, end, context.minusInfinity())};
  set.exact = false;
  return set;
}

IntervalSet PredicateBounds::interval(IntervalOp op, Term query) {
  SmallVector<Term> symbols;
  for (Value symbol : op.getSymbols())
    symbols.push_back(context.parameter(symbol, kMaxParameter));
  // A bound that is not given, or depends on an absent symbol, is none.
  auto bound = [&](std::optional<AffineMap> map, Term unbounded) {
    if (!map)
      return unbounded;
    for (auto [i, symbol] : llvm::enumerate(op.getSymbols()))
      if (map->isFunctionOfSymbol(i) && isAbsent(symbol))
        return unbounded;
    return toTerm(context, map->getResult(0), query, symbols);
  };
  Term lower = bound(op.getLower(), context.minusInfinity());
  Term upper = bound(op.getUpper(), context.plusInfinity());
  bool nonEmpty = provablyLessEqual(context, context.add(lower, 1), upper);
  return algebra.exactly(lower, upper,
                         nonEmpty ? Emptiness::Never : Emptiness::Unknown);
}

/// A side without a table is unbounded; a query outside of a table sees
/// nothing.
IntervalSet PredicateBounds::rowRange(Value lower, Value upper, Term query) {
  auto isGiven = [](Value table) { return table && !isAbsent(table); };
  auto first = [&] { return fact(lower, query, kNoEnd, kMaxParameter); };
  auto end = [&] { return fact(upper, query, -kNoEnd, kMaxParameter); };
  if (isGiven(lower) && isGiven(upper))
    return algebra.exactly(first(), end(), Emptiness::Unknown);
  if (isGiven(lower))
    return algebra.restrict(
        algebra.exactly(first(), context.plusInfinity(), Emptiness::Never),
        isInside(lower, query));
  if (isGiven(upper))
    return algebra.restrict(
        algebra.exactly(context.minusInfinity(), end(), Emptiness::Never),
        isInside(upper, query));
  return algebra.full();
}

/// Nothing outside of the stored elements is visible (law 1); which of them are
/// is not looked at.
IntervalSet PredicateBounds::dense(DenseOp op, Term index) {
  Value mask = op.getMask();
  unsigned rank = rankOf(mask), indexDim = rank - 2, otherDim = rank - 1;
  if (direction == BoundsOf::Columns)
    std::swap(indexDim, otherDim);
  Term stored = isInside(mask, index, indexDim);
  if (rank > 2)
    stored = context.min(stored,
                         isInside(mask, context.symbol(TermSymbol::Batch), 0));
  if (rank > 3)
    stored = context.min(stored,
                         isInside(mask, context.symbol(TermSymbol::Head), 1));
  Term size = context.size({TermSource::Data, mask, {}}, otherDim);
  IntervalSet set =
      algebra.exactly(context.constant(0), size, Emptiness::Unknown);
  set.exact = false;
  set.pieces[0].inner = {context.plusInfinity(), context.minusInfinity()};
  set.pieces[0].innerEmptiness = Emptiness::Normalized;
  return algebra.restrict(set, stored);
}

//===----------------------------------------------------------------------===//
// Change of coordinates
//===----------------------------------------------------------------------===//

/// An interval of positions is an interval of keys where key positions never
/// fall; elsewhere anything may be visible.
IntervalSet PredicateBounds::atPositions(Value input, Value queryPositions,
                                         Value keyPositions, Value table,
                                         Term query) {
  Term position = fact(queryPositions, query, /*otherwise=*/0, kMaxParameter);
  IntervalSet positions = bounds(input, position);
  std::optional<TermSource> monotoneTable =
      tableOf(table, TermSource::MonotoneTable, keyPositions, {});
  if (!monotoneTable)
    return algebra.unknown();
  bool perBatch = rankOf(keyPositions) == 2;
  Term batch = perBatch ? context.symbol(TermSymbol::Batch) : Term();
  Term monotone = context.lessEqual(
      context.constant(1),
      context.load(*monotoneTable, perBatch ? batch : context.constant(0), 0));
  TermSource keys{TermSource::Data, keyPositions, {}};
  Term size = context.size(keys, perBatch ? 1 : 0);
  auto keyOf = [&](Term position) {
    return context.lowerBound(keys, batch, position);
  };

  IntervalSet result;
  result.exact = false;
  for (const IntervalPiece &piece : positions.pieces) {
    IntervalPiece mapped;
    mapped.outer = {
        context.select(monotone, keyOf(piece.outer.lower), context.constant(0)),
        context.select(monotone, keyOf(piece.outer.upper), size)};
    mapped.inner = {context.select(monotone, keyOf(piece.inner.lower),
                                   context.plusInfinity()),
                    context.select(monotone, keyOf(piece.inner.upper),
                                   context.minusInfinity())};
    result.pieces.push_back(mapped);
  }
  // A query without a position sees nothing (law 1).
  result = algebra.restrict(result, isInside(queryPositions, query));
  algebra.normalize(result);
  return result;
}

//===----------------------------------------------------------------------===//
// All predicates
//===----------------------------------------------------------------------===//

IntervalSet PredicateBounds::packed(PackedOp op, Term query) {
  if (!op.getSequenceIds())
    return algebra.unite(bounds(op.getCore(), query),
                         bounds(op.getOverlay(), query));
  if (op.getRule() == PackingRule::Request)
    return algebra.unknown();
  Value ids = op.getSequenceIds();
  IntervalSet same =
      sameId(ids, ids, {}, /*nonNegative=*/false, /*contiguous=*/false, query);
  bool atPositionsRule =
      op.getRule() != PackingRule::V5_12 && op.getPositions();
  IntervalSet core = atPositionsRule
                         ? atPositions(op.getCore(), op.getPositions(),
                                       op.getPositions(), {}, query)
                         : bounds(op.getCore(), query);
  IntervalSet overlay = bounds(op.getOverlay(), query);
  if (op.getRule() == PackingRule::V5_24)
    return algebra.intersect(algebra.unite(core, overlay), same);
  return algebra.unite(algebra.intersect(core, same), overlay);
}

IntervalSet PredicateBounds::compute(Value predicate, Term query) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return algebra.unknown();
  if (direction == BoundsOf::Columns)
    if (std::optional<IntervalSet> column = computeColumn(op, query))
      return *column;
  return TypeSwitch<Operation *, IntervalSet>(op)
      .Case([&](FullOp) { return algebra.full(); })
      .Case([&](EmptyOp) { return algebra.empty(); })
      .Case([&](CausalOp) {
        return algebra.exactly(context.minusInfinity(), context.add(query, 1),
                               Emptiness::Never, query);
      })
      .Case([&](WindowOp window) {
        Parameter left = window.getLeftParameter();
        Parameter right = window.getRightParameter();
        return algebra.restrict(this->window(left, right, query),
                                isInside({left, right}));
      })
      .Case([&](BlockBidirectionalOp block) {
        return sameId(block.getQueryIds(), block.getEffectiveKeyIds(),
                      block.getTable(),
                      /*nonNegative=*/true,
                      block.getContiguous() ||
                          hasContiguousIds(block.getEffectiveKeyIds()),
                      query);
      })
      .Case([&](DocumentOp document) {
        return sameId(document.getQueryIds(), document.getEffectiveKeyIds(),
                      document.getTable(),
                      /*nonNegative=*/false, document.getContiguous(), query);
      })
      .Case([&](ChunkOp chunk) {
        return algebra.restrict(
            this->chunk(chunk, query),
            isInside({chunk.getSizeParameter(), chunk.getOffsetParameter()}));
      })
      .Case<PrefixOp, KeyLengthOp, QueryLengthOp>([&](auto leaf) {
        return length(leaf.getLengthParameter(), leaf.readsKey(), query);
      })
      .Case([&](KeyPaddingOp padding) { return keyPadding(padding); })
      .Case(
          [&](IntervalOp interval) { return this->interval(interval, query); })
      .Case([&](RowRangeOp range) {
        return rowRange(range.getLower(), range.getUpper(), query);
      })
      .Case([&](DenseOp dense) { return this->dense(dense, query); })
      .Case([&](DilatedOp dilated) {
        Parameter stride = dilated.getStrideParameter();
        return stride.getConstant() == 1 ? algebra.full() : algebra.unknown();
      })
      .Case([&](AndOp op) {
        IntervalSet result = algebra.full();
        for (Value input : op.getInputs())
          result = algebra.intersect(result, bounds(input, query));
        return result;
      })
      .Case([&](OrOp op) {
        // All at once: a union of two may only merge through a third.
        IntervalSet result = algebra.empty();
        for (Value input : op.getInputs()) {
          const IntervalSet set = bounds(input, query);
          llvm::append_range(result.pieces, set.pieces);
          result.exact &= set.exact;
        }
        algebra.normalize(result);
        return result;
      })
      .Case([&](NotOp op) {
        return algebra.complement(bounds(op.getInput(), query));
      })
      .Case([&](ShiftOp shift) {
        Parameter byQuery = shift.getQueryParameter();
        Parameter byKey = shift.getKeyParameter();
        Term moved = context.add(query, parameter(byQuery));
        Term back = context.mul(context.constant(-1), parameter(byKey));
        return algebra.restrict(
            algebra.translate(bounds(shift.getInput(), moved), back),
            isInside({byQuery, byKey}));
      })
      .Case([&](AtPositionsOp at) {
        return atPositions(at.getInput(), at.getQueryPositions(),
                           at.getKeyPositions(), at.getTable(), query);
      })
      .Case([&](HeadsOp heads) {
        return algebra.restrict(bounds(heads.getInput(), query),
                                context.member(context.symbol(TermSymbol::Head),
                                               heads.getMembers()));
      })
      .Case([&](BatchesOp batches) {
        return algebra.restrict(
            bounds(batches.getInput(), query),
            context.member(context.symbol(TermSymbol::Batch),
                           batches.getMembers()));
      })
      .Case([&](PackedOp packed) { return this->packed(packed, query); })
      // Scalar code and policies still to be resolved.
      .Default([&](Operation *) { return algebra.unknown(); });
}

IntervalSet PredicateBounds::bounds(Value predicate, Term query) {
  auto key = std::make_pair(predicate, query->id);
  if (auto it = cache.find(key); it != cache.end())
    return it->second;
  IntervalSet set = compute(predicate, query);
  cache[key] = set;
  return set;
}

RowIntervals mlir::mask::getIntervals(const IntervalSet &set) {
  RowIntervals rows;
  rows.exact = set.exact;
  for (const IntervalPiece &piece : set.pieces)
    rows.intervals.push_back({piece.outer, piece.inner});
  return rows;
}

RowIntervals
mlir::mask::computeRowIntervals(TermContext &context, Value predicate,
                                const RowIntervalOptions &options) {
  PredicateBounds bounds(context, options);
  return getIntervals(
      bounds.bounds(predicate, context.symbol(TermSymbol::Query)));
}
