//===- MaskViewBuilder.cpp - masks from predicates and facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskViewBuilder.h"

#include "Mask/Analysis/RowChanges.h"
#include "Mask/Inspect/CompareMasks.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::mask;

/// More rows or spans than this are refused: a mask of that size is not for
/// looking at.
static constexpr int64_t kMostRows = int64_t(1) << 24;
static constexpr size_t kMostSpans = size_t(1) << 26;

namespace {
/// Fills planes row by row.
class ViewBuilder {
public:
  ViewBuilder(Value predicate, Value asked, FactEvaluator &facts)
      : facts(facts), evaluator(facts), predicate(predicate), asked(asked) {}

  LogicalResult prepare() {
    rows = computeRowIntervals(context, predicate);
    for (const RowInterval &interval : rows.intervals)
      for (Term term : {interval.outer.lower, interval.outer.upper,
                        interval.inner.lower, interval.inner.upper})
        if (failed(evaluator.prepare(term)))
          return failure();
    FailureOr<PredicateFunction> function = interpretPredicate(asked, facts);
    if (failed(function))
      return failure();
    visible = std::move(*function);
    if (rows.exact)
      return success();
    FailureOr<RowChanges> found = findRowChanges(predicate, facts);
    if (failed(found))
      return failure();
    rowChanges = std::move(*found);
    return success();
  }

  /// Fails where there are more spans than `mostSpans`, or the bounds are
  /// wrong.
  LogicalResult fill(Location loc, MaskView &view, int64_t b, int64_t h,
                     size_t mostSpans, MaskPlane &plane) const {
    RowSpans outer;
    bool isExact = true;
    for (int64_t row = 0; row < view.queries; ++row) {
      TermPoint point;
      point.batch = b;
      point.head = h;
      point.query = row + view.queryOffset[b];
      std::optional<int64_t> wrong =
          appendRow(point, view.keyOffset[b], view.keys, outer, plane.visible);
      if (wrong)
        return emitError(loc)
               << "the bounds of the mask are wrong at batch row " << b
               << ", head " << h << ", q = " << point.query
               << ", k = " << *wrong << ", which the interpreter says is "
               << (visible(b, h, point.query, *wrong) ? "visible" : "hidden");
      isExact &= outer[row] == plane.visible[row];
      if (plane.visible.getNumSpans() > mostSpans)
        return emitError(loc) << "the mask has more than " << kMostSpans
                              << " separate spans of keys";
    }
    if (!isExact)
      plane.outer = std::move(outer);
    return success();
  }

private:
  using Ends = SmallVector<std::pair<int64_t, int64_t>, 8>;

  /// Sorted ends, clipped to the keys that exist, as one row of spans.
  static void appendSorted(Ends &ends, RowSpans &spans) {
    llvm::sort(ends);
    for (auto [lower, upper] : ends)
      spans.append(lower, upper);
    spans.endRow();
  }

  void addEnds(Ends &ends, const KeyInterval &interval, const TermPoint &point,
               int64_t keyOffset, int64_t keys) const {
    // Bounds may be any integers; keys are far from the greatest.
    auto clip = [&](Term bound) {
      int64_t key = evaluator.evaluate(bound, point);
      return std::clamp(key, keyOffset, keyOffset + keys) - keyOffset;
    };
    int64_t lower = clip(interval.lower), upper = clip(interval.upper);
    if (lower < upper)
      ends.push_back({lower, upper});
  }

  /// Returns a key at which the bounds contradict the interpreter, if one is
  /// found.
  std::optional<int64_t> appendRow(const TermPoint &point, int64_t keyOffset,
                                   int64_t keys, RowSpans &outer,
                                   RowSpans &result) const {
    Ends outerEnds, innerEnds;
    for (const RowInterval &interval : rows.intervals) {
      addEnds(outerEnds, interval.outer, point, keyOffset, keys);
      if (!rows.exact)
        addEnds(innerEnds, interval.inner, point, keyOffset, keys);
    }
    int64_t row = outer.getNumRows();
    if (rows.exact) {
      innerEnds = outerEnds;
      appendSorted(outerEnds, outer);
      appendSorted(innerEnds, result);
      return findWrong(point, keyOffset, keys, outer[row], outer[row]);
    }
    appendSorted(outerEnds, outer);
    RowSpans inner;
    appendSorted(innerEnds, inner);
    interpretBetween(point, keyOffset, outer[row], inner[0], result);
    return findWrong(point, keyOffset, keys, outer[row], inner[0]);
  }

  /// Asks the interpreter about the keys on both sides of all ends, and about
  /// the first, the last and the query's own: what is not in `outer` must be
  /// hidden, what is in `inner` visible.
  std::optional<int64_t> findWrong(const TermPoint &point, int64_t keyOffset,
                                   int64_t keys, ArrayRef<KeySpan> outer,
                                   ArrayRef<KeySpan> inner) const {
    auto isWrong = [&](int64_t key) {
      if (key < 0 || key >= keys)
        return false;
      bool mayBe = containsKey(outer, key), must = containsKey(inner, key);
      if (mayBe && !must)
        return false;
      return visible(point.batch, point.head, point.query, key + keyOffset) !=
             must;
    };
    SmallVector<int64_t, 16> asked = {0, keys - 1, point.query - keyOffset};
    for (ArrayRef<KeySpan> spans : {outer, inner})
      for (KeySpan span : spans)
        asked.append({span.lower - 1, span.lower, span.upper - 1, span.upper});
    const int64_t *wrong = llvm::find_if(asked, isWrong);
    return wrong == asked.end() ? std::nullopt
                                : std::optional(*wrong + keyOffset);
  }

  /// The row that is all of `inner`, and of the rest of `outer` what the
  /// interpreter finds visible.
  void interpretBetween(const TermPoint &point, int64_t keyOffset,
                        ArrayRef<KeySpan> outer, ArrayRef<KeySpan> inner,
                        RowSpans &result) const {
    for (KeySpan span : outer)
      for (int64_t key = span.lower, end; key < span.upper; key = end) {
        while (!inner.empty() && inner.front().upper <= key)
          inner = inner.drop_front();
        end = span.upper;
        if (!inner.empty() && inner.front().lower <= key) {
          end = std::min<int64_t>(end, inner.front().upper);
          result.append(key, end);
          continue;
        }
        if (!inner.empty())
          end = std::min<int64_t>(end, inner.front().lower);
        interpretKeys(point, keyOffset, key, end, result);
      }
    result.endRow();
  }

  /// Of the keys `[begin, end)` what the interpreter finds visible. It looks at
  /// one key between two changes.
  void interpretKeys(const TermPoint &point, int64_t keyOffset, int64_t begin,
                     int64_t end, RowSpans &result) const {
    SmallVector<int64_t> changes = {begin + keyOffset};
    rowChanges(point, {begin + keyOffset, end + keyOffset}, changes);
    llvm::sort(changes);
    changes.push_back(end + keyOffset);
    for (auto [key, next] : llvm::zip(changes, llvm::drop_begin(changes)))
      if (key < next && visible(point.batch, point.head, point.query, key))
        result.append(key - keyOffset, next - keyOffset);
  }

  FactEvaluator &facts;
  TermContext context;
  TermEvaluator evaluator;
  Value predicate, asked;
  RowIntervals rows;
  PredicateFunction visible;
  RowChanges rowChanges;
};
} // namespace

LogicalResult mlir::mask::checkMaskSize(Location loc, int64_t batch,
                                        int64_t heads, int64_t queries,
                                        int64_t keys) {
  // Batch rows and heads without queries are counted as well.
  int64_t rows = std::max<int64_t>(queries, 1);
  if (keys < kNoKey && queries <= kMostRows && batch <= kMostRows / rows &&
      heads <= kMostRows / (rows * std::max<int64_t>(batch, 1)))
    return success();
  return emitError(loc) << "a mask of " << batch << " batch rows, " << heads
                        << " heads, " << queries << " queries and " << keys
                        << " keys is too large: at most " << kMostRows
                        << " rows of " << kNoKey << " keys";
}

FailureOr<MaskView> mlir::mask::buildMaskView(Location loc, Value predicate,
                                              FactEvaluator &facts,
                                              const MaskExtents &extents,
                                              int64_t heads, Value written) {
  if (failed(checkMaskSize(loc, extents.batch, heads, extents.queries,
                           extents.keys)))
    return failure();
  MaskView view;
  view.batch = extents.batch;
  view.queries = extents.queries;
  view.keys = extents.keys;
  view.queryOffset = extents.queryOffset;
  view.keyOffset = extents.keyOffset;
  view.headsDiffer = dependsOnHead(predicate);
  view.heads = view.headsDiffer ? heads : 1;
  view.planes.resize(view.batch * view.heads);
  ViewBuilder builder(predicate, written ? written : predicate, facts);
  if (failed(builder.prepare()))
    return failure();
  size_t spans = 0;
  for (int64_t b = 0; b < view.batch; ++b)
    for (int64_t h = 0; h < view.heads; ++h) {
      MaskPlane &plane = view.planes[b * view.heads + h];
      if (failed(builder.fill(loc, view, b, h, kMostSpans - spans, plane)))
        return failure();
      spans += plane.visible.getNumSpans();
    }
  return view;
}

LogicalResult mlir::mask::verifyMaskView(Location loc, const MaskView &view,
                                         const PredicateFunction &visible) {
  // Of a larger mask every `step`-th key, and those at the ends of all spans.
  constexpr int64_t kMostPairs = int64_t(1) << 22;
  int64_t rows = view.batch * view.heads * view.queries;
  int64_t step = llvm::divideCeil(
      std::max<int64_t>(view.keys, 1),
      std::max<int64_t>(kMostPairs / std::max<int64_t>(rows, 1), 1));
  for (int64_t b = 0; b < view.batch; ++b)
    for (int64_t h = 0; h < view.heads; ++h)
      for (int64_t row = 0; row < view.queries; ++row) {
        ArrayRef<KeySpan> spans = view.getPlane(b, h).visible[row];
        int64_t query = row + view.queryOffset[b];
        auto check = [&](int64_t index) -> LogicalResult {
          if (index < 0 || index >= view.keys)
            return success();
          int64_t key = index + view.keyOffset[b];
          bool isShown = containsKey(spans, index);
          if (isShown == visible(b, h, query, key))
            return success();
          return emitError(loc)
                 << "the picture differs from the interpreter at batch row "
                 << b << ", head " << h << ", q = " << query << ", k = " << key
                 << ", which it shows as " << (isShown ? "visible" : "hidden");
        };
        for (int64_t index = 0; index < view.keys; index += step)
          if (failed(check(index)))
            return failure();
        if (step == 1)
          continue;
        for (KeySpan span : spans)
          for (int64_t index :
               {span.lower - 1, span.lower, span.upper - 1, span.upper})
            if (failed(check(index)))
              return failure();
      }
  return success();
}
