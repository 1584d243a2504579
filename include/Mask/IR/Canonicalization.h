//===- Canonicalization.h - the normal form of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_CANONICALIZATION_H
#define MASK_IR_CANONICALIZATION_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// The canonicalization patterns of every op of the dialect, for passes that
/// bring predicates alone into normal form (docs/Dialect.md).
void populateMaskCanonicalizationPatterns(RewritePatternSet &patterns);

} // namespace mlir::mask

#endif // MASK_IR_CANONICALIZATION_H
