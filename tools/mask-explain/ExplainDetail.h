//===- ExplainDetail.h - steps of explaining and comparing ------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKEXPLAIN_EXPLAINDETAIL_H
#define MASK_TOOLS_MASKEXPLAIN_EXPLAINDETAIL_H

#include "Explain.h"

namespace mlir::mask::explain {

using Instances = ArrayRef<std::unique_ptr<MaskInstance>>;
/// The heads asked for, or those that the predicate tells apart.
FailureOr<int64_t> chooseHeads(MaskInstance &instance,
                               const ExplainOptions &options);
FailureOr<MaskView> makeView(MaskInstance &instance, const Request &request,
                             int64_t heads, const ExplainOptions &options);
/// What a picture of the masks says of a request; nothing of parameters that
/// they do not read.
RenderContext makeContext(const Request &request,
                          ArrayRef<const MaskInstance *> instances);
/// Prints the tree of `options.at` for every batch row (and head) that has the
/// element; returns whether it is visible, one by one.
FailureOr<SmallVector<bool>> printPoint(raw_ostream &os, MaskInstance &instance,
                                        const Request &request,
                                        const ExplainOptions &options);
/// Writes the trees of `options.at` for all layer types.
LogicalResult explainPoint(Location loc, Instances instances,
                           const Request &request,
                           const ExplainOptions &options);

} // namespace mlir::mask::explain

#endif // MASK_TOOLS_MASKEXPLAIN_EXPLAINDETAIL_H
