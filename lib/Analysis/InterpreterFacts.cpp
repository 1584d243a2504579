//===- InterpreterFacts.cpp - values that predicates read -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/IndexTables.h"
#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Absence.h"

#include "HostConstant.h"
#include "ScalarRegion.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// Whether `op`, with its regions, computes one number as scalar code does.
static bool isScalarCode(Operation *op) {
  bool isKnown = isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
                     op->getDialect()) ||
                 isa<tensor::ExtractOp, memref::LoadOp, scf::IfOp>(op);
  return isKnown && llvm::all_of(op->getResultTypes(), [](Type type) {
           return type.isIntOrIndexOrFloat();
         });
}

/// A predicate's element is hidden where its own code has no value (law 1); a
/// number that the whole predicate is made from has to exist.
static LogicalResult reportUndefined(FactEvaluator &facts, Operation *op) {
  if (isa<tensor::ExtractOp, memref::LoadOp>(op))
    return op->emitOpError() << "cannot be evaluated: reads outside of its "
                                "array";
  if (op->getNumRegions())
    return op->emitOpError() << "cannot be evaluated: reads outside of an "
                                "array, or has no quotient";
  FailureOr<int64_t> divisor = facts.evaluateNumber(op->getOperand(1));
  if (failed(divisor))
    return failure();
  return op->emitOpError() << "cannot be evaluated: divides by " << *divisor;
}

/// The numbers that scalar code of facts makes, each in the form of its type.
/// Absent if something is that its result is absent with (law 4).
static LogicalResult evaluateScalars(FactEvaluator &facts, Operation *op,
                                     SmallVectorImpl<HostValue> &results) {
  for (Value operand : getAbsenceOperands(op)) {
    FailureOr<HostValue> value = facts.evaluate(operand);
    if (failed(value))
      return failure();
    if (std::holds_alternative<AbsentValue>(*value)) {
      results.assign(op->getNumResults(), AbsentValue());
      return success();
    }
  }
  SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  FailureOr<SmallVector<HostValue>> captures =
      facts.evaluateAll(inputs.getArrayRef());
  if (failed(captures))
    return failure();
  // The op alone, as a region of the values that it reads.
  Region region;
  Block *block = new Block;
  region.push_back(block);
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, block->addArgument(input.getType(), input.getLoc()));
  OpBuilder builder(op->getContext());
  builder.setInsertionPointToEnd(block);
  Operation *copy = builder.clone(*op, mapping);
  auto yield = YieldOp::create(builder, op->getLoc(), copy->getResults());
  for (OpResult result : copy->getResults()) {
    yield->setOperands(result);
    FailureOr<ScalarRegion> code = ScalarRegion::compile(op, region, *captures);
    if (failed(code))
      return failure();
    ScalarRegion::Result number = (*code)({});
    if (!number.defined)
      return reportUndefined(facts, op);
    if (isa<FloatType>(result.getType()))
      results.push_back(toFloat(number.value));
    else
      results.push_back(number.value);
  }
  return success();
}

static FailureOr<HostValue> evaluateApply(FactEvaluator &facts, Operation *op,
                                          AffineMap map) {
  SmallVector<Attribute> operands, results;
  Builder builder(op->getContext());
  for (Value operand : op->getOperands()) {
    FailureOr<int64_t> number = facts.evaluateNumber(operand);
    if (failed(number))
      return failure();
    operands.push_back(builder.getIndexAttr(*number));
  }
  if (failed(map.constantFold(operands, results)))
    return op->emitOpError() << "has no value: a divisor is less than 1";
  SmallVector<int64_t> numbers =
      llvm::map_to_vector(results, [](Attribute number) {
        return cast<IntegerAttr>(number).getInt();
      });
  return HostValue(isa<affine::AffineMaxOp>(op) ? *llvm::max_element(numbers)
                                                : *llvm::min_element(numbers));
}

template <typename DimOp>
static FailureOr<HostValue> evaluateDim(FactEvaluator &facts, DimOp op) {
  FailureOr<HostValue> source = facts.evaluate(op.getSource());
  FailureOr<int64_t> dim = facts.evaluateNumber(op.getIndex());
  if (failed(source) || failed(dim))
    return failure();
  if (std::holds_alternative<AbsentValue>(*source))
    return HostValue(AbsentValue());
  ArrayRef<int64_t> shape;
  if (auto *array = std::get_if<HostArray>(&*source))
    shape = (*array)->shape;
  else if (auto *floats =
               std::get_if<std::shared_ptr<const FloatArray>>(&*source))
    shape = (*floats)->shape;
  if (*dim < 0 || *dim >= static_cast<int64_t>(shape.size()))
    return op.emitOpError()
           << "asks for dimension " << *dim << " of " << shape.size();
  return HostValue(shape[*dim]);
}

//===----------------------------------------------------------------------===//
// Ids, positions and index tables
//===----------------------------------------------------------------------===//

/// Evaluates the arrays `values` and applies `function`; absent if one is.
template <typename Function>
static FailureOr<HostValue> mapArrays(FactEvaluator &facts, Operation *op,
                                      ArrayRef<Value> values,
                                      Function function) {
  SmallVector<HostArray, 2> arrays;
  for (Value value : values) {
    FailureOr<HostValue> host = facts.evaluate(value);
    if (failed(host))
      return failure();
    if (std::holds_alternative<AbsentValue>(*host))
      return HostValue(AbsentValue());
    if (!std::holds_alternative<HostArray>(*host))
      return op->emitOpError() << "can be evaluated on arrays only";
    arrays.push_back(std::get<HostArray>(*host));
  }
  HostArray result = function(arrays);
  if (!result)
    return failure();
  return HostValue(std::move(result));
}

static FailureOr<HostValue> evaluateRuns(FactEvaluator &facts, RunsOp op) {
  return mapArrays(
      facts, op, {op.getTokenTypes()},
      [&](ArrayRef<HostArray> in) { return buildRuns(*in[0], op.getTypes()); });
}

static FailureOr<HostValue> evaluateItemIds(FactEvaluator &facts,
                                            ItemIdsOp op) {
  FailureOr<HostValue> length = facts.evaluate(op.getLength());
  if (failed(length))
    return failure();
  if (std::holds_alternative<AbsentValue>(*length))
    return HostValue(AbsentValue());
  int64_t tokens = std::get<int64_t>(*length);
  if (tokens < 0)
    return op.emitOpError() << "length must not be negative, got " << tokens;
  bool batched = cast<ShapedType>(op.getType()).getRank() == 2;
  return mapArrays(
      facts, op, {op.getRanges()}, [&](ArrayRef<HostArray> in) -> HostArray {
        std::string error;
        if (in[0]->getSize(2) != 2)
          error = "ranges must have 2 columns, got " +
                  std::to_string(in[0]->getSize(2));
        else if (!batched && in[0]->getSize(0) != 1)
          error = "a result without batch needs 1 batch row of ranges, got " +
                  std::to_string(in[0]->getSize(0));
        HostArray ids;
        if (error.empty())
          ids = buildItemIds(*in[0], tokens, op.getMinLength(), batched, error);
        if (!ids)
          op.emitOpError() << error;
        return ids;
      });
}

static FailureOr<HostValue> evaluateDropLong(FactEvaluator &facts,
                                             DropLongOp op) {
  FailureOr<HostValue> bound = facts.evaluate(op.getBound());
  if (failed(bound))
    return failure();
  if (std::holds_alternative<AbsentValue>(*bound))
    return facts.evaluate(op.getIds());
  return mapArrays(facts, op, {op.getIds()}, [&](ArrayRef<HostArray> in) {
    return dropLongBlocks(*in[0], std::get<int64_t>(*bound));
  });
}

static FailureOr<HostValue> evaluatePositions(FactEvaluator &facts,
                                              PositionsOp op) {
  return mapArrays(facts, op, {op.getValid()}, [&](ArrayRef<HostArray> in) {
    return buildPositions(*in[0]);
  });
}

static FailureOr<HostValue> evaluateIntervalTable(FactEvaluator &facts,
                                                  IntervalTableOp op) {
  Value keyIds = op.getKeyIds() ? op.getKeyIds() : op.getQueryIds();
  return mapArrays(
      facts, op, {op.getQueryIds(), keyIds}, [&](ArrayRef<HostArray> in) {
        return buildIntervalTable(*in[0], *in[1], op.getNonNegative());
      });
}

static FailureOr<HostValue> evaluateCountTable(FactEvaluator &facts,
                                               CountTableOp op) {
  return mapArrays(facts, op, {op.getValid()}, [&](ArrayRef<HostArray> in) {
    return buildCountTable(*in[0]);
  });
}

static FailureOr<HostValue> evaluateMonotoneTable(FactEvaluator &facts,
                                                  MonotoneTableOp op) {
  return mapArrays(facts, op, {op.getPositions()}, [&](ArrayRef<HostArray> in) {
    return buildMonotoneTable(*in[0]);
  });
}

static FailureOr<HostValue> evaluateRangeTable(FactEvaluator &facts,
                                               RangeTableOp op) {
  return mapArrays(facts, op, {op.getData()}, [&](ArrayRef<HostArray> in) {
    return buildRangeTable(*in[0]);
  });
}

//===----------------------------------------------------------------------===//
// FactEvaluator
//===----------------------------------------------------------------------===//

FailureOr<HostValue> FactEvaluator::evaluateOp(Operation *op) {
  FactEvaluator &facts = *this;
  return TypeSwitch<Operation *, FailureOr<HostValue>>(op)
      .Case([&](arith::ConstantOp op) { return evaluateConstant(op); })
      .Case<tensor::DimOp, memref::DimOp>(
          [&](auto op) { return evaluateDim(facts, op); })
      .Case<tensor::CastOp, memref::CastOp>(
          [&](auto op) { return facts.evaluate(op.getSource()); })
      .Case([&](affine::AffineApplyOp op) {
        return evaluateApply(facts, op, op.getAffineMap());
      })
      .Case<affine::AffineMinOp, affine::AffineMaxOp>(
          [&](auto op) { return evaluateApply(facts, op, op.getMap()); })
      .Case([&](AbsentOp) { return FailureOr<HostValue>(AbsentValue()); })
      .Case([&](RunsOp op) { return evaluateRuns(facts, op); })
      .Case([&](ItemIdsOp op) { return evaluateItemIds(facts, op); })
      .Case([&](DropLongOp op) { return evaluateDropLong(facts, op); })
      .Case([&](PositionsOp op) { return evaluatePositions(facts, op); })
      .Case(
          [&](IntervalTableOp op) { return evaluateIntervalTable(facts, op); })
      .Case([&](CountTableOp op) { return evaluateCountTable(facts, op); })
      .Case(
          [&](MonotoneTableOp op) { return evaluateMonotoneTable(facts, op); })
      .Case([&](RangeTableOp op) { return evaluateRangeTable(facts, op); })
      .Default([](Operation *op) -> FailureOr<HostValue> {
        return op->emitOpError() << "cannot be evaluated on facts";
      });
}

FailureOr<HostValue> FactEvaluator::evaluate(Value value) {
  if (auto known = values.find(value); known != values.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  if (!op) {
    emitError(value.getLoc())
        << "block argument " << cast<BlockArgument>(value).getArgNumber()
        << " of type " << value.getType() << " was not given a value";
    return failure();
  }
  if (!isa<arith::ConstantOp>(op) && isScalarCode(op)) {
    SmallVector<HostValue> results;
    if (failed(evaluateScalars(*this, op, results)))
      return failure();
    for (auto [result, number] : llvm::zip_equal(op->getResults(), results))
      values[result] = number;
    return values[value];
  }
  FailureOr<HostValue> result = evaluateOp(op);
  if (succeeded(result))
    values[value] = *result;
  return result;
}

FailureOr<SmallVector<HostValue>>
FactEvaluator::evaluateAll(ValueRange values) {
  SmallVector<HostValue> results;
  for (Value value : values) {
    FailureOr<HostValue> result = evaluate(value);
    if (failed(result))
      return failure();
    results.push_back(*result);
  }
  return results;
}

/// The alternative `Kind` of a value, called `what` in the error.
template <typename Kind>
static FailureOr<Kind> evaluateAs(FactEvaluator &facts, Value value,
                                  StringRef what) {
  FailureOr<HostValue> result = facts.evaluate(value);
  if (failed(result))
    return failure();
  if (auto *found = std::get_if<Kind>(&*result))
    return *found;
  emitError(value.getLoc())
      << "expected " << what << " of type " << value.getType();
  return failure();
}

FailureOr<std::shared_ptr<const IntegerArray>>
FactEvaluator::evaluateArray(Value value) {
  return evaluateAs<HostArray>(*this, value, "an array");
}

FailureOr<std::shared_ptr<const FloatArray>>
FactEvaluator::evaluateFloats(Value value) {
  return evaluateAs<std::shared_ptr<const FloatArray>>(*this, value,
                                                       "an array");
}

FailureOr<int64_t> FactEvaluator::evaluateNumber(Value value) {
  return evaluateAs<int64_t>(*this, value, "a number");
}
