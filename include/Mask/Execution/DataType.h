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

/// Element types of query, key, value and output. f64 computes in f64, all
/// others in f32: f16 and bf16 are widened before and rounded (to nearest even)
/// after.
enum class DataType { F32, F16, BF16, F64 };

/// `f32` and the like.
llvm::StringRef getDataTypeName(DataType type);
FloatType getFloatType(MLIRContext *context, DataType type);
/// Which of them a type of the IR is, one of those that an attention has.
DataType getDataType(Type type);

/// The bit patterns of 16 bits nearest to `numbers`, and the numbers that bit
/// patterns stand for. `type` is F16 or BF16.
std::vector<uint16_t> narrow(ArrayRef<float> numbers, DataType type);
std::vector<float> widen(ArrayRef<uint16_t> bits, DataType type);

/// Bytes of an element.
int64_t getSize(DataType type);
/// `numbers` as elements, one after the other, and back.
std::vector<char> toElements(ArrayRef<float> numbers, DataType type);
void fromElements(ArrayRef<char> bytes, DataType type,
                  MutableArrayRef<float> numbers);

} // namespace mlir::mask

#endif // MASK_EXECUTION_DATATYPE_H
