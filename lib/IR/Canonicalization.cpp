//===- Canonicalization.cpp - the normal form of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Canonicalization.h"
#include "Mask/IR/Mask.h"

using namespace mlir;
using namespace mlir::mask;

void mlir::mask::populateMaskCanonicalizationPatterns(
    RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  // `getRegisteredOperationsByDialect` may find none: it takes a three-way
  // comparison for an order.
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == MaskDialect::getDialectNamespace())
      name.getCanonicalizationPatterns(patterns, context);
}
