//===- RenderWhy.cpp - what the analysis knows of a mask's bounds -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/DescribeBounds.h"
#include "Mask/Analysis/TilePlan.h"
#include "Mask/Inspect/Render.h"
#include "Mask/Inspect/RenderPredicate.h"

using namespace mlir;
using namespace mlir::mask;

static void printPart(raw_ostream &os, TermContext &context, Value predicate,
                      const ValueNames &names, unsigned depth) {
  constexpr size_t kColumn = 52;
  RowIntervals rows = computeRowIntervals(context, predicate);
  std::string line(4 + 2 * depth, ' ');
  line += describePredicate(predicate, names);
  line.resize(std::max(kColumn, line.size() + 2), ' ');
  size_t count = rows.intervals.size();
  line += rows.exact ? "exact" : "not exact";
  if (count != 1)
    line += ", " + std::to_string(count) + " intervals";
  os << line << "\n";
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return;
  SmallVector<Value> parts =
      llvm::filter_to_vector(op->getOperands(), [](Value operand) {
        return isa<PredicateType>(operand.getType());
      });
  bool partsAreExact = llvm::all_of(parts, [&](Value part) {
    return computeRowIntervals(context, part).exact;
  });
  if (!rows.exact && partsAreExact)
    os << std::string(6 + 2 * depth, ' ') << "because "
       << explainInexactness(op) << "\n";
  for (Value part : parts)
    printPart(os, context, part, names, depth + 1);
}

/// Whether a window is among the operands of a conjunction.
static bool hasWindow(Value predicate) {
  auto conjunction = predicate.getDefiningOp<AndOp>();
  return conjunction && llvm::any_of(conjunction.getInputs(), [](Value input) {
           return input.getDefiningOp<WindowOp>();
         });
}

/// What the bounds are worth on the facts of `view`.
static void printRows(raw_ostream &os, const MaskView &view) {
  size_t most = 0;
  int64_t rows = 0, exactRows = 0;
  for (const MaskPlane &plane : view.planes)
    for (int64_t row = 0; row < view.queries; ++row) {
      ArrayRef<KeySpan> outer = plane.getOuter()[row];
      most = std::max(most, outer.size());
      exactRows += outer == plane.visible[row];
      ++rows;
    }
  os << "  here     " << formatCount(exactRows) << " of " << formatCount(rows)
     << " rows exact, at most " << most
     << (most == 1 ? " interval" : " intervals") << " in a row\n";
}

/// Bounds of rows or of columns, and what they are to tiles.
static void printBounds(raw_ostream &os, const RowIntervals &bounds,
                        ArrayRef<TileInterval> tiles, const ValueNames &names,
                        BoundSubject subject) {
  auto describe = [&](Term lower, Term upper) {
    return describeInterval(
        {lower, upper}, [&](Value value) { return names.describe(value); },
        subject);
  };
  bool areRows = subject == BoundSubject::Query;
  for (const auto &[interval, tile] : llvm::zip(bounds.intervals, tiles)) {
    printWrapped(os, areRows ? "  row q    " : "  column k ",
                 describe(interval.outer.lower, interval.outer.upper));
    if (!interval.isExact())
      printWrapped(os, "   inner   ",
                   describe(interval.inner.lower, interval.inner.upper));
    printWrapped(os, "  hull     ", describe(tile.hullLower, tile.hullUpper));
    printWrapped(os, "  core     ", describe(tile.coreLower, tile.coreUpper));
  }
}

void mlir::mask::renderWhy(raw_ostream &os, Value predicate,
                           const ValueNames &names, const MaskView *view) {
  TermContext context;
  TilePlan plan = planTiles(context, predicate);
  const RowIntervals &rows = plan.rows;
  size_t count = rows.intervals.size();
  os << "  bounds   " << count << (count == 1 ? " interval" : " intervals")
     << " per row, " << (rows.exact ? "exact" : "not exact") << "\n";
  printBounds(os, rows, plan.intervals, names, BoundSubject::Query);
  if (rows.exact && count == 1 && hasWindow(predicate))
    os << "  window   folded into the bounds: it costs nothing in a tile\n";
  if (rows.exact)
    os << "  tiles    the bounds alone decide; no classifier is needed\n";
  else if (plan.tileEmpty.isConstant(0) && plan.tileFull.isConstant(0))
    os << "  tiles    masked in the whole hull outside of the core\n";
  else
    os << "  tiles    between hull and core a classifier looks at each tile\n";
  if (view)
    printRows(os, *view);
  TilePlanOptions byKey;
  byKey.inner = InnerAxis::Queries;
  TilePlan columns = planTiles(context, predicate, byKey);
  count = columns.rows.intervals.size();
  os << "  columns  " << count << (count == 1 ? " interval" : " intervals")
     << " of queries per key, " << (columns.rows.exact ? "exact" : "not exact")
     << "\n";
  printBounds(os, columns.rows, columns.intervals, names, BoundSubject::Key);
  os << "  parts\n";
  printPart(os, context, predicate, names, 0);
}
