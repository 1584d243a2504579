//===- RecordCalls.cpp - records of called functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordValues.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// Writes the values of a called function as values of its caller.
class CallImporter {
public:
  /// `workspaces` are those of the caller that stand for the callee's.
  CallImporter(
      ArrayRef<LaunchValueAttr> operands,
      function_ref<LaunchValueAttr(int64_t, int64_t)> getExtent,
      function_ref<LaunchValueAttr(StringRef, ArrayRef<LaunchValueAttr>)> apply)
      : operands(operands), getExtent(getExtent), apply(apply) {}

  LaunchValueAttr import(LaunchValueAttr value) const {
    if (value.isConstant())
      return value;
    if (value.is("argument"))
      return operands[value.getIndex()];
    if (value.is("dim"))
      return getExtent(value.getIndex(0), value.getIndex(1));
    if (value.is("workspace"))
      return workspaces[value.getIndex()];
    return apply(value.getFunction(), import(value.getOperands()));
  }
  SmallVector<LaunchValueAttr> import(ArrayRef<LaunchValueAttr> values) const {
    return llvm::map_to_vector(
        values, [&](LaunchValueAttr value) { return import(value); });
  }

  SmallVector<LaunchValueAttr> workspaces;

private:
  ArrayRef<LaunchValueAttr> operands;
  function_ref<LaunchValueAttr(int64_t, int64_t)> getExtent;
  function_ref<LaunchValueAttr(StringRef, ArrayRef<LaunchValueAttr>)> apply;
};
} // namespace

/// One that has the type and sizes, and that this call has not taken: what
/// calls before it left there is of no use any more.
LaunchValueAttr RecordedValues::shareWorkspace(WorkspaceAttr workspace,
                                               DenseSet<int64_t> &taken) {
  for (int64_t shared : sharedWorkspaces)
    if (workspaces[shared] == workspace && taken.insert(shared).second)
      return apply("workspace", number(shared));
  auto index = static_cast<int64_t>(workspaces.size());
  workspaces.push_back(workspace);
  sharedWorkspaces.push_back(index);
  taken.insert(index);
  return apply("workspace", number(index));
}

FailureOr<ImportedRecord>
RecordedValues::importRecord(func::CallOp call, func::FuncOp callee,
                             LaunchRecordAttr record) {
  SmallVector<LaunchValueAttr> operands;
  for (Value operand : call.getOperands())
    operands.push_back(lookup(operand));
  if (llvm::is_contained(operands, LaunchValueAttr()))
    return failure();
  for (auto [i, alignment] :
       llvm::enumerate(record.getAlignments().asArrayRef()))
    if (isa<MemRefType>(record.getType(i)) &&
        !requireAlignment(operands[i], alignment))
      return failure();
  auto getDim = [&](int64_t array, int64_t dim) {
    return getExtent(call.getOperand(array), dim);
  };
  auto applyAny = [&](StringRef function, ArrayRef<LaunchValueAttr> values) {
    return apply(function, values);
  };
  CallImporter importer(operands, getDim, applyAny);
  MLIRContext *context = record.getContext();
  ImportedRecord result;
  for (auto check : record.getChecks().getAsRange<LaunchCheckAttr>()) {
    LaunchValueAttr condition = importer.import(check.getCondition());
    if (!isNumber(condition, 1))
      result.checks.push_back(
          LaunchCheckAttr::get(context, condition, check.getMessage()));
  }
  DenseSet<int64_t> taken;
  for (auto workspace : record.getWorkspaces().getAsRange<WorkspaceAttr>())
    importer.workspaces.push_back(shareWorkspace(
        WorkspaceAttr::get(context, workspace.getType(),
                           importer.import(workspace.getSizes())),
        taken));
  for (Attribute step : record.getSteps()) {
    if (auto host = dyn_cast<HostCallAttr>(step)) {
      result.steps.push_back(HostCallAttr::get(
          context, host.getCallee(), importer.import(host.getArguments()),
          host.getTypes()));
      continue;
    }
    auto launch = cast<LaunchAttr>(step);
    result.steps.push_back(LaunchAttr::get(
        context, launch.getKernel(), importer.import(launch.getBlocks()),
        launch.getThreads(), importer.import(launch.getShared()),
        importer.import(launch.getArguments()), launch.getTypes()));
  }
  for (int64_t output : record.getOutputs().asArrayRef())
    if (operands[output].is("argument"))
      result.outputs.push_back(operands[output].getIndex());
  // Recorded functions return arguments.
  Operation *end = callee.front().getTerminator();
  for (auto [value, returned] :
       llvm::zip_equal(call.getResults(), end->getOperands())) {
    Value source = returned;
    while (auto cast = source.getDefiningOp<memref::CastOp>())
      source = cast.getSource();
    auto argument = dyn_cast<BlockArgument>(source);
    if (!argument)
      return failure();
    values[value] = operands[argument.getArgNumber()];
  }
  return result;
}
