//===- MaskInstance.cpp - a policy on given facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskInstance.h"

#include "Mask/IR/Canonicalization.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// A function over the facts that returns the predicate of the layer type; its
/// arguments are named, and bound where there is a request.
static FailureOr<func::FuncOp>
createFunction(PolicyOp policy, std::optional<PackingRule> packing,
               const Request *request, MaskInstance &instance) {
  auto isGiven = [&](StringRef name) {
    return request ? request->lookup(name) != nullptr
                   : policy.lookupFact(name).has_value();
  };
  auto bind = [&](StringRef name, BlockArgument argument) -> LogicalResult {
    instance.names.set(argument, name);
    if (!request)
      return success();
    FailureOr<HostValue> value =
        getFactValue(policy.getLoc(), *request, name, argument.getType());
    if (failed(value))
      return failure();
    instance.facts.bind(argument, *value);
    return success();
  };
  return buildPredicateFunction(policy, instance.layerType, packing, isGiven,
                                bind);
}

/// Brings the predicate into normal form.
static LogicalResult simplify(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  RewritePatternSet patterns(context);
  populateMaskCanonicalizationPatterns(patterns);
  return applyPatternsGreedily(function, std::move(patterns));
}

static void listFacts(PolicyOp policy, const Request *request,
                      MaskInstance &instance) {
  for (StringRef name : policy.getFactNames().getAsValueRange<StringAttr>()) {
    instance.reads.push_back(name.str());
    if (request && !request->lookup(name))
      instance.missing.push_back(name.str());
  }
}

FailureOr<std::unique_ptr<MaskInstance>>
mlir::mask::instantiateMask(PolicyOp policy, StringRef layerType,
                            std::optional<PackingRule> packing,
                            const Request *request) {
  auto instance = std::make_unique<MaskInstance>();
  instance->policy = policy.getSymName().str();
  instance->layerType = layerType.str();
  listFacts(policy, request, *instance);
  for (Value *predicate : {&instance->written, &instance->simplified}) {
    FailureOr<func::FuncOp> function =
        createFunction(policy, packing, request, *instance);
    if (failed(function))
      return failure();
    IRRewriter rewriter(policy.getContext());
    ResolvePoliciesOptions options;
    options.keepPolicies = true;
    if (failed(resolvePolicies(rewriter, *function, options)))
      return failure();
    if (predicate == &instance->simplified) {
      if (failed(simplify(*function)))
        return failure();
      for (BlockArgument argument : function->getArguments())
        if (!argument.use_empty())
          instance->uses.push_back(instance->names.describe(argument));
    }
    *predicate = getReturnedPredicate(*function);
  }
  return instance;
}

//===----------------------------------------------------------------------===//
// Several masks on a request
//===----------------------------------------------------------------------===//

FailureOr<PolicyMasks> PolicyMasks::create(PolicyOp policy,
                                           ArrayRef<std::string> layerTypes,
                                           std::optional<PackingRule> packing,
                                           const Request &request) {
  PolicyMasks masks;
  masks.policy = policy;
  masks.layerTypes.assign(layerTypes.begin(), layerTypes.end());
  masks.packing = packing;
  masks.request = placeSequences(policy, request);
  if (failed(masks.instantiate()))
    return failure();
  return std::move(masks);
}

LogicalResult PolicyMasks::instantiate() {
  instances.clear();
  for (const std::string &layerType : layerTypes) {
    FailureOr<std::unique_ptr<MaskInstance>> instance =
        instantiateMask(policy, layerType, packing, &request);
    if (failed(instance))
      return failure();
    instances.push_back(std::move(*instance));
  }
  return success();
}

FailureOr<int64_t> PolicyMasks::countBatchRows() {
  if (request.batched)
    return request.batch;
  int64_t rows = request.batch;
  for (const std::unique_ptr<MaskInstance> &instance : instances) {
    FailureOr<DistinctCount> told = countDistinct(
        instance->simplified, instance->facts, ParameterAxis::Batch);
    if (failed(told))
      return failure();
    rows = std::max(rows, told->distinct);
  }
  return rows;
}

LogicalResult PolicyMasks::setBatchRows(int64_t rows) {
  if (request.batched || rows == request.batch)
    return success();
  if (failed(checkMaskSize(UnknownLoc::get(policy.getContext()), rows,
                           /*heads=*/1, request.queries, request.keys)))
    return failure();
  // The facts of a prompt are those of every row.
  if (!request.repeat(rows))
    return success();
  return instantiate();
}

LogicalResult PolicyMasks::checkTables(int64_t batch) {
  for (const std::unique_ptr<MaskInstance> &instance : instances)
    if (failed(mask::checkTables(*instance, request, batch)))
      return failure();
  return success();
}

void PolicyMasks::findOtherUses() {
  otherUses.emplace();
  for (StringRef layerType : policy.getLayerTypes()) {
    if (llvm::is_contained(layerTypes, layerType))
      continue;
    // The facts fit the policy: they were bound for the other layer types.
    FailureOr<std::unique_ptr<MaskInstance>> other =
        instantiateMask(policy, layerType, packing, &request);
    if (succeeded(other))
      otherUses->insert_range((*other)->uses);
  }
}

bool PolicyMasks::reads(StringRef fact) {
  // Found by positions.
  if (fact == "positions" && request.findsSequences && reads("sequence_ids"))
    return true;
  if (llvm::any_of(instances, [&](const auto &instance) {
        return llvm::is_contained(instance->uses, fact);
      }))
    return true;
  if (!policy.lookupFact(fact))
    return false;
  if (!otherUses)
    findOtherUses();
  return otherUses->contains(fact);
}

/// Whether a prompt has text only.
static bool isText(const Request &request) {
  const HostValue *types = request.lookup("token_types");
  const auto *array =
      types ? std::get_if<std::shared_ptr<const IntegerArray>>(types) : nullptr;
  return array &&
         llvm::all_of((*array)->values, [](int64_t type) { return type == 0; });
}

void mlir::mask::reportUnread(ArrayRef<PolicyMasks *> masks) {
  const Request &request = masks.front()->getRequest();
  SmallVector<StringRef> unread;
  for (StringRef fact : request.getGivenFacts())
    if (llvm::none_of(masks,
                      [&](PolicyMasks *those) { return those->reads(fact); }))
      unread.push_back(fact);
  // A prompt tells one thing in two ways, for either kind of policy.
  auto isOfPrompt = [&](StringRef fact) {
    return request.isPrompt && (fact == "token_types" || fact == "item_ranges");
  };
  if (llvm::count_if(unread, isOfPrompt) < 2 || isText(request))
    llvm::erase_if(unread, isOfPrompt);
  if (!unread.empty())
    emitRemark(UnknownLoc::get(
        masks.front()->getInstances().front()->written.getContext()))
        << "not read: " << llvm::join(unread, ", ");
}

LogicalResult mlir::mask::placeBatch(ArrayRef<PolicyMasks *> masks) {
  int64_t rows = 1;
  for (PolicyMasks *those : masks) {
    FailureOr<int64_t> told = those->countBatchRows();
    if (failed(told))
      return failure();
    rows = std::max(rows, *told);
  }
  for (PolicyMasks *those : masks)
    if (failed(those->setBatchRows(rows)) || failed(those->checkTables(rows)))
      return failure();
  return success();
}

MaskExtents mlir::mask::getExtents(const Request &request, int64_t batch) {
  MaskExtents extents;
  extents.batch = batch;
  extents.queries = request.queries;
  extents.keys = request.keys;
  for (int64_t b = 0; b < batch; ++b) {
    extents.queryOffset.push_back(request.getQueryOffset(b));
    extents.keyOffset.push_back(request.getKeyOffset(b));
  }
  return extents;
}
