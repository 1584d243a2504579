//===- TransposeVectors.h - transposes in registers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_TRANSPOSEVECTORS_H
#define MASK_LIB_CONVERSION_CPU_TRANSPOSEVECTORS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// The transpose of a square of as many vectors as each has elements: by
/// shuffles of two vectors where that is a power of two (`n log2 n` of them),
/// else element by element.
SmallVector<Value> transposeVectors(ImplicitLocOpBuilder &b,
                                    ArrayRef<Value> vectors);

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_TRANSPOSEVECTORS_H
