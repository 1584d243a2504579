//===- LawChecker.cpp - the laws of bounds against the interpreter -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LawChecker.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// Counts and reports
//===----------------------------------------------------------------------===//

LawCounts &LawCounts::operator+=(const LawCounts &other) {
  predicates += other.predicates;
  exact += other.exact;
  looseOuter += other.looseOuter;
  looseInner += other.looseInner;
  fullTiles += other.fullTiles;
  foundFull += other.foundFull;
  emptyTiles += other.emptyTiles;
  foundEmpty += other.foundEmpty;
  return *this;
}

static double percent(uint64_t part, uint64_t all) {
  return all ? 100.0 * part / all : 100.0;
}

std::string LawCounts::toString() const {
  return llvm::formatv(
             "{0} compositions, 0 laws broken; exact {1:F1} %, outer "
             "loose {2:F1} %, inner loose {3:F1} %; found {4:F1} % "
             "of full and {5:F1} % of empty tiles",
             predicates, percent(exact, predicates),
             percent(looseOuter, predicates), percent(looseInner, predicates),
             percent(foundFull, fullTiles), percent(foundEmpty, emptyTiles))
      .str();
}

static std::string toString(Value value) {
  std::string text;
  for (Value operand : value.getDefiningOp()->getOperands())
    if (isa<PredicateType>(operand.getType()))
      text += toString(operand) + "\n";
  llvm::raw_string_ostream(text) << value;
  return text;
}

static std::string toString(const HostValue &value) {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (auto *number = std::get_if<int64_t>(&value))
    out << *number;
  if (auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(&value)) {
    out << "shape [";
    llvm::interleaveComma((*array)->shape, out);
    out << "]: ";
    llvm::interleaveComma((*array)->values, out);
  }
  return text;
}

static std::string at(StringRef law, const TermPoint &point, bool tile) {
  if (tile)
    return llvm::formatv("law {0} at b {1}, h {2}, queries {3} to {4}, keys "
                         "{5} to {6}",
                         law, point.batch, point.head, point.queryFirst,
                         point.queryLast, point.keyFirst, point.keyLast)
        .str();
  return llvm::formatv("law {0} at b {1}, h {2}, q {3}", law, point.batch,
                       point.head, point.query)
      .str();
}

static Block &bodyOf(ModuleOp module) {
  return module.getBody()->front().getRegion(0).front();
}

std::string LawChecker::describe(unsigned predicate) const {
  std::string text =
      "\nof " +
      ::toString(bodyOf(*module).getTerminator()->getOperand(predicate));
  for (const Fact &fact : facts)
    text += std::string("\nwith ") + fact.name + " = " + ::toString(fact.value);
  return text;
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

LawChecker::LawChecker(MLIRContext &context, const Source &source,
                       std::vector<Fact> facts, const LawGrid &grid)
    : grid(grid), points(grid), facts(std::move(facts)) {
  std::string text = source.print(this->facts, /*asPolicy=*/false);
  module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << text;
    return;
  }
  for (Value predicate : bodyOf(*module).getTerminator()->getOperands())
    plans.push_back(planTiles(terms, predicate));
}

bool LawChecker::check(Expect expect) {
  if (!module)
    return false;
  Block &body = bodyOf(*module);
  FactEvaluator values;
  for (auto [i, fact] : llvm::enumerate(facts))
    values.bind(body.getArgument(i), fact.value);
  TermEvaluator evaluator(values);
  TermColumns columns(points, evaluator);
  constexpr size_t kMaxValues = 1 << 22;
  for (auto [i, predicate] :
       llvm::enumerate(body.getTerminator()->getOperands())) {
    auto visible = interpretPredicate(predicate, values);
    std::string broken =
        failed(visible)
            ? "the interpreter"
            : findBroken(plans[i], expect, *visible, evaluator, columns);
    if (!broken.empty()) {
      ADD_FAILURE() << broken << describe(i);
      return false;
    }
    if (columns.getSize() > kMaxValues)
      columns.clear();
  }
  return true;
}

static SmallVector<Term> termsOf(const TilePlan &plan) {
  SmallVector<Term> all = {plan.tileFull, plan.tileEmpty};
  for (const TileInterval &tile : plan.intervals)
    all.append(
        {tile.hullLower, tile.coreLower, tile.coreUpper, tile.hullUpper});
  for (const RowInterval &row : plan.rows.intervals)
    all.append(
        {row.outer.lower, row.outer.upper, row.inner.lower, row.inner.upper});
  return all;
}

std::string LawChecker::findBroken(const TilePlan &plan, Expect expect,
                                   const PredicateFunction &visible,
                                   TermEvaluator &evaluator,
                                   TermColumns &columns) {
  for (Term term : termsOf(plan))
    if (failed(evaluator.prepare(term)))
      return "preparing terms";
  ++counts.predicates;
  counts.exact += plan.rows.exact;
  readVisible(visible);
  std::string broken = checkRows(plan, expect, columns);
  if (broken.empty())
    broken = checkRowTiles(plan, columns);
  if (broken.empty())
    broken = checkTiles(plan, columns);
  if (broken.empty())
    broken = compareEvaluators(plan, evaluator, columns);
  return broken;
}

void LawChecker::readVisible(const PredicateFunction &visible) {
  seen.clear();
  for (const TermPoint &row : points.of(Level::Row)) {
    uint32_t keys = 0;
    for (int64_t k = 0; k < grid.size; ++k)
      keys |=
          uint32_t(visible(row.batch, row.head, row.query, grid.firstKey + k))
          << k;
    seen.push_back(keys);
  }
  some.clear();
  every.clear();
  for (auto [i, tile] : llvm::enumerate(points.of(Level::RowTile))) {
    uint32_t any = 0, all = ~0u;
    for (int64_t q = tile.queryFirst; q <= tile.queryLast; ++q) {
      uint32_t row = seen[points.firstRow[i] + q - tile.queryFirst];
      any |= row;
      all &= row;
    }
    some.push_back(any);
    every.push_back(all);
  }
}

/// The values of one term of the plan at one point, by the evaluator that the
/// tools use.
std::string LawChecker::compareEvaluators(const TilePlan &plan,
                                          const TermEvaluator &evaluator,
                                          TermColumns &columns) {
  ++turn;
  for (auto [i, term] : llvm::enumerate(termsOf(plan))) {
    Level level = i < 2                               ? Level::Tile
                  : i < 2 + 4 * plan.intervals.size() ? Level::RowTile
                                                      : Level::Row;
    const std::vector<TermPoint> &all = points.of(level);
    size_t point = (turn * 31 + i * 7) % all.size();
    if (evaluator.evaluate(term, all[point]) != columns.at(term, level)[point])
      return at("0 (the evaluators differ)", all[point], level != Level::Row);
  }
  return "";
}

/// The bits of the keys `[lower, upper)` that the grid has.
static uint32_t bits(int64_t lower, int64_t upper, const LawGrid &grid) {
  lower = std::max<int64_t>(lower - grid.firstKey, 0);
  upper = std::min(upper - grid.firstKey, grid.size);
  return lower < upper
             ? uint32_t((uint64_t(1) << upper) - (uint64_t(1) << lower))
             : 0;
}

/// Whether the outer keys are from the first to the last seen, and the inner
/// ones these, or none where some are not seen.
static bool isHull(uint32_t outer, uint32_t inner, uint32_t seen) {
  if (!seen)
    return !outer && !inner;
  uint32_t hull =
      bits(llvm::countr_zero(seen), llvm::Log2_32(seen) + 1, LawGrid{32});
  return outer == hull && inner == (hull == seen ? seen : 0);
}

std::string LawChecker::checkRows(const TilePlan &plan, Expect expect,
                                  TermColumns &columns) {
  size_t count = plan.rows.intervals.size();
  SmallVector<ArrayRef<int64_t>> ends;
  for (const RowInterval &row : plan.rows.intervals)
    for (Term term :
         {row.outer.lower, row.outer.upper, row.inner.lower, row.inner.upper})
      ends.push_back(columns.at(term, Level::Row));
  bool looseOuter = false, looseInner = false;
  for (auto [i, point] : llvm::enumerate(points.of(Level::Row))) {
    uint32_t outer = 0, inner = 0;
    for (size_t n = 0; n < count; ++n) {
      if (n && ends[4 * n][i] < ends[4 * n - 4][i])
        return at("4", point, false);
      outer |= bits(ends[4 * n][i], ends[4 * n + 1][i], grid);
      inner |= bits(ends[4 * n + 2][i], ends[4 * n + 3][i], grid);
    }
    if (seen[i] & ~outer)
      return at("1", point, false);
    if (inner & ~seen[i])
      return at("2", point, false);
    looseOuter |= outer != seen[i];
    looseInner |= inner != seen[i];
    bool exact = plan.rows.exact || expect == Expect::Exact;
    if (exact && (outer != seen[i] || inner != seen[i]))
      return at("3", point, false);
    if (expect == Expect::Hull && !isHull(outer, inner, seen[i]))
      return at("3 (the hull)", point, false);
  }
  counts.looseOuter += looseOuter;
  counts.looseInner += looseInner;
  return "";
}

/// Whether every row of a tile sees something, and neighbours touch.
static bool doRowsTouch(ArrayRef<uint32_t> rows) {
  return llvm::all_of(llvm::enumerate(rows), [&](auto entry) {
    uint32_t row = entry.value();
    if (entry.index() == 0)
      return row != 0;
    uint32_t above = rows[entry.index() - 1];
    return ((above << 1 | above | above >> 1) & row) != 0;
  });
}

std::string LawChecker::checkRowTiles(const TilePlan &plan,
                                      TermColumns &columns) {
  bool single = plan.rows.exact && plan.intervals.size() == 1;
  SmallVector<ArrayRef<int64_t>> ends;
  for (const TileInterval &tile : plan.intervals)
    for (Term term :
         {tile.hullLower, tile.coreLower, tile.coreUpper, tile.hullUpper})
      ends.push_back(columns.at(term, Level::RowTile));
  for (auto [i, point] : llvm::enumerate(points.of(Level::RowTile))) {
    uint32_t hull = 0, core = 0, visited = 0;
    int64_t visitedEnd = -kInfinity;
    for (size_t n = 0; n < plan.intervals.size(); ++n) {
      int64_t lower = ends[4 * n][i], upper = ends[4 * n + 3][i];
      hull |= bits(lower, upper, grid);
      core |= bits(ends[4 * n + 1][i], ends[4 * n + 2][i], grid);
      int64_t start = std::max(lower, visitedEnd);
      uint32_t now = bits(start, upper, grid);
      if (visited & now)
        return at("8", point, true);
      visited |= now;
      if (start < upper)
        visitedEnd = upper;
    }
    if ((some[i] & ~hull) || (core & ~every[i]))
      return at("5", point, true);
    if (some[i] & ~visited)
      return at("8", point, true);
    if (single && core != every[i])
      return at("6", point, true);
    ArrayRef rows(seen.data() + points.firstRow[i],
                  point.queryLast - point.queryFirst + 1);
    if (single && hull != some[i] && doRowsTouch(rows))
      return at("7", point, true);
  }
  return "";
}

std::string LawChecker::checkTiles(const TilePlan &plan, TermColumns &columns) {
  bool single = plan.rows.exact && plan.intervals.size() == 1;
  ArrayRef<int64_t> full = columns.at(plan.tileFull, Level::Tile);
  ArrayRef<int64_t> empty = columns.at(plan.tileEmpty, Level::Tile);
  for (auto [i, point] : llvm::enumerate(points.of(Level::Tile))) {
    uint32_t keys = bits(point.keyFirst, point.keyLast + 1, grid);
    unsigned rows = points.rowTile[i];
    bool isFull = !(keys & ~every[rows]), isEmpty = !(keys & some[rows]);
    if ((full[i] && !isFull) || (empty[i] && !isEmpty))
      return at("9", point, true);
    if (single && isFull && !full[i])
      return at("10", point, true);
    counts.fullTiles += isFull;
    counts.foundFull += isFull && full[i];
    counts.emptyTiles += isEmpty;
    counts.foundEmpty += isEmpty && empty[i];
  }
  return "";
}
