//===- CPUElements.h - what elements are computed as -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUELEMENTS_H
#define MASK_LIB_CONVERSION_CPU_CPUELEMENTS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// How the elements of an attention are computed with, on vectors of `lanes`
/// rows. All that depends on their type is asked here.
///
/// | data | products       | `factor` | `width` | `sum` | packed |
/// |------|----------------|----------|---------|-------|--------|
/// | f32  | FMA            | f32      | 1       | f32   | no     |
/// | f64  | FMA            | f64      | 1       | f64   | no     |
/// | f16  | FMA            | f32      | 1       | f32   | yes    |
/// | bf16 | FMA            | f32      | 1       | f32   | yes    |
/// | bf16 | of pairs       | bf16     | 2       | f32   | yes    |
///
/// A product takes `width` elements along the sum from each side, as one
/// *cell*: an operand of products has `width` elements side by side where
/// another array would have one.
class CPUElements {
public:
  /// `pairs`: bf16 is multiplied in pairs.
  CPUElements(FloatType data, bool pairs, int64_t lanes);

  /// Elements of the arrays, of what is multiplied, and of scores and sums.
  FloatType data, factor, sum;
  int64_t width, lanes;

  /// Whether keys and values are copied before they are multiplied: converted,
  /// or laid side by side.
  bool isPacked() const { return data != sum; }
  /// Whether a weight is rounded before it is multiplied.
  bool roundsWeights() const { return factor != sum; }

  VectorType getSums() const { return VectorType::get(lanes, sum); }
  VectorType getData() const { return VectorType::get(lanes, data); }
  /// `lanes` operands of products.
  VectorType getFactors() const {
    return VectorType::get(lanes * width, factor);
  }
  /// The same as bits, a word per operand.
  VectorType getCells() const;

  /// The operand of a product that lies at `indices`, in every lane.
  Value spreadFactor(ImplicitLocOpBuilder &b, Value memref,
                     ValueRange indices) const;
  /// `sums` and the products of two vectors of operands.
  Value multiplyAdd(ImplicitLocOpBuilder &b, Value a, Value other,
                    Value sums) const;
  /// A vector, or a number, of another float type. Narrowing rounds to the
  /// nearest, ties to even.
  static Value convert(ImplicitLocOpBuilder &b, Value value, FloatType type);
  /// One vector of operands of `width` vectors, each of an element of each
  /// operand.
  Value interleave(ImplicitLocOpBuilder &b, ArrayRef<Value> vectors) const;
  /// The `i`-th elements of operands, as sums are.
  Value extractElements(ImplicitLocOpBuilder &b, Value factors,
                        int64_t i) const;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUELEMENTS_H
