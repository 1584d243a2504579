//===- TileForModel.cpp - what mask.tile_for promises -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileForModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <tuple>

using namespace mlir;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string mlir::mask::test::writeForm(const Form &form) {
  std::string arguments, bounds, options;
  for (size_t i = 0; i < form.getNumBounds(); ++i) {
    std::string name = "%a" + std::to_string(i);
    arguments += name + ": index, ";
    bounds += (i ? ", " : "") + name;
  }
  if (form.memory)
    arguments += "%m: memref<?x4xindex>, ";
  bounds = form.memory ? "in %m : memref<?x4xindex>" : "[" + bounds + "]";
  if (form.whole)
    options += " whole %end";
  if (form.align)
    options += " align " + std::to_string(form.align);
  if (form.part)
    options += " part %part of %parts";
  if (form.ahead)
    options += " ahead " + std::to_string(form.ahead);
  if (form.merged)
    options += " merged";
  if (form.carries)
    options += " init(%seven : index)";

  std::string block = "%key: index, %size: index, %n: index, "
                      "%lower: i1, %upper: i1",
              values = form.counts ? "%key, %size, %n" : "%key, %size, %seven",
              types = "index, index, index, i1, i1";
  values += ", %lower, %upper";
  if (form.ahead) {
    block += ", %more: i1, %next: index, %next_size: index";
    values += ", %more, %next, %next_size";
    types += ", i1, index, index";
  }
  if (form.carries) {
    block += ", %x: index";
    values += ", %x";
    types += ", index";
  }
  std::string result = form.carries ? " -> index" : "",
              resultTypes = form.carries ? "index" : "()";
  std::string text =
      "func.func private @body(" + types + ")" + result +
      "\nfunc.func private @visit(index, index) -> i1"
      "\nfunc.func private @load(index, index, index)"
      "\nfunc.func @f(" +
      arguments +
      "%end: index, %part: index, %parts: index, %step: index) -> index {\n"
      "  %seven = arith.constant 7 : index\n  " +
      (form.carries ? "%r = " : "") + "mask.tile_for " + bounds + " step " +
      (form.dynamic ? "%step" : std::to_string(form.step)) + options +
      " {\n  ^bb0(" + block + "):\n    " + (form.carries ? "%y = " : "") +
      "func.call @body(" + values + ") : (" + types + ") -> " + resultTypes +
      "\n    mask.yield" + (form.carries ? " %y : index" : "") + "\n  }";
  if (form.visit)
    text += " visit {\n  ^bb0(%key: index, %size: index):\n"
            "    %v = func.call @visit(%key, %size) : (index, index) -> i1\n"
            "    mask.yield %v : i1\n  }";
  if (form.ahead)
    text += std::string(" load") + (form.loadFirst ? " first" : "") +
            " {\n  ^bb0(%key: index, %size: index, %n: index):\n"
            "    func.call @load(%key, %size, %n) : (index, index, index) -> ()"
            "\n    mask.yield\n  }";
  return text + result + "\n  return " + (form.carries ? "%r" : "%seven") +
         " : index\n}\n";
}

std::string mlir::mask::test::describe(const Form &form, const Case &trial) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Bounds &bounds : trial.intervals) {
    llvm::interleaveComma(bounds, os << "[");
    os << "] ";
  }
  os << "step " << form.step << " end " << trial.end << " part " << trial.part
     << " of " << trial.parts << " visits " << (trial.visits & 0xffff) << "\n"
     << writeForm(form);
  return text;
}

//===----------------------------------------------------------------------===//
// What is promised
//===----------------------------------------------------------------------===//

std::vector<Tile> mlir::mask::test::listTiles(const Form &form,
                                              const Case &trial) {
  std::vector<Tile> tiles;
  std::optional<int64_t> visited;
  for (auto [hullLower, coreLower, coreUpper, hullUpper] : trial.intervals) {
    if (hullLower >= hullUpper)
      continue;
    int64_t key = hullLower;
    while (form.align && key % form.align != 0)
      --key;
    if (visited)
      key = std::max(key, *visited);
    for (; key < hullUpper; key += form.step) {
      int64_t size =
          std::min(form.step, (form.whole ? trial.end : hullUpper) - key);
      bool lowerFails = key<coreLower, upperFails = key + size> coreUpper;
      bool inCore = !lowerFails && key + form.step <= coreUpper;
      if (!form.merged)
        upperFails = !inCore;
      tiles.push_back({key, size, inCore, lowerFails, upperFails});
      visited = form.whole ? key + form.step : hullUpper;
    }
  }
  return tiles;
}

bool mlir::mask::test::isVisited(const Tile &tile, const Case &trial) {
  return tile.inCore || (trial.visits >> tile.key & 1);
}

bool Event::operator==(const Event &other) const {
  return std::tie(isLoad, key, size, ordinal, lowerFails, upperFails, more,
                  next, nextSize) ==
         std::tie(other.isLoad, other.key, other.size, other.ordinal,
                  other.lowerFails, other.upperFails, other.more, other.next,
                  other.nextSize);
}

std::string mlir::mask::test::print(ArrayRef<Event> events) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Event &event : events)
    os << (event.isLoad ? "  load " : "  body ") << event.key << " size "
       << event.size << " n " << event.ordinal << " fails " << event.lowerFails
       << event.upperFails << " ahead " << event.more << " " << event.next
       << " size " << event.nextSize << "\n";
  return text;
}

std::vector<Event> mlir::mask::test::listEvents(const Form &form,
                                                const Case &trial) {
  std::vector<Tile> tiles = listTiles(form, trial);
  if (form.visit)
    llvm::erase_if(tiles, [&](const Tile &t) { return !isVisited(t, trial); });
  if (form.part) {
    int64_t count = tiles.size(), first = count * trial.part / trial.parts,
            last = count * (trial.part + 1) / trial.parts;
    tiles = std::vector<Tile>(tiles.begin() + first, tiles.begin() + last);
  }
  std::vector<Event> events;
  int64_t count = tiles.size();
  auto load = [&](int64_t i) {
    if (i < count)
      events.push_back({true, tiles[i].key, tiles[i].size, i});
  };
  for (int64_t i = 0; i < form.ahead; ++i)
    load(i);
  for (int64_t i = 0; i < count; ++i) {
    Event event{false, tiles[i].key,        tiles[i].size,
                i,     tiles[i].lowerFails, tiles[i].upperFails};
    if (int64_t ahead = i + form.ahead; form.ahead && ahead < count) {
      if (!form.loadFirst)
        load(ahead);
      event.more = true;
      event.next = tiles[ahead].key;
      event.nextSize = tiles[ahead].size;
    }
    if (!form.counts)
      event.ordinal = 7;
    events.push_back(event);
  }
  return events;
}
