//===- Interpreter.cpp - predicates as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PredicateCompiler.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Facts and parameters, ready to be read per element
//===----------------------------------------------------------------------===//

FailureOr<Elements> PredicateCompiler::elements(Value fact) {
  FailureOr<HostValue> value = facts.evaluate(fact);
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value))
    return Elements();
  FailureOr<HostArray> array = facts.evaluateArray(fact);
  if (failed(array))
    return failure();
  int64_t rank = cast<ShapedType>(fact.getType()).getRank();
  if ((*array)->getRank() != rank) {
    emitError(fact.getLoc()) << "expected a fact of rank " << rank
                             << ", got rank " << (*array)->getRank();
    return failure();
  }
  return Elements{*array};
}

FailureOr<HostParameter> PredicateCompiler::parameter(Operation *op,
                                                      Parameter parameter) {
  HostParameter result;
  result.given = parameter.isGiven();
  if (std::optional<int64_t> constant = parameter.getConstant())
    result.number = *constant;
  if (!parameter.getValue())
    return result;
  FailureOr<HostValue> value = facts.evaluate(parameter.getValue());
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value)) {
    result.given = false;
    return result;
  }
  if (!parameter.axis) {
    FailureOr<int64_t> number = facts.evaluateNumber(parameter.getValue());
    if (failed(number))
      return failure();
    result.number = *number;
    return result;
  }
  FailureOr<HostArray> array = facts.evaluateArray(parameter.getValue());
  if (failed(array))
    return failure();
  result.array = *array;
  result.axis = *parameter.axis;
  return result;
}

LogicalResult PredicateCompiler::checkParameters(Operation *op) {
  auto predicate = dyn_cast<PredicateOpInterface>(op);
  if (!predicate)
    return success();
  for (const PredicateParameter &entry : predicate.getParameters()) {
    // Static numbers are the verifier's, which allows for other ones.
    if (!entry.least || !entry.parameter.getValue())
      continue;
    FailureOr<HostParameter> values = parameter(op, entry.parameter);
    if (failed(values))
      return failure();
    auto check = [&](int64_t number) -> LogicalResult {
      if (number >= *entry.least)
        return success();
      return op->emitOpError() << "'" << entry.name << "' must be at least "
                               << *entry.least << ", got " << number;
    };
    if (failed(values->forEach(check)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Policies
//===----------------------------------------------------------------------===//

/// The policy's body with its facts bound; its values are its own.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(OfLayerOp op) {
  auto policy =
      SymbolTable::lookupNearestSymbolFrom<PolicyOp>(op, op.getPolicyAttr());
  if (!policy)
    return op.emitOpError()
           << "'" << op.getPolicy() << "' is not a mask.policy";
  LayerTypeOp layer = policy.lookupLayerType(op.getLayerType());
  if (!layer)
    return op.emitOpError()
           << "policy '" << op.getPolicy() << "' has no layer type \""
           << op.getLayerType() << "\"";
  FactEvaluator inner;
  for (auto [fact, argument, name, optional] :
       llvm::zip_equal(op.getFacts(), policy.getBody().getArguments(),
                       policy.getFactNames().getAsValueRange<StringAttr>(),
                       policy.getFactOptional())) {
    FailureOr<HostValue> value = facts.evaluate(fact);
    if (failed(value))
      return failure();
    if (!optional && std::holds_alternative<AbsentValue>(*value))
      return op.emitOpError()
             << "fact \"" << name << "\" is not optional, but absent";
    inner.bind(argument, std::move(*value));
  }
  PackingRule packing = op.getPacking().value_or(PackingRule::V5_12);
  return PredicateCompiler(inner, packing).compile(layer.getPredicate());
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

FailureOr<PredicateFunction> PredicateCompiler::compile(Value predicate) {
  if (auto known = compiled.find(predicate); known != compiled.end())
    return known->second;
  Operation *definition = predicate.getDefiningOp();
  if (!definition) {
    emitError(predicate.getLoc())
        << "cannot interpret a predicate that is an argument";
    return failure();
  }
  if (failed(checkParameters(definition)))
    return failure();
  Result result =
      TypeSwitch<Operation *, Result>(definition)
          .Case([&](BlockBidirectionalOp op) {
            return compileIds(op, op.getQueryIds(), op.getEffectiveKeyIds(),
                              /*block=*/true);
          })
          .Case([&](DocumentOp op) {
            return compileIds(op, op.getQueryIds(), op.getEffectiveKeyIds(),
                              /*block=*/false);
          })
          .Case<PrefixOp, KeyLengthOp, QueryLengthOp>(
              [&](auto op) { return compileLength(op); })
          .Case([&](AndOp op) { return compileVariadic(op.getInputs(), true); })
          .Case([&](OrOp op) { return compileVariadic(op.getInputs(), false); })
          .Case([&](HeadsOp op) {
            return compileRestriction(op.getInput(), op.getMembers(),
                                      ParameterAxis::Head);
          })
          .Case([&](BatchesOp op) {
            return compileRestriction(op.getInput(), op.getMembers(),
                                      ParameterAxis::Batch);
          })
          .Case<FullOp, EmptyOp, CausalOp, GenericOp, WindowOp, ChunkOp,
                KeyPaddingOp, DilatedOp, IntervalOp, RowRangeOp, DenseOp, NotOp,
                ShiftOp, AtPositionsOp, PackedOp, OfLayerOp>(
              [&](auto op) { return compileOp(op); })
          .Default([](Operation *op) -> Result {
            return op->emitOpError() << "cannot be interpreted as a predicate";
          });
  if (failed(result))
    return failure();
  // Users share the function: copies of copies would grow like the number of
  // paths.
  auto shared = std::make_shared<const PredicateFunction>(std::move(*result));
  PredicateFunction handle = [shared](int64_t b, int64_t h, int64_t q,
                                      int64_t k) {
    return (*shared)(b, h, q, k);
  };
  compiled[predicate] = handle;
  return handle;
}

FailureOr<PredicateFunction>
mlir::mask::interpretPredicate(Value predicate, FactEvaluator &facts) {
  return PredicateCompiler(facts, PackingRule::V5_12).compile(predicate);
}
