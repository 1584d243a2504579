//===- ScalarRegion.cpp - scalar code as functions on host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarRegion.h"
#include "HostConstant.h"
#include "ScalarCompiler.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

/// What `visitor` makes of an array of either kind.
template <typename Visitor>
static auto visitArray(const HostValue &value, Visitor visitor) {
  using Integers = std::shared_ptr<const IntegerArray>;
  if (auto *integers = std::get_if<Integers>(&value))
    return visitor(*integers);
  return visitor(std::get<std::shared_ptr<const FloatArray>>(value));
}

LogicalResult ScalarCompiler::bindCaptures() {
  auto arguments = region.getArguments().take_back(captures.size());
  for (auto [capture, argument] : llvm::zip_equal(captures, arguments)) {
    if (auto *number = std::get_if<int64_t>(&capture))
      constants.push_back({slotOf(argument), *number});
    else if (auto *number = std::get_if<double>(&capture))
      constants.push_back({slotOf(argument), toBits(*number)});
    else if (std::holds_alternative<AbsentValue>(capture))
      return op->emitOpError() << "captures an absent fact as argument "
                               << argument.getArgNumber();
    else
      arrays[argument] = capture;
  }
  return success();
}

LogicalResult ScalarCompiler::compileLoad(Operation *load, Value source,
                                          ValueRange positions) {
  auto found = arrays.find(source);
  if (found == arrays.end())
    return load->emitOpError() << "reads an array that is not a capture";
  SmallVector<unsigned> indices;
  for (Value position : positions)
    indices.push_back(slotOf(position));
  unsigned result = slotOf(load->getResult(0));
  visitArray(found->second, [&](const auto &array) {
    steps.emplace_back([array, indices, result](ScalarFrame &frame) {
      int64_t position = 0;
      for (auto [dim, slot] : llvm::enumerate(indices)) {
        int64_t index = frame.values[slot];
        if (index < 0 || index >= array->getSize(dim)) {
          frame.values[result] = frame.undefined();
          return;
        }
        position = position * array->getSize(dim) + index;
      }
      auto element = array->values[position];
      if constexpr (std::is_same_v<decltype(element), double>)
        frame.setFloat(result, element);
      else
        frame.values[result] = element;
    });
  });
  return success();
}

LogicalResult ScalarCompiler::compileDim(Operation *dim, Value source,
                                         std::optional<int64_t> index) {
  auto found = arrays.find(source);
  SmallVector<int64_t> shape;
  if (found != arrays.end())
    shape = visitArray(found->second,
                       [](const auto &array) { return array->shape; });
  if (!index || *index < 0 || *index >= static_cast<int64_t>(shape.size()))
    return dim->emitOpError() << "needs a capture and a constant dimension";
  constants.push_back({slotOf(dim->getResult(0)), shape[*index]});
  return success();
}

LogicalResult ScalarCompiler::compileConstant(arith::ConstantOp constant) {
  FailureOr<HostValue> value = evaluateConstant(constant);
  if (failed(value))
    return failure();
  if (auto *number = std::get_if<double>(&*value))
    constants.push_back({slotOf(constant), toBits(*number)});
  else
    constants.push_back({slotOf(constant), std::get<int64_t>(*value)});
  return success();
}

/// Only the branch that is taken can have values that do not exist.
LogicalResult ScalarCompiler::compileIf(scf::IfOp branch) {
  std::vector<ScalarStep> outside = std::move(steps), branches[2];
  for (auto [code, region] : llvm::zip_equal(branches, branch->getRegions())) {
    steps.clear();
    if (region.empty())
      continue;
    if (failed(compileBlock(region.front())))
      return failure();
    Operation *yield = region.front().getTerminator();
    for (auto [from, to] :
         llvm::zip_equal(yield->getOperands(), branch.getResults())) {
      unsigned source = slotOf(from), result = slotOf(to);
      steps.emplace_back([source, result](ScalarFrame &frame) {
        frame.values[result] = frame.values[source];
      });
    }
    code = std::move(steps);
  }
  steps = std::move(outside);
  unsigned condition = slotOf(branch.getCondition());
  steps.emplace_back([condition, then = std::move(branches[0]),
                      otherwise = std::move(branches[1])](ScalarFrame &frame) {
    for (const ScalarStep &step : frame.values[condition] ? then : otherwise)
      step(frame);
  });
  return success();
}

LogicalResult ScalarCompiler::compileOp(Operation *inner) {
  auto isScalar = [](Type type) {
    return type.isIndex() || isa<FloatType>(type) ||
           (type.isInteger() && type.getIntOrFloatBitWidth() <= 64);
  };
  if (!llvm::all_of(inner->getResultTypes(), isScalar))
    return inner->emitOpError()
           << "cannot be interpreted in " << op->getName() << ": its result is "
           << inner->getResultTypes();
  return TypeSwitch<Operation *, LogicalResult>(inner)
      .Case([&](tensor::ExtractOp load) {
        return compileLoad(load, load.getTensor(), load.getIndices());
      })
      .Case([&](memref::LoadOp load) {
        return compileLoad(load, load.getMemRef(), load.getIndices());
      })
      .Case<tensor::DimOp, memref::DimOp>([&](auto dim) {
        return compileDim(dim, dim.getSource(), dim.getConstantIndex());
      })
      .Case(
          [&](arith::ConstantOp constant) { return compileConstant(constant); })
      .Case([&](scf::IfOp branch) { return compileIf(branch); })
      .Default([&](Operation *inner) -> LogicalResult {
        if (compileInteger(inner) || compileUnsigned(inner) ||
            compileConversion(inner) || compileFloat(inner) ||
            compileElementary(inner))
          return success();
        return inner->emitOpError()
               << "cannot be interpreted in " << op->getName();
      });
}

LogicalResult ScalarCompiler::compileBlock(Block &block) {
  for (Operation &inner : block.without_terminator())
    if (failed(compileOp(&inner)))
      return failure();
  return success();
}

FailureOr<ScalarRegion> ScalarCompiler::compile() {
  Block &body = region.front();
  for (BlockArgument argument : body.getArguments().drop_back(captures.size()))
    slotOf(argument);
  if (failed(bindCaptures()) || failed(compileBlock(body)))
    return failure();
  ScalarRegion code;
  code.result = slotOf(body.getTerminator()->getOperand(0));
  code.steps = std::move(steps);
  code.initial.resize(slots.size());
  for (auto [slot, value] : constants)
    code.initial[slot] = value;
  return code;
}

FailureOr<ScalarRegion> ScalarRegion::compile(Operation *op, Region &region,
                                              ArrayRef<HostValue> captures) {
  return ScalarCompiler(op, region, captures).compile();
}

ScalarRegion::Result
ScalarRegion::operator()(ArrayRef<ScalarBits> arguments) const {
  SmallVector<ScalarBits, 32> values(initial.begin(), initial.end());
  llvm::copy(arguments, values.begin());
  ScalarFrame frame{values.data()};
  for (const ScalarStep &step : steps)
    step(frame);
  return {values[result], frame.defined};
}
