//===- RenderText.cpp - masks and differences as text -----------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace mlir::mask;
using namespace mlir::mask::text;

/// Planes that are drawn.
static constexpr int64_t kMaxPlanes = 4;

/// "batch row 1, head 0", or nothing where there is one plane only.
static std::string describePlane(int64_t batch, int64_t heads, bool headsDiffer,
                                 int64_t b, int64_t h) {
  std::string text;
  if (batch > 1)
    text = "batch row " + std::to_string(b);
  if (headsDiffer)
    text += (text.empty() ? "head " : ", head ") + std::to_string(h);
  return text;
}

/// "1 to 1,120 keys per row, 3 rows see nothing".
static std::string describeRows(const MaskView &view) {
  int64_t least = view.keys, most = 0, empty = 0;
  for (const MaskPlane &plane : view.planes)
    for (int64_t row = 0; row < view.queries; ++row) {
      int64_t count = countKeys(plane.visible[row]);
      empty += count == 0;
      least = std::min(least, count);
      most = std::max(most, count);
    }
  if (view.queries == 0)
    return "no rows";
  std::string text =
      formatCount(least) + " to " + formatCount(most) + " keys per row";
  if (empty)
    text += ", " + formatCount(empty) +
            (empty == 1 ? " row sees nothing" : " rows see nothing");
  return text;
}

/// "64 x 64: 256 total, 136 visited (53.1 %), 120 core, 16 edge".
static std::string describeTiles(const TileCounts &tiles, TileShape shape) {
  return std::to_string(shape.query) + " x " + std::to_string(shape.key) +
         ": " + formatCount(tiles.total) + " total, " +
         formatCount(tiles.visited) + " visited (" +
         formatShare(tiles.visited, tiles.total) + "), " +
         formatCount(tiles.core) + " core, " + formatCount(tiles.edge) +
         " edge";
}

/// "2 batch rows, 128 queries from 512 x 640 keys, window 1024".
static void printRequest(llvm::raw_ostream &out, const MaskView &view,
                         const RenderContext &context) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto printOffset = [&](llvm::ArrayRef<int64_t> offset) {
    if (llvm::all_of(offset, [](int64_t o) { return o == 0; }))
      return;
    os << " from ";
    if (llvm::all_equal(offset))
      os << offset.front();
    else
      llvm::interleaveComma(offset, os << "(");
    if (!llvm::all_equal(offset))
      os << ")";
  };
  if (view.batch > 1)
    os << view.batch << " batch rows, ";
  if (view.headsDiffer)
    os << view.heads << " heads, ";
  os << formatCount(view.queries) << " queries";
  printOffset(view.queryOffset);
  os << " x " << formatCount(view.keys) << " keys";
  printOffset(view.keyOffset);
  if (!context.facts.empty())
    os << ", " << context.facts;
  printWrapped(out, "  request  ", text);
  if (view.batch == 1 && !context.getTokens(0).empty())
    printWrapped(out, "  tokens   ", describeTokens(context.getTokens(0)));
}

/// Every element of a short plane.
static void printElements(llvm::raw_ostream &os, const MaskPlane &plane,
                          const PlaneAxes &axes) {
  CharacterMap map;
  map.rows = axes.queries;
  map.columns = axes.keys;
  map.characters.assign(map.rows * map.columns, '.');
  for (int64_t row = 0; row < map.rows; ++row)
    for (KeySpan span : plane.visible[row])
      for (int64_t key = span.lower; key < span.upper; ++key)
        map.at(row, key) = 'o';
  os << "\n  elements: o visible, . hidden\n\n";
  printMap(os, map, axes);
}

void mlir::mask::renderText(llvm::raw_ostream &os, const MaskView &view,
                            TileShape shape, const RenderContext &context) {
  os << view.policy << ": " << view.layerType << "\n";
  printRequest(os, view, context);
  int64_t visible = view.countVisible();
  printWrapped(os, "  visible  ",
               formatCount(visible) + " of " + formatCount(view.countPairs()) +
                   " pairs (" + formatShare(visible, view.countPairs()) +
                   "), " + describeRows(view));
  TileCounts tiles = countTiles(view, shape);
  printWrapped(os, "  tiles    ", describeTiles(tiles, shape));
  if (!view.isExact())
    os << "  bounds   not exact: " << formatCount(tiles.blank)
       << " of the edge tiles show nothing\n";

  CharacterMap map = makeMap(view.queries, view.keys, shape);
  int64_t planes = view.batch * view.heads;
  for (int64_t p = 0; p < std::min(planes, kMaxPlanes); ++p) {
    int64_t b = p / view.heads;
    const MaskPlane &plane = view.planes[p];
    CellMap cells = coarsenFor(map, plane, view.queries, view.keys, shape);
    llvm::transform(cells.cells, map.characters.begin(), getCharacter);
    PlaneAxes axes = {view.queries, view.keys, view.queryOffset[b],
                      view.keyOffset[b], context.getTokens(b)};
    os << "\n";
    std::string name = describePlane(view.batch, view.heads, view.headsDiffer,
                                     b, p % view.heads);
    if (!name.empty())
      os << "  " << name << "\n";
    printMap(os, map, axes);
    bool isSmall = view.keys * 2 <= kMapWidth && view.queries <= kMapHeight;
    if (isSmall && (shape.query > 1 || shape.key > 1))
      printElements(os, plane, axes);
  }
  if (planes > kMaxPlanes)
    os << "\n  " << planes - kMaxPlanes << " more of " << planes
       << " maps are not drawn\n";
  os << "\n  # core: all visible   + edge: masked   . never visited";
  if (tiles.blank)
    os << "   - visited, shows nothing";
  os << "\n";
  printScale(os, map, shape);
  printStripLegend(os, context.getTokens(0));
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

static void printOneSided(llvm::raw_ostream &os, const OneSided &side,
                          const MaskDifference &difference, bool headsDiffer) {
  os << formatCount(side.pairs) << (side.pairs == 1 ? " pair" : " pairs");
  if (side.witness) {
    os << " in " << formatCount(side.rows)
       << (side.rows == 1 ? " row" : " rows") << ", smallest (q, k) = ("
       << side.witness->query << ", " << side.witness->key << ")";
    std::string plane =
        describePlane(difference.batch, difference.heads, headsDiffer,
                      side.witness->batch, side.witness->head);
    if (!plane.empty())
      os << " in " << plane;
  }
  os << "\n";
}

/// Cells: `<` and `>` where elements are shown by one mask only, `*` where both
/// ways occur, else the class of the common tiles.
static void fillDifference(CharacterMap &map, const MaskDifference &difference,
                           int64_t plane, TileShape shape) {
  auto cellsOf = [&](const std::vector<MaskPlane> &planes) {
    return coarsenFor(map, planes[plane], difference.queries, difference.keys,
                      shape);
  };
  CellMap either = cellsOf(difference.either);
  CellMap first = cellsOf(difference.onlyFirst);
  CellMap second = cellsOf(difference.onlySecond);
  auto occurs = [](uint8_t cell) {
    return getCellClass(cell) != TileKind::Unvisited;
  };
  for (size_t i = 0; i < map.characters.size(); ++i) {
    bool inFirst = occurs(first.cells[i]), inSecond = occurs(second.cells[i]);
    char &c = map.characters[i];
    if (inFirst && inSecond)
      c = '*';
    else if (inFirst || inSecond)
      c = inFirst ? '<' : '>';
    else
      c = getCharacter(either.cells[i]);
  }
}

void mlir::mask::renderText(llvm::raw_ostream &os, const MaskView &first,
                            const MaskView &second,
                            const MaskDifference &difference, TileShape shape,
                            const RenderContext &context) {
  bool headsDiffer = first.headsDiffer || second.headsDiffer;
  os << first.layerType << ": "
     << (difference.isEqual() ? "equal" : "different") << "\n";
  printRequest(os, first, context);
  if (difference.isEqual()) {
    os << "  both     " << formatCount(difference.common) << " pairs\n";
    return;
  }
  os << "  < only   ";
  printOneSided(os, difference.first, difference, headsDiffer);
  os << "  > only   ";
  printOneSided(os, difference.second, difference, headsDiffer);
  os << "  both     " << formatCount(difference.common) << " pairs\n";
  os << "  rows     " << formatCount(difference.rows) << " of "
     << formatCount(difference.batch * difference.heads * difference.queries)
     << " differ\n";

  CharacterMap map = makeMap(difference.queries, difference.keys, shape);
  int64_t drawn = 0, hidden = 0;
  for (int64_t p = 0, e = difference.either.size(); p < e; ++p) {
    int64_t b = p / difference.heads, h = p % difference.heads;
    if (drawn == kMaxPlanes) {
      ++hidden;
      continue;
    }
    ++drawn;
    fillDifference(map, difference, p, shape);
    os << "\n";
    std::string name =
        describePlane(difference.batch, difference.heads, headsDiffer, b, h);
    if (!name.empty())
      os << "  " << name << "\n";
    printMap(os, map,
             {difference.queries, difference.keys, first.queryOffset[b],
              first.keyOffset[b], context.getTokens(b)});
  }
  if (hidden)
    os << "\n  " << hidden << " more maps are not drawn\n";
  os << "\n  < shown by the first only   > by the second only   * both occur\n"
     << "  # core of both   + edge of both   . visited by neither\n";
  printScale(os, map, shape);
  printStripLegend(os, context.getTokens(0));
}
