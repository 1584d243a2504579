//===- DataType.h - element types of attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_DATATYPE_H
#define MASK_EXECUTION_DATATYPE_H

#include "mlir/IR/BuiltinTypes.h"

#include <vector>

namespace mlir::mask {

/// Element types of query, key, value and output. All compute in f32: f16 and
/// bf16 are widened before and rounded (to nearest even) after.
enum class DataType { F32, F16, BF16 };

/// `f32` and the like.
llvm::StringRef getDataTypeName(DataType type);
FloatType getFloatType(MLIRContext *context, DataType type);

/// The bit patterns of 16 bits nearest to `numbers`, and the numbers that bit
/// patterns stand for. `type` is F16 or BF16.
std::vector<uint16_t> narrow(ArrayRef<float> numbers, DataType type);
std::vector<float> widen(ArrayRef<uint16_t> bits, DataType type);

} // namespace mlir::mask

#endif // MASK_EXECUTION_DATATYPE_H
