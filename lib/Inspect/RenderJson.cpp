//===- RenderJson.cpp - masks and their differences as JSON and NumPy -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/Render.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mask;

/// Writes one array per batch row (and per head where heads differ), and in it
/// what `writeRow(plane, row)` writes, one query after the other.
template <typename RowWriter>
static void writePlanes(llvm::json::OStream &json, const MaskView &view,
                        RowWriter writeRow) {
  auto writePlane = [&](const MaskPlane &plane) {
    json.array([&] {
      for (int64_t row = 0; row < view.queries; ++row)
        writeRow(plane, row);
    });
  };
  json.array([&] {
    for (int64_t b = 0; b < view.batch; ++b) {
      if (!view.headsDiffer) {
        writePlane(view.getPlane(b, 0));
        continue;
      }
      json.array([&] {
        for (int64_t h = 0; h < view.heads; ++h)
          writePlane(view.getPlane(b, h));
      });
    }
  });
}

static void writeView(llvm::json::OStream &json, const MaskView &view,
                      TileShape shape) {
  json.attribute("visible", view.countVisible());
  json.attributeBegin("visible_per_row");
  writePlanes(json, view, [&](const MaskPlane &plane, int64_t row) {
    json.value(countKeys(plane.visible[row]));
  });
  json.attributeEnd();
  TileCounts tiles = countTiles(view, shape);
  json.attributeObject("tiles", [&] {
    json.attribute("query", shape.query);
    json.attribute("key", shape.key);
    json.attribute("total", tiles.total);
    json.attribute("visited", tiles.visited);
    json.attribute("core", tiles.core);
    json.attribute("edge", tiles.edge);
  });
  json.attributeBegin("rows");
  writePlanes(json, view, [&](const MaskPlane &plane, int64_t row) {
    json.array([&] {
      for (KeySpan span : plane.visible[row])
        json.array([&] {
          json.value(span.lower);
          json.value(span.upper);
        });
    });
  });
  json.attributeEnd();
}

void mlir::mask::renderJson(llvm::raw_ostream &os,
                            llvm::ArrayRef<const MaskView *> views,
                            TileShape shape) {
  llvm::json::OStream json(os);
  json.object([&] {
    for (const MaskView *view : views)
      json.attributeObject(view->layerType,
                           [&] { writeView(json, *view, shape); });
  });
  os << "\n";
}

static void writeSide(llvm::json::OStream &json, llvm::StringRef name,
                      const OneSided &side) {
  json.attributeObject(name, [&] {
    json.attribute("pairs", side.pairs);
    json.attribute("rows", side.rows);
    if (!side.witness) {
      json.attribute("witness", nullptr);
      return;
    }
    json.attributeObject("witness", [&] {
      json.attribute("q", side.witness->query);
      json.attribute("k", side.witness->key);
      json.attribute("batch", side.witness->batch);
      json.attribute("head", side.witness->head);
    });
  });
}

void mlir::mask::renderJson(llvm::raw_ostream &os,
                            llvm::ArrayRef<ComparedMasks> compared) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    for (const ComparedMasks &pair : compared) {
      const MaskDifference &difference = *pair.difference;
      json.attributeObject(pair.first->layerType, [&] {
        json.attribute("first", pair.first->policy);
        json.attribute("second", pair.second->policy);
        json.attribute("equal", difference.isEqual());
        json.attribute("common", difference.common);
        json.attribute("rows", difference.rows);
        writeSide(json, "only_first", difference.first);
        writeSide(json, "only_second", difference.second);
      });
    }
  });
  os << "\n";
}

/// The header of a `.npy` file, version 1.0, of bytes in C order.
static std::string makeNpyHeader(llvm::ArrayRef<int64_t> shape) {
  std::string dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (";
  for (int64_t size : shape)
    dict += std::to_string(size) + ", ";
  dict += "), }";
  constexpr size_t kPrefix = 10, kAlignment = 64;
  size_t end = kPrefix + dict.size() + 1;
  dict.append((kAlignment - end % kAlignment) % kAlignment, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 0xff);
  header += char(dict.size() >> 8);
  return header + dict;
}

void mlir::mask::renderNpy(llvm::raw_ostream &os, const MaskView &view) {
  llvm::SmallVector<int64_t> shape = {view.batch};
  if (view.headsDiffer)
    shape.push_back(view.heads);
  shape.append({view.queries, view.keys});
  os << makeNpyHeader(shape);
  // One row at a time: the mask itself need not fit into memory.
  std::string row;
  for (const MaskPlane &plane : view.planes)
    for (int64_t q = 0; q < view.queries; ++q) {
      row.assign(view.keys, '\0');
      for (KeySpan span : plane.visible[q])
        std::fill(row.begin() + span.lower, row.begin() + span.upper, '\1');
      os << row;
    }
}
