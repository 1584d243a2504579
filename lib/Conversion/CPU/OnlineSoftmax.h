//===- OnlineSoftmax.h - the arithmetic of a running softmax -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_ONLINESOFTMAX_H
#define MASK_LIB_CONVERSION_CPU_ONLINESOFTMAX_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Steps of a softmax whose weights are powers of two, on vectors of rows.
class OnlineSoftmax {
public:
  /// `exp2` computes two to the power of a vector.
  OnlineSoftmax(ImplicitLocOpBuilder &builder, VectorType type,
                llvm::function_ref<Value(Value)> exp2)
      : b(builder), type(type), exp2(exp2) {}

  /// The maximum as processors have it, the second of two that do not compare.
  /// A NaN score stays one in the exponential, whatever the maximum then is.
  static Value getMaximum(ImplicitLocOpBuilder &b, Value x, Value y);

  /// The factor of the output, and the natural log-sum-exp.
  struct End {
    Value factor, logSumExp;
  };
  /// Ends rows of a `maximum` in base 2 and a `sum`. A sink, in base e, joins
  /// the sum, but gives a row without visible keys nothing (law 3); null
  /// without sinks.
  End finish(Value maximum, Value sum, Value sinks);

private:
  Value splat(double value);

  ImplicitLocOpBuilder &b;
  VectorType type;
  llvm::function_ref<Value(Value)> exp2;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_ONLINESOFTMAX_H
