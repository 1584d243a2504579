//===- IntervalMap.h - the numbers that an affine interval computes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_INTERVALMAP_H
#define MASK_IR_INTERVALMAP_H

#include "mlir/IR/AffineExpr.h"

#include <optional>

namespace mlir::mask {

/// The largest magnitude of any number that is computed on the way to `expr`,
/// for queries within `kMaxQuery` and symbols within `kMaxParameter`; none if
/// it may lie beyond 64 bits.
std::optional<int64_t> getLargestNumber(AffineExpr expr);

/// Whether `expr` is a product that saturates at `kMaxProduct`: of two numbers
/// that are both known only at run time. `(x floordiv s) * s` is none, since it
/// lies within `s` of `x`.
bool isSaturatingProduct(AffineExpr expr);

/// Whether `expr` or a part of it is such a product: it must then not be
/// reassociated.
bool hasSaturatingProduct(AffineExpr expr);

} // namespace mlir::mask

#endif // MASK_IR_INTERVALMAP_H
