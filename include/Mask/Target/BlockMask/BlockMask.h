//===- BlockMask.h - FlexAttention block masks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TARGET_BLOCKMASK_BLOCKMASK_H
#define MASK_TARGET_BLOCKMASK_BLOCKMASK_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Inspect/RenderPredicate.h"
#include "Mask/Inspect/TileMap.h"

#include <map>

namespace mlir::mask {

/// Tiles of a mask as FlexAttention's BlockMask holds them: per batch row, head
/// and row of tiles the number of tiles and their columns, ascending; behind
/// them the other columns, ascending, so that every list has full width.
/// Partial tiles need the mask, full ones do not; a ragged tile is partial.
struct BlockLists {
  int64_t batch = 1, heads = 1, rows = 0, columns = 0;
  /// `[batch, heads, rows]` and `[batch, heads, rows, columns]`.
  std::vector<int32_t> partialCounts, partialIndices, fullCounts, fullIndices;
};
/// The lists of `view` on the grid of `shape`.
BlockLists makeBlockLists(const MaskView &view, TileShape shape);

/// A predicate as a Python function `mask_mod(b, h, q_idx, kv_idx)` over arrays
/// of facts. It reads them through `b`, the absolute query and the absolute
/// key; `q_idx` and `kv_idx` are array indices. It uses only operators, so that
/// it works on tensors, arrays and numbers alike.
struct PythonMask {
  std::string source;
  /// The arrays it reads, by the name of the variable.
  std::map<std::string, std::shared_ptr<const IntegerArray>> arrays;
};
/// Errors are emitted at an op that has no Python form.
FailureOr<PythonMask> makePythonMask(const MaskView &view, Value predicate,
                                     FactEvaluator &facts,
                                     const ValueNames &names);

/// File names and contents.
using BlockMaskFiles = std::map<std::string, std::string>;

/// Everything that a block mask is: the four lists, the facts, `mask_mod.py`,
/// and `load.py` to make a torch BlockMask of them.
FailureOr<BlockMaskFiles> makeBlockMask(const MaskView &view, Value predicate,
                                        FactEvaluator &facts,
                                        const ValueNames &names,
                                        TileShape shape);

} // namespace mlir::mask

#endif // MASK_TARGET_BLOCKMASK_BLOCKMASK_H
