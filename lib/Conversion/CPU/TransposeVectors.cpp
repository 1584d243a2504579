//===- TransposeVectors.cpp - transposes in registers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TransposeVectors.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

static SmallVector<Value> transposeElements(ImplicitLocOpBuilder &b,
                                            ArrayRef<Value> vectors) {
  SmallVector<Value> result;
  for (int64_t column = 0; column < int64_t(vectors.size()); ++column) {
    SmallVector<Value> elements;
    for (Value vector : vectors)
      elements.push_back(
          vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{column}));
    result.push_back(
        vector::FromElementsOp::create(b, vectors[0].getType(), elements));
  }
  return result;
}

SmallVector<Value> mlir::mask::transposeVectors(ImplicitLocOpBuilder &b,
                                                ArrayRef<Value> vectors) {
  int64_t size = vectors.size();
  if (!llvm::isPowerOf2_64(size))
    return transposeElements(b, vectors);
  SmallVector<Value> current(vectors);
  // Step by step, the off-diagonal blocks of `distance` elements of all blocks
  // twice as large change places.
  for (int64_t distance = 1; distance < size; distance *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t column = 0; column < size; ++column) {
      bool isUpper = column & distance;
      even.push_back(isUpper ? size + column - distance : column);
      odd.push_back(isUpper ? size + column : column + distance);
    }
    for (int64_t row = 0; row < size; ++row) {
      if (row & distance)
        continue;
      Value a = current[row], c = current[row + distance];
      current[row] = vector::ShuffleOp::create(b, a, c, even);
      current[row + distance] = vector::ShuffleOp::create(b, a, c, odd);
    }
  }
  return current;
}
