//===- TermColumns.cpp - terms at all points of a grid -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TermColumns.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

LawPoints::LawPoints(const LawGrid &grid) {
  TermPoint point;
  for (point.batch = 0; point.batch < grid.batch; ++point.batch)
    for (point.head = 0; point.head < grid.heads; ++point.head) {
      unsigned first = points[0].size();
      for (int64_t q = 0; q < grid.size; ++q) {
        point.query = grid.firstQuery + q;
        points[0].push_back(point);
      }
      for (int64_t rows = 1; rows <= grid.maxTile; ++rows)
        for (int64_t q = 0; q < grid.size; q += rows) {
          point.queryFirst = grid.firstQuery + q;
          point.queryLast = grid.firstQuery + std::min(q + rows, grid.size) - 1;
          points[1].push_back(point);
          firstRow.push_back(first + q);
        }
    }
  for (auto [i, rows] : llvm::enumerate(points[1])) {
    TermPoint tile = rows;
    for (int64_t keys = 1; keys <= grid.maxTile; ++keys)
      for (int64_t k = 0; k < grid.size; k += keys) {
        tile.keyFirst = grid.firstKey + k;
        tile.keyLast = grid.firstKey + std::min(k + keys, grid.size) - 1;
        points[2].push_back(tile);
        rowTile.push_back(i);
      }
  }
}

void TermColumns::clear() {
  for (auto &level : columns)
    level.clear();
  size = 0;
}

/// The coarsest points that tell the values of a term apart.
static Level levelOf(Term term) {
  if (term.dependsOn(TermSymbol::KeyFirst) ||
      term.dependsOn(TermSymbol::KeyLast))
    return Level::Tile;
  if (term.dependsOn(TermSymbol::QueryFirst) ||
      term.dependsOn(TermSymbol::QueryLast))
    return Level::RowTile;
  return Level::Row;
}

ArrayRef<int64_t> TermColumns::at(Term term, Level level) {
  Level own = levelOf(term);
  if (own == level)
    return compute(term, level);
  auto &cache = columns[static_cast<int>(level)];
  if (auto found = cache.find(term.getNode()); found != cache.end())
    return found->second;
  // A row is no part of a tile: only what is the same for all rows is known.
  if (level == Level::Row || term.dependsOn(TermSymbol::Query))
    llvm::report_fatal_error("a term of a tile mentions a row, or the reverse");
  Level below = level == Level::Tile ? Level::RowTile : Level::Row;
  ArrayRef<int64_t> source = at(term, below);
  const std::vector<unsigned> &map =
      level == Level::Tile ? points.rowTile : points.firstRow;
  Column column;
  column.reserve(map.size());
  for (unsigned i : map)
    column.push_back(source[i]);
  size += column.size();
  return cache[term.getNode()] = std::move(column);
}

ArrayRef<int64_t> TermColumns::compute(Term term, Level level) {
  auto &cache = columns[static_cast<int>(level)];
  if (auto found = cache.find(term.getNode()); found != cache.end())
    return found->second;
  Column column = computeColumn(term, level);
  size += column.size();
  return cache[term.getNode()] = std::move(column);
}

/// Over the rows of each tile.
TermColumns::Column TermColumns::extremum(Term term, Level level) {
  Term operand = term.getOperand(0);
  bool isMin = term.getKind() == TermKind::RowMin;
  Column column;
  if (level != Level::RowTile || levelOf(operand) != Level::Row) {
    for (const TermPoint &point : points.of(level))
      column.push_back(evaluator.evaluate(term, point));
    return column;
  }
  ArrayRef<int64_t> rows = at(operand, Level::Row);
  for (auto [i, tile] : llvm::enumerate(points.of(level))) {
    auto ofTile =
        rows.slice(points.firstRow[i], tile.queryLast - tile.queryFirst + 1);
    column.push_back(isMin ? *llvm::min_element(ofTile)
                           : *llvm::max_element(ofTile));
  }
  return column;
}

TermColumns::Column TermColumns::computeColumn(Term term, Level level) {
  const std::vector<TermPoint> &at = points.of(level);
  size_t count = at.size();
  auto operand = [&](unsigned i) {
    return this->at(term.getOperand(i), level).data();
  };
  Column column(count);
  int64_t *out = column.data();
  auto binary = [&](auto function) {
    const int64_t *a = operand(0), *b = operand(1);
    for (size_t i = 0; i < count; ++i)
      out[i] = function(a[i], b[i]);
  };
  auto fold = [&](auto function) {
    std::copy_n(operand(0), count, out);
    for (unsigned n = 1; n < term.getNumOperands(); ++n) {
      const int64_t *b = operand(n);
      for (size_t i = 0; i < count; ++i)
        out[i] = function(out[i], b[i]);
    }
  };
  switch (term.getKind()) {
  case TermKind::Constant:
    std::fill_n(out, count, term->number);
    break;
  case TermKind::Add:
    fold([](int64_t a, int64_t b) { return a + b; });
    break;
  case TermKind::Mul:
    if (term.isExactProduct())
      binary([](int64_t a, int64_t b) { return a * b; });
    else
      binary(saturatingProduct);
    break;
  case TermKind::FloorDiv:
    binary([](int64_t a, int64_t b) {
      return llvm::divideFloorSigned(a, std::max<int64_t>(b, 1));
    });
    break;
  case TermKind::Min:
    fold([](int64_t a, int64_t b) { return std::min(a, b); });
    break;
  case TermKind::Max:
    fold([](int64_t a, int64_t b) { return std::max(a, b); });
    break;
  case TermKind::LessEqual:
    binary([](int64_t a, int64_t b) { return int64_t(a <= b); });
    break;
  case TermKind::Select: {
    const int64_t *condition = operand(0), *a = operand(1), *b = operand(2);
    for (size_t i = 0; i < count; ++i)
      out[i] = condition[i] ? a[i] : b[i];
    break;
  }
  case TermKind::RowMin:
  case TermKind::RowMax:
    return extremum(term, level);
  default: // Data and symbols.
    for (size_t i = 0; i < count; ++i)
      out[i] = evaluator.evaluate(term, at[i]);
  }
  return column;
}
