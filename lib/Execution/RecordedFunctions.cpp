//===- RecordedFunctions.cpp - functions with launch records -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/RecordedFunctions.h"

#include "Mask/Conversion/Passes.h"
#include "Mask/IR/MaskAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

LogicalResult mlir::mask::requireLaunchRecords(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>()) {
    WalkResult launches = function.walk(
        [](gpu::LaunchFuncOp) { return WalkResult::interrupt(); });
    if (!launches.wasInterrupted() ||
        function->hasAttr(LaunchRecordAttr::getAttrName()))
      continue;
    PassManager pm(module.getContext());
    pm.addPass(createMaskRecordLaunches());
    (void)pm.run(module);
    return function.emitError()
           << "has no record of its launches, which a device needs";
  }
  return success();
}

OwningOpRef<ModuleOp> mlir::mask::extractHostFunctions(ModuleOp module) {
  SymbolTable symbols(module);
  llvm::SetVector<Operation *> needed;
  auto add = [&](SymbolRefAttr name) {
    Operation *op = symbols.lookup(name.getRootReference());
    return op && needed.insert(op);
  };
  for (auto function : module.getOps<func::FuncOp>()) {
    auto record = function->getAttrOfType<LaunchRecordAttr>(
        LaunchRecordAttr::getAttrName());
    if (!record)
      continue;
    for (auto call : record.getSteps().getAsRange<Attribute>())
      if (auto host = dyn_cast<HostCallAttr>(call))
        add(host.getCallee());
  }
  if (needed.empty())
    return {};
  SmallVector<Operation *> unseen(needed.begin(), needed.end());
  while (!unseen.empty()) {
    std::optional<SymbolTable::UseRange> uses =
        SymbolTable::getSymbolUses(unseen.pop_back_val());
    if (!uses)
      continue;
    for (SymbolTable::SymbolUse use : *uses)
      if (add(use.getSymbolRef()))
        unseen.push_back(needed.back());
  }
  OwningOpRef<ModuleOp> host = ModuleOp::create(module.getLoc());
  auto builder = OpBuilder::atBlockEnd(host->getBody());
  for (Operation &op : *module.getBody())
    if (needed.contains(&op))
      builder.clone(op);
  return host;
}
