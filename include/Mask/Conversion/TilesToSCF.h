//===- TilesToSCF.h - loops over tiles as scf loops -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_TILESTOSCF_H
#define MASK_CONVERSION_TILESTOSCF_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// How loops over tiles are made.
struct TileForOptions {
  /// What they count in: 32, or those bits that an index has, which `64` stands
  /// for.
  unsigned indexBits = 64;
  /// Whether the tiles before a core and those after it have one copy of the
  /// body, in which `lower_fails` is computed.
  bool mergeEdges = false;
};

/// Replaces `op` by up to three `scf.for` per interval, or per row of bounds in
/// memory (see `convert-mask-to-scf`).
void lowerTileFor(RewriterBase &rewriter, TileForOp op,
                  const TileForOptions &options = {});

/// Replaces `op` by comparisons and selects. Fails with a located error where
/// its predicate has no run-time form.
LogicalResult lowerApply(RewriterBase &rewriter, ApplyOp op);

/// Replaces `op` by vector arithmetic.
void lowerMerge(RewriterBase &rewriter, MergeOp op);

/// The three as patterns.
void populateMaskToSCFPatterns(RewritePatternSet &patterns);

} // namespace mlir::mask

#endif // MASK_CONVERSION_TILESTOSCF_H
