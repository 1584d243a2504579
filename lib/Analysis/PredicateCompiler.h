//===- PredicateCompiler.h - predicates to functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_PREDICATECOMPILER_H
#define MASK_LIB_ANALYSIS_PREDICATECOMPILER_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Range.h"

namespace mlir::mask {

/// Data of rank 1 to 4 whose last dimensions are read; a missing leading
/// dimension serves every batch row (and head).
struct Elements {
  HostArray array;

  /// Null outside of the extent (law 1).
  const int64_t *at(int64_t row, int64_t i) const {
    if (array->getRank() == 1)
      row = 0;
    else if (row < 0 || row >= array->getSize(0))
      return nullptr;
    int64_t size = array->shape.back();
    if (i < 0 || i >= size)
      return nullptr;
    return &array->values[row * size + i];
  }
};

/// A scalar parameter: not given, one number, or one per batch row or head.
struct HostParameter {
  bool given = false;
  int64_t number = 0;
  HostArray array;
  ParameterAxis axis = ParameterAxis::Batch;

  /// None outside of the extent (law 1).
  std::optional<int64_t> at(int64_t b, int64_t h) const {
    if (!array)
      return clampParameter(number);
    int64_t index = axis == ParameterAxis::Batch ? b : h;
    if (index < 0 || index >= array->getSize(0))
      return std::nullopt;
    return clampParameter(array->values[index]);
  }
  /// Calls `check` on every value.
  LogicalResult forEach(function_ref<LogicalResult(int64_t)> check) const {
    if (!given)
      return success();
    if (!array)
      return check(number);
    for (int64_t value : array->values)
      if (failed(check(value)))
        return failure();
    return success();
  }
};

/// Translates predicates to functions, once per op.
class PredicateCompiler {
public:
  PredicateCompiler(FactEvaluator &facts, PackingRule rule)
      : facts(facts), rule(rule) {}

  FailureOr<PredicateFunction> compile(Value predicate);

private:
  using Result = FailureOr<PredicateFunction>;

  Result compileOp(FullOp op);
  Result compileOp(EmptyOp op);
  Result compileOp(CausalOp op);
  Result compileOp(WindowOp op);
  Result compileIds(Operation *op, Value queryIds, Value keyIds, bool block);
  Result compileOp(ChunkOp op);
  Result compileLength(PredicateOpInterface op);
  Result compileOp(KeyPaddingOp op);
  Result compileOp(DilatedOp op);
  Result compileOp(IntervalOp op);
  Result compileOp(GenericOp op);
  Result compileOp(RowRangeOp op);
  Result compileOp(DenseOp op);
  Result compileVariadic(OperandRange inputs, bool isAnd);
  Result compileOp(NotOp op);
  Result compileOp(ShiftOp op);
  Result compileOp(AtPositionsOp op);
  Result compileRestriction(Value value, ArrayRef<int64_t> members,
                            ParameterAxis axis);
  Result compileOp(PackedOp op);
  Result compileOp(OfLayerOp op);

  /// Null elements mean that the fact is absent.
  FailureOr<Elements> elements(Value fact);
  FailureOr<HostParameter> parameter(Operation *op, Parameter parameter);
  /// Checks the run-time values of parameters against their least numbers.
  LogicalResult checkParameters(Operation *op);

  FactEvaluator &facts;
  PackingRule rule;
  DenseMap<Value, PredicateFunction> compiled;
};

/// The predicate of all elements, or of none.
inline PredicateFunction constantly(bool visible) {
  return [visible](int64_t, int64_t, int64_t, int64_t) { return visible; };
}

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_PREDICATECOMPILER_H
