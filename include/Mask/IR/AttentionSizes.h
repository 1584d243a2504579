//===- AttentionSizes.h - sizes of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_ATTENTIONSIZES_H
#define MASK_IR_ATTENTIONSIZES_H

#include "Mask/IR/Mask.h"

namespace mlir::mask {

/// Two operands of an attention that have the same size along `dim`, and what
/// they and the size are called.
struct SizeAgreement {
  Value a;
  StringRef nameA;
  Value b;
  StringRef nameB;
  int64_t dim;
  StringRef what;
};

/// All that must agree (C2 of `mask.attention`). The verifier compares static
/// sizes, compiled code the others.
SmallVector<SizeAgreement> getSizeAgreements(AttentionOp op);

/// How many keys there are: the rows of `key`, or those of all pages of a row
/// of `key_pages`. May create ops at the insertion point.
OpFoldResult getNumKeys(OpBuilder &builder, AttentionOp op);

} // namespace mlir::mask

#endif // MASK_IR_ATTENTIONSIZES_H
