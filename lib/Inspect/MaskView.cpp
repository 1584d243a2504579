//===- MaskView.cpp - what a mask shows, row by row -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskView.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir::mask;

void RowSpans::append(int64_t lower, int64_t upper) {
  if (lower >= upper)
    return;
  bool first = spans.size() == ends.back();
  if (!first && lower <= spans.back().upper) {
    spans.back().upper = std::max<int64_t>(spans.back().upper, upper);
    return;
  }
  spans.push_back({int32_t(lower), int32_t(upper)});
}

int64_t mlir::mask::countKeys(llvm::ArrayRef<KeySpan> spans) {
  int64_t count = 0;
  for (KeySpan span : spans)
    count += span.getSize();
  return count;
}

bool mlir::mask::containsKey(llvm::ArrayRef<KeySpan> spans, int64_t key) {
  const KeySpan *after = llvm::partition_point(
      spans, [&](KeySpan span) { return span.upper <= key; });
  return after != spans.end() && after->lower <= key;
}

int64_t MaskView::countVisible() const {
  int64_t count = 0;
  for (const MaskPlane &plane : planes)
    for (int64_t row = 0; row < queries; ++row)
      count += countKeys(plane.visible[row]);
  return count;
}

bool MaskView::isExact() const {
  return llvm::all_of(planes,
                      [](const MaskPlane &plane) { return !plane.outer; });
}
