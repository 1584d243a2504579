//===- LinearArrays.h - arrays with one index -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_GPU_LINEARARRAYS_H
#define MASK_CONVERSION_GPU_LINEARARRAYS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// The type that elements of `type` have in the memory of Vulkan, or null:
/// `bf16` is `i16`, `i1` is `i8`, `index` is `i64`.
Type getStoredType(Type type);

/// `type` with one dimension, of stored elements, in `space`. Its layout must
/// be the identity.
MemRefType getLinearType(MemRefType type, Attribute space);

/// Makes `linear`, of `getLinearType`, take the place of `array` in loads,
/// stores, queries of sizes and casts. `sizes` are the extents of `array`.
/// Fails with an error at another use.
LogicalResult replaceByLinear(Value array, Value linear,
                              ArrayRef<OpFoldResult> sizes);

} // namespace mlir::mask

#endif // MASK_CONVERSION_GPU_LINEARARRAYS_H
