//===- OutlineTables.cpp - one function for tables of one type -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutlineTables.h"
#include "Mask/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKOUTLINETABLES
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

void mlir::mask::emitOutlined(ImplicitLocOpBuilder &builder, StringRef name,
                              function_ref<void()> body) {
  auto region = scf::ExecuteRegionOp::create(builder, TypeRange());
  region->setDiscardableAttr(kOutlineAttrName, builder.getStringAttr(name));
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&region.getRegion());
  body();
  scf::YieldOp::create(builder);
}

namespace {
class Outliner {
public:
  Outliner(RewriterBase &rewriter, ModuleOp module)
      : rewriter(rewriter), symbols(module) {}

  LogicalResult outline(scf::ExecuteRegionOp region);

private:
  /// A function made before that does the same, or null.
  func::FuncOp lookup(func::FuncOp function);

  RewriterBase &rewriter;
  SymbolTable symbols;
  SmallVector<func::FuncOp> functions;
};
} // namespace

func::FuncOp Outliner::lookup(func::FuncOp function) {
  for (func::FuncOp other : functions)
    if (other.getFunctionType() == function.getFunctionType() &&
        OperationEquivalence::isRegionEquivalentTo(
            &other.getBody(), &function.getBody(),
            OperationEquivalence::IgnoreLocations))
      return other;
  return {};
}

LogicalResult Outliner::outline(scf::ExecuteRegionOp region) {
  auto name = region->getAttrOfType<StringAttr>(kOutlineAttrName);
  func::CallOp call;
  FailureOr<func::FuncOp> made = outlineSingleBlockRegion(
      rewriter, region.getLoc(), region.getRegion(), name, &call);
  if (failed(made))
    return region.emitOpError() << "cannot become a function";
  func::FuncOp function = *made;
  if (func::FuncOp other = lookup(function)) {
    rewriter.eraseOp(function);
    function = other;
  } else {
    symbols.insert(function);
    function.setPrivate();
    // Modules that are linked may each have one.
    function->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(function.getContext(), LLVM::Linkage::Internal));
    functions.push_back(function);
  }
  rewriter.moveOpBefore(call, region);
  call.setCallee(function.getSymName());
  rewriter.eraseOp(region);
  return success();
}

namespace {
struct OutlineTablesPass
    : public mask::impl::MaskOutlineTablesBase<OutlineTablesPass> {
  void runOnOperation() override {
    // By the module that the functions are to be in.
    llvm::MapVector<ModuleOp, SmallVector<scf::ExecuteRegionOp>> regions;
    getOperation()->walk([&](scf::ExecuteRegionOp region) {
      if (region->hasAttr(kOutlineAttrName))
        if (auto function = region->getParentOfType<func::FuncOp>())
          regions[function->getParentOfType<ModuleOp>()].push_back(region);
    });
    IRRewriter rewriter(&getContext());
    for (auto &[module, outlined] : regions) {
      Outliner outliner(rewriter, module);
      for (scf::ExecuteRegionOp region : outlined)
        if (failed(outliner.outline(region)))
          return signalPassFailure();
    }
  }
};
} // namespace
