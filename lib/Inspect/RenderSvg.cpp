//===- RenderSvg.cpp - masks and differences as pictures --------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SvgPanel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::mask;
using namespace mlir::mask::svg;

static constexpr double kMapSize = 440, kLeastSide = 36;
/// More rows or columns of tiles are drawn coarser.
static constexpr int64_t kMostTiles = 256;
static constexpr size_t kMostPanels = 8;

static void setSize(Panel &panel) {
  double longest = std::max<int64_t>({panel.queries, panel.keys, 1});
  panel.width = std::max(kLeastSide, kMapSize * panel.keys / longest);
  panel.height = std::max(kLeastSide, kMapSize * panel.queries / longest);
}

/// How many tiles are drawn as one.
static int64_t getStep(int64_t elements, int64_t tile) {
  return std::max<int64_t>(
      1, llvm::divideCeil(llvm::divideCeil(elements, tile), kMostTiles));
}

static CellMap getCells(const MaskPlane &plane, const Panel &panel,
                        TileShape shape) {
  return coarsen(classifyTiles(plane, panel.queries, panel.keys, shape),
                 getStep(panel.queries, shape.query),
                 getStep(panel.keys, shape.key));
}

static bool isVisited(const CellMap &cells, int64_t row, int64_t column) {
  return getCellClass(cells.at(row, column)) != TileKind::Unvisited;
}

static int64_t countVisible(const MaskPlane &plane) {
  int64_t visible = 0;
  for (int64_t row = 0; row < plane.visible.getNumRows(); ++row)
    visible += countKeys(plane.visible[row]);
  return visible;
}

/// Adds the cells of a class.
static void addCells(Panel &panel, const char *style, const CellMap &cells,
                     TileShape shape,
                     llvm::function_ref<bool(int64_t, int64_t)> test) {
  panel.paths.emplace_back(style,
                           makeCellPath(panel, cells.queryTiles * shape.query,
                                        cells.keyTiles * shape.key, cells.rows,
                                        cells.columns, test));
}

static Panel makePanel(const MaskView &view, int64_t plane,
                       const RenderContext &context) {
  int64_t b = plane / view.heads;
  Panel panel;
  panel.title = view.layerType == "*" ? view.policy : view.layerType;
  if (view.batch > 1)
    panel.title += ", batch row " + std::to_string(b);
  if (view.headsDiffer)
    panel.title += ", head " + std::to_string(plane % view.heads);
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
  auto isCore = [&](int64_t row, int64_t column) {
    return getCellClass(cells.at(row, column)) == TileKind::Core;
  };
  addCells(panel, "core", cells, shape, isCore);
  addCells(panel, "edge", cells, shape, [&](int64_t row, int64_t column) {
    return isVisited(cells, row, column) && !isCore(row, column);
  });
  panel.outline = makeOutline(panel, plane.visible);
  int64_t visible = countVisible(plane);
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
  // One class per cell: in which masks alone elements of it occur.
  auto add = [&](const char *style, bool inFirst, bool inSecond) {
    addCells(panel, style, either, shape, [&](int64_t row, int64_t column) {
      return isVisited(either, row, column) &&
             isVisited(first, row, column) == inFirst &&
             isVisited(second, row, column) == inSecond;
    });
  };
  add("both", false, false);
  add("first", true, false);
  add("second", false, true);
  add("mixed", true, true);
  panel.outline = makeOutline(panel, difference.onlyFirst[plane].visible) +
                  makeOutline(panel, difference.onlySecond[plane].visible);
  panel.counts = formatCount(countVisible(difference.onlyFirst[plane])) +
                 " pairs only in the first, " +
                 formatCount(countVisible(difference.onlySecond[plane])) +
                 " only in the second";
}

static std::string getSubtitle(const MaskView &view,
                               const RenderContext &context) {
  std::string text = formatCount(view.queries) + " queries x " +
                     formatCount(view.keys) + " keys";
  if (!context.facts.empty())
    text += ", " + context.facts;
  return text;
}

/// What the lines and the colours of the token strips mean, where they occur.
static void addCommonLegend(Picture &picture, llvm::StringRef outline) {
  unsigned seen = 0;
  bool hasOutline = false;
  for (const Panel &panel : picture.panels) {
    hasOutline |= !panel.outline.empty();
    for (const TokenSegment &segment : panel.tokens)
      seen |= 1u << static_cast<unsigned>(segment.kind);
  }
  if (hasOutline)
    picture.legend.push_back({"outline", outline.str()});
  for (TokenKind kind :
       {TokenKind::Text, TokenKind::Image, TokenKind::Video, TokenKind::Audio,
        TokenKind::Padding, TokenKind::Block})
    if (seen & 1u << static_cast<unsigned>(kind))
      picture.legend.push_back(
          {getTokenName(kind).str(), getTokenName(kind).str()});
}

void mlir::mask::renderSvg(llvm::raw_ostream &os,
                           llvm::ArrayRef<const MaskView *> views,
                           TileShape shape, const RenderContext &context) {
  Picture picture;
  picture.title = views.front()->policy;
  picture.subtitle = getSubtitle(*views.front(), context);
  picture.shape = shape;
  for (const MaskView *view : views)
    for (int64_t p = 0, e = view->planes.size(); p < e; ++p) {
      if (picture.panels.size() == kMostPanels) {
        ++picture.hidden;
        continue;
      }
      picture.panels.push_back(makePanel(*view, p, context));
      drawMask(picture.panels.back(), view->planes[p], shape);
    }
  picture.legend = {{"core", "core: every element visible"},
                    {"edge", "edge: masked element by element"},
                    {"never", "never visited"}};
  addCommonLegend(picture, "border of what is visible");
  writePicture(os, picture);
}

void mlir::mask::renderSvg(llvm::raw_ostream &os,
                           llvm::ArrayRef<ComparedMasks> compared,
                           TileShape shape, const RenderContext &context) {
  const MaskView &first = *compared.front().first;
  const MaskView &second = *compared.front().second;
  Picture picture;
  picture.title = first.policy + " against " + second.policy;
  picture.subtitle = getSubtitle(first, context);
  picture.shape = shape;
  for (const ComparedMasks &pair : compared)
    for (int64_t p = 0, e = pair.difference->either.size(); p < e; ++p) {
      if (picture.panels.size() == kMostPanels) {
        ++picture.hidden;
        continue;
      }
      const MaskView &named =
          pair.first->headsDiffer ? *pair.first : *pair.second;
      picture.panels.push_back(makePanel(named, p, context));
      Panel &panel = picture.panels.back();
      // A predicate for every layer type has no name of its own.
      if (named.layerType == "*")
        panel.title.replace(0, named.policy.size(), "any layer type");
      panel.title += pair.difference->isEqual() ? ": equal" : ": different";
      drawDifference(panel, *pair.difference, p, shape);
    }
  picture.legend = {{"both", "alike in both"},
                    {"first", "only " + first.policy},
                    {"second", "only " + second.policy},
                    {"mixed", "some in each alone"},
                    {"never", "visible in neither"}};
  addCommonLegend(picture, "border of the difference");
  writePicture(os, picture);
}
