//===- MaskView.h - what a mask shows, row by row -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_MASKVIEW_H
#define MASK_INSPECT_MASKVIEW_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::mask {

/// `[lower, upper)` of key array indices.
struct KeySpan {
  int32_t lower, upper;

  /// The number of keys.
  int64_t getSize() const { return int64_t(upper) - lower; }
  bool operator==(const KeySpan &other) const {
    return lower == other.lower && upper == other.upper;
  }
};

/// Sets of keys, one per row, as ascending spans that neither overlap nor
/// touch. Rows are written once, in order.
class RowSpans {
public:
  /// Adds keys to the row being written. Lower ends must not fall.
  void append(int64_t lower, int64_t upper);
  /// Ends the row being written.
  void endRow() { ends.push_back(spans.size()); }

  /// The rows that are ended, and their spans.
  int64_t getNumRows() const { return int64_t(ends.size()) - 1; }
  /// The number of spans of all rows, the one being written included.
  size_t getNumSpans() const { return spans.size(); }
  llvm::ArrayRef<KeySpan> operator[](int64_t row) const {
    return llvm::ArrayRef<KeySpan>(spans).slice(ends[row],
                                                ends[row + 1] - ends[row]);
  }

private:
  std::vector<KeySpan> spans;
  std::vector<size_t> ends = {0};
};

/// The number of keys in `spans`.
int64_t countKeys(llvm::ArrayRef<KeySpan> spans);
/// Whether `spans` (ascending, disjoint) contain `key`.
bool containsKey(llvm::ArrayRef<KeySpan> spans, int64_t key);

/// The mask of one batch row and head.
struct MaskPlane {
  RowSpans visible;
  /// The keys that loops built from the row bounds pass over, where they are
  /// more than the visible ones.
  std::optional<RowSpans> outer;

  /// What loops pass over.
  const RowSpans &getOuter() const { return outer ? *outer : visible; }
};

/// The masks of one layer type on given facts. Rows and keys are array indices;
/// the offsets make them absolute.
struct MaskView {
  std::string policy, layerType;
  int64_t batch = 1, heads = 1, queries = 0, keys = 0;
  /// Whether the mask depends on the head; there is one plane for all otherwise
  /// (`heads` is 1).
  bool headsDiffer = false;
  /// Per batch row, the absolute position of the first query and key.
  llvm::SmallVector<int64_t> queryOffset, keyOffset;
  /// `[batch][heads]`.
  std::vector<MaskPlane> planes;

  /// The plane of a batch row and head.
  const MaskPlane &getPlane(int64_t b, int64_t h) const {
    return planes[b * heads + h];
  }
  /// Visible pairs of all planes.
  int64_t countVisible() const;
  /// Pairs of all planes.
  int64_t countPairs() const { return batch * heads * queries * keys; }
  /// Whether the row bounds of every plane are exactly what is visible.
  bool isExact() const;
};

} // namespace mlir::mask

#endif // MASK_INSPECT_MASKVIEW_H
