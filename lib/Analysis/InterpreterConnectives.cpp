//===- InterpreterConnectives.cpp - connectives as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PredicateCompiler.h"

using namespace mlir;
using namespace mlir::mask;

FailureOr<PredicateFunction>
PredicateCompiler::compileVariadic(OperandRange inputs, bool isAnd) {
  SmallVector<PredicateFunction, 4> functions;
  for (Value input : inputs) {
    Result function = compile(input);
    if (failed(function))
      return failure();
    functions.push_back(std::move(*function));
  }
  return PredicateFunction(
      [functions, isAnd](int64_t b, int64_t h, int64_t q, int64_t k) {
        for (const PredicateFunction &function : functions)
          if (function(b, h, q, k) != isAnd)
            return !isAnd;
        return isAnd;
      });
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(NotOp op) {
  Result input = compile(op.getInput());
  if (failed(input))
    return failure();
  return PredicateFunction(
      [input = *input](int64_t b, int64_t h, int64_t q, int64_t k) {
        return !input(b, h, q, k);
      });
}

/// An absent shift is zero.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(ShiftOp op) {
  Result input = compile(op.getInput());
  FailureOr<HostParameter> query = parameter(op, op.getQueryParameter());
  FailureOr<HostParameter> key = parameter(op, op.getKeyParameter());
  if (failed(input) || failed(query) || failed(key))
    return failure();
  return PredicateFunction([input = *input, query = *query, key = *key](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    std::optional<int64_t> dq = query.at(b, h), dk = key.at(b, h);
    return dq && dk && input(b, h, q + *dq, k + *dk);
  });
}

static PredicateFunction askAtPositions(const PredicateFunction &input,
                                        const Elements &queries,
                                        const Elements &keys) {
  return [input, queries, keys](int64_t b, int64_t h, int64_t q, int64_t k) {
    const int64_t *ofQuery = queries.at(b, q), *ofKey = keys.at(b, k);
    return ofQuery && ofKey &&
           input(b, h, clampParameter(*ofQuery), clampParameter(*ofKey));
  };
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(AtPositionsOp op) {
  Result input = compile(op.getInput());
  FailureOr<Elements> queries = elements(op.getQueryPositions());
  FailureOr<Elements> keys = elements(op.getKeyPositions());
  if (failed(input) || failed(queries) || failed(keys))
    return failure();
  if (!queries->array || !keys->array)
    return *input;
  return askAtPositions(*input, *queries, *keys);
}

FailureOr<PredicateFunction>
PredicateCompiler::compileRestriction(Value value, ArrayRef<int64_t> members,
                                      ParameterAxis axis) {
  Result input = compile(value);
  if (failed(input))
    return failure();
  return PredicateFunction([input = *input,
                            members = SmallVector<int64_t>(members),
                            byBatch = axis == ParameterAxis::Batch](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    return llvm::is_contained(members, byBatch ? b : h) && input(b, h, q, k);
  });
}

/// The table of the op's documentation, line by line.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(PackedOp op) {
  Result core = compile(op.getCore()), overlay = compile(op.getOverlay());
  if (failed(core) || failed(overlay))
    return failure();
  FailureOr<Elements> sequences = Elements(), positions = Elements();
  if (op.getSequenceIds())
    sequences = elements(op.getSequenceIds());
  if (op.getPositions())
    positions = elements(op.getPositions());
  if (failed(sequences) || failed(positions))
    return failure();
  if (!sequences->array)
    return PredicateFunction([core = *core, overlay = *overlay](
                                 int64_t b, int64_t h, int64_t q, int64_t k) {
      return core(b, h, q, k) || overlay(b, h, q, k);
    });

  PackingRule effective =
      op.getRule() == PackingRule::Request ? rule : op.getRule();
  bool atPositions = effective != PackingRule::V5_12 && positions->array;
  PredicateFunction inner =
      atPositions ? askAtPositions(*core, *positions, *positions) : *core;
  auto same = [ids = *sequences](int64_t b, int64_t q, int64_t k) {
    const int64_t *ofQuery = ids.at(b, q), *ofKey = ids.at(b, k);
    return ofQuery && ofKey && *ofQuery == *ofKey;
  };
  if (effective == PackingRule::V5_24)
    return PredicateFunction([inner, same, overlay = *overlay](
                                 int64_t b, int64_t h, int64_t q, int64_t k) {
      return same(b, q, k) && (inner(b, h, q, k) || overlay(b, h, q, k));
    });
  return PredicateFunction([inner, same, overlay = *overlay](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    return (same(b, q, k) && inner(b, h, q, k)) || overlay(b, h, q, k);
  });
}
