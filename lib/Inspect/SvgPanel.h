//===- SvgPanel.h - the parts of a picture of masks -------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_INSPECT_SVGPANEL_H
#define MASK_LIB_INSPECT_SVGPANEL_H

#include "Mask/Inspect/Render.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::mask::svg {

/// Lengths are in user units; the picture scales to any size.
struct Panel {
  std::string title, counts;
  int64_t queries = 0, keys = 0, queryOffset = 0, keyOffset = 0;
  llvm::ArrayRef<TokenSegment> tokens;
  /// What fills the cells of each class, in drawing order.
  std::vector<std::pair<const char *, std::string>> paths;
  /// The exact border of what is visible, over the tiles.
  std::string outline;
  /// The size of the map.
  double width = 0, height = 0;

  double getX(double key) const { return keys ? key * width / keys : 0; }
  double getY(double query) const {
    return queries ? query * height / queries : 0;
  }
};

/// A class of cells and what it means.
struct LegendEntry {
  std::string style, text;
};

/// Everything that is drawn.
struct Picture {
  std::string title, subtitle;
  std::vector<Panel> panels;
  /// Maps that are too many to draw.
  int64_t hidden = 0;
  std::vector<LegendEntry> legend;
  TileShape shape;
};

/// A number with at most two decimals.
std::string formatNumber(double value);

/// The path of all cells for which `test(row, column)` holds; a cell is
/// `queryStep` x `keyStep` elements. Equal runs of neighbouring rows are one
/// rectangle.
std::string makeCellPath(const Panel &panel, int64_t queryStep, int64_t keyStep,
                         int64_t rows, int64_t columns,
                         llvm::function_ref<bool(int64_t, int64_t)> test);

/// The border of `rows`, or nothing if it has too many corners.
std::string makeOutline(const Panel &panel, const RowSpans &rows);

void writePicture(llvm::raw_ostream &os, const Picture &picture);

} // namespace mlir::mask::svg

#endif // MASK_LIB_INSPECT_SVGPANEL_H
