//===- TextMap.cpp - maps made of characters --------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cctype>

using namespace mlir::mask;
using namespace mlir::mask::text;

/// A map of at most this many rows is not coarsened.
static constexpr int64_t kFineRows = 32;

namespace {
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

char text::getCharacter(uint8_t cell) {
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

CharacterMap text::makeMap(int64_t queries, int64_t keys, TileShape shape) {
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

CellMap text::coarsenFor(const CharacterMap &map, const MaskPlane &plane,
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

/// Prints `text` at column `column` of the line under construction.
static void placeText(std::string &line, size_t column, llvm::StringRef text) {
  if (line.size() < column + text.size())
    line.resize(column + text.size(), ' ');
  llvm::copy(text, line.begin() + column);
}

static void printTrimmed(llvm::raw_ostream &os, llvm::StringRef line) {
  os << line.rtrim() << "\n";
}

void text::printMap(llvm::raw_ostream &os, CharacterMap &map,
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

void text::printStripLegend(llvm::raw_ostream &os,
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

void text::printScale(llvm::raw_ostream &os, const CharacterMap &map,
                      TileShape shape) {
  os << "  one character: " << map.queryStep << " x " << map.keyStep
     << " (query x key)";
  int64_t tiles = map.queryStep / shape.query * (map.keyStep / shape.key);
  if (tiles > 1)
    os << ", " << tiles << " tiles; + where they are not alike";
  os << "\n";
}
