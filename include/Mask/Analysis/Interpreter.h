//===- Interpreter.h - the executable specification of the dialect -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_INTERPRETER_H
#define MASK_ANALYSIS_INTERPRETER_H

#include "Mask/Analysis/HostValue.h"
#include "Mask/IR/Mask.h"

#include "llvm/ADT/DenseMap.h"

#include <array>
#include <functional>

namespace mlir::mask {

/// Evaluates the values that predicates read: facts, parameters, ids, positions
/// and index tables. Block arguments are bound by the caller; ops (`mask.runs`,
/// `mask.interval_table`, `arith` on indices, ...) are evaluated on demand,
/// once. Errors are emitted at the op that cannot be evaluated.
class FactEvaluator {
public:
  /// Gives a block argument (or any other value) its run-time value.
  void bind(Value value, HostValue hostValue) {
    values[value] = std::move(hostValue);
  }
  bool isBound(Value value) const { return values.count(value); }

  /// The run-time value of `value`.
  FailureOr<HostValue> evaluate(Value value);
  FailureOr<SmallVector<HostValue>> evaluateAll(ValueRange values);
  /// The same for values that must be an array or a number.
  FailureOr<std::shared_ptr<const IntegerArray>> evaluateArray(Value value);
  FailureOr<int64_t> evaluateNumber(Value value);
  FailureOr<std::shared_ptr<const FloatArray>> evaluateFloats(Value value);

private:
  FailureOr<HostValue> evaluateOp(Operation *op);
  DenseMap<Value, HostValue> values;
};

/// `M(b, h, q, k)`: batch row, query head, absolute query, absolute key.
using PredicateFunction =
    std::function<bool(int64_t b, int64_t h, int64_t q, int64_t k)>;

/// The predicate as a function. Facts are read from `facts` when this is
/// called. Total (law 1); errors are emitted at the op that cannot be
/// evaluated.
FailureOr<PredicateFunction> interpretPredicate(Value predicate,
                                                FactEvaluator &facts);

/// The score of a visible element, after the scale and before the softmax;
/// null where there is nothing to apply.
using ScoreFunction =
    std::function<double(double s, int64_t b, int64_t h, int64_t q, int64_t k)>;

/// Soft cap and score region of `op` as a function, floats in float64. What the
/// region reads outside of a capture, and a quotient by zero, is zero. Captures
/// are read from `facts` when this is called; errors are emitted at the op that
/// cannot be interpreted.
FailureOr<ScoreFunction> interpretScore(AttentionOp op, FactEvaluator &facts);

/// A table of pages, `[B, columns]`, and what it is read by: key `j` of batch
/// row `b` is row `j mod size` of page `table[b, j / size]` of a pool of
/// `count` pages.
struct PageTable {
  int64_t count = 0, size = 1, columns = 0;
  ArrayRef<int64_t> table;

  /// The page of a key; none if it is not in the pool.
  std::optional<int64_t> lookup(int64_t b, int64_t key) const;
};

/// One attention on real arrays in float64. Row-major shapes: query
/// `[B, H, Sq, D]`, key `[B, G, Skv, D]`, value `[B, G, Skv, Dv]`, or key and
/// value of pages, `[pages, G, size, D]` and `[pages, G, size, Dv]`.
struct AttentionData {
  int64_t batch = 0, heads = 0, keyHeads = 0, queries = 0, keys = 0, dim = 0,
          valueDim = 0;
  ArrayRef<double> query, key, value;
  /// One logit per head, or empty.
  ArrayRef<double> sinks;
  /// May be null.
  ScoreFunction score;
  /// 1 / sqrt(dim) where missing.
  std::optional<double> scale;
  /// The absolute position of the first query and key of each batch row, or
  /// head; one element serves all, none means 0.
  SmallVector<int64_t> queryOffset, keyOffset;
  ParameterAxis queryOffsetAxis = ParameterAxis::Batch,
                keyOffsetAxis = ParameterAxis::Batch;
  std::optional<PageTable> pages;
  /// Where batch row, head, query and key 0 of the arrays lie. Batch rows and
  /// heads of the predicate, of the score and of offsets are counted with it.
  std::array<int64_t, 4> origin = {0, 0, 0, 0};
};

/// Writes `output` (`[B, H, Sq, Dv]`) and, unless it is empty, `logSumExp`
/// (`[B, H, Sq]`). Rows without visible keys are 0 and minus infinity. Fails
/// where a visible key is in no page of the pool.
LogicalResult interpretAttention(const AttentionData &data,
                                 const PredicateFunction &visible,
                                 MutableArrayRef<double> output,
                                 MutableArrayRef<double> logSumExp,
                                 function_ref<InFlightDiagnostic()> emitError);

/// Output and log-sum-exp of one attention.
struct InterpretedAttention {
  SmallVector<int64_t> shape;
  std::vector<double> output, logSumExp;
};

/// A whole `mask.attention`, open or closed, on tensors or memrefs. `facts`
/// holds the data (as `FloatArray`), parameters, sinks, facts and captures; the
/// outputs are not read. Errors (extents that do not agree, a missing offset)
/// are emitted.
FailureOr<InterpretedAttention> interpretAttention(AttentionOp op,
                                                   FactEvaluator &facts);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_INTERPRETER_H
