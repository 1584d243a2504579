//===- CheckAttention.h - what verifiers cannot check of a call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_CHECKATTENTION_H
#define MASK_CONVERSION_CHECKATTENTION_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Emits, at the insertion point, one `cf.assert` per rule that `op`, a closed
/// attention on memrefs whose facts are hoisted, could break at run time:
///
/// * sizes agree, key heads divide heads, the head dimension is at least one,
///   sinks and offsets per batch row or head have enough elements;
/// * chunk sizes, strides and divisors are at least one, window bounds at least
///   zero, each element of data per batch row or head included.
///
/// What is static is checked by verifiers and emits nothing.
void emitChecks(ImplicitLocOpBuilder &builder, AttentionOp op);

/// Checks that tiles may have `heads` heads: they divide the query heads of a
/// key head, at run time where their number is dynamic, and no offset is per
/// head, so that the heads of a tile agree in what a row's query and key are.
/// Fails with a located error.
LogicalResult checkTileHeads(ImplicitLocOpBuilder &builder, AttentionOp op,
                             int64_t heads);

} // namespace mlir::mask

#endif // MASK_CONVERSION_CHECKATTENTION_H
