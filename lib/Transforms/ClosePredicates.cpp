//===- ClosePredicates.cpp - predicates as regions of attentions -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKCLOSEPREDICATES
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Whether `op` builds a predicate out of predicates and facts.
static bool buildsPredicate(Operation *op) {
  return isa_and_nonnull<MaskDialect>(op->getDialect()) &&
         op->getNumResults() == 1 &&
         isa<PredicateType>(op->getResult(0).getType());
}

/// Whether a closed region holds its own copy of `op`: what predicates are made
/// of, what folds need to see (numbers, absent facts).
static bool isClonedIntoRegion(Operation *op) {
  if (buildsPredicate(op) || isa<AbsentOp>(op))
    return true;
  return op->getNumResults() == 1 && matchPattern(op, m_Constant()) &&
         op->getResult(0).getType().isIntOrIndexOrFloat();
}

/// Checks that every predicate that `predicate` is built from has a definition
/// that can be cloned.
static LogicalResult checkClosable(AttentionOp attention, Value predicate) {
  SetVector<Value> worklist;
  worklist.insert(predicate);
  for (unsigned i = 0; i < worklist.size(); ++i) {
    Value value = worklist[i];
    Operation *op = value.getDefiningOp();
    if (op && buildsPredicate(op)) {
      for (Value operand : op->getOperands())
        if (isa<PredicateType>(operand.getType()))
          worklist.insert(operand);
      continue;
    }
    InFlightDiagnostic error = attention.emitOpError();
    if (op) {
      error << "predicate is made by '" << op->getName()
            << "', which cannot be moved into the attention";
      error.attachNote(op->getLoc()) << "predicate made here";
      return error;
    }
    error << "predicate is a block argument; specialise the function with "
             "mask-specialize-layers first";
    return error;
  }
  return success();
}

LogicalResult mlir::mask::closePredicate(RewriterBase &rewriter,
                                         AttentionOp attention) {
  if (attention.isClosed())
    return success();
  Value predicate = attention.getMask();
  if (failed(checkClosable(attention, predicate)))
    return failure();

  OpBuilder::InsertionGuard guard(rewriter);
  Region &region = attention.getPredicate();
  rewriter.createBlock(&region);
  YieldOp::create(rewriter, predicate.getLoc(), predicate);
  SmallVector<Value> captured =
      makeRegionIsolatedFromAbove(rewriter, region, isClonedIntoRegion);
  rewriter.modifyOpInPlace(attention, [&] {
    attention.getMaskMutable().clear();
    attention.getCapturesMutable().append(captured);
  });
  return success();
}

namespace {
struct ClosePredicatesPass
    : public mask::impl::MaskClosePredicatesBase<ClosePredicatesPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<AttentionOp> attentions;
    getOperation()->walk(
        [&](AttentionOp attention) { attentions.push_back(attention); });
    IRRewriter rewriter(&getContext());
    for (AttentionOp attention : attentions)
      if (failed(closePredicate(rewriter, attention)))
        return signalPassFailure();
  }
};
} // namespace
