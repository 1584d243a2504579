//===- CheckPages.cpp - pages that keys are read from -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckPages.h"

#include "Mask/Inspect/MaskViewBuilder.h"

#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace mlir::mask;

/// The columns of the table that the rows of `keys` look at.
static llvm::BitVector findColumns(const RowSpans &keys,
                                   const PageTable &pages) {
  llvm::BitVector columns(pages.columns);
  for (int64_t row = 0; row < keys.getNumRows(); ++row)
    for (KeySpan span : keys[row])
      columns.set(span.lower / pages.size, (span.upper - 1) / pages.size + 1);
  return columns;
}

LogicalResult mlir::mask::checkPages(Location loc, MaskInstance &mask,
                                     const Request &request,
                                     const AttentionArrays &sizes) {
  if (!sizes.pages)
    return success();
  const PageTable &pages = *sizes.pages;
  FailureOr<MaskView> view = buildMaskView(loc, mask.simplified, mask.facts,
                                           getExtents(request, sizes.batch),
                                           sizes.heads, mask.written);
  if (failed(view))
    return failure();
  for (int64_t b = 0; b < view->batch; ++b)
    for (int64_t h = 0; h < view->heads; ++h) {
      llvm::BitVector columns =
          findColumns(view->getPlane(b, h).getOuter(), pages);
      for (unsigned column : columns.set_bits())
        if (!pages.lookup(b, column * pages.size))
          return emitError(loc)
                 << "key_pages[" << b << ", " << column << "] is "
                 << pages.table[b * pages.columns + column] << ", but keys "
                 << column * pages.size << " to "
                 << (column + 1) * pages.size - 1
                 << " are looked at and the pool has " << pages.count
                 << " pages";
    }
  return success();
}
