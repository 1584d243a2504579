//===- LoopBuilder.h - loops over vectors of rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_LOOPBUILDER_H
#define MASK_LIB_CONVERSION_CPU_LOOPBUILDER_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Index arithmetic and loops, as the code of a tile is written in them.
class LoopBuilder {
public:
  explicit LoopBuilder(ImplicitLocOpBuilder &builder) : b(builder) {}

  Value index(int64_t value);
  Value add(Value x, Value y);
  Value offset(Value base, int64_t distance);
  /// `expr` of `operands`, its dimensions.
  Value apply(AffineExpr expr, ValueRange operands);
  /// `count` rounded to a multiple of `unit`.
  Value roundDown(Value count, int64_t unit);
  Value roundUp(Value count, int64_t unit);

  using BodyFunction = llvm::function_ref<void(Value)>;
  void forLoop(Value lower, Value upper, int64_t step, BodyFunction body);
  /// The same with carried values.
  SmallVector<Value>
  forLoop(Value lower, Value upper, int64_t step, ValueRange inits,
          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);
  /// From `lower` up to `upper` in blocks of `size`, then what is left in
  /// smaller blocks, then one by one. The body is told which. Smaller blocks
  /// have half of the size, or two thirds where it is a multiple of three: then
  /// as many of them as make the rest a multiple of that third.
  void forBlocks(Value lower, Value upper, int64_t size,
                 llvm::function_ref<void(int64_t, Value)> body);

protected:
  ImplicitLocOpBuilder &b;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_LOOPBUILDER_H
