//===- ResolvePolicies.cpp - inlining of policies -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/WindowBounds.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKRESOLVEPOLICIES
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// The ops of a policy that the predicate of `layer` depends on, in order.
static SmallVector<Operation *> getPolicySlice(LayerTypeOp layer) {
  llvm::SmallDenseSet<Value> needed{layer.getPredicate()};
  SmallVector<Operation *> slice;
  for (Operation &op : llvm::reverse(*layer->getBlock())) {
    if (llvm::none_of(op.getResults(),
                      [&](Value result) { return needed.contains(result); }))
      continue;
    slice.push_back(&op);
    op.walk([&](Operation *nested) {
      needed.insert(nested->operand_begin(), nested->operand_end());
    });
  }
  std::reverse(slice.begin(), slice.end());
  return slice;
}

/// A given fact may have a more static type than the declared one, which the
/// policy's ops were verified with.
static Value castToDeclaredType(RewriterBase &rewriter, Location loc,
                                Value fact, Type declared) {
  if (fact.getType() == declared)
    return fact;
  return tensor::CastOp::create(rewriter, loc, declared, fact);
}

namespace {
/// Inlines the policies of one root, remembering which policy an op of a policy
/// was inlined from.
class Resolver {
public:
  explicit Resolver(RewriterBase &rewriter) : rewriter(rewriter) {}

  LogicalResult run(Operation *root) {
    SmallVector<OfLayerOp> uses;
    root->walk([&](OfLayerOp use) {
      if (!use->getParentOfType<PolicyOp>())
        uses.push_back(use);
    });
    for (OfLayerOp use : uses)
      if (failed(resolve(use)))
        return failure();
    return success();
  }

private:
  LogicalResult resolve(OfLayerOp use) {
    auto policy =
        symbols.lookupNearestSymbolFrom<PolicyOp>(use, use.getPolicyAttr());
    if (!policy)
      return use.emitOpError()
             << "'" << use.getPolicy() << "' is not a mask.policy";
    if (llvm::is_contained(active, policy)) {
      InFlightDiagnostic error = use.emitOpError()
                                 << "policy '" << use.getPolicy()
                                 << "' is built from itself";
      error.attachNote(policy.getLoc()) << "policy declared here";
      return error;
    }
    LayerTypeOp layer = policy.lookupLayerType(use.getLayerType());
    if (!layer)
      return use.emitOpError()
             << "policy '" << use.getPolicy() << "' has no layer type \""
             << use.getLayerType() << "\"";

    SmallVector<OfLayerOp> nested;
    Value predicate = inlineSlice(use, policy, layer, nested);
    rewriter.replaceOp(use, predicate);
    active.push_back(policy);
    for (OfLayerOp inner : nested)
      if (failed(resolve(inner)))
        return failure();
    active.pop_back();
    return success();
  }

  /// Clones what `layer` depends on to before `use`; returns its predicate.
  Value inlineSlice(OfLayerOp use, PolicyOp policy, LayerTypeOp layer,
                    SmallVectorImpl<OfLayerOp> &nested) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(use);
    PackingRuleAttr rule = use.getPackingAttr();
    if (!rule)
      rule = PackingRuleAttr::get(use.getContext(), PackingRule::V5_12);

    SmallVector<Operation *> slice = getPolicySlice(layer);
    IRMapping mapping;
    for (auto [argument, fact] :
         llvm::zip_equal(policy.getBody().getArguments(), use.getFacts()))
      mapping.map(argument, castToDeclaredType(rewriter, use.getLoc(), fact,
                                               argument.getType()));
    for (Operation *op : slice) {
      Operation *clone = rewriter.clone(*op, mapping);
      clone->walk([&](Operation *inlined) {
        inlined->setLoc(CallSiteLoc::get(inlined->getLoc(), use.getLoc()));
        if (auto packed = dyn_cast<PackedOp>(inlined);
            packed && packed.getRule() == PackingRule::Request)
          packed.setRuleAttr(rule);
        if (auto inner = dyn_cast<OfLayerOp>(inlined)) {
          if (!inner.getPackingAttr())
            inner.setPackingAttr(rule);
          nested.push_back(inner);
        }
      });
    }
    return mapping.lookup(layer.getPredicate());
  }

  RewriterBase &rewriter;
  SymbolTableCollection symbols;
  /// The policies that are being inlined.
  SmallVector<PolicyOp> active;
};
} // namespace

/// Erases the policies that are referred to by nothing, or by nothing but such
/// policies.
static void eraseUnusedPolicies(RewriterBase &rewriter, Operation *root) {
  SmallVector<PolicyOp> policies;
  root->walk([&](PolicyOp policy) { policies.push_back(policy); });
  bool changed = true;
  while (changed) {
    changed = false;
    llvm::erase_if(policies, [&](PolicyOp policy) {
      Operation *table = policy->getParentWithTrait<OpTrait::SymbolTable>();
      if (!table || !SymbolTable::symbolKnownUseEmpty(policy, table))
        return false;
      rewriter.eraseOp(policy);
      changed = true;
      return true;
    });
  }
}

LogicalResult
mlir::mask::resolvePolicies(RewriterBase &rewriter, Operation *root,
                            const ResolvePoliciesOptions &options) {
  if (failed(Resolver(rewriter).run(root)))
    return failure();
  if (!options.keepPolicies)
    eraseUnusedPolicies(rewriter, root);
  return success();
}

namespace {
struct ResolvePoliciesPass
    : public mask::impl::MaskResolvePoliciesBase<ResolvePoliciesPass> {
  using Base::Base;

  void runOnOperation() override {
    // The first pass that sees what users wrote.
    warnOfEmptyWindows(getOperation());
    IRRewriter rewriter(&getContext());
    ResolvePoliciesOptions options;
    options.keepPolicies = keepPolicies;
    if (failed(resolvePolicies(rewriter, getOperation(), options)))
      signalPassFailure();
  }
};
} // namespace
