//===- MaskInstance.h - a policy on given facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKINSTANCE_H
#define MASK_TOOLS_MASKINSTANCE_H

#include "Mask/Tools/MaskViewBuilder.h"
#include "Mask/Tools/PolicyLibrary.h"
#include "Mask/Tools/Render.h"
#include "Mask/Tools/RenderPredicate.h"

namespace mlir::mask {

/// The predicate of one layer type of a policy, inlined, with its facts.
struct MaskInstance {
  std::string policy, layerType;
  /// The predicate as its author wrote it, and in normal form.
  Value written, simplified;
  /// Binds the facts of both.
  FactEvaluator facts;
  ValueNames names;
  /// The facts that the policy takes, and of them those that were not given.
  SmallVector<std::string> reads, missing;
};

/// Instantiates a layer type ("*" where the policy has one predicate). Without
/// a request every fact is symbolic. The instance lives as long as the module
/// of the policy.
FailureOr<std::unique_ptr<MaskInstance>>
instantiateMask(PolicyOp policy, StringRef layerType,
                std::optional<PackingRule> packing, const Request *request);

/// The extents of a request's mask, one offset per batch row.
FailureOr<MaskExtents> getExtents(Location loc, const Request &request);

/// What is known of the tokens of a request, per batch row.
std::vector<std::vector<TokenSegment>> getTokenSegments(const Request &request);

/// The scalar facts of a request in words: "window 1024, chunk 4".
std::string describeParameters(const Request &request);

/// The request as the JSON object that `--facts` takes.
void printRequest(raw_ostream &os, const Request &request);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKINSTANCE_H
