//===- RecordLaunches.cpp - launches as data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordLaunches.h"

#include "Mask/IR/Mask.h"
#include "RecordHost.h"
#include "RecordValues.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

/// Whether a kernel may write to an array, directly or through a view.
static bool mayWrite(Value array) {
  return llvm::any_of(array.getUses(), [&](OpOperand &use) {
    Operation *op = use.getOwner();
    if (isa<ViewLikeOpInterface>(op))
      return llvm::any_of(op->getResults(), mayWrite);
    auto effects = dyn_cast<MemoryEffectOpInterface>(op);
    return !effects ||
           effects.getEffectOnValue<MemoryEffects::Write>(array).has_value();
  });
}

func::FuncOp mlir::mask::getCallee(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  return call ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
                    call, call.getCalleeAttr())
              : func::FuncOp();
}

bool mlir::mask::launches(Operation *op,
                          const DenseSet<Operation *> &functions) {
  WalkResult found = op->walk([&](Operation *nested) {
    return isa<gpu::LaunchFuncOp>(nested) ||
                   functions.contains(getCallee(nested))
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return found.wasInterrupted();
}

namespace {

/// Records one function.
class LaunchRecorder {
public:
  /// `launching` are the functions that launch kernels.
  LaunchRecorder(func::FuncOp function, const DenseSet<Operation *> &launching)
      : function(function), launching(launching), values(function) {}

  /// Fails with a remark that says why. The function does what it did in any
  /// case.
  LogicalResult record();

private:
  InFlightDiagnostic refuse(Operation *op) {
    InFlightDiagnostic remark = function.emitRemark()
                                << "has no launch record: ";
    remark.attachNote(op->getLoc()) << "because of '" << op->getName() << "'";
    return remark;
  }
  LogicalResult visit(Operation *op);
  LogicalResult visitHostOp(Operation *op);
  LogicalResult visitCheck(cf::AssertOp op);
  LogicalResult visitBranch(scf::IfOp op);
  LogicalResult visitLaunch(gpu::LaunchFuncOp op);
  LogicalResult visitCall(func::CallOp op, func::FuncOp callee);
  LogicalResult visitReturn(func::ReturnOp op);
  LogicalResult closeGroup();

  func::FuncOp function;
  const DenseSet<Operation *> &launching;
  RecordedValues values;
  SmallVector<Attribute> checks, steps;
  SmallVector<HostGroup> groups;
  /// The group that ops are added to; none if empty.
  HostGroup open;
  llvm::SmallSetVector<int64_t, 4> outputs;
};

} // namespace

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

/// The end of a run of host ops: what comes now may not come before them.
LogicalResult LaunchRecorder::closeGroup() {
  if (open.ops.empty())
    return success();
  open.findCaptures();
  SmallVector<LaunchValueAttr> arguments;
  for (Value capture : open.captures) {
    LaunchValueAttr value = values.lookup(capture);
    if (!value)
      return refuse(open.ops.front())
             << "its host code needs what is no function of its arguments' "
                "sizes";
    arguments.push_back(value);
  }
  open.name = (function.getName() + "_host").str();
  if (!groups.empty())
    open.name += "_" + std::to_string(groups.size());
  steps.push_back(HostCallAttr::get(
      function.getContext(),
      FlatSymbolRefAttr::get(function.getContext(), open.name), arguments,
      llvm::to_vector(ValueRange(open.captures).getTypes())));
  groups.push_back(std::move(open));
  open = {};
  return success();
}

LogicalResult LaunchRecorder::visitHostOp(Operation *op) {
  if (op->getNumResults())
    return refuse(op) << "its host code computes numbers from data";
  open.ops.push_back(op);
  return success();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

LogicalResult LaunchRecorder::visitCheck(cf::AssertOp op) {
  LaunchValueAttr condition = values.lookup(op.getArg());
  if (!condition)
    return refuse(op) << "it checks what is no function of its arguments' "
                         "sizes";
  // Where arguments start, perhaps.
  if (isNumber(condition, 1))
    return success();
  checks.push_back(
      LaunchCheckAttr::get(op.getContext(), condition, op.getMsg()));
  return success();
}

/// Launches that are left out where they have no workgroups, of which all have
/// as many.
LogicalResult LaunchRecorder::visitBranch(scf::IfOp op) {
  SmallVector<gpu::LaunchFuncOp> launches(
      op.thenBlock()->getOps<gpu::LaunchFuncOp>());
  if (::launches(op, launching) && launches.empty())
    return refuse(op) << "a launch is inside of another op";
  if (launches.empty())
    return visitHostOp(op);
  LaunchValueAttr blocks = values.lookup(launches[0].getGridSizeX());
  LaunchValueAttr condition = values.lookup(op.getCondition());
  auto isAny = [&] {
    auto zero = LaunchValueAttr::get(op.getContext(), 0);
    if (blocks.isConstant())
      return LaunchValueAttr::get(op.getContext(), blocks != zero);
    return LaunchValueAttr::get(op.getContext(), "cmpi_ne", {blocks, zero});
  };
  bool areAlone =
      launches.size() + 1 == op.thenBlock()->getOperations().size() &&
      llvm::all_of(launches, [&](gpu::LaunchFuncOp launch) {
        return values.lookup(launch.getGridSizeX()) == blocks;
      });
  if (!areAlone || op.elseBlock() || op.getNumResults() || !blocks ||
      condition != isAny())
    return refuse(op) << "a launch hangs on a condition";
  for (gpu::LaunchFuncOp launch : launches)
    if (failed(visitLaunch(launch)))
      return failure();
  return success();
}

LogicalResult LaunchRecorder::visitLaunch(gpu::LaunchFuncOp op) {
  // A copy of what lies as it should.
  if (isNumber(values.lookup(op.getGridSizeX()), 0))
    return success();
  if (failed(closeGroup()))
    return failure();
  MLIRContext *context = op.getContext();
  auto one = LaunchValueAttr::get(context, 1);
  LaunchValueAttr blocks = values.lookup(op.getGridSizeX());
  LaunchValueAttr threads = values.lookup(op.getBlockSizeX());
  Value others[] = {op.getGridSizeY(), op.getGridSizeZ(), op.getBlockSizeY(),
                    op.getBlockSizeZ()};
  bool isOneDimensional = llvm::all_of(
      others, [&](Value size) { return values.lookup(size) == one; });
  if (!blocks || !threads || !threads.isConstant() || !isOneDimensional ||
      op.getAsyncToken() || !op.getAsyncDependencies().empty() ||
      op.hasClusterSize())
    return refuse(op) << "a launch is more than workgroups of a constant size "
                         "in one dimension";
  auto shared = LaunchValueAttr::get(context, 0);
  if (Value bytes = op.getDynamicSharedMemorySize())
    shared = values.lookup(bytes);
  SmallVector<LaunchValueAttr> arguments;
  for (Value operand : op.getKernelOperands())
    arguments.push_back(values.lookup(operand));
  if (!shared || llvm::is_contained(arguments, LaunchValueAttr()))
    return refuse(op) << "a launch is given what is no function of the "
                         "arguments' sizes";
  steps.push_back(LaunchAttr::get(
      context, op.getKernel(), blocks, threads.getConstant(), shared, arguments,
      llvm::to_vector(op.getKernelOperands().getTypes())));

  auto kernel = SymbolTable::lookupNearestSymbolFrom<gpu::GPUFuncOp>(
      op, op.getKernelAttr());
  for (auto [i, argument] : llvm::enumerate(arguments))
    if (isa<MemRefType>(op.getKernelOperand(i).getType()) &&
        argument.is("argument") && (!kernel || mayWrite(kernel.getArgument(i))))
      outputs.insert(argument.getIndex());
  return success();
}

/// What a function does that launches kernels is done here as well.
LogicalResult LaunchRecorder::visitCall(func::CallOp op, func::FuncOp callee) {
  if (failed(closeGroup()))
    return failure();
  auto record =
      callee->getAttrOfType<LaunchRecordAttr>(LaunchRecordAttr::getAttrName());
  if (!record)
    return refuse(op) << "it calls '" << callee.getName()
                      << "', which has none";
  FailureOr<ImportedRecord> imported = values.importRecord(op, callee, record);
  if (failed(imported))
    return refuse(op) << "it calls '" << callee.getName()
                      << "' with what is no function of its arguments' sizes";
  for (Attribute check : imported->checks)
    if (!llvm::is_contained(checks, check))
      checks.push_back(check);
  llvm::append_range(steps, imported->steps);
  outputs.insert_range(imported->outputs);
  return success();
}

LogicalResult LaunchRecorder::visitReturn(func::ReturnOp op) {
  for (Value result : op.getOperands()) {
    LaunchValueAttr value = values.lookup(result);
    if (!value || !value.is("argument"))
      return refuse(op) << "it returns what is none of its arguments";
  }
  return closeGroup();
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

/// Constant arrays are the module's: what kernels read is a copy, which the
/// host makes.
static void copyConstants(func::FuncOp function) {
  for (auto op :
       llvm::make_early_inc_range(function.getOps<memref::GetGlobalOp>())) {
    ImplicitLocOpBuilder b(op.getLoc(), op->getContext());
    b.setInsertionPointAfter(op);
    Value copy = memref::AllocOp::create(b, op.getType());
    auto fill = memref::CopyOp::create(b, op, copy);
    op.getResult().replaceAllUsesExcept(copy, fill);
    b.setInsertionPoint(function.front().getTerminator());
    memref::DeallocOp::create(b, copy);
  }
}

LogicalResult LaunchRecorder::visit(Operation *op) {
  if (values.record(op))
    return success();
  if (auto check = dyn_cast<cf::AssertOp>(op))
    return visitCheck(check);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitBranch(branch);
  if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
    return visitLaunch(launch);
  if (func::FuncOp callee = getCallee(op); launching.contains(callee))
    return visitCall(cast<func::CallOp>(op), callee);
  if (auto end = dyn_cast<func::ReturnOp>(op))
    return visitReturn(end);
  // Workspaces live as long as the call.
  if (isa<memref::DeallocOp>(op))
    return closeGroup();
  if (launches(op, launching))
    return refuse(op) << "a launch is inside of another op";
  if (isClonedForHost(op) || (isMemoryEffectFree(op) && op->getNumResults()))
    // Refused where something that is recorded needs it.
    return success();
  return visitHostOp(op);
}

/// The workspaces that steps name, numbered anew in `steps`: of copies that are
/// not made there is none.
static SmallVector<Attribute>
keepUsedWorkspaces(ArrayRef<Attribute> workspaces,
                   SmallVectorImpl<Attribute> &steps) {
  SmallVector<Attribute> used;
  DenseMap<int64_t, int64_t> numbers;
  auto renumber = [&](ArrayRef<LaunchValueAttr> arguments) {
    SmallVector<LaunchValueAttr> renumbered(arguments);
    for (LaunchValueAttr &argument : renumbered) {
      if (!argument.is("workspace"))
        continue;
      int64_t old = argument.getIndex();
      auto [entry, isNew] = numbers.try_emplace(old, used.size());
      if (isNew)
        used.push_back(workspaces[old]);
      MLIRContext *context = argument.getContext();
      argument = LaunchValueAttr::get(
          context, "workspace", {LaunchValueAttr::get(context, entry->second)});
    }
    return renumbered;
  };
  for (Attribute &step : steps) {
    if (auto launch = dyn_cast<LaunchAttr>(step))
      step = LaunchAttr::get(
          step.getContext(), launch.getKernel(), launch.getBlocks(),
          launch.getThreads(), launch.getShared(),
          renumber(launch.getArguments()), launch.getTypes());
    else if (auto call = dyn_cast<HostCallAttr>(step))
      step = HostCallAttr::get(step.getContext(), call.getCallee(),
                               renumber(call.getArguments()), call.getTypes());
  }
  return used;
}

LogicalResult LaunchRecorder::record() {
  if (!llvm::hasSingleElement(function.getBody()))
    return refuse(function) << "its code branches";
  copyConstants(function);
  for (Operation &op : function.front())
    if (failed(visit(&op)))
      return failure();
  for (HostGroup &group : groups)
    group.outline(function);
  Builder builder(function.getContext());
  SmallVector<Attribute> types;
  for (Type type : function.getArgumentTypes())
    types.push_back(TypeAttr::get(type));
  auto list = [&](ArrayRef<Attribute> attributes) {
    return builder.getArrayAttr(attributes);
  };
  SmallVector<Attribute> workspaces =
      keepUsedWorkspaces(values.getWorkspaces(), steps);
  SmallVector<int64_t> written(outputs.getArrayRef());
  llvm::sort(written);
  function->setAttr(LaunchRecordAttr::getAttrName(),
                    LaunchRecordAttr::get(
                        function.getContext(), list(types),
                        builder.getDenseI64ArrayAttr(values.getAlignments()),
                        builder.getDenseI64ArrayAttr(written), list(checks),
                        list(workspaces), list(steps)));
  return success();
}

LogicalResult
mlir::mask::recordLaunches(func::FuncOp function,
                           const DenseSet<Operation *> &launching) {
  return LaunchRecorder(function, launching).record();
}
