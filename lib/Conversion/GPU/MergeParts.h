//===- MergeParts.h - results of parts of the keys, joined -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_MERGEPARTS_H
#define MASK_LIB_CONVERSION_GPU_MERGEPARTS_H

#include "WorkgroupEmitter.h"

namespace mlir::mask {

/// Arrays for the results of `parts` parts, an index.
PartialResults allocatePartialResults(ImplicitLocOpBuilder &b, AttentionOp op,
                                      Value parts);
void deallocatePartialResults(ImplicitLocOpBuilder &b,
                              const PartialResults &partial);

/// Emits a launch that joins the results of all parts by their log-sum-exps,
/// and sinks with them: a workgroup per row of the output.
void emitMerge(ImplicitLocOpBuilder &b, AttentionOp op,
               const PartialResults &partial);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_MERGEPARTS_H
