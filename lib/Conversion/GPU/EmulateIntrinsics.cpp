//===- EmulateIntrinsics.cpp - what both stages of kernels have -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mask;

/// What the intrinsics of NVIDIA's approximate instructions approximate.
static Value makeExact(OpBuilder &builder, Location loc, StringRef name,
                       Value operand) {
  // The suffixes say how subnormal numbers are treated, and the type.
  StringRef function = name.drop_front(StringRef("llvm.nvvm.").size());
  if (function.starts_with("ex2.approx."))
    return math::Exp2Op::create(builder, loc, operand);
  if (function.starts_with("lg2.approx."))
    return math::Log2Op::create(builder, loc, operand);
  if (function.starts_with("tanh.approx."))
    return math::TanhOp::create(builder, loc, operand);
  if (!function.starts_with("rcp.approx."))
    return {};
  Value one = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(operand.getType(), 1.0));
  return arith::DivFOp::create(builder, loc, one, operand);
}

LogicalResult mlir::mask::emulateSyncWarp(EmulationBuilder &emulation,
                                          RewriterBase &rewriter,
                                          NVVM::SyncWarpOp sync) {
  llvm::APInt mask;
  if (!matchPattern(sync.getMask(), m_ConstantInt(&mask)) || !mask.isAllOnes())
    return sync.emitOpError() << "is emulated for all threads of a warp only";
  emulation.call(rewriter, sync.getLoc(), "mask_simt_sync_warp", {},
                 emulation.getSite(rewriter, sync));
  rewriter.eraseOp(sync);
  return success();
}

LogicalResult mlir::mask::emulateIntrinsic(RewriterBase &rewriter,
                                           LLVM::CallIntrinsicOp call) {
  StringRef name = call.getIntrin();
  if (!name.starts_with("llvm.nvvm.") && !name.starts_with("llvm.amdgcn."))
    return success();
  Value exact;
  if (name.starts_with("llvm.nvvm.") && call.getArgs().size() == 1)
    exact = makeExact(rewriter, call.getLoc(), name, call.getArgs().front());
  if (!exact)
    return call.emitOpError() << "\"" << name << "\" is not emulated";
  rewriter.replaceOp(call, exact);
  return success();
}
