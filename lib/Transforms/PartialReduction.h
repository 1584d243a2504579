//===- PartialReduction.h - attention split by keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_PARTIALREDUCTION_H
#define MASK_LIB_TRANSFORMS_PARTIALREDUCTION_H

namespace mlir {
class MLIRContext;

namespace mask {

/// Attaches `PartialReductionOpInterface` to `mask.attention`, which must have
/// `TilingInterface` already: splits of the keys, each with an output and a
/// log-sum-exp of its own, that are merged by their log-sum-exps.
void attachPartialReduction(MLIRContext &context);

} // namespace mask
} // namespace mlir

#endif // MASK_LIB_TRANSFORMS_PARTIALREDUCTION_H
