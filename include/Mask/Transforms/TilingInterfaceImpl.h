//===- TilingInterfaceImpl.h - tiling of mask.attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_TILINGINTERFACEIMPL_H
#define MASK_TRANSFORMS_TILINGINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace mask {

/// Lets upstream tiling split an attention on tensors. The dimensions are batch
/// rows, query heads, queries, value columns and keys, in that order. Tiles of
/// heads hold one head, or whole groups of the heads that share a key head.
/// Keys are split only into parallel parts with results of their own, which are
/// merged by their log-sum-exps (`PartialReductionOpInterface`,
/// `transform.structured.tile_reduction_using_forall`). `origin` moves with the
/// tile, so that the predicate sees the coordinates that it always saw.
void registerTilingInterfaceExternalModels(DialectRegistry &registry);

} // namespace mask
} // namespace mlir

#endif // MASK_TRANSFORMS_TILINGINTERFACEIMPL_H
