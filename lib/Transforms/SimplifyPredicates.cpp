//===- SimplifyPredicates.cpp - parts of masks that decide nothing -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionDomain.h"
#include "Mask/IR/Canonicalization.h"
#include "Mask/IR/WindowBounds.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSIMPLIFY
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Tells what happened to the mask of an attention.
static void reportPassed(StringRef category, AttentionOp attention,
                         StringRef name, Location loc, const Twine &message) {
  auto function = attention->getParentOfType<FunctionOpInterface>();
  remark::passed(loc,
                 remark::RemarkOpts::name(name).category(category).function(
                     function ? function.getName() : ""))
      << message.str();
}

namespace {
/// Replaces parts of one closed predicate by what they are on the points of the
/// attention where they matter. An operand of `and` matters only where the
/// others show the key, one of `or` only where they hide it: so parts vanish
/// that always hold, that never do, and that the rest of the mask implies.
class Simplifier {
public:
  Simplifier(RewriterBase &rewriter, AttentionOp attention,
             const SimplifyOptions &options)
      : rewriter(rewriter), attention(attention), options(options),
        domain(terms, attention) {}

  /// Returns whether anything changed.
  bool run() {
    OpOperand &yielded =
        attention.getPredicate().front().getTerminator()->getOpOperand(0);
    Value simple = simplify(yielded.get(), domain.getFrame());
    if (simple == yielded.get())
      return false;
    rewriter.modifyOpInPlace(yielded.getOwner(), [&] { yielded.set(simple); });
    return true;
  }

private:
  using Claims = ArrayRef<PredicateClaim>;

  /// What can stand for `predicate` at the points where `others` hold.
  Value simplify(Value predicate, PredicateFrame frame, Claims others = {});
  Value simplifyInputs(Operation *op, PredicateFrame frame, Claims others,
                       bool together);
  Value simplifyWindow(WindowOp window, PredicateFrame frame, Claims others);
  Value simplifyRestriction(Operation *op, PredicateFrame frame, Claims others);

  /// The constant that `predicate` is where `others` hold, or null.
  Value decide(Value predicate, PredicateFrame frame, Claims others);
  bool isAlways(bool visible, Value predicate, PredicateFrame frame,
                Claims others) {
    SmallVector<PredicateClaim> claims(others);
    claims.push_back({predicate, frame, !visible});
    return domain.excludes(claims);
  }
  /// Whether `weaker`, which shows every key that `predicate` shows, shows no
  /// more of them where `others` hold.
  bool canReplace(Value predicate, Value weaker, PredicateFrame frame,
                  Claims others) {
    SmallVector<PredicateClaim> claims(others);
    claims.push_back({weaker, frame, true});
    return isAlways(true, predicate, frame, claims);
  }
  void remark(StringRef name, Operation *op, const Twine &message) {
    reportPassed(options.category, attention, name, op->getLoc(), message);
  }

  RewriterBase &rewriter;
  AttentionOp attention;
  SimplifyOptions options;
  TermContext terms;
  AttentionDomain domain;
};
} // namespace

Value Simplifier::decide(Value predicate, PredicateFrame frame, Claims others) {
  Operation *op = predicate.getDefiningOp();
  auto create = [&](bool visible) -> Value {
    bool alone = others.empty() || isAlways(visible, predicate, frame, {});
    StringRef name =
        alone ? visible ? "AlwaysVisible" : "NeverVisible" : "Implied";
    remark(name, op,
           "'" + op->getName().getStringRef() + "' " +
               (visible ? "hides no key of this attention"
                        : "shows no key of this attention") +
               (alone     ? ""
                : visible ? " that the rest of the mask shows"
                          : " that the rest of the mask hides"));
    rewriter.setInsertionPoint(op);
    if (visible)
      return FullOp::create(rewriter, op->getLoc());
    return EmptyOp::create(rewriter, op->getLoc());
  };
  for (bool visible : {true, false})
    if (isAlways(visible, predicate, frame, others))
      return create(visible);
  return {};
}

Value Simplifier::simplify(Value predicate, PredicateFrame frame,
                           Claims others) {
  Operation *op = predicate.getDefiningOp();
  if (!op || isa<FullOp, EmptyOp>(op))
    return predicate;
  if (Value constant = decide(predicate, frame, others))
    return constant;
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](AndOp) {
        return simplifyInputs(op, frame, others, /*together=*/true);
      })
      .Case<OrOp, NotOp>([&](auto) {
        return simplifyInputs(op, frame, others, /*together=*/false);
      })
      .Case<HeadsOp, BatchesOp>(
          [&](auto) { return simplifyRestriction(op, frame, others); })
      .Case<ShiftOp, AtPositionsOp>([&](auto moved) {
        return simplifyInputs(op, domain.enter(moved, frame), others,
                              /*together=*/false);
      })
      .Case([&](WindowOp window) {
        return simplifyWindow(window, frame, others);
      })
      .Default(predicate);
}

/// Each predicate among the operands, where the others are visible (`together`)
/// or hidden. Ops may have other users, for which other points matter: what
/// changes is copied.
Value Simplifier::simplifyInputs(Operation *op, PredicateFrame frame,
                                 Claims others, bool together) {
  SmallVector<Value> operands(op->getOperands());
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (!isa<PredicateType>(operand.getType()))
      continue;
    SmallVector<PredicateClaim> claims(others);
    for (auto [j, other] : llvm::enumerate(operands))
      if (i != j && isa<PredicateType>(other.getType()))
        claims.push_back({other, frame, together});
    operand = simplify(operand, frame, claims);
  }
  if (llvm::equal(operands, op->getOperands()))
    return op->getResult(0);
  rewriter.setInsertionPoint(op);
  Operation *changed = rewriter.clone(*op);
  changed->setOperands(operands);
  return changed->getResult(0);
}

/// Drops the sides of a window that hide nothing.
Value Simplifier::simplifyWindow(WindowOp window, PredicateFrame frame,
                                 Claims others) {
  Value result = window;
  for (bool left : {true, false}) {
    WindowBounds bounds = *getWindowBounds(result);
    Parameter &side = left ? bounds.left : bounds.right;
    if (!side.isGiven())
      continue;
    side = Parameter();
    rewriter.setInsertionPoint(window);
    Value without = createWindow(rewriter, window.getLoc(), bounds);
    if (!canReplace(result, without, frame, others)) {
      rewriter.eraseOp(without.getDefiningOp());
      continue;
    }
    remark("VacuousBound", window,
           Twine("the ") + (left ? "left" : "right") +
               " bound of 'mask.window' hides no key of this attention" +
               (others.empty() ? "" : " that the rest of the mask shows"));
    result = without;
  }
  return result;
}

/// Drops a restriction to all heads or batch rows that there are.
Value Simplifier::simplifyRestriction(Operation *op, PredicateFrame frame,
                                      Claims others) {
  Value input = op->getOperand(0);
  if (!canReplace(op->getResult(0), input, frame, others))
    return simplifyInputs(op, frame, others, /*together=*/false);
  remark("VacuousRestriction", op,
         "'" + op->getName().getStringRef() +
             "' leaves out no part of this attention");
  return simplify(input, frame, others);
}

void mlir::mask::simplifyPredicate(RewriterBase &rewriter,
                                   AttentionOp attention,
                                   const SimplifyOptions &options) {
  if (!attention.isClosed())
    return;
  RewritePatternSet patterns(attention.getContext());
  populateMaskCanonicalizationPatterns(patterns);
  FrozenRewritePatternSet frozen(std::move(patterns));
  auto isFull = [&] {
    return attention.getPredicateValue().getDefiningOp<FullOp>() != nullptr;
  };
  bool wasFull = isFull();
  bool changed = true;
  while (changed) {
    (void)applyPatternsGreedily(attention.getPredicate(), frozen);
    changed = Simplifier(rewriter, attention, options).run();
  }
  if (!wasFull && isFull())
    reportPassed(options.category, attention, "NoMask", attention.getLoc(),
                 "every key is visible: no mask is left");
  eraseUnusedCaptures(rewriter, attention);
}

namespace {
struct SimplifyPass : public mask::impl::MaskSimplifyBase<SimplifyPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet owned(context);
    populateMaskCanonicalizationPatterns(owned);
    patterns = FrozenRewritePatternSet(std::move(owned));
    return success();
  }

  void runOnOperation() override {
    (void)applyPatternsGreedily(getOperation(), patterns);
    SmallVector<AttentionOp> attentions;
    getOperation()->walk(
        [&](AttentionOp attention) { attentions.push_back(attention); });
    IRRewriter rewriter(&getContext());
    SimplifyOptions options;
    options.category = getArgument();
    for (AttentionOp attention : attentions)
      simplifyPredicate(rewriter, attention, options);
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
