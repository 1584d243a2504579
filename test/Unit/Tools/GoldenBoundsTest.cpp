//===- GoldenBoundsTest.cpp - bounds against real systems -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The intervals, tile bounds and tile classes of every golden against the mask
// in its file, without the interpreter in between: outer ⊇ mask ⊇ inner, equal
// where they are exact; nothing is visible outside of a hull, everything inside
// of a core; a tile that is called full or empty is.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/TilePlan.h"
#include "Mask/Inspect/MaskInstance.h"
#include "Mask/Request/Goldens.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// What was checked, over all goldens.
struct Counts {
  unsigned masks = 0, exact = 0;
  uint64_t fullTiles = 0, foundFull = 0, emptyTiles = 0, foundEmpty = 0;
};

/// One golden and the plan of its predicate. The checks return what is wrong,
/// or nothing.
class GoldenBounds {
public:
  GoldenBounds(const GoldenCase &golden, MaskInstance &instance)
      : golden(golden), evaluator(instance.facts),
        plan(planTiles(context, instance.simplified)) {}

  LogicalResult prepare();
  std::string checkRows();
  std::string checkTiles(int64_t rows, int64_t keys, Counts &counts);
  bool isExact() const { return plan.rows.exact; }

private:
  /// Keys as array indices, clipped to those that exist.
  struct Range {
    int64_t lower, upper;
    bool contains(int64_t key) const { return lower <= key && key < upper; }
  };
  Range evaluate(Term lower, Term upper, const TermPoint &point) const;
  std::string checkRowTile(const TermPoint &point, int64_t row, int64_t end);
  std::string checkTile(TermPoint &point, int64_t row, int64_t end, int64_t key,
                        int64_t keyEnd, Counts &counts);
  /// Of the rows [row, end) of a batch row: whether any, or every one, sees.
  bool any(const TermPoint &point, int64_t row, int64_t end, int64_t key) const;
  bool every(const TermPoint &point, int64_t row, int64_t end,
             int64_t key) const;

  const GoldenCase &golden;
  TermContext context;
  TermEvaluator evaluator;
  TilePlan plan;
};

} // namespace

LogicalResult GoldenBounds::prepare() {
  SmallVector<Term> terms = {plan.tileFull, plan.tileEmpty};
  for (const RowInterval &row : plan.rows.intervals)
    terms.append(
        {row.outer.lower, row.outer.upper, row.inner.lower, row.inner.upper});
  for (const TileInterval &tile : plan.intervals)
    terms.append(
        {tile.hullLower, tile.coreLower, tile.coreUpper, tile.hullUpper});
  return success(llvm::all_of(
      terms, [&](Term term) { return succeeded(evaluator.prepare(term)); }));
}

GoldenBounds::Range GoldenBounds::evaluate(Term lower, Term upper,
                                           const TermPoint &point) const {
  int64_t first = golden.request.getKeyOffset(point.batch);
  return {
      std::max<int64_t>(evaluator.evaluate(lower, point) - first, 0),
      std::min(evaluator.evaluate(upper, point) - first, golden.request.keys)};
}

std::string GoldenBounds::checkRows() {
  TermPoint point;
  for (point.batch = 0; point.batch < golden.batch; ++point.batch)
    for (int64_t row = 0; row < golden.request.queries; ++row) {
      point.query = row + golden.request.getQueryOffset(point.batch);
      SmallVector<Range> outer, inner;
      for (const RowInterval &interval : plan.rows.intervals) {
        outer.push_back(
            evaluate(interval.outer.lower, interval.outer.upper, point));
        inner.push_back(
            evaluate(interval.inner.lower, interval.inner.upper, point));
      }
      for (int64_t key = 0; key < golden.request.keys; ++key) {
        auto contains = [&](Range range) { return range.contains(key); };
        bool isOuter = llvm::any_of(outer, contains);
        bool isInner = llvm::any_of(inner, contains);
        bool visible = golden.at(point.batch, row, key);
        std::string place = " at [" + std::to_string(point.batch) + ", " +
                            std::to_string(row) + ", " + std::to_string(key) +
                            "]";
        if (visible && !isOuter)
          return "outer misses a visible key" + place;
        if (isInner && !visible)
          return "inner holds a hidden key" + place;
        if (plan.rows.exact && isOuter != visible)
          return "exact intervals hold a hidden key" + place;
      }
    }
  return "";
}

bool GoldenBounds::any(const TermPoint &point, int64_t row, int64_t end,
                       int64_t key) const {
  for (; row < end; ++row)
    if (golden.at(point.batch, row, key))
      return true;
  return false;
}

bool GoldenBounds::every(const TermPoint &point, int64_t row, int64_t end,
                         int64_t key) const {
  for (; row < end; ++row)
    if (!golden.at(point.batch, row, key))
      return false;
  return true;
}

/// The bounds of the loops over the keys of one tile of rows.
std::string GoldenBounds::checkRowTile(const TermPoint &point, int64_t row,
                                       int64_t end) {
  bool single = plan.rows.exact && plan.intervals.size() == 1;
  SmallVector<Range> hulls, cores;
  for (const TileInterval &tile : plan.intervals) {
    hulls.push_back(evaluate(tile.hullLower, tile.hullUpper, point));
    cores.push_back(evaluate(tile.coreLower, tile.coreUpper, point));
  }
  for (int64_t key = 0; key < golden.request.keys; ++key) {
    auto contains = [&](Range range) { return range.contains(key); };
    bool inHull = llvm::any_of(hulls, contains);
    bool inCore = llvm::any_of(cores, contains);
    std::string place = " of rows " + std::to_string(row) + " to " +
                        std::to_string(end) + " at key " + std::to_string(key) +
                        ", batch row " + std::to_string(point.batch);
    if (!inHull && any(point, row, end, key))
      return "the hull misses a visible key" + place;
    bool isFull = every(point, row, end, key);
    if (inCore && !isFull)
      return "the core holds a hidden key" + place;
    if (single && isFull && !inCore)
      return "the core misses a key that all see" + place;
  }
  return "";
}

std::string GoldenBounds::checkTile(TermPoint &point, int64_t row, int64_t end,
                                    int64_t key, int64_t keyEnd,
                                    Counts &counts) {
  int64_t first = golden.request.getKeyOffset(point.batch);
  point.keyFirst = key + first;
  point.keyLast = keyEnd - 1 + first;
  bool isFull = true, isEmpty = true;
  for (int64_t k = key; k < keyEnd; ++k) {
    isFull = isFull && every(point, row, end, k);
    isEmpty = isEmpty && !any(point, row, end, k);
  }
  bool calledFull = evaluator.evaluate(plan.tileFull, point) != 0;
  bool calledEmpty = evaluator.evaluate(plan.tileEmpty, point) != 0;
  std::string place = " at rows from " + std::to_string(row) + ", keys from " +
                      std::to_string(key) + ", batch row " +
                      std::to_string(point.batch);
  if (calledFull && !isFull)
    return "a tile is called full that is not" + place;
  if (calledEmpty && !isEmpty)
    return "a tile is called empty that is not" + place;
  counts.fullTiles += isFull;
  counts.foundFull += isFull && calledFull;
  counts.emptyTiles += isEmpty;
  counts.foundEmpty += isEmpty && calledEmpty;
  return "";
}

std::string GoldenBounds::checkTiles(int64_t rows, int64_t keys,
                                     Counts &counts) {
  const Request &request = golden.request;
  TermPoint point;
  for (point.batch = 0; point.batch < golden.batch; ++point.batch)
    for (int64_t row = 0; row < request.queries; row += rows) {
      int64_t end = std::min(row + rows, request.queries);
      int64_t first = request.getQueryOffset(point.batch);
      point.queryFirst = row + first;
      point.queryLast = end - 1 + first;
      std::string wrong = checkRowTile(point, row, end);
      for (int64_t key = 0; key < request.keys && wrong.empty(); key += keys)
        wrong = checkTile(point, row, end, key,
                          std::min(key + keys, request.keys), counts);
      if (!wrong.empty())
        return "tiles of " + std::to_string(rows) + " x " +
               std::to_string(keys) + ": " + wrong;
    }
  return "";
}

/// What the tools show of a mask, as `[batch, q, k]`, 0 and 1.
static std::vector<uint8_t> toDense(const MaskView &view) {
  std::vector<uint8_t> dense(view.batch * view.queries * view.keys);
  auto *row = dense.data();
  for (const MaskPlane &plane : view.planes)
    for (int64_t i = 0; i < view.queries; ++i, row += view.keys)
      for (KeySpan span : plane.visible[i])
        std::fill(row + span.lower, row + span.upper, 1);
  return dense;
}

TEST(GoldenBounds, IntervalsAndTileClassesFitEveryMask) {
  MLIRContext context;
  context.disableMultithreading();
  context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                      tensor::TensorDialect>();
  Counts counts;
  auto check = [&](const GoldenCase &golden,
                   PolicyOp policy) -> FailureOr<std::vector<uint8_t>> {
    SCOPED_TRACE(golden.path);
    auto instance = instantiateMask(policy, golden.layerType, golden.packing,
                                    &golden.request);
    if (failed(instance))
      return failure();
    GoldenBounds bounds(golden, **instance);
    if (failed(bounds.prepare()))
      return failure();
    ++counts.masks;
    counts.exact += bounds.isExact();
    EXPECT_EQ(bounds.checkRows(), "");
    for (auto [rows, keys] :
         {std::pair(4, 4), std::pair(3, 8), std::pair(16, 16)})
      EXPECT_EQ(bounds.checkTiles(rows, keys, counts), "");
    FailureOr<MaskView> view = buildMaskView(
        policy.getLoc(), (*instance)->simplified, (*instance)->facts,
        getExtents(golden.request, golden.request.batch), /*heads=*/1);
    if (failed(view))
      return failure();
    return toDense(*view);
  };
  llvm::Expected<GoldenReport> report =
      checkGoldens(MASK_GOLDENS_DIR, &context, check);
  ASSERT_TRUE(bool(report)) << llvm::toString(report.takeError());
  for (const std::string &failure : report->failures)
    ADD_FAILURE() << failure;
  EXPECT_EQ(report->equal, 540u);
  EXPECT_EQ(counts.masks, 540u);
  // The other 140 are not exact by proof, whatever they are on their facts:
  // padding, ready-made ids and positions, a stride. Precision that is lost
  // shows here.
  EXPECT_GE(counts.exact, 400u);
  EXPECT_GE(counts.foundFull, counts.fullTiles / 100 * 99);
  EXPECT_GE(counts.foundEmpty, counts.emptyTiles / 100 * 99);
}
