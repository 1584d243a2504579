//===- TilePlan.cpp - what a loop nest over tiles has to do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TilePlan.h"
#include "Mask/Analysis/TermProver.h"

#include "PredicateBounds.h"

using namespace mlir;
using namespace mlir::mask;

/// More operands of a conjunction than this are evaluated together.
static constexpr size_t kMostParts = 4;

TileInterval PredicateBounds::tileInterval(const RowInterval &row) {
  return {context.rowMin(row.outer.lower), context.rowMax(row.inner.lower),
          context.rowMin(row.inner.upper), context.rowMax(row.outer.upper)};
}

/// Whether a tile that starts below the core's lower end cannot reach the end
/// of any row: the core and such a tile lie in every row's interval together.
/// The lower end of a row that is up to `queries - 1` rows later, plus a tile,
/// must not pass the upper end, of no head of the tile.
static bool hasDisjointEdges(TermContext &context, const KeyInterval &row,
                             const TilePlanOptions &options) {
  if (options.queries < 1 || options.keys < 1)
    return false;
  if (options.heads > 1 && (row.lower.dependsOn(TermSymbol::Head) ||
                            row.upper.dependsOn(TermSymbol::Head)))
    return false;
  Trend trend = getTrend(row.lower);
  if (trend != Trend::Rising && trend != Trend::Constant)
    return false;
  Term later =
      context.add(context.symbol(TermSymbol::Query), options.queries - 1);
  Term latest = context.substitute(row.lower, TermSymbol::Query, later);
  return provablyLessEqual(context, context.add(latest, options.keys - 1),
                           row.upper);
}

/// One exact interval per row: its ends, each where it can fail.
static SmallVector<TilePart> planEnds(TermContext &context,
                                      const KeyInterval &row,
                                      const TilePlanOptions &options) {
  SmallVector<TilePart> parts;
  bool hasLower = !row.lower.isMinusInfinity(),
       hasUpper = !row.upper.isPlusInfinity();
  bool disjoint =
      hasLower && hasUpper && hasDisjointEdges(context, row, options);
  if (hasLower)
    parts.push_back({TilePart::LowerEnd, row.lower, Value(), Term(),
                     /*whereLowerFails=*/true, /*whereUpperFails=*/false,
                     /*onlyWhereLowerHolds=*/false});
  if (hasUpper)
    parts.push_back({TilePart::UpperEnd, row.upper, Value(), Term(),
                     /*whereLowerFails=*/false, /*whereUpperFails=*/true,
                     /*onlyWhereLowerHolds=*/disjoint});
  return parts;
}

/// The predicate; of a conjunction each operand by itself, since few tiles are
/// cut by more than one.
static SmallVector<TilePart> planConditions(PredicateBounds &bounds,
                                            Value predicate, Term tileFull) {
  SmallVector<TilePart> parts;
  auto append = [&](Value condition, Term full) {
    parts.push_back({TilePart::Condition, Term(), condition, full,
                     /*whereLowerFails=*/true, /*whereUpperFails=*/true,
                     /*onlyWhereLowerHolds=*/false});
  };
  auto conjunction = predicate.getDefiningOp<AndOp>();
  if (!conjunction || conjunction.getInputs().size() > kMostParts) {
    append(predicate, tileFull);
    return parts;
  }
  for (Value input : conjunction.getInputs())
    append(input, bounds.classify(input).full);
  return parts;
}

/// What is known of a tile of one head becomes what is known of all its heads:
/// the hull that holds each of theirs, the core in all of them.
static void foldHeads(TermContext &context, TilePlan &plan) {
  for (TileInterval &tile : plan.intervals)
    tile = {context.headMin(tile.hullLower), context.headMax(tile.coreLower),
            context.headMin(tile.coreUpper), context.headMax(tile.hullUpper)};
  for (TilePart &part : plan.parts)
    if (part.full)
      part.full = context.headMin(part.full);
  plan.tileFull = context.headMin(plan.tileFull);
  plan.tileEmpty = context.headMin(plan.tileEmpty);
}

/// A tile of one row has nothing to look for among its rows, and what it sees
/// is what all of them see, as far as bounds are exact.
static void foldRow(TermContext &context, TilePlan &plan) {
  for (TileInterval &tile : plan.intervals)
    for (Term *term :
         {&tile.hullLower, &tile.coreLower, &tile.coreUpper, &tile.hullUpper})
      *term = context.ofOneRow(*term);
  for (TilePart &part : plan.parts)
    if (part.full)
      part.full = context.ofOneRow(part.full);
  plan.tileFull = context.ofOneRow(plan.tileFull);
  plan.tileEmpty = context.ofOneRow(plan.tileEmpty);
}

TilePlan mlir::mask::planTiles(TermContext &context, Value predicate,
                               const TilePlanOptions &options) {
  BoundsOf direction =
      options.inner == InnerAxis::Keys ? BoundsOf::Rows : BoundsOf::Columns;
  PredicateBounds bounds(context, options, direction);
  TilePlan plan;
  plan.rows =
      getIntervals(bounds.bounds(predicate, context.symbol(TermSymbol::Query)));
  for (const RowInterval &row : plan.rows.intervals)
    plan.intervals.push_back(bounds.tileInterval(row));
  TileClass tile = bounds.classify(predicate);
  plan.tileFull = tile.full;
  plan.tileEmpty = tile.empty;
  ArrayRef<RowInterval> rows = plan.rows.intervals;
  if (plan.rows.exact && rows.size() == 1)
    plan.parts = planEnds(context, rows.front().outer, options);
  else if (!rows.empty())
    plan.parts = planConditions(bounds, predicate, plan.tileFull);
  if (options.queries == 1 && options.inner == InnerAxis::Keys)
    foldRow(context, plan);
  if (options.heads > 1)
    foldHeads(context, plan);
  return plan;
}
