//===- AttentionToTiles.h - attention as loops over tiles -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_ATTENTIONTOTILES_H
#define MASK_CONVERSION_ATTENTIONTOTILES_H

#include "Mask/Conversion/CPUSchedule.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// A unit attribute of parallel loops whose rounds differ in cost, as those
/// over the tiles of an attention do (see `mask-schedule-dynamically`).
inline constexpr StringLiteral kUnevenLoopAttrName = "mask.uneven";

struct AttentionToTilesOptions {
  /// What schedules are chosen from for the attentions that carry none.
  CPUTarget target;
  CPUScheduleParts schedule;
  /// Whether calls of few queries get code of their own, where only a call
  /// tells how many there are (see `chooseFewQueries`).
  bool decode = false;
  /// The name of a function that is called for every tile whose scores are
  /// computed, or empty (see `convert-mask-to-tiles`).
  std::string observer;
};

/// Replaces a closed attention on memrefs by loops over its tiles (see
/// `convert-mask-to-tiles`). Fails with a located error where the schedule is
/// not valid, another target's, or asks for instructions that the target or the
/// element type does not have, or the predicate reads what is not a memref.
LogicalResult
lowerAttentionToTiles(RewriterBase &rewriter, AttentionOp op,
                      const AttentionToTilesOptions &options = {});

/// The same as a pattern. Attentions on tensors are left alone; one that cannot
/// be lowered is an error, and stays as it was.
void populateMaskToTilesPatterns(RewritePatternSet &patterns,
                                 const AttentionToTilesOptions &options = {});

} // namespace mlir::mask

#endif // MASK_CONVERSION_ATTENTIONTOTILES_H
