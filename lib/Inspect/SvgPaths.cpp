//===- SvgPaths.cpp - cells and borders as SVG paths ------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SvgPanel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace mlir::mask;
using namespace mlir::mask::svg;

/// An outline of more corners is left out.
static constexpr size_t kMostCorners = 6000;

std::string svg::formatNumber(double value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format("%.2f", value);
  llvm::StringRef trimmed = llvm::StringRef(text).rtrim('0').rtrim('.');
  return trimmed == "-0" ? "0" : trimmed.str();
}

namespace {
/// The path of all cells for which a test holds. Equal runs of neighbouring
/// rows are one rectangle.
class RectanglePath {
public:
  RectanglePath(const Panel &panel, int64_t queryStep, int64_t keyStep)
      : panel(panel), queryStep(queryStep), keyStep(keyStep) {}

  using Test = llvm::function_ref<bool(int64_t, int64_t)>;

  std::string build(int64_t rows, int64_t columns, Test test) {
    std::vector<Run> open;
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<Run> current = getRuns(row, columns, test);
      for (Run &run : current)
        for (const Run &above : open)
          if (above.begin == run.begin && above.end == run.end)
            run.top = above.top;
      for (const Run &above : open)
        if (llvm::none_of(current, [&](const Run &run) {
              return run.begin == above.begin && run.end == above.end;
            }))
          close(above, row);
      open = std::move(current);
    }
    for (const Run &run : open)
      close(run, rows);
    return std::move(path);
  }

private:
  struct Run {
    int64_t begin, end, top;
  };

  static std::vector<Run> getRuns(int64_t row, int64_t columns, Test test) {
    std::vector<Run> runs;
    for (int64_t column = 0; column < columns; ++column) {
      if (!test(row, column))
        continue;
      if (!runs.empty() && runs.back().end == column)
        ++runs.back().end;
      else
        runs.push_back({column, column + 1, row});
    }
    return runs;
  }

  void close(const Run &run, int64_t bottom) {
    double x0 = panel.getX(run.begin * keyStep);
    double x1 = panel.getX(std::min(run.end * keyStep, panel.keys));
    double y0 = panel.getY(run.top * queryStep);
    double y1 = panel.getY(std::min(bottom * queryStep, panel.queries));
    path += "M" + formatNumber(x0) + " " + formatNumber(y0) + "H" +
            formatNumber(x1) + "V" + formatNumber(y1) + "H" + formatNumber(x0) +
            "Z";
  }

  const Panel &panel;
  int64_t queryStep, keyStep;
  std::string path;
};

/// The exact border of what is visible, over the tiles. A strand is a span that
/// goes on from row to row; straight stretches of its sides are one line.
class Outline {
public:
  explicit Outline(const Panel &panel) : panel(panel) {}

  /// The path, or nothing if it has too many corners.
  std::string build(const RowSpans &rows) {
    int64_t start = 0;
    for (int64_t row = 1; row <= rows.getNumRows(); ++row) {
      if (row < rows.getNumRows() && continues(rows[row - 1], rows[row]))
        continue;
      for (size_t i = 0, e = rows[start].size(); i < e; ++i)
        addStrand(rows, start, row, i);
      start = row;
      if (corners > kMostCorners)
        return "";
    }
    return std::move(path);
  }

private:
  static bool continues(llvm::ArrayRef<KeySpan> above,
                        llvm::ArrayRef<KeySpan> below) {
    return above.size() == below.size() &&
           llvm::all_of_zip(above, below, [](KeySpan a, KeySpan b) {
             return a.lower < b.upper && b.lower < a.upper;
           });
  }

  struct Corner {
    double x, y;
  };

  /// The left or right side of rows `[begin, end)` from top to bottom. Few rows
  /// are drawn as steps, many as lines.
  std::vector<Corner> getSide(const RowSpans &rows, int64_t begin, int64_t end,
                              size_t span, bool right) const {
    auto keyAt = [&](int64_t row) -> int64_t {
      KeySpan s = rows[row][span];
      return right ? s.upper : s.lower;
    };
    std::vector<Corner> side;
    if (panel.queries <= 192) {
      for (int64_t row = begin; row < end; ++row) {
        if (row > begin && keyAt(row) == keyAt(row - 1)) {
          side.back().y = row + 1;
          continue;
        }
        side.push_back({double(keyAt(row)), double(row)});
        side.push_back({double(keyAt(row)), double(row + 1)});
      }
      return side;
    }
    side.push_back({double(keyAt(begin)), double(begin)});
    for (int64_t row = begin + 1; row + 1 < end; ++row)
      if (keyAt(row + 1) - keyAt(row) != keyAt(row) - keyAt(row - 1))
        side.push_back({double(keyAt(row)), row + 0.5});
    side.push_back({double(keyAt(end - 1)), double(end)});
    return side;
  }

  void addStrand(const RowSpans &rows, int64_t begin, int64_t end,
                 size_t span) {
    std::vector<Corner> polygon = getSide(rows, begin, end, span, false);
    std::vector<Corner> right = getSide(rows, begin, end, span, true);
    polygon.insert(polygon.end(), right.rbegin(), right.rend());
    corners += polygon.size();
    if (corners > kMostCorners)
      return;
    char command = 'M';
    for (const Corner &corner : polygon) {
      path += command + formatNumber(panel.getX(corner.x)) + " " +
              formatNumber(panel.getY(corner.y));
      command = 'L';
    }
    path += 'Z';
  }

  const Panel &panel;
  std::string path;
  size_t corners = 0;
};
} // namespace

std::string svg::makeCellPath(const Panel &panel, int64_t queryStep,
                              int64_t keyStep, int64_t rows, int64_t columns,
                              llvm::function_ref<bool(int64_t, int64_t)> test) {
  return RectanglePath(panel, queryStep, keyStep).build(rows, columns, test);
}

std::string svg::makeOutline(const Panel &panel, const RowSpans &rows) {
  return Outline(panel).build(rows);
}
