//===- LaunchPlan.cpp - the launches of one call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/LaunchPlan.h"

#include "Mask/IR/LaunchValue.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

llvm::Expected<int64_t> mlir::mask::getArrayBytes(Type type,
                                                  ArrayRef<int64_t> extents) {
  int64_t bytes = type.isIndex() ? 8
                                 : static_cast<int64_t>(llvm::divideCeil(
                                       type.getIntOrFloatBitWidth(), 8));
  std::string shape;
  llvm::raw_string_ostream os(shape);
  llvm::interleave(extents, os, "x");
  bool isEmpty = llvm::is_contained(extents, 0);
  for (int64_t extent : extents) {
    if (extent < 0)
      return llvm::createStringError("an array of " + shape +
                                     " elements has a negative extent");
    if (!isEmpty && llvm::MulOverflow(bytes, extent, bytes))
      return llvm::createStringError("an array of " + shape +
                                     " elements has more than 2^63 bytes");
  }
  return isEmpty ? 0 : bytes;
}

namespace {
/// Computes numbers from those of a call.
class PlanBuilder {
public:
  PlanBuilder(LaunchRecordAttr record, ArrayRef<CallArgument> arguments)
      : record(record), arguments(arguments) {}

  llvm::Error build(LaunchPlan &plan) const;

private:
  llvm::Error compute(LaunchValueAttr value, int64_t &result) const;
  llvm::Error checkArguments() const;
  std::string describeArguments() const;
  llvm::Error addWorkspace(WorkspaceAttr workspace, LaunchPlan &plan) const;
  llvm::Error addOperands(ArrayRef<LaunchValueAttr> values,
                          ArrayRef<Type> types, LaunchPlan::Step &step) const;
  llvm::Error addStep(Attribute attribute, LaunchPlan &plan) const;

  LaunchRecordAttr record;
  ArrayRef<CallArgument> arguments;
};
} // namespace

llvm::Error PlanBuilder::compute(LaunchValueAttr value, int64_t &result) const {
  auto number = evaluate(value, [&](LaunchValueAttr leaf) {
    const CallArgument &argument = arguments[leaf.getIndex()];
    return leaf.is("dim") ? argument.extents[leaf.getIndex(1)]
                          : argument.number;
  });
  if (!number)
    return number.takeError();
  result = *number;
  return llvm::Error::success();
}

/// That the call has the arguments of the record.
llvm::Error PlanBuilder::checkArguments() const {
  if (arguments.size() != record.getTypes().size())
    return llvm::createStringError("a call has " + Twine(arguments.size()) +
                                   " arguments, the record " +
                                   Twine(record.getTypes().size()));
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    auto type = dyn_cast<MemRefType>(record.getType(i));
    size_t rank = type ? type.getRank() : 0;
    if (argument.extents.size() != rank)
      return llvm::createStringError(
          "argument " + Twine(i) + " has " + Twine(argument.extents.size()) +
          " extents, the record says " + Twine(rank));
    for (size_t dim = 0; dim < rank; ++dim)
      if (!type.isDynamicDim(dim) &&
          type.getDimSize(dim) != argument.extents[dim])
        return llvm::createStringError(
            "argument " + Twine(i) + " has extent " +
            Twine(argument.extents[dim]) + " in dimension " + Twine(dim) +
            ", the record says " + Twine(type.getDimSize(dim)));
  }
  return llvm::Error::success();
}

/// Extents and numbers, such as `1x8x512x64, 3`.
std::string PlanBuilder::describeArguments() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(arguments, os, [&](const CallArgument &argument) {
    if (argument.extents.empty())
      os << argument.number;
    llvm::interleave(argument.extents, os, "x");
  });
  return text;
}

llvm::Error PlanBuilder::addWorkspace(WorkspaceAttr workspace,
                                      LaunchPlan &plan) const {
  LaunchPlan::Workspace result{workspace.getType(), {}, 0};
  const LaunchValueAttr *size = workspace.getSizes().begin();
  for (int64_t extent : workspace.getType().getShape()) {
    if (ShapedType::isDynamic(extent))
      if (llvm::Error error = compute(*size++, extent))
        return error;
    result.extents.push_back(extent);
  }
  auto bytes =
      getArrayBytes(workspace.getType().getElementType(), result.extents);
  if (!bytes)
    return bytes.takeError();
  result.bytes = *bytes;
  plan.workspaces.push_back(std::move(result));
  return llvm::Error::success();
}

llvm::Error PlanBuilder::addOperands(ArrayRef<LaunchValueAttr> values,
                                     ArrayRef<Type> types,
                                     LaunchPlan::Step &step) const {
  using Kind = LaunchPlan::Operand::Kind;
  for (auto [value, type] : llvm::zip_equal(values, types)) {
    LaunchPlan::Operand operand{Kind::Number, 0, type};
    if (isa<MemRefType>(type)) {
      operand.kind = value.is("argument") ? Kind::Argument : Kind::Workspace;
      operand.value = value.getIndex();
    } else if (llvm::Error error = compute(value, operand.value)) {
      return error;
    }
    step.operands.push_back(operand);
  }
  return llvm::Error::success();
}

llvm::Error PlanBuilder::addStep(Attribute attribute, LaunchPlan &plan) const {
  LaunchPlan::Step step;
  if (auto call = dyn_cast<HostCallAttr>(attribute)) {
    step.isLaunch = false;
    step.name = call.getCallee().getValue();
    if (llvm::Error error =
            addOperands(call.getArguments(), call.getTypes(), step))
      return error;
    plan.steps.push_back(std::move(step));
    return llvm::Error::success();
  }
  auto launch = cast<LaunchAttr>(attribute);
  step.isLaunch = true;
  step.name = launch.getKernel().getLeafReference().getValue();
  step.threads = launch.getThreads();
  if (llvm::Error error = compute(launch.getBlocks(), step.blocks))
    return error;
  if (llvm::Error error = compute(launch.getShared(), step.sharedBytes))
    return error;
  if (step.blocks < 0 || step.sharedBytes < 0)
    return llvm::createStringError("the launch of '" + step.name + "' has " +
                                   Twine(step.blocks) + " workgroups and " +
                                   Twine(step.sharedBytes) +
                                   " bytes of workgroup memory");
  if (step.blocks == 0)
    return llvm::Error::success();
  if (llvm::Error error =
          addOperands(launch.getArguments(), launch.getTypes(), step))
    return error;
  plan.steps.push_back(std::move(step));
  return llvm::Error::success();
}

llvm::Error PlanBuilder::build(LaunchPlan &plan) const {
  if (llvm::Error error = checkArguments())
    return error;
  for (auto check : record.getChecks().getAsRange<LaunchCheckAttr>()) {
    int64_t holds = 0;
    if (llvm::Error error = compute(check.getCondition(), holds))
      return error;
    if (!holds)
      return llvm::createStringError(check.getMessage() +
                                     "; the call's arguments are " +
                                     describeArguments());
  }
  for (auto workspace : record.getWorkspaces().getAsRange<WorkspaceAttr>())
    if (llvm::Error error = addWorkspace(workspace, plan))
      return error;
  for (Attribute step : record.getSteps())
    if (llvm::Error error = addStep(step, plan))
      return error;
  return llvm::Error::success();
}

llvm::Expected<LaunchPlan>
LaunchPlan::create(LaunchRecordAttr record, ArrayRef<CallArgument> arguments) {
  LaunchPlan plan;
  if (llvm::Error error = PlanBuilder(record, arguments).build(plan))
    return std::move(error);
  return plan;
}
