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

/// Adds a private function over the facts that returns the predicate of the
/// layer type, and binds and names its arguments.
static FailureOr<func::FuncOp>
createFunction(PolicyOp policy, std::optional<PackingRule> packing,
               const Request *request, MaskInstance &instance) {
  Location loc = policy.getLoc();
  MLIRContext *context = policy.getContext();
  OpBuilder builder(context);
  auto function = func::FuncOp::create(
      builder, loc, "explain_" + policy.getSymName().str(),
      FunctionType::get(context, {}, PredicateType::get(context)));
  function.setPrivate();
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  SymbolTable(policy->getParentOp()).insert(function);

  bool valid = true;
  auto getFact = [&](StringRef name, Type type) -> Value {
    bool isOwn = policy.lookupFact(name).has_value();
    if (request ? !request->lookup(name) : !isOwn)
      return {};
    BlockArgument argument = body->addArgument(type, loc);
    instance.names.set(argument, name);
    if (!request)
      return argument;
    FailureOr<HostValue> value = getFactValue(loc, *request, name, type);
    if (succeeded(value))
      instance.facts.bind(argument, *value);
    valid &= succeeded(value);
    return argument;
  };
  FailureOr<Value> predicate = buildPredicate(
      builder, loc, policy, instance.layerType, packing, getFact);
  if (failed(predicate) || !valid) {
    function.erase();
    return failure();
  }
  func::ReturnOp::create(builder, loc, *predicate);
  function.setFunctionType(FunctionType::get(context, body->getArgumentTypes(),
                                             PredicateType::get(context)));
  return function;
}

static Value getReturned(func::FuncOp function) {
  return function.getBody().front().getTerminator()->getOperand(0);
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
    *predicate = getReturned(*function);
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
