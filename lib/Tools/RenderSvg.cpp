//===- RenderSvg.cpp - masks and their differences as pictures -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/Render.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace mlir::mask;

// Lengths in user units; the picture scales to any size.
static constexpr double kMapSize = 440, kLeastSide = 36;
static constexpr double kStrip = 12, kGap = 4;
static constexpr double kLeft = 64, kRight = 28, kTop = 84, kBottom = 16;
static constexpr double kLegend = 56, kTitle = 54;
/// More rows or columns of tiles are drawn coarser.
static constexpr int64_t kMostTiles = 256;
/// A grid of more lines would be grey.
static constexpr int64_t kMostLines = 72;
/// An outline of more corners is left out.
static constexpr size_t kMostCorners = 6000;
static constexpr int64_t kMostPanels = 8;

namespace {
/// One plane and where it is drawn.
struct Panel {
  std::string title, counts;
  int64_t queries, keys, queryOffset, keyOffset;
  llvm::ArrayRef<TokenSegment> tokens;
  /// A map of classes (`paths` below) and what fills them, in drawing order.
  std::vector<std::pair<const char *, std::string>> paths;
  std::string outline;
  double width, height;

  double getX(double key) const { return keys ? key * width / keys : 0; }
  double getY(double query) const {
    return queries ? query * height / queries : 0;
  }
};
} // namespace

static std::string escapeXml(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += ' ';
    else
      result += c;
  }
  return result;
}

/// A number with at most two decimals.
static std::string number(double value) {
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

  template <typename Test>
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

  template <typename Test>
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
    path += "M" + number(x0) + " " + number(y0) + "H" + number(x1) + "V" +
            number(y1) + "H" + number(x0) + "Z";
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
      path += command + number(panel.getX(corner.x)) + " " +
              number(panel.getY(corner.y));
      command = 'L';
    }
    path += 'Z';
  }

  const Panel &panel;
  std::string path;
  size_t corners = 0;
};
} // namespace

static void setSize(Panel &panel) {
  double longest = std::max<int64_t>({panel.queries, panel.keys, 1});
  panel.width = std::max(kLeastSide, kMapSize * panel.keys / longest);
  panel.height = std::max(kLeastSide, kMapSize * panel.queries / longest);
}

/// How many tiles are drawn as one.
static int64_t getStep(int64_t elements, int64_t tile) {
  return llvm::divideCeil(llvm::divideCeil(elements, tile), kMostTiles);
}

static CellMap getCells(const MaskPlane &plane, const Panel &panel,
                        TileShape shape) {
  return coarsen(classifyTiles(plane, panel.queries, panel.keys, shape),
                 std::max<int64_t>(1, getStep(panel.queries, shape.query)),
                 std::max<int64_t>(1, getStep(panel.keys, shape.key)));
}

static bool isVisited(uint8_t cell) {
  return getCellClass(cell) != TileKind::Unvisited;
}

static std::string getPanelTitle(const MaskView &view, int64_t b, int64_t h) {
  std::string title = view.layerType;
  if (view.batch > 1)
    title += ", batch row " + std::to_string(b);
  if (view.headsDiffer)
    title += ", head " + std::to_string(h);
  return title;
}

static Panel makePanel(const MaskView &view, int64_t b, int64_t h,
                       const RenderContext &context) {
  Panel panel;
  panel.title = getPanelTitle(view, b, h);
  panel.queries = view.queries;
  panel.keys = view.keys;
  panel.queryOffset = view.queryOffset[b];
  panel.keyOffset = view.keyOffset[b];
  panel.tokens = context.getTokens(b);
  setSize(panel);
  return panel;
}

static void drawMask(Panel &panel, const MaskPlane &plane, TileShape shape) {
  CellMap cells = getCells(plane, panel, shape);
  RectanglePath core(panel, cells.queryTiles * shape.query,
                     cells.keyTiles * shape.key);
  RectanglePath edge = core;
  auto isCore = [&](int64_t row, int64_t column) {
    return getCellClass(cells.at(row, column)) == TileKind::Core;
  };
  auto isEdge = [&](int64_t row, int64_t column) {
    return isVisited(cells.at(row, column)) && !isCore(row, column);
  };
  panel.paths.emplace_back("core",
                           core.build(cells.rows, cells.columns, isCore));
  panel.paths.emplace_back("edge",
                           edge.build(cells.rows, cells.columns, isEdge));
  panel.outline = Outline(panel).build(plane.visible);
  int64_t visible = 0;
  for (int64_t row = 0; row < panel.queries; ++row)
    visible += countKeys(plane.visible[row]);
  int64_t pairs = panel.queries * panel.keys;
  TileCounts tiles =
      classifyTiles(plane, panel.queries, panel.keys, shape).count();
  panel.counts = formatCount(visible) + " of " + formatCount(pairs) +
                 " pairs visible (" + formatShare(visible, pairs) + "); " +
                 formatCount(tiles.visited) + " of " +
                 formatCount(tiles.total) + " tiles visited, " +
                 formatCount(tiles.core) + " core";
}

static void drawDifference(Panel &panel, const MaskDifference &difference,
                           int64_t plane, TileShape shape) {
  CellMap either = getCells(difference.either[plane], panel, shape);
  CellMap first = getCells(difference.onlyFirst[plane], panel, shape);
  CellMap second = getCells(difference.onlySecond[plane], panel, shape);
  auto add = [&](const char *style, auto test) {
    RectanglePath path(panel, either.queryTiles * shape.query,
                       either.keyTiles * shape.key);
    panel.paths.push_back(
        {style, path.build(either.rows, either.columns,
                           [&](int64_t r, int64_t c) { return test(r, c); })});
  };
  add("both", [&](int64_t r, int64_t c) {
    return isVisited(either.at(r, c)) && !isVisited(first.at(r, c)) &&
           !isVisited(second.at(r, c));
  });
  add("first", [&](int64_t r, int64_t c) {
    return isVisited(first.at(r, c)) && !isVisited(second.at(r, c));
  });
  add("second", [&](int64_t r, int64_t c) {
    return !isVisited(first.at(r, c)) && isVisited(second.at(r, c));
  });
  add("mixed", [&](int64_t r, int64_t c) {
    return isVisited(first.at(r, c)) && isVisited(second.at(r, c));
  });
  panel.outline = Outline(panel).build(difference.onlyFirst[plane].visible) +
                  Outline(panel).build(difference.onlySecond[plane].visible);
  auto count = [&](const MaskPlane &p) {
    int64_t pairs = 0;
    for (int64_t row = 0; row < panel.queries; ++row)
      pairs += countKeys(p.visible[row]);
    return formatCount(pairs);
  };
  panel.counts = count(difference.onlyFirst[plane]) +
                 " pairs only in the first, " +
                 count(difference.onlySecond[plane]) + " only in the second";
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static constexpr const char *kStyle = R"(<style>
text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;fill:#1f2933}
.title{font-size:19px;font-weight:bold}.subtitle,.legend{font-size:12px;fill:#52606d}
.panel{font-size:15px;font-weight:bold}.counts{font-size:11px;fill:#52606d}
.tick{font-size:10px;fill:#52606d}.token{font-size:9px}
.paper{fill:#fff}.never{fill:#eef1f4}.core{fill:#2f6690}.edge{fill:#f2b55f}
.both{fill:#c5ced8}.first{fill:#d1495b}.second{fill:#2a9d8f}.mixed{fill:#7b4f9d}
.grid{stroke:#fff;stroke-width:.6;stroke-opacity:.75;fill:none}
.frame{stroke:#9aa5b1;stroke-width:1;fill:none}
.outline{stroke:#102a43;stroke-width:1.1;stroke-linejoin:round;fill:none}
.text{fill:#d9dee4}.image{fill:#7cb47c}.image.next{fill:#4f9150}.video{fill:#b48ac0}.video.next{fill:#8f5ea0}
.audio{fill:#e0a078}.audio.next{fill:#c77d50}.padding{fill:#fff;stroke:#9aa5b1;stroke-width:.5}
.block{fill:#7cb47c}.block.next{fill:#4f9150}
</style>
)";

static void writeText(llvm::raw_ostream &os, double x, double y,
                      llvm::StringRef style, llvm::StringRef text,
                      llvm::StringRef anchor = "start") {
  os << "<text x=\"" << number(x) << "\" y=\"" << number(y) << "\" class=\""
     << style << "\"";
  if (anchor != "start")
    os << " text-anchor=\"" << anchor << "\"";
  os << ">" << escapeXml(text) << "</text>\n";
}

static void writePath(llvm::raw_ostream &os, llvm::StringRef style,
                      llvm::StringRef data) {
  if (!data.empty())
    os << "<path class=\"" << style << "\" d=\"" << data << "\"/>\n";
}

static void writeRect(llvm::raw_ostream &os, double x, double y, double width,
                      double height, llvm::StringRef style) {
  os << "<rect x=\"" << number(x) << "\" y=\"" << number(y) << "\" width=\""
     << number(width) << "\" height=\"" << number(height) << "\" class=\""
     << style << "\"/>\n";
}

/// A power of two as the distance between the labels of an axis of `extent`
/// elements.
static int64_t getTickStep(int64_t extent, int64_t labels) {
  int64_t step = 1;
  while (extent / step > labels)
    step *= 2;
  return step;
}

static void writeTicks(llvm::raw_ostream &os, const Panel &panel) {
  double left = -kStrip - kGap - 4, above = -kStrip - kGap - 6;
  int64_t labels = std::max<int64_t>(1, panel.width / 64);
  int64_t step = getTickStep(panel.keys, labels);
  for (int64_t key = 0; key < panel.keys; key += step)
    writeText(os, panel.getX(key), above, "tick",
              std::to_string(key + panel.keyOffset));
  writeText(os, panel.width, above - 14, "tick", "key", "end");
  labels = std::max<int64_t>(1, panel.height / 40);
  step = getTickStep(panel.queries, labels);
  for (int64_t query = 0; query < panel.queries; query += step)
    writeText(os, left, panel.getY(query) + 8, "tick",
              std::to_string(query + panel.queryOffset), "end");
  writeText(os, left, panel.height - 1, "tick", "query", "end");
}

/// The tokens along one axis, clipped to the elements that exist.
static void writeStrip(llvm::raw_ostream &os, const Panel &panel,
                       bool isKeyAxis) {
  int64_t offset = isKeyAxis ? panel.keyOffset : panel.queryOffset;
  int64_t extent = isKeyAxis ? panel.keys : panel.queries;
  bool next = false;
  std::optional<TokenKind> last;
  constexpr size_t kMostSegments = 400;
  if (panel.tokens.size() > kMostSegments)
    return;
  for (const TokenSegment &segment : panel.tokens) {
    next = last == segment.kind && !next;
    last = segment.kind;
    int64_t begin = std::max<int64_t>(segment.begin - offset, 0);
    int64_t end = std::min(segment.end - offset, extent);
    if (begin >= end)
      continue;
    std::string style = getTokenName(segment.kind).str();
    if (next)
      style += " next";
    double from = isKeyAxis ? panel.getX(begin) : panel.getY(begin);
    double to = isKeyAxis ? panel.getX(end) : panel.getY(end);
    if (isKeyAxis)
      writeRect(os, from, -kStrip - kGap, to - from, kStrip, style);
    else
      writeRect(os, -kStrip - kGap, from, kStrip, to - from, style);
    std::string label = getTokenName(segment.kind).str() + " " +
                        std::to_string(segment.end - segment.begin);
    if (isKeyAxis && to - from > 5.5 * label.size())
      writeText(os, (from + to) / 2, -kGap - 3, "token", label, "middle");
  }
}

static void writeGrid(llvm::raw_ostream &os, const Panel &panel,
                      TileShape shape) {
  int64_t rows = llvm::divideCeil(panel.queries, shape.query);
  int64_t columns = llvm::divideCeil(panel.keys, shape.key);
  if (std::max(rows, columns) > kMostLines)
    return;
  std::string path;
  for (int64_t row = 1; row < rows; ++row)
    path += "M0 " + number(panel.getY(row * shape.query)) + "H" +
            number(panel.width);
  for (int64_t column = 1; column < columns; ++column)
    path += "M" + number(panel.getX(column * shape.key)) + " 0V" +
            number(panel.height);
  writePath(os, "grid", path);
}

static void writePanel(llvm::raw_ostream &os, const Panel &panel, double x,
                       double y, TileShape shape) {
  os << "<g transform=\"translate(" << number(x) << " " << number(y)
     << ")\">\n";
  double left = -kStrip - kGap;
  writeText(os, left, -kTop + 22, "panel", panel.title);
  writeText(os, left, -kTop + 38, "counts", panel.counts);
  writeRect(os, 0, 0, panel.width, panel.height, "never");
  for (const auto &[style, path] : panel.paths)
    writePath(os, style, path);
  writeGrid(os, panel, shape);
  writePath(os, "outline", panel.outline);
  writeRect(os, 0, 0, panel.width, panel.height, "frame");
  writeStrip(os, panel, /*isKeyAxis=*/true);
  writeStrip(os, panel, /*isKeyAxis=*/false);
  writeTicks(os, panel);
  os << "</g>\n";
}

namespace {
struct LegendEntry {
  const char *style, *text;
};
} // namespace

static double getLegendWidth(const LegendEntry &entry) {
  return 40 + 6.6 * llvm::StringRef(entry.text).size();
}

static void writePicture(llvm::raw_ostream &os, llvm::StringRef title,
                         llvm::StringRef subtitle, llvm::ArrayRef<Panel> panels,
                         size_t hidden, llvm::ArrayRef<LegendEntry> legend,
                         TileShape shape) {
  size_t columns = panels.size() < 2 ? 1 : panels.size() == 3 ? 3 : 2;
  double panelWidth = 300, panelHeight = kLeastSide;
  for (const Panel &panel : panels) {
    panelWidth = std::max(panelWidth, panel.width);
    panelHeight = std::max(panelHeight, panel.height);
  }
  panelWidth += kLeft + kRight;
  panelHeight += kTop + kBottom;
  size_t rows = std::max<size_t>(1, llvm::divideCeil(panels.size(), columns));
  double margin = kLeft - kStrip - kGap;
  double legendWidth = margin;
  for (const LegendEntry &entry : legend)
    legendWidth += getLegendWidth(entry);
  double width = std::max({columns * panelWidth, legendWidth,
                           margin + 11.5 * title.size() + kRight});
  double height = kTitle + rows * panelHeight + kLegend;
  os << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )"
     << number(width) << " " << number(height) << "\" width=\"" << number(width)
     << "\" height=\"" << number(height) << "\" role=\"img\">\n<title>"
     << escapeXml(title) << "</title>\n"
     << kStyle;
  writeRect(os, 0, 0, width, height, "paper");
  writeText(os, margin, 32, "title", title);
  writeText(os, margin, 50, "subtitle", subtitle);
  for (size_t i = 0; i < panels.size(); ++i)
    writePanel(os, panels[i], (i % columns) * panelWidth + kLeft,
               kTitle + (i / columns) * panelHeight + kTop, shape);
  double x = margin, y = height - kLegend + 22;
  for (const LegendEntry &entry : legend) {
    writeRect(os, x, y - 10, 14, 12, entry.style);
    writeText(os, x + 20, y, "legend", entry.text);
    x += getLegendWidth(entry);
  }
  std::string note = "Tiles of " + std::to_string(shape.query) + " x " +
                     std::to_string(shape.key) + " elements";
  if (hidden)
    note += "; " + std::to_string(hidden) + " more maps are not drawn";
  writeText(os, margin, y + 20, "legend", note);
  os << "</svg>\n";
}

static std::string getSubtitle(const MaskView &view,
                               const RenderContext &context) {
  std::string text = formatCount(view.queries) + " queries x " +
                     formatCount(view.keys) + " keys";
  if (!context.facts.empty())
    text += ", " + context.facts;
  return text;
}

void mlir::mask::renderSvg(llvm::raw_ostream &os,
                           llvm::ArrayRef<const MaskView *> views,
                           TileShape shape, const RenderContext &context) {
  std::vector<Panel> panels;
  size_t hidden = 0;
  for (const MaskView *view : views)
    for (int64_t p = 0, e = view->planes.size(); p < e; ++p) {
      if (int64_t(panels.size()) == kMostPanels) {
        ++hidden;
        continue;
      }
      panels.push_back(
          makePanel(*view, p / view->heads, p % view->heads, context));
      drawMask(panels.back(), view->planes[p], shape);
    }
  const LegendEntry legend[] = {{"core", "core: every element visible"},
                                {"edge", "edge: masked"},
                                {"never", "never visited"}};
  writePicture(os, views.front()->policy, getSubtitle(*views.front(), context),
               panels, hidden, legend, shape);
}

void mlir::mask::renderSvg(llvm::raw_ostream &os,
                           llvm::ArrayRef<ComparedMasks> compared,
                           TileShape shape, const RenderContext &context) {
  std::vector<Panel> panels;
  size_t hidden = 0;
  for (const ComparedMasks &pair : compared)
    for (int64_t p = 0, e = pair.difference->either.size(); p < e; ++p) {
      if (int64_t(panels.size()) == kMostPanels) {
        ++hidden;
        continue;
      }
      int64_t heads = pair.difference->heads;
      const MaskView &named =
          pair.first->headsDiffer ? *pair.first : *pair.second;
      panels.push_back(makePanel(named, p / heads, p % heads, context));
      panels.back().title +=
          pair.difference->isEqual() ? ": equal" : ": different";
      drawDifference(panels.back(), *pair.difference, p, shape);
    }
  const LegendEntry legend[] = {{"both", "same in both"},
                                {"first", "only in the first"},
                                {"second", "only in the second"},
                                {"mixed", "both occur"},
                                {"never", "visible in neither"}};
  const MaskView &first = *compared.front().first;
  writePicture(os, first.policy + " against " + compared.front().second->policy,
               getSubtitle(first, context), panels, hidden, legend, shape);
}
