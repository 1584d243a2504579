//===- CompareMasks.cpp - where two masks differ -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/CompareMasks.h"

#include <algorithm>
#include <tuple>

using namespace mlir::mask;

bool MaskElement::operator<(const MaskElement &other) const {
  return std::tie(query, key, batch, head) <
         std::tie(other.query, other.key, other.batch, other.head);
}

void mlir::mask::subtractSpans(llvm::ArrayRef<KeySpan> a,
                               llvm::ArrayRef<KeySpan> b, RowSpans &result) {
  const KeySpan *hole = b.begin();
  for (KeySpan span : a) {
    int64_t lower = span.lower;
    while (hole != b.end() && hole->upper <= lower)
      ++hole;
    for (const KeySpan *cut = hole; cut != b.end() && cut->lower < span.upper;
         ++cut) {
      result.append(lower, cut->lower);
      lower = cut->upper;
    }
    result.append(lower, span.upper);
  }
  result.endRow();
}

void mlir::mask::uniteSpans(llvm::ArrayRef<KeySpan> a,
                            llvm::ArrayRef<KeySpan> b, RowSpans &result) {
  while (!a.empty() || !b.empty()) {
    bool takeA = b.empty() || (!a.empty() && a[0].lower <= b[0].lower);
    llvm::ArrayRef<KeySpan> &next = takeA ? a : b;
    result.append(next[0].lower, next[0].upper);
    next = next.drop_front();
  }
  result.endRow();
}

static void account(OneSided &side, llvm::ArrayRef<KeySpan> row,
                    MaskElement rowStart, int64_t keyOffset) {
  if (row.empty())
    return;
  side.pairs += countKeys(row);
  ++side.rows;
  rowStart.key = row.front().lower + keyOffset;
  if (!side.witness || rowStart < *side.witness)
    side.witness = rowStart;
}

MaskDifference mlir::mask::compareMasks(const MaskView &first,
                                        const MaskView &second) {
  MaskDifference result;
  result.batch = first.batch;
  result.heads = std::max(first.heads, second.heads);
  result.queries = first.queries;
  result.keys = first.keys;
  for (int64_t b = 0; b < result.batch; ++b)
    for (int64_t h = 0; h < result.heads; ++h) {
      const RowSpans &x = first.getPlane(b, h % first.heads).visible;
      const RowSpans &y = second.getPlane(b, h % second.heads).visible;
      MaskPlane onlyFirst, onlySecond, either;
      for (int64_t row = 0; row < result.queries; ++row) {
        subtractSpans(x[row], y[row], onlyFirst.visible);
        subtractSpans(y[row], x[row], onlySecond.visible);
        uniteSpans(x[row], y[row], either.visible);
        MaskElement start = {row + first.queryOffset[b], 0, b, h};
        llvm::ArrayRef<KeySpan> left = onlyFirst.visible[row];
        llvm::ArrayRef<KeySpan> right = onlySecond.visible[row];
        account(result.first, left, start, first.keyOffset[b]);
        account(result.second, right, start, first.keyOffset[b]);
        result.rows += !left.empty() || !right.empty();
        result.common += countKeys(x[row]) - countKeys(left);
      }
      result.onlyFirst.push_back(std::move(onlyFirst));
      result.onlySecond.push_back(std::move(onlySecond));
      result.either.push_back(std::move(either));
    }
  return result;
}
