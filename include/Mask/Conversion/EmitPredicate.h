//===- EmitPredicate.h - predicates evaluated element by element -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_EMITPREDICATE_H
#define MASK_CONVERSION_EMITPREDICATE_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::mask {

/// One element of a mask, or `lanes` of them: the batch row is an `index`
/// scalar; head, query and key are scalars or vectors of `lanes` indices.
struct MaskPoint {
  Value b, h, q, k;
  int64_t lanes = 1;
};

/// Emits `predicate` at `point` as an `i1`, or as a vector of `lanes` of them
/// if it differs between lanes. `facts` maps the arguments of the predicate's
/// region to memrefs, numbers and indices. Reads outside of a fact's extent
/// touch no memory and make their leaf false (law 1). Fails with a located
/// error on ops that have no run-time form: unresolved policies, facts that are
/// not memrefs.
FailureOr<Value> emitPredicate(OpBuilder &builder, Location loc,
                               Value predicate, const MaskPoint &point,
                               const IRMapping &facts);

/// Inlines a region of scalar code (the body of `mask.generic`, a score region)
/// for all lanes: `arguments` are scalars or vectors of `lanes` elements. Ops
/// whose operands are the same for all lanes stay scalar, elementwise ops
/// become vector ops, loads become gathers, and whatever else is Pure is
/// repeated per lane. Returns what the region yields; `inBounds`, if given,
/// becomes false in the lanes whose loads leave their extent.
FailureOr<Value> emitLaneRegion(OpBuilder &builder, Location loc,
                                Region &region, ValueRange arguments,
                                int64_t lanes, Value *inBounds = nullptr);

} // namespace mlir::mask

#endif // MASK_CONVERSION_EMITPREDICATE_H
