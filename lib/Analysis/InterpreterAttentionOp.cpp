//===- InterpreterAttentionOp.cpp - a whole mask.attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"
#include "ScalarRegion.h"

#include "Mask/IR/Range.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

using HostFloats = std::shared_ptr<const FloatArray>;

FailureOr<ScoreFunction> mlir::mask::interpretScore(AttentionOp op,
                                                    FactEvaluator &facts) {
  ScoreFunction score;
  if (std::optional<APFloat> cap = op.getSoftCap()) {
    double bound = cap->convertToFloat();
    score = [bound](double s, int64_t, int64_t, int64_t, int64_t) {
      return bound * std::tanh(s / bound);
    };
  }
  if (op.getScore().empty())
    return score;
  FailureOr<SmallVector<HostValue>> captures =
      facts.evaluateAll(op.getScoreCaptures());
  if (failed(captures))
    return failure();
  FailureOr<ScalarRegion> code =
      ScalarRegion::compile(op, op.getScore(), *captures);
  if (failed(code))
    return failure();
  return ScoreFunction([score, code = std::move(*code)](double s, int64_t b,
                                                        int64_t h, int64_t q,
                                                        int64_t k) {
    if (score)
      s = score(s, b, h, q, k);
    return toFloat(code({toBits(s), b, h, q, k}).value);
  });
}

namespace {
/// Gathers the operands of an attention.
class AttentionReader {
public:
  AttentionReader(AttentionOp op, FactEvaluator &facts)
      : op(op), facts(facts) {}

  FailureOr<InterpretedAttention> run();

private:
  LogicalResult readData();
  LogicalResult readPages();
  LogicalResult checkSizes();
  LogicalResult readScalars();
  LogicalResult readOffset(Parameter offset, StringRef name,
                           SmallVector<int64_t> &values, ParameterAxis &axis);
  /// The predicate; its captures are evaluated outside and read inside.
  FailureOr<PredicateFunction> readPredicate();

  AttentionOp op;
  FactEvaluator &facts;
  AttentionData data;
  HostFloats query, key, value, sinks;
  std::shared_ptr<const IntegerArray> table;
};
} // namespace

LogicalResult AttentionReader::readData() {
  struct Operand {
    Value value;
    StringRef name;
    HostFloats &array;
    int64_t rank;
  };
  SmallVector<Operand, 4> operands = {{op.getQuery(), "query", query, 4},
                                      {op.getKey(), "key", key, 4},
                                      {op.getValue(), "value", value, 4}};
  if (op.getSinks())
    operands.push_back({op.getSinks(), "sinks", sinks, 1});
  for (Operand &operand : operands) {
    FailureOr<HostFloats> array = facts.evaluateFloats(operand.value);
    if (failed(array))
      return failure();
    if ((*array)->getRank() != operand.rank)
      return op.emitOpError()
             << operand.name << " must have rank " << operand.rank << ", got "
             << (*array)->getRank();
    operand.array = *array;
  }
  data.batch = query->getSize(0);
  data.heads = query->getSize(1);
  data.queries = query->getSize(2);
  data.dim = query->getSize(3);
  data.keyHeads = key->getSize(1);
  data.keys = key->getSize(2);
  data.valueDim = value->getSize(3);
  data.query = query->values;
  data.key = key->values;
  data.value = value->values;
  if (sinks)
    data.sinks = sinks->values;
  if (op.isPaged() && failed(readPages()))
    return failure();
  return checkSizes();
}

LogicalResult AttentionReader::readPages() {
  FailureOr<std::shared_ptr<const IntegerArray>> array =
      facts.evaluateArray(op.getKeyPages());
  if (failed(array))
    return failure();
  table = *array;
  if (table->shape.size() != 2)
    return op.emitOpError()
           << "key_pages must have rank 2, got " << table->shape.size();
  PageTable pages;
  pages.count = key->getSize(0);
  pages.size = *op.getPageSize();
  pages.columns = table->shape[1];
  pages.table = table->values;
  if (data.keys != pages.size)
    return op.emitOpError()
           << "pages of " << pages.size
           << " keys must be what key has rows of, got " << data.keys;
  data.keys = pages.columns * pages.size;
  data.pages = pages;
  return success();
}

/// What the verifier checks where types are static (C2, C3, C9, C10).
LogicalResult AttentionReader::checkSizes() {
  auto check = [&](int64_t a, int64_t b, StringRef what) -> LogicalResult {
    if (a == b)
      return success();
    return op.emitOpError()
           << "arrays must agree in " << what << ", got " << a << " and " << b;
  };
  StringRef blocks = table ? "pages" : "batch rows";
  if (failed(check(data.batch, table ? table->shape[0] : key->getSize(0),
                   "batch rows")) ||
      failed(check(key->getSize(0), value->getSize(0), blocks)) ||
      failed(check(data.keyHeads, value->getSize(1), "key heads")) ||
      failed(check(key->getSize(2), value->getSize(2), "keys")) ||
      failed(check(data.dim, key->getSize(3), "the head dimension")))
    return failure();
  if (data.dim < 1)
    return op.emitOpError()
           << "the head dimension must be at least 1, got " << data.dim;
  if (data.keyHeads == 0 || data.heads % data.keyHeads)
    return op.emitOpError()
           << "the " << data.keyHeads << " key heads must divide the "
           << data.heads << " query heads";
  if (sinks && sinks->getSize(0) != data.heads)
    return op.emitOpError() << "must have one sink per query head ("
                            << data.heads << "), got " << sinks->getSize(0);
  return success();
}

LogicalResult AttentionReader::readOffset(Parameter offset, StringRef name,
                                          SmallVector<int64_t> &values,
                                          ParameterAxis &axis) {
  if (std::optional<int64_t> constant = offset.getConstant()) {
    values = {*constant};
    return success();
  }
  if (!offset.isGiven())
    return success();
  if (!offset.axis) {
    FailureOr<int64_t> number = facts.evaluateNumber(offset.getValue());
    if (failed(number))
      return failure();
    values = {clampParameter(*number)};
    return success();
  }
  FailureOr<std::shared_ptr<const IntegerArray>> array =
      facts.evaluateArray(offset.getValue());
  if (failed(array))
    return failure();
  axis = *offset.axis;
  bool perBatch = axis == ParameterAxis::Batch;
  int64_t first = data.origin[perBatch ? 0 : 1];
  int64_t needed = first + (perBatch ? data.batch : data.heads);
  int64_t size = (*array)->values.size();
  if (size < needed)
    return op.emitOpError() << name << " must have at least " << needed
                            << " elements, got " << size;
  for (int64_t value : (*array)->values)
    values.push_back(clampParameter(value));
  return success();
}

LogicalResult AttentionReader::readScalars() {
  for (auto [coordinate, value] : llvm::zip(data.origin, op.getOrigin())) {
    FailureOr<int64_t> number = facts.evaluateNumber(value);
    if (failed(number))
      return failure();
    coordinate = *number;
  }
  for (auto [coordinate, name] :
       llvm::zip(data.origin, ArrayRef<StringRef>{"batch row", "head"}))
    if (coordinate < 0)
      return op.emitOpError() << "the origin's " << name
                              << " must be at least 0, got " << coordinate;
  if (Value scale = op.getScale()) {
    FailureOr<HostValue> number = facts.evaluate(scale);
    if (failed(number))
      return failure();
    if (!std::holds_alternative<double>(*number))
      return op.emitOpError() << "scale must be a number";
    data.scale = std::get<double>(*number);
  }
  FailureOr<ScoreFunction> score = interpretScore(op, facts);
  if (failed(score))
    return failure();
  data.score = *score;
  if (failed(readOffset(op.getQueryOffsetParameter(), "query_offset",
                        data.queryOffset, data.queryOffsetAxis)))
    return failure();
  return readOffset(op.getKeyOffsetParameter(), "key_offset", data.keyOffset,
                    data.keyOffsetAxis);
}

FailureOr<PredicateFunction> AttentionReader::readPredicate() {
  if (!op.isClosed())
    return interpretPredicate(op.getMask(), facts);
  FactEvaluator inside;
  for (auto [argument, capture] :
       llvm::zip_equal(op.getPredicate().getArguments(), op.getCaptures())) {
    FailureOr<HostValue> value = facts.evaluate(capture);
    if (failed(value))
      return failure();
    inside.bind(argument, *value);
  }
  return interpretPredicate(op.getPredicateValue(), inside);
}

FailureOr<InterpretedAttention> AttentionReader::run() {
  if (failed(readData()) || failed(readScalars()))
    return failure();
  FailureOr<PredicateFunction> visible = readPredicate();
  if (failed(visible))
    return failure();
  InterpretedAttention result;
  result.shape = {data.batch, data.heads, data.queries, data.valueDim};
  int64_t rows = data.batch * data.heads * data.queries;
  result.output.resize(rows * data.valueDim);
  result.logSumExp.resize(rows);
  if (failed(interpretAttention(data, *visible, result.output, result.logSumExp,
                                [&] { return op.emitOpError(); })))
    return failure();
  return result;
}

FailureOr<InterpretedAttention>
mlir::mask::interpretAttention(AttentionOp op, FactEvaluator &facts) {
  return AttentionReader(op, facts).run();
}
