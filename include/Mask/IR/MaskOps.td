//===- MaskOps.td - every op of the dialect -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_OPS_TD
#define MASK_OPS_TD

include "Mask/IR/MaskPredicateOps.td"
include "Mask/IR/MaskFactOps.td"
include "Mask/IR/MaskPolicyOps.td"
include "Mask/IR/MaskAttentionOps.td"
include "Mask/IR/MaskTileOps.td"
include "Mask/IR/MaskLaunchAttrs.td"

#endif // MASK_OPS_TD
