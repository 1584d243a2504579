//===- RenderText.cpp - masks and their differences as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/Render.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cctype>

using namespace mlir::mask;

/// The widest map, in characters: 100 columns with the labels of the rows.
static constexpr int64_t kMapWidth = 84;
/// A map of at most this many rows is not coarsened.
static constexpr int64_t kFineRows = 32;
static constexpr int64_t kMapHeight = 40;
/// Planes that are drawn.
static constexpr int64_t kMaxPlanes = 4;

std::string mlir::mask::formatCount(int64_t count) {
  std::string digits = std::to_string(count);
  for (int64_t at = int64_t(digits.size()) - 3; at > (count < 0 ? 1 : 0);
       at -= 3)
    digits.insert(at, ",");
  return digits;
}

std::string mlir::mask::formatShare(int64_t part, int64_t whole) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format("%.1f %%", whole ? 100.0 * part / whole : 0.0);
  return text;
}

llvm::StringRef mlir::mask::getTokenName(TokenKind kind) {
  switch (kind) {
  case TokenKind::Text:
    return "text";
  case TokenKind::Image:
    return "image";
  case TokenKind::Video:
    return "video";
  case TokenKind::Audio:
    return "audio";
  case TokenKind::Padding:
    return "padding";
  case TokenKind::Block:
    return "block";
  }
  llvm_unreachable("every kind has a name");
}

char mlir::mask::getTokenLetter(TokenKind kind) {
  return getTokenName(kind).front();
}

std::string mlir::mask::describeTokens(llvm::ArrayRef<TokenSegment> tokens) {
  constexpr size_t kShown = 8;
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::ListSeparator comma;
  for (const TokenSegment &segment : tokens.take_front(kShown))
    os << comma << getTokenName(segment.kind) << " "
       << segment.end - segment.begin;
  if (tokens.size() > kShown)
    os << ", and " << tokens.size() - kShown << " more segments";
  return text;
}

namespace {
/// A map as characters, with what its axes mean.
struct CharacterMap {
  int64_t rows = 0, columns = 0;
  /// Elements per character.
  int64_t queryStep = 1, keyStep = 1;
  std::vector<char> characters;

  char &at(int64_t row, int64_t column) {
    return characters[row * columns + column];
  }
};

/// How many tiles a character stands for.
struct Coarseness {
  int64_t query, key;
};
} // namespace

static Coarseness chooseCoarseness(int64_t rows, int64_t columns) {
  Coarseness result;
  result.key = std::max<int64_t>(1, llvm::divideCeil(columns, kMapWidth));
  result.query =
      rows <= kFineRows
          ? 1
          : std::max<int64_t>(result.key, llvm::divideCeil(rows, kMapHeight));
  return result;
}

static char getCharacter(uint8_t cell) {
  switch (getCellClass(cell)) {
  case TileKind::Unvisited:
    return '.';
  case TileKind::Core:
    return '#';
  case TileKind::Blank:
    return '-';
  case TileKind::Edge:
    return '+';
  }
  llvm_unreachable("every class has a character");
}

static CharacterMap makeMap(int64_t queries, int64_t keys, TileShape shape) {
  CharacterMap map;
  int64_t rows = llvm::divideCeil(queries, shape.query);
  int64_t columns = llvm::divideCeil(keys, shape.key);
  Coarseness coarse = chooseCoarseness(rows, columns);
  map.rows = llvm::divideCeil(rows, coarse.query);
  map.columns = llvm::divideCeil(columns, coarse.key);
  map.queryStep = coarse.query * shape.query;
  map.keyStep = coarse.key * shape.key;
  map.characters.assign(map.rows * map.columns, ' ');
  return map;
}

static CellMap coarsenFor(const CharacterMap &map, const MaskPlane &plane,
                          int64_t queries, int64_t keys, TileShape shape) {
  return coarsen(classifyTiles(plane, queries, keys, shape),
                 map.queryStep / shape.query, map.keyStep / shape.key);
}

/// The letter of the tokens `[begin, end)`: of the kind that most of them have.
/// Case alternates from one segment to the next of the same kind, so that
/// touching images can be told apart.
static char getStripLetter(llvm::ArrayRef<TokenSegment> tokens, int64_t begin,
                           int64_t end) {
  const TokenSegment *segment = llvm::partition_point(
      tokens, [&](const TokenSegment &s) { return s.end <= begin; });
  int64_t best = 0;
  char letter = ' ';
  for (; segment != tokens.end() && segment->begin < end; ++segment) {
    int64_t size =
        std::min(end, segment->end) - std::max(begin, segment->begin);
    if (size <= best)
      continue;
    best = size;
    letter = getTokenLetter(segment->kind);
    int64_t number = 0;
    for (const TokenSegment *s = segment;
         s != tokens.begin() && (s - 1)->kind == segment->kind; --s)
      ++number;
    if (number % 2)
      letter = std::toupper(letter);
  }
  return letter;
}

namespace {
/// Where a plane lies, to label its axes.
struct PlaneAxes {
  int64_t queries, keys, queryOffset, keyOffset;
  llvm::ArrayRef<TokenSegment> tokens;
};
} // namespace

/// Prints `text` at column `column` of the line under construction.
static void placeText(std::string &line, size_t column, llvm::StringRef text) {
  if (line.size() < column + text.size())
    line.resize(column + text.size(), ' ');
  llvm::copy(text, line.begin() + column);
}

static void printTrimmed(llvm::raw_ostream &os, llvm::StringRef line) {
  os << line.rtrim() << "\n";
}

static void printMap(llvm::raw_ostream &os, CharacterMap &map,
                     const PlaneAxes &axes) {
  // Characters are about twice as high as wide: small maps get a space between.
  int64_t pitch =
      map.columns * 2 <= kMapWidth && map.queryStep == map.keyStep ? 2 : 1;
  constexpr size_t kLabel = 10;
  size_t strip = axes.tokens.empty() ? 0 : 2;
  size_t left = kLabel + 1 + strip;

  std::string ticks;
  placeText(ticks, kLabel - 1, "k");
  for (int64_t column = 0; column < map.columns;) {
    size_t at = left + column * pitch;
    std::string label = std::to_string(column * map.keyStep + axes.keyOffset);
    placeText(ticks, at, label);
    int64_t taken = llvm::divideCeil(label.size() + 2, pitch);
    column += std::max<int64_t>(10, taken);
  }
  printTrimmed(os, ticks);
  if (strip) {
    std::string tokens;
    for (int64_t column = 0; column < map.columns; ++column) {
      int64_t begin = column * map.keyStep + axes.keyOffset;
      int64_t end =
          std::min((column + 1) * map.keyStep, axes.keys) + axes.keyOffset;
      char letter = getStripLetter(axes.tokens, begin, end);
      placeText(tokens, left + column * pitch, llvm::StringRef(&letter, 1));
    }
    printTrimmed(os, tokens);
  }
  for (int64_t row = 0; row < map.rows; ++row) {
    int64_t begin = row * map.queryStep + axes.queryOffset;
    int64_t end =
        std::min((row + 1) * map.queryStep, axes.queries) + axes.queryOffset;
    std::string line;
    std::string label = std::to_string(begin);
    if (row == 0)
      placeText(line, 2, "q");
    placeText(line, kLabel - std::min(kLabel, label.size()), label);
    if (strip) {
      char letter = getStripLetter(axes.tokens, begin, end);
      placeText(line, kLabel + 1, llvm::StringRef(&letter, 1));
    }
    for (int64_t column = 0; column < map.columns; ++column)
      placeText(line, left + column * pitch,
                llvm::StringRef(&map.at(row, column), 1));
    printTrimmed(os, line);
  }
}

static void printStripLegend(llvm::raw_ostream &os,
                             llvm::ArrayRef<TokenSegment> tokens) {
  unsigned seen = 0;
  for (const TokenSegment &segment : tokens)
    seen |= 1u << static_cast<unsigned>(segment.kind);
  if (!seen)
    return;
  os << "  tokens:";
  for (TokenKind kind :
       {TokenKind::Text, TokenKind::Image, TokenKind::Video, TokenKind::Audio,
        TokenKind::Padding, TokenKind::Block})
    if (seen & 1u << static_cast<unsigned>(kind))
      os << "  " << getTokenLetter(kind) << " " << getTokenName(kind);
  os << "  (capital: the next of the same kind)\n";
}

static void printScale(llvm::raw_ostream &os, const CharacterMap &map,
                       TileShape shape) {
  os << "  one character: " << map.queryStep << " x " << map.keyStep
     << " (query x key)";
  int64_t tiles = map.queryStep / shape.query * (map.keyStep / shape.key);
  if (tiles > 1)
    os << ", " << tiles << " tiles; + where they are not alike";
  os << "\n";
}

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

/// "2 batch rows, 128 queries from 512 x 640 keys, window 1024".
static void printRequest(llvm::raw_ostream &os, const MaskView &view,
                         const RenderContext &context) {
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
  os << "  request  ";
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
  os << "\n";
  if (view.batch == 1 && !context.getTokens(0).empty())
    os << "  tokens   " << describeTokens(context.getTokens(0)) << "\n";
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
  os << "  visible  " << formatCount(visible) << " of "
     << formatCount(view.countPairs()) << " pairs ("
     << formatShare(visible, view.countPairs()) << "), " << describeRows(view)
     << "\n";
  TileCounts tiles = countTiles(view, shape);
  os << "  tiles    " << shape.query << " x " << shape.key << ": "
     << formatCount(tiles.total) << " total, " << formatCount(tiles.visited)
     << " visited (" << formatShare(tiles.visited, tiles.total) << "), "
     << formatCount(tiles.core) << " core, " << formatCount(tiles.edge)
     << " edge\n";
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
