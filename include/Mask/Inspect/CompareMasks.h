//===- CompareMasks.h - where two masks differ -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_COMPAREMASKS_H
#define MASK_INSPECT_COMPAREMASKS_H

#include "Mask/Inspect/TileMap.h"

namespace mlir::mask {

/// One element of a mask, in absolute positions.
struct MaskElement {
  int64_t query, key, batch, head;

  /// By query, then key, then batch row, then head.
  bool operator<(const MaskElement &other) const;
};

/// The elements that only one of two masks shows.
struct OneSided {
  int64_t pairs = 0;
  /// Rows (of all planes) with such an element.
  int64_t rows = 0;
  /// The smallest by query, then key, then batch row, then head.
  std::optional<MaskElement> witness;
};

/// What two masks of the same shape have in common, and what not.
struct MaskDifference {
  OneSided first, second;
  /// Rows where the masks differ.
  int64_t rows = 0;
  /// Per plane: the elements of one mask only, and of either.
  std::vector<MaskPlane> onlyFirst, onlySecond, either;
  /// Pairs that both show.
  int64_t common = 0;
  int64_t batch = 1, heads = 1, queries = 0, keys = 0;

  bool isEqual() const { return first.pairs == 0 && second.pairs == 0; }
};

/// Compares by spans, O(spans). Both views must have the same batch rows,
/// queries, keys and offsets; a view whose heads do not differ is compared with
/// every head of the other.
MaskDifference compareMasks(const MaskView &first, const MaskView &second);

/// The keys of `a` that are not in `b`, appended to `result` as one row.
void subtractSpans(llvm::ArrayRef<KeySpan> a, llvm::ArrayRef<KeySpan> b,
                   RowSpans &result);
/// The keys of either, appended to `result` as one row.
void uniteSpans(llvm::ArrayRef<KeySpan> a, llvm::ArrayRef<KeySpan> b,
                RowSpans &result);

} // namespace mlir::mask

#endif // MASK_INSPECT_COMPAREMASKS_H
