//===- BundleRecord.cpp - launch records as JSON -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bundle.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

/// A number, or a list of a function's name and its operands.
static json::Value serialize(LaunchValueAttr value) {
  if (value.isConstant())
    return value.getConstant();
  json::Array list{value.getFunction()};
  for (LaunchValueAttr operand : value.getOperands())
    list.push_back(serialize(operand));
  return json::Value(std::move(list));
}

static std::string serialize(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static json::Array serializeArguments(ArrayRef<LaunchValueAttr> values,
                                      ArrayRef<Type> types) {
  json::Array arguments;
  for (auto [value, type] : llvm::zip_equal(values, types)) {
    if (isa<MemRefType>(type))
      arguments.push_back(json::Object{{"kind", value.getFunction()},
                                       {"index", value.getIndex()}});
    else
      arguments.push_back(json::Object{{"kind", "number"},
                                       {"element", serialize(type)},
                                       {"value", serialize(value)}});
  }
  return arguments;
}

static json::Object serializeArgument(LaunchRecordAttr record, unsigned i) {
  Type type = record.getType(i);
  auto array = dyn_cast<MemRefType>(type);
  if (!array)
    return json::Object{{"kind", "number"}, {"element", serialize(type)}};
  json::Array shape;
  for (int64_t extent : array.getShape())
    shape.push_back(ShapedType::isDynamic(extent) ? json::Value(nullptr)
                                                  : json::Value(extent));
  return json::Object{
      {"kind", "array"},
      {"element", serialize(array.getElementType())},
      {"shape", std::move(shape)},
      {"alignment", record.getAlignments()[i]},
      {"output", llvm::is_contained(record.getOutputs().asArrayRef(), i)}};
}

static json::Object serialize(WorkspaceAttr workspace) {
  json::Array shape;
  const LaunchValueAttr *size = workspace.getSizes().begin();
  for (int64_t extent : workspace.getType().getShape())
    shape.push_back(ShapedType::isDynamic(extent) ? serialize(*size++)
                                                  : json::Value(extent));
  return json::Object{
      {"element", serialize(workspace.getType().getElementType())},
      {"shape", std::move(shape)}};
}

static json::Object serializeStep(Attribute step) {
  if (auto call = dyn_cast<HostCallAttr>(step))
    return json::Object{{"call", call.getCallee().getValue()},
                        {"arguments", serializeArguments(call.getArguments(),
                                                         call.getTypes())}};
  auto launch = cast<LaunchAttr>(step);
  return json::Object{
      {"launch", launch.getKernel().getLeafReference().getValue()},
      {"blocks", serialize(launch.getBlocks())},
      {"threads", launch.getThreads()},
      {"shared", serialize(launch.getShared())},
      {"arguments",
       serializeArguments(launch.getArguments(), launch.getTypes())}};
}

json::Object mlir::mask::serializeRecord(LaunchRecordAttr record) {
  json::Array arguments, checks, workspaces, steps;
  for (unsigned i = 0; i < record.getTypes().size(); ++i)
    arguments.push_back(serializeArgument(record, i));
  for (auto check : record.getChecks().getAsRange<LaunchCheckAttr>())
    checks.push_back(
        json::Object{{"condition", serialize(check.getCondition())},
                     {"message", check.getMessage()}});
  for (auto workspace : record.getWorkspaces().getAsRange<WorkspaceAttr>())
    workspaces.push_back(serialize(workspace));
  for (Attribute step : record.getSteps())
    steps.push_back(serializeStep(step));
  return json::Object{{"arguments", std::move(arguments)},
                      {"checks", std::move(checks)},
                      {"workspaces", std::move(workspaces)},
                      {"steps", std::move(steps)}};
}
