//===- BundleAttention.cpp - what a function computes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For whoever checks a bundle's results: which arguments of a function are
// query, key and value of its attention, and the mask in Python.
//
//===----------------------------------------------------------------------===//

#include "Bundle.h"

#include "Mask/IR/Mask.h"
#include "Mask/Target/BlockMask/BlockMask.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

/// The argument of the function that a value is, if it is one.
static std::optional<int64_t> getArgument(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
    return std::nullopt;
  return argument.getArgNumber();
}

/// A constant, an argument, or null where nothing is given; none if it is
/// something else.
static std::optional<json::Value> describeOperand(Value value) {
  if (!value)
    return json::Value(nullptr);
  if (std::optional<int64_t> argument = getArgument(value))
    return json::Value(json::Object{{"argument", *argument}});
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (auto number = dyn_cast<FloatAttr>(constant))
    return json::Value(number.getValueAsDouble());
  auto elements = dyn_cast<DenseFPElementsAttr>(constant);
  if (!elements || !elements.getElementType().isF32())
    return std::nullopt;
  json::Array numbers;
  for (float element : elements.getValues<float>())
    numbers.push_back(element);
  return json::Value(std::move(numbers));
}

static std::optional<json::Object> describeRoles(AttentionOp op) {
  json::Object roles;
  auto add = [&](StringRef name, Value value) {
    std::optional<int64_t> argument = getArgument(value);
    roles[name] = argument ? json::Value(*argument) : json::Value(nullptr);
    return argument.has_value();
  };
  bool areArguments = add("query", op.getQuery()) && add("key", op.getKey()) &&
                      add("value", op.getValue()) &&
                      add("output", op.getOutput());
  if (op.getLogSumExp())
    areArguments &= add("log_sum_exp", op.getLogSumExp());
  std::optional<json::Value> scale = describeOperand(op.getScale()),
                             sinks = describeOperand(op.getSinks());
  if (!areArguments || !scale || !sinks || !op.getScore().empty() ||
      !op.getOrigin().empty())
    return std::nullopt;
  roles["scale"] = std::move(*scale);
  roles["sinks"] = std::move(*sinks);
  roles["soft_cap"] = op.getSoftCap()
                          ? json::Value(op.getSoftCap()->convertToDouble())
                          : json::Value(nullptr);
  return roles;
}

/// Empty where it depends on what only a request has.
static std::string writeMask(AttentionOp op) {
  auto getOffset = [](Parameter offset) {
    return offset.isGiven() ? offset.getConstant() : std::optional<int64_t>(0);
  };
  std::optional<int64_t> queryOffset = getOffset(op.getQueryOffsetParameter()),
                         keyOffset = getOffset(op.getKeyOffsetParameter());
  if (!queryOffset || !keyOffset)
    return "";
  MaskView view;
  view.policy = op->getParentOfType<func::FuncOp>().getName().str();
  view.layerType = "positions alone";
  view.queryOffset = {*queryOffset};
  view.keyOffset = {*keyOffset};
  // That there is no such function is no error.
  ScopedDiagnosticHandler quiet(op.getContext(),
                                [](Diagnostic &) { return success(); });
  FactEvaluator facts;
  FailureOr<PythonMask> mask =
      makePythonMask(view, op.getPredicateValue(), facts, ValueNames());
  return succeeded(mask) && mask->arrays.empty() ? mask->source : "";
}

DescribedAttentions mlir::mask::describeAttentions(ModuleOp module) {
  DescribedAttentions described;
  for (auto function : module.getOps<func::FuncOp>()) {
    SmallVector<AttentionOp> attentions;
    function.walk([&](AttentionOp op) { attentions.push_back(op); });
    if (attentions.size() != 1)
      continue;
    std::optional<json::Object> roles = describeRoles(attentions[0]);
    if (!roles)
      continue;
    auto causal = attentions[0].getPredicateValue().getDefiningOp<CausalOp>();
    (*roles)["is_causal"] = static_cast<bool>(causal);
    described[function.getName().str()] = {std::move(*roles),
                                           writeMask(attentions[0])};
  }
  return described;
}
