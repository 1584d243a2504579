//===- ClosePredicates.cpp - predicates as regions of attentions -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/PredicateSlice.h"
#include "Mask/Transforms/Transforms.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKCLOSEPREDICATES
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Checks that every predicate that the slice is built from has a definition
/// that can be cloned.
static LogicalResult checkClosable(AttentionOp attention,
                                   const PredicateSlice &slice) {
  for (Value value : slice.captures) {
    if (!isa<PredicateType>(value.getType()))
      continue;
    Operation *op = value.getDefiningOp();
    if (!op)
      return attention.emitOpError()
             << "predicate is a block argument; specialise the function with "
                "mask-specialize-layers first";
    InFlightDiagnostic error = attention.emitOpError()
                               << "predicate is made by '" << op->getName()
                               << "', which cannot be moved into the attention";
    error.attachNote(op->getLoc()) << "predicate made here";
    return error;
  }
  return success();
}

LogicalResult mlir::mask::closePredicate(RewriterBase &rewriter,
                                         AttentionOp attention) {
  if (attention.isClosed())
    return success();
  PredicateSlice slice = getPredicateSlice(attention.getMask());
  if (failed(checkClosable(attention, slice)))
    return failure();

  OpBuilder::InsertionGuard guard(rewriter);
  Block *block = rewriter.createBlock(&attention.getPredicate());
  for (Value capture : slice.captures)
    block->addArgument(capture.getType(), capture.getLoc());
  Value predicate = cloneSlice(rewriter, slice, block->getArguments());
  YieldOp::create(rewriter, predicate.getLoc(), predicate);
  rewriter.modifyOpInPlace(attention, [&] {
    attention.getMaskMutable().clear();
    attention.getCapturesMutable().append(slice.captures);
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
