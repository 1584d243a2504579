//===- SimplifyPredicates.cpp - parts of masks that decide nothing -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionDomain.h"
#include "Mask/IR/Canonicalization.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSIMPLIFY
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

namespace {
/// Replaces parts of one closed predicate by what they are on the attention's
/// queries and keys.
class Simplifier {
public:
  Simplifier(RewriterBase &rewriter, AttentionOp attention,
             const SimplifyOptions &options)
      : rewriter(rewriter), attention(attention), options(options),
        domain(attention) {}

  /// Returns whether anything changed.
  bool run() {
    if (!domain.isKnown())
      return false;
    collectShifted();
    Operation *yield = attention.getPredicate().front().getTerminator();
    return simplifyUse(yield->getOpOperand(0));
  }

  void remark(StringRef name, Location loc, const Twine &message) {
    auto function = attention->getParentOfType<FunctionOpInterface>();
    remark::passed(loc, remark::RemarkOpts::name(name)
                            .category(options.category)
                            .function(function ? function.getName() : ""))
        << message.str();
  }

private:
  /// Ops that are asked at other coordinates than the attention's, too: what
  /// holds here may not hold there.
  void collectShifted() {
    SmallVector<Value> worklist;
    attention.getPredicate().walk([&](Operation *op) {
      if (isa<ShiftOp, AtPositionsOp, PackedOp>(op))
        llvm::append_range(worklist, op->getOperands());
    });
    while (!worklist.empty()) {
      Value value = worklist.pop_back_val();
      Operation *op = value.getDefiningOp();
      if (op && isa<PredicateType>(value.getType()) &&
          shifted.insert(op).second)
        llvm::append_range(worklist, op->getOperands());
    }
  }

  bool simplifyUse(OpOperand &use) {
    Operation *op = use.get().getDefiningOp();
    if (!op || isa<FullOp, EmptyOp>(op))
      return false;
    Verdict verdict = domain.evaluate(use.get());
    if (verdict != Verdict::Mixed) {
      bool full = verdict == Verdict::Full;
      remark(full ? "AlwaysVisible" : "NeverVisible", op->getLoc(),
             "'" + op->getName().getStringRef() + "' " +
                 (full ? "hides no key" : "shows no key") +
                 " of this attention");
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(op);
      Value constant =
          full ? FullOp::create(rewriter, op->getLoc()).getResult()
               : EmptyOp::create(rewriter, op->getLoc()).getResult();
      rewriter.modifyOpInPlace(use.getOwner(), [&] { use.set(constant); });
      return true;
    }
    if (shifted.contains(op))
      return false;
    if (auto window = dyn_cast<WindowOp>(op))
      return simplifyWindow(window);
    if (!isa<AndOp, OrOp, NotOp, HeadsOp, BatchesOp>(op) ||
        !visited.insert(op).second)
      return false;
    bool changed = false;
    for (OpOperand &operand : op->getOpOperands())
      changed |= simplifyUse(operand);
    return changed;
  }

  /// Drops the sides of a window that hide nothing.
  bool simplifyWindow(WindowOp window) {
    bool left = window.getLeftParameter().isGiven() &&
                domain.isLeftVacuous(window.getLeftParameter());
    bool right = window.getRightParameter().isGiven() &&
                 domain.isRightVacuous(window.getRightParameter());
    if (!left && !right)
      return false;
    remark("VacuousBound", window.getLoc(),
           Twine("the ") + (left ? "left" : "right") +
               " bound of 'mask.window' hides no key of this attention");
    rewriter.modifyOpInPlace(window, [&] {
      if (left) {
        window.getLeftMutable().clear();
        window.removeConstantLeftAttr();
        window.removeLeftAxisAttr();
      } else {
        window.getRightMutable().clear();
        window.removeConstantRightAttr();
        window.removeRightAxisAttr();
      }
    });
    if (left && window.getRightParameter().getConstant() == 0) {
      rewriter.setInsertionPoint(window);
      rewriter.replaceOp(window, CausalOp::create(rewriter, window.getLoc()));
    }
    return true;
  }

  RewriterBase &rewriter;
  AttentionOp attention;
  SimplifyOptions options;
  AttentionDomain domain;
  llvm::SmallDenseSet<Operation *> shifted, visited;
};
} // namespace

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
    Simplifier(rewriter, attention, options)
        .remark("NoMask", attention.getLoc(),
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
