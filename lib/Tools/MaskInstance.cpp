//===- MaskInstance.cpp - a policy on given facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/MaskInstance.h"

#include "Mask/IR/Canonicalization.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

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
    if (predicate == &instance->simplified && failed(simplify(*function)))
      return failure();
    *predicate = getReturnedPredicate(*function);
  }
  return instance;
}

FailureOr<MaskExtents> mlir::mask::getExtents(Location loc,
                                              const Request &request) {
  MaskExtents extents;
  extents.batch = request.batch;
  extents.queries = request.queries;
  extents.keys = request.keys;
  for (int64_t b = 0; b < request.batch; ++b) {
    extents.queryOffset.push_back(request.getQueryOffset(b));
    extents.keyOffset.push_back(request.getKeyOffset(b));
  }
  return extents;
}
