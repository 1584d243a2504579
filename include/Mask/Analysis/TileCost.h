//===- TileCost.h - what tiles of some size compute -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_TILECOST_H
#define MASK_ANALYSIS_TILECOST_H

#include "mlir/IR/Value.h"

#include <optional>

namespace mlir::mask {

/// How many keys a row of a tile of `queries` queries costs in tiles of `keys`
/// keys: those of all tiles that the tile visits, averaged over tiles far from
/// the first and the last key. Nothing where the numbers of the predicate (the
/// closed one of an attention) are known at run time only.
std::optional<int64_t> getKeysPerRow(Value predicate, int64_t queries,
                                     int64_t keys);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_TILECOST_H
