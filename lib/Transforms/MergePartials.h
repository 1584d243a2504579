//===- MergePartials.h - attention from splits of its keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_MERGEPARTIALS_H
#define MASK_LIB_TRANSFORMS_MERGEPARTIALS_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::mask {

/// The results of `op` from `outputs` (`[splits, batch, heads, seq, columns]`)
/// and `logSumExps` (`[splits, batch, heads, seq]`, f32) over disjoint sets of
/// keys, without sinks:
/// `lse = log(exp(sink) + sum_s exp(lse_s))`,
/// `output = sum_s exp(lse_s - lse) output_s`.
/// A split that shows a row no key (its log-sum-exp is minus infinity) weighs
/// nothing; a row that no split shows a key is zero, whatever the sink (law 3).
MergeResult mergePartials(OpBuilder &builder, Location loc, AttentionOp op,
                          Value outputs, Value logSumExps);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_MERGEPARTIALS_H
