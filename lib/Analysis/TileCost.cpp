//===- TileCost.cpp - what tiles of some size compute -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TileCost.h"

#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/TilePlan.h"

using namespace mlir;
using namespace mlir::mask;

/// Whether a term is a function of its symbols alone.
static bool isKnown(Term term) {
  switch (term.getKind()) {
  case TermKind::Parameter:
  case TermKind::Load:
  case TermKind::Size:
  case TermKind::LowerBound:
    return false;
  default:
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      if (!isKnown(term.getOperand(i)))
        return false;
    return true;
  }
}

std::optional<int64_t>
mlir::mask::getKeysPerRow(Value predicate, int64_t queries, int64_t keys) {
  // Far from the first key; what has no end ends here.
  constexpr int64_t first = int64_t(1) << 20, tiles = 16,
                    end = int64_t(1) << 21;
  TermContext context;
  TilePlanOptions options;
  options.buildTables = false;
  TilePlan plan = planTiles(context, predicate, options);
  for (const TileInterval &interval : plan.intervals)
    if (!isKnown(interval.hullLower) || !isKnown(interval.hullUpper))
      return std::nullopt;
  FactEvaluator none;
  TermEvaluator evaluator(none);
  int64_t sum = 0;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    TermPoint point;
    point.queryFirst = first + tile * queries;
    point.queryLast = point.queryFirst + queries - 1;
    for (const TileInterval &interval : plan.intervals) {
      int64_t lower = evaluator.evaluate(interval.hullLower, point),
              upper = evaluator.evaluate(interval.hullUpper, point);
      int64_t size = std::min(upper, end) - std::max<int64_t>(lower, 0);
      if (size > 0)
        sum += static_cast<int64_t>(llvm::alignTo(size, keys));
    }
  }
  return sum / tiles;
}
