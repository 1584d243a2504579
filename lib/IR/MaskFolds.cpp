//===- MaskFolds.cpp - folds of the mask dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"

using namespace mlir;
using namespace mlir::mask;

OpFoldResult WindowOp::fold(FoldAdaptor) { return {}; }
OpFoldResult BlockBidirectionalOp::fold(FoldAdaptor) { return {}; }
OpFoldResult DocumentOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ChunkOp::fold(FoldAdaptor) { return {}; }
OpFoldResult PrefixOp::fold(FoldAdaptor) { return {}; }
OpFoldResult KeyLengthOp::fold(FoldAdaptor) { return {}; }
OpFoldResult KeyPaddingOp::fold(FoldAdaptor) { return {}; }
OpFoldResult DilatedOp::fold(FoldAdaptor) { return {}; }
OpFoldResult AndOp::fold(FoldAdaptor) { return {}; }
OpFoldResult OrOp::fold(FoldAdaptor) { return {}; }
OpFoldResult NotOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ShiftOp::fold(FoldAdaptor) { return {}; }
OpFoldResult AtPositionsOp::fold(FoldAdaptor) { return {}; }
OpFoldResult HeadsOp::fold(FoldAdaptor) { return {}; }
OpFoldResult BatchesOp::fold(FoldAdaptor) { return {}; }
OpFoldResult PackedOp::fold(FoldAdaptor) { return {}; }
OpFoldResult RunsOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ItemIdsOp::fold(FoldAdaptor) { return {}; }
OpFoldResult DropLongOp::fold(FoldAdaptor) { return {}; }
OpFoldResult PositionsOp::fold(FoldAdaptor) { return {}; }
void WindowOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {
}
void ChunkOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void PrefixOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {
}
void KeyLengthOp::getCanonicalizationPatterns(RewritePatternSet &,
                                              MLIRContext *) {}
void DilatedOp::getCanonicalizationPatterns(RewritePatternSet &,
                                            MLIRContext *) {}
void IntervalOp::getCanonicalizationPatterns(RewritePatternSet &,
                                             MLIRContext *) {}
void AndOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void OrOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void NotOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void ShiftOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void PackedOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {
}
