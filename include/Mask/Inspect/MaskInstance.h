//===- MaskInstance.h - a policy on given facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_MASKINSTANCE_H
#define MASK_INSPECT_MASKINSTANCE_H

#include "Mask/Inspect/MaskViewBuilder.h"
#include "Mask/Inspect/Render.h"
#include "Mask/Inspect/RenderPredicate.h"
#include "Mask/Request/PolicyLibrary.h"

#include "llvm/ADT/StringSet.h"

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
  /// The facts that the mask depends on: of those that are given the rest folds
  /// away, or belongs to another layer type.
  SmallVector<std::string> uses;
};

/// Instantiates a layer type ("*" where the policy has one predicate). Without
/// a request every fact is symbolic. The instance lives as long as the module
/// of the policy.
FailureOr<std::unique_ptr<MaskInstance>>
instantiateMask(PolicyOp policy, StringRef layerType,
                std::optional<PackingRule> packing, const Request *request);

/// The masks of some layer types of a policy on one request. Errors are
/// emitted.
class PolicyMasks {
public:
  static FailureOr<PolicyMasks> create(PolicyOp policy,
                                       ArrayRef<std::string> layerTypes,
                                       std::optional<PackingRule> packing,
                                       const Request &request);

  /// The batch rows that the request has, or that the masks tell apart where
  /// it serves any number.
  FailureOr<int64_t> countBatchRows();
  /// Has a request that serves any number of batch rows serve `rows`.
  LogicalResult setBatchRows(int64_t rows);
  /// `checkTables` of all masks.
  LogicalResult checkTables(int64_t batch);

  /// Whether the mask of any layer type of the policy, asked for or not,
  /// depends on a fact.
  bool reads(StringRef fact);

  const Request &getRequest() const { return request; }
  ArrayRef<std::unique_ptr<MaskInstance>> getInstances() const {
    return instances;
  }

private:
  LogicalResult instantiate();
  /// The facts that the other layer types depend on.
  void findOtherUses();

  PolicyOp policy;
  SmallVector<std::string> layerTypes;
  std::optional<PackingRule> packing;
  Request request;
  std::vector<std::unique_ptr<MaskInstance>> instances;
  std::optional<llvm::StringSet<>> otherUses;
};

/// A remark names the facts that are given and that none of the masks reads:
/// nothing is ignored silently.
void reportUnread(ArrayRef<PolicyMasks *> masks);

/// Has the requests of all masks serve the batch rows that the masks together
/// tell apart, and warns (`checkTables`).
LogicalResult placeBatch(ArrayRef<PolicyMasks *> masks);

/// Warns of tables that the mask reads outside of for all queries or keys of a
/// batch row, and of those that have fewer rows than the batch: the predicates
/// that read them are false there, silently. Facts are named, constants
/// located.
LogicalResult checkTables(MaskInstance &instance, const Request &request,
                          int64_t batch);

/// The extents of a request's mask for `batch` rows, one offset for each: as
/// many as the request has, or, if it speaks of none, any number.
MaskExtents getExtents(const Request &request, int64_t batch);

/// What is known of the tokens of a request, per batch row.
std::vector<std::vector<TokenSegment>> getTokenSegments(const Request &request);

/// The scalar facts of a request that some of the masks depend on, in words:
/// "window 1024, chunk 4".
std::string describeParameters(const Request &request,
                               ArrayRef<const MaskInstance *> instances);

/// The request as the JSON object that `--facts` takes.
void printRequest(raw_ostream &os, const Request &request);

} // namespace mlir::mask

#endif // MASK_INSPECT_MASKINSTANCE_H
