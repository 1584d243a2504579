//===- AttentionCaptures.cpp - captures that attention can do without -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/AttentionCaptures.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// What is known to be absent is absent inside: leaves fold, and there is
/// nothing to make a buffer of. What a region does not read is not captured.
struct DropCaptures : public OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    bool changed =
        drop(rewriter, op, op.getPredicate(), op.getCapturesMutable());
    changed |= drop(rewriter, op, op.getScore(), op.getScoreCapturesMutable());
    return success(changed);
  }

private:
  /// The captures are the last arguments of the region.
  static bool drop(PatternRewriter &rewriter, AttentionOp op, Region &region,
                   MutableOperandRange captures) {
    if (region.empty())
      return false;
    Block &body = region.front();
    unsigned first = body.getNumArguments() - captures.size();
    bool changed = false;
    for (unsigned i = captures.size(); i-- > 0;) {
      BlockArgument inside = body.getArgument(first + i);
      auto absent = captures[i].get().getDefiningOp<AbsentOp>();
      if (!absent && !inside.use_empty())
        continue;
      rewriter.modifyOpInPlace(op, [&] {
        if (absent && !inside.use_empty()) {
          OpBuilder::InsertionGuard guard(rewriter);
          rewriter.setInsertionPointToStart(&body);
          rewriter.replaceAllUsesWith(
              inside,
              AbsentOp::create(rewriter, absent.getLoc(), inside.getType()));
        }
        captures.erase(i);
        body.eraseArgument(first + i);
      });
      changed = true;
    }
    return changed;
  }
};
} // namespace

void mlir::mask::populateDropCapturesPatterns(RewritePatternSet &patterns) {
  patterns.add<DropCaptures>(patterns.getContext());
}
