//===- RowChanges.cpp - where a row of a predicate can change -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/RowChanges.h"

#include "Mask/Analysis/IndexTables.h"
#include "PredicateBounds.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

static void append(int64_t key, KeyRange keys,
                   SmallVectorImpl<int64_t> &changes) {
  if (keys.first < key && key < keys.end)
    changes.push_back(key);
}

static void changeAnywhere(const TermPoint &, KeyRange keys,
                           SmallVectorImpl<int64_t> &changes) {
  for (int64_t key = keys.first + 1; key < keys.end; ++key)
    changes.push_back(key);
}

static RowChanges unite(SmallVector<RowChanges> parts) {
  if (parts.size() == 1)
    return parts.front();
  return [parts = std::move(parts)](const TermPoint &row, KeyRange keys,
                                    SmallVectorImpl<int64_t> &changes) {
    for (const RowChanges &part : parts)
      part(row, keys, changes);
  };
}

//===----------------------------------------------------------------------===//
// Per-token facts
//===----------------------------------------------------------------------===//

/// The elements of one batch row of `[seq]` or `[batch, seq]`; empty outside.
static ArrayRef<int64_t> getRow(const IntegerArray &array, int64_t batch) {
  if (array.getRank() == 1)
    return array.values;
  if (batch < 0 || batch >= array.getSize(0))
    return {};
  int64_t size = array.getSize(1);
  return ArrayRef(array.values).slice(batch * size, size);
}

static std::optional<int64_t> getElement(const IntegerArray &array,
                                         int64_t batch, int64_t index) {
  ArrayRef<int64_t> row = getRow(array, batch);
  if (index < 0 || index >= static_cast<int64_t>(row.size()))
    return std::nullopt;
  return row[index];
}

static int64_t countRows(const IntegerArray &array) {
  return array.getRank() == 1 ? 1 : array.getSize(0);
}

namespace {

/// One entry per batch row; one serves all for facts without a batch.
template <typename Entry>
struct PerBatchRow {
  std::vector<Entry> entries;
  bool batched = false;

  PerBatchRow(const IntegerArray &array,
              function_ref<Entry(ArrayRef<int64_t>)> build)
      : batched(array.getRank() != 1) {
    for (int64_t b = 0; b < countRows(array); ++b)
      entries.push_back(build(getRow(array, b)));
  }
  const Entry *at(int64_t batch) const {
    if (!batched)
      return &entries.front();
    bool exists = batch >= 0 && batch < static_cast<int64_t>(entries.size());
    return exists ? &entries[batch] : nullptr;
  }
};

/// Where runs of equal elements begin and end, as sorted pairs of the element
/// and the key; an end is one past the last key of the run.
using RunEnds = std::vector<std::pair<int64_t, int64_t>>;

/// Keys in succession whose positions are equal, or rise by one per key.
struct PositionRun {
  int64_t first, end, position;
  bool rises;
};
using PositionRuns = std::vector<PositionRun>;

} // namespace

static RunEnds findRunEnds(ArrayRef<int64_t> row) {
  RunEnds ends;
  for (int64_t key = 0, size = row.size(); key <= size; ++key) {
    if (key > 0 && key < size && row[key] == row[key - 1])
      continue;
    if (key > 0)
      ends.emplace_back(row[key - 1], key);
    if (key < size)
      ends.emplace_back(row[key], key);
  }
  llvm::sort(ends);
  return ends;
}

static void appendRunEnds(const RunEnds &ends, int64_t element, KeyRange keys,
                          SmallVectorImpl<int64_t> &changes) {
  auto it = llvm::lower_bound(ends, std::make_pair(element, keys.first + 1));
  for (; it != ends.end() && it->first == element && it->second < keys.end;
       ++it)
    changes.push_back(it->second);
}

static PositionRuns findPositionRuns(ArrayRef<int64_t> row) {
  PositionRuns runs;
  int64_t size = row.size();
  for (int64_t first = 0, end = 0; first < size; first = end) {
    end = first + 1;
    int64_t step = end < size ? row[end] - row[first] : 0;
    if (step == 0 || step == 1)
      while (end < size && row[end] - row[end - 1] == step)
        ++end;
    runs.push_back({first, end, row[first], step == 1});
  }
  return runs;
}

//===----------------------------------------------------------------------===//
// Predicates
//===----------------------------------------------------------------------===//

namespace {

/// Translates predicates to functions, once per op.
class ChangeFinder {
public:
  explicit ChangeFinder(FactEvaluator &facts)
      : facts(facts), terms(std::make_shared<Terms>(facts)) {}

  FailureOr<RowChanges> find(Value predicate);

private:
  using Result = FailureOr<RowChanges>;

  Result findInPart(Value predicate);
  Result findAtBounds(Value leaf);
  Result find(KeyPaddingOp op);
  Result findOfIds(Value queryIds, Value keyIds);
  Result find(ShiftOp op);
  Result findAtPositions(Value input, Value queryPositions, Value keyPositions);
  Result find(PackedOp op);

  /// Null where the fact is absent.
  FailureOr<HostArray> getArray(Value fact);

  /// Terms, and what evaluates them; shared by the functions.
  struct Terms {
    explicit Terms(FactEvaluator &facts) : evaluator(facts) {}
    TermContext context;
    TermEvaluator evaluator;
  };

  FactEvaluator &facts;
  std::shared_ptr<Terms> terms;
  DenseMap<Value, RowChanges> found;
};

} // namespace

FailureOr<HostArray> ChangeFinder::getArray(Value fact) {
  FailureOr<HostValue> value = facts.evaluate(fact);
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value))
    return HostArray();
  return facts.evaluateArray(fact);
}

/// A union of exact intervals changes at their ends.
FailureOr<RowChanges> ChangeFinder::findAtBounds(Value leaf) {
  RowIntervals rows = computeRowIntervals(terms->context, leaf);
  if (!rows.exact)
    return RowChanges(changeAnywhere);
  SmallVector<Term> ends;
  for (const RowInterval &interval : rows.intervals)
    ends.append({interval.outer.lower, interval.outer.upper});
  for (Term end : ends)
    if (failed(terms->evaluator.prepare(end)))
      return failure();
  return RowChanges([terms = terms, ends](const TermPoint &row, KeyRange keys,
                                          SmallVectorImpl<int64_t> &changes) {
    for (Term end : ends)
      append(terms->evaluator.evaluate(end, row), keys, changes);
  });
}

FailureOr<RowChanges> ChangeFinder::find(KeyPaddingOp op) {
  FailureOr<HostArray> valid = getArray(op.getValid());
  if (failed(valid))
    return failure();
  if (!*valid)
    return unite({});
  auto ends = std::make_shared<PerBatchRow<RunEnds>>(**valid, findRunEnds);
  return RowChanges([ends](const TermPoint &row, KeyRange keys,
                           SmallVectorImpl<int64_t> &changes) {
    if (const RunEnds *ofRow = ends->at(row.batch))
      appendRunEnds(*ofRow, /*element=*/1, keys, changes);
  });
}

FailureOr<RowChanges> ChangeFinder::findOfIds(Value queryIds, Value keyIds) {
  FailureOr<HostArray> queries = getArray(queryIds), ids = getArray(keyIds);
  if (failed(queries) || failed(ids))
    return failure();
  if (!*queries || !*ids)
    return unite({});
  auto ends = std::make_shared<PerBatchRow<RunEnds>>(**ids, findRunEnds);
  return RowChanges(
      [ends, queries = *queries](const TermPoint &row, KeyRange keys,
                                 SmallVectorImpl<int64_t> &changes) {
        const RunEnds *ofRow = ends->at(row.batch);
        std::optional<int64_t> id = getElement(*queries, row.batch, row.query);
        if (ofRow && id)
          appendRunEnds(*ofRow, *id, keys, changes);
      });
}

/// The input's row at another query, its keys moved.
FailureOr<RowChanges> ChangeFinder::find(ShiftOp op) {
  Result input = find(op.getInput());
  const RowIntervalOptions options;
  PredicateBounds bounds(terms->context, options);
  Term byQuery = bounds.parameter(op.getQueryParameter()),
       byKey = bounds.parameter(op.getKeyParameter());
  if (failed(input) || failed(terms->evaluator.prepare(byQuery)) ||
      failed(terms->evaluator.prepare(byKey)))
    return failure();
  return RowChanges([terms = terms, input = *input, byQuery,
                     byKey](const TermPoint &row, KeyRange keys,
                            SmallVectorImpl<int64_t> &changes) {
    int64_t distance = terms->evaluator.evaluate(byKey, row);
    TermPoint moved = row;
    moved.query += terms->evaluator.evaluate(byQuery, row);
    size_t before = changes.size();
    input(moved, {keys.first + distance, keys.end + distance}, changes);
    for (int64_t &change : llvm::drop_begin(changes, before))
      change -= distance;
  });
}

/// The input's row at the query's position, run by run of key positions: as a
/// whole where they rise, a single key of it where they stand still.
FailureOr<RowChanges> ChangeFinder::findAtPositions(Value input,
                                                    Value queryPositions,
                                                    Value keyPositions) {
  Result changesOfInput = find(input);
  FailureOr<HostArray> queries = getArray(queryPositions),
                       positions = getArray(keyPositions);
  if (failed(changesOfInput) || failed(queries) || failed(positions))
    return failure();
  if (!*queries || !*positions)
    return *changesOfInput;
  auto runs = std::make_shared<PerBatchRow<PositionRuns>>(**positions,
                                                          findPositionRuns);
  return RowChanges([input = *changesOfInput, runs,
                     queries = *queries](const TermPoint &row, KeyRange keys,
                                         SmallVectorImpl<int64_t> &changes) {
    const PositionRuns *ofRow = runs->at(row.batch);
    std::optional<int64_t> query = getElement(*queries, row.batch, row.query);
    if (!ofRow || !query)
      return;
    TermPoint moved = row;
    moved.query = *query;
    auto run = llvm::partition_point(
        *ofRow, [&](const PositionRun &run) { return run.end < keys.first; });
    for (; run != ofRow->end() && run->first < keys.end; ++run) {
      append(run->first, keys, changes);
      append(run->end, keys, changes);
      if (!run->rises)
        continue;
      int64_t distance = run->position - run->first;
      size_t before = changes.size();
      input(moved,
            {std::max(keys.first, run->first) + distance,
             std::min(keys.end, run->end) + distance},
            changes);
      for (int64_t &change : llvm::drop_begin(changes, before))
        change -= distance;
    }
  });
}

/// A rule that the request decides changes where any rule does.
FailureOr<RowChanges> ChangeFinder::find(PackedOp op) {
  SmallVector<Result> parts = {find(op.getOverlay())};
  Value sequences = op.getSequenceIds(), positions = op.getPositions();
  bool movesCore = sequences && positions && op.getRule() != PackingRule::V5_12;
  if (!movesCore || op.getRule() == PackingRule::Request)
    parts.push_back(find(op.getCore()));
  if (movesCore)
    parts.push_back(findAtPositions(op.getCore(), positions, positions));
  if (sequences)
    parts.push_back(findOfIds(sequences, sequences));
  SmallVector<RowChanges> all;
  for (Result &part : parts) {
    if (failed(part))
      return failure();
    all.push_back(std::move(*part));
  }
  return unite(std::move(all));
}

FailureOr<RowChanges> ChangeFinder::findInPart(Value predicate) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return RowChanges(changeAnywhere);
  return TypeSwitch<Operation *, Result>(op)
      .Case<KeyPaddingOp, ShiftOp, PackedOp>([&](auto op) { return find(op); })
      .Case<BlockBidirectionalOp, DocumentOp>([&](auto op) {
        return findOfIds(op.getQueryIds(), op.getEffectiveKeyIds());
      })
      .Case([&](AtPositionsOp op) {
        return findAtPositions(op.getInput(), op.getQueryPositions(),
                               op.getKeyPositions());
      })
      .Default([&](Operation *) { return findAtBounds(predicate); });
}

/// Connectives and restrictions change where what they are made of does; each
/// part is counted once, however often it is used.
FailureOr<RowChanges> ChangeFinder::find(Value predicate) {
  if (auto known = found.find(predicate); known != found.end())
    return known->second;
  llvm::SetVector<Value> work;
  work.insert(predicate);
  SmallVector<RowChanges> parts;
  for (size_t i = 0; i < work.size(); ++i) {
    Operation *op = work[i].getDefiningOp();
    if (isa_and_nonnull<AndOp, OrOp, NotOp, HeadsOp, BatchesOp>(op)) {
      work.insert(op->operand_begin(), op->operand_end());
      continue;
    }
    Result part = findInPart(work[i]);
    if (failed(part))
      return failure();
    parts.push_back(std::move(*part));
  }
  // Users share the function: copies of copies would grow like the number of
  // paths.
  auto shared = std::make_shared<const RowChanges>(unite(std::move(parts)));
  RowChanges handle = [shared](const TermPoint &row, KeyRange keys,
                               SmallVectorImpl<int64_t> &changes) {
    (*shared)(row, keys, changes);
  };
  found[predicate] = handle;
  return handle;
}

FailureOr<RowChanges> mlir::mask::findRowChanges(Value predicate,
                                                 FactEvaluator &facts) {
  return ChangeFinder(facts).find(predicate);
}
