//===- PrepareSPIRV.cpp - what the way to SPIR-V leaves out -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinearArrays.h"
#include "Mask/Conversion/Passes.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKPREPARESPIRV
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// All that kernels may use; what they do use is said by their module.
static spirv::TargetEnvAttr getVulkanEnv(MLIRContext *context) {
  using spirv::Capability;
  using spirv::Extension;
  auto triple = spirv::VerCapExtAttr::get(
      spirv::Version::V_1_3,
      {Capability::Shader, Capability::Int8, Capability::Int16,
       Capability::Int64, Capability::Float16, Capability::Float64,
       Capability::StorageBuffer8BitAccess,
       Capability::StorageBuffer16BitAccess,
       Capability::SignedZeroInfNanPreserve},
      {Extension::SPV_KHR_storage_buffer_storage_class,
       Extension::SPV_KHR_8bit_storage, Extension::SPV_KHR_16bit_storage,
       Extension::SPV_KHR_float_controls},
      context);
  return spirv::TargetEnvAttr::get(triple,
                                   spirv::getDefaultResourceLimits(context),
                                   spirv::ClientAPI::Vulkan);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {
/// Gives one kernel the arguments that a host for Vulkan hands over.
class KernelPreparation {
public:
  explicit KernelPreparation(gpu::GPUFuncOp kernel)
      : kernel(kernel), b(kernel.getLoc(), kernel.getContext()) {}

  LogicalResult run();

private:
  LogicalResult check();
  /// The next number of the host.
  Value loadNumber(Type type);
  LogicalResult replaceArray(BlockArgument argument, Value linear);
  LogicalResult replaceWorkgroupMemory(BlockArgument attribution);
  LogicalResult replaceAllocas();

  gpu::GPUFuncOp kernel;
  ImplicitLocOpBuilder b;
  Value numbers;
  int64_t numNumbers = 0;
};
} // namespace

static LogicalResult checkArray(gpu::GPUFuncOp kernel, MemRefType type) {
  if (!type.getLayout().isIdentity())
    return kernel.emitOpError() << "cannot be SPIR-V: the rows of " << type
                                << " must lie side by side";
  if (!getStoredType(type.getElementType()))
    return kernel.emitOpError()
           << "cannot be SPIR-V: Vulkan's memory has no elements of type "
           << type.getElementType();
  return success();
}

LogicalResult KernelPreparation::check() {
  if (!kernel.getKnownBlockSize())
    return kernel.emitOpError()
           << "cannot be SPIR-V: its known_block_size is not given";
  if (!llvm::hasSingleElement(kernel.getBody()))
    return kernel.emitOpError() << "cannot be SPIR-V: its code branches";
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    auto array = dyn_cast<MemRefType>(argument.getType());
    if (array && failed(checkArray(kernel, array)))
      return failure();
    if (!array && !argument.getType().isIntOrIndexOrFloat())
      return kernel.emitOpError() << "cannot be SPIR-V: it has an argument of "
                                     "type "
                                  << argument.getType();
  }
  return success();
}

Value KernelPreparation::loadNumber(Type type) {
  Value index = arith::ConstantIndexOp::create(b, numNumbers++);
  Value word = memref::LoadOp::create(b, numbers, index);
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, word);
  unsigned width = type.getIntOrFloatBitWidth();
  if (width < 64)
    word = arith::TruncIOp::create(b, b.getIntegerType(width), word);
  return isa<FloatType>(type) ? arith::BitcastOp::create(b, type, word) : word;
}

LogicalResult KernelPreparation::replaceArray(BlockArgument argument,
                                              Value linear) {
  auto type = cast<MemRefType>(argument.getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape()) {
    if (ShapedType::isDynamic(size))
      sizes.push_back(loadNumber(b.getIndexType()));
    else
      sizes.push_back(b.getIndexAttr(size));
  }
  return replaceByLinear(argument, linear, sizes);
}

/// Workgroup memory is allocated by an op, in the storage class of SPIR-V.
LogicalResult
KernelPreparation::replaceWorkgroupMemory(BlockArgument attribution) {
  auto type = cast<MemRefType>(attribution.getType());
  auto space = spirv::StorageClassAttr::get(b.getContext(),
                                            spirv::StorageClass::Workgroup);
  Value linear = memref::AllocOp::create(b, getLinearType(type, space));
  return replaceByLinear(
      attribution, linear,
      getAsIndexOpFoldResult(b.getContext(), type.getShape()));
}

/// The memory of a thread.
LogicalResult KernelPreparation::replaceAllocas() {
  SmallVector<memref::AllocaOp> allocas;
  kernel.walk([&](memref::AllocaOp op) { allocas.push_back(op); });
  for (memref::AllocaOp op : allocas) {
    MemRefType type = op.getType();
    if (!type.hasStaticShape())
      return op.emitOpError()
             << "must have a static shape to be SPIR-V, got " << type;
    if (failed(checkArray(kernel, type)))
      return failure();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    auto space = spirv::StorageClassAttr::get(b.getContext(),
                                              spirv::StorageClass::Function);
    Value linear = memref::AllocaOp::create(b, getLinearType(type, space));
    if (failed(replaceByLinear(
            op, linear,
            getAsIndexOpFoldResult(b.getContext(), type.getShape()))))
      return failure();
    op.erase();
  }
  return success();
}

LogicalResult KernelPreparation::run() {
  if (failed(check()))
    return failure();
  SmallVector<Type> types;
  for (Type type : kernel.getArgumentTypes())
    if (auto array = dyn_cast<MemRefType>(type))
      types.push_back(getLinearType(array, array.getMemorySpace()));
  types.push_back(MemRefType::get(ShapedType::kDynamic, b.getI64Type()));

  b.setInsertionPoint(kernel);
  auto prepared =
      gpu::GPUFuncOp::create(b, kernel.getName(), b.getFunctionType(types, {}));
  DenseI32ArrayAttr threads = kernel.getKnownBlockSizeAttr();
  prepared.setKnownBlockSizeAttr(threads);
  prepared->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  // Hidden scores are infinite, and values may be NaN: f32 has to keep both.
  prepared->setAttr(
      spirv::getEntryPointABIAttrName(),
      spirv::getEntryPointABIAttr(b.getContext(), threads.asArrayRef(),
                                  /*subgroupSize=*/{}, /*targetWidth=*/32));
  Block *entry = &prepared.getBody().front(), *body = &kernel.getBody().front();
  entry->getOperations().splice(entry->end(), body->getOperations());

  b.setInsertionPointToStart(entry);
  numbers = entry->getArguments().back();
  auto *linear = entry->args_begin();
  for (BlockArgument argument :
       kernel.getArguments().take_front(kernel.getNumArguments())) {
    if (!isa<MemRefType>(argument.getType()))
      argument.replaceAllUsesWith(loadNumber(argument.getType()));
    else if (failed(replaceArray(argument, *linear++)))
      return failure();
  }
  for (BlockArgument attribution : kernel.getWorkgroupAttributions())
    if (failed(replaceWorkgroupMemory(attribution)))
      return failure();
  if (!kernel.getPrivateAttributions().empty())
    return kernel.emitOpError()
           << "cannot be SPIR-V: it has private attributions";
  kernel.erase();
  kernel = prepared;
  return replaceAllocas();
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {
/// Does what an op does to a vector to its elements: the conversions of `math`
/// and of `gpu` do not agree what a vector of one element becomes.
struct UnrollElementwise : RewritePattern {
  explicit UnrollElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "is not done element by element");
    auto type = dyn_cast<VectorType>(op->getResult(0).getType());
    if (!type || type.getRank() != 1 || type.isScalable())
      return rewriter.notifyMatchFailure(op, "has no vector of one dimension");
    SmallVector<Value> elements;
    for (int64_t i = 0; i < type.getDimSize(0); ++i) {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(
            isa<VectorType>(operand.getType())
                ? vector::ExtractOp::create(rewriter, op->getLoc(), operand, i)
                : operand);
      Operation *scalar =
          rewriter.create(op->getLoc(), op->getName().getIdentifier(), operands,
                          type.getElementType(), op->getAttrs());
      elements.push_back(scalar->getResult(0));
    }
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, type, elements);
    return success();
  }
};
} // namespace

/// Extends a number by its sign without an instruction that says so: Mesa takes
/// comparisons of an extended number with a constant to be comparisons of the
/// number, and does that wrong (in 22.3, `x >= 7` is always true).
static void expandSign(Operation *op) {
  Value number = op->getOperand(0);
  Type type = op->getResult(0).getType();
  auto narrow = dyn_cast<IntegerType>(number.getType());
  if (!narrow || narrow.getWidth() >= 64)
    return;
  ImplicitLocOpBuilder b(op->getLoc(), op);
  Type wide = type.isIndex() ? b.getI64Type() : type;
  // The sign's weight is negative.
  Value sign = arith::ConstantIntOp::create(
      b, wide, int64_t(1) << (narrow.getWidth() - 1));
  Value bits = arith::ExtUIOp::create(b, wide, number);
  Value flipped = arith::XOrIOp::create(b, bits, sign);
  Value result = arith::SubIOp::create(b, flipped, sign);
  if (type.isIndex())
    result = arith::IndexCastOp::create(b, type, result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

/// `convert-gpu-to-spirv` knows casts of signed numbers only.
static void expandCast(arith::IndexCastUIOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value number = op.getIn();
  if (op.getType().isIndex() && !number.getType().isInteger(64))
    number = arith::ExtUIOp::create(b, b.getI64Type(), number);
  op.replaceAllUsesWith(
      arith::IndexCastOp::create(b, op.getType(), number).getResult());
  op.erase();
}

/// `convert-gpu-to-spirv` of LLVM 22.1 stores the results of a loop in its body
/// only: without an iteration they are undefined.
static void guardResults(scf::ForOp loop) {
  if (loop.use_empty())
    return;
  ImplicitLocOpBuilder b(loop.getLoc(), loop->getContext());
  b.setInsertionPointAfter(loop);
  Value isEntered =
      arith::CmpIOp::create(b,
                            loop.getUnsignedCmp() ? arith::CmpIPredicate::ult
                                                  : arith::CmpIPredicate::slt,
                            loop.getLowerBound(), loop.getUpperBound());
  for (auto [result, init] :
       llvm::zip_equal(loop.getResults(), loop.getInitArgs())) {
    if (result.use_empty())
      continue;
    auto guarded = arith::SelectOp::create(b, isEntered, result, init);
    result.replaceAllUsesExcept(guarded, guarded);
  }
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

/// What launches kernels is its record alone: the arguments of its launches are
/// not those of the kernels any more.
static LogicalResult dropLaunches(ModuleOp module) {
  WalkResult result = module.walk([](func::FuncOp function) {
    WalkResult launches = function.walk(
        [](gpu::LaunchFuncOp) { return WalkResult::interrupt(); });
    if (!launches.wasInterrupted())
      return WalkResult::advance();
    if (!function->hasAttr(LaunchRecordAttr::getAttrName()))
      return WalkResult(function.emitOpError()
                        << "launches kernels, and has no '"
                        << LaunchRecordAttr::getAttrName()
                        << "', by which a host for Vulkan would");
    function.eraseBody();
    function.setPrivate();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

namespace {
struct PrepareSPIRV : public mask::impl::MaskPrepareSPIRVBase<PrepareSPIRV> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(dropLaunches(module)))
      return signalPassFailure();
    SmallVector<gpu::GPUFuncOp> kernels;
    module.walk([&](gpu::GPUFuncOp kernel) {
      if (kernel.isKernel())
        kernels.push_back(kernel);
    });
    for (gpu::GPUFuncOp kernel : kernels) {
      auto parent = kernel->getParentOfType<gpu::GPUModuleOp>();
      parent->setAttr(spirv::getTargetEnvAttrName(),
                      getVulkanEnv(&getContext()));
      if (failed(KernelPreparation(kernel).run()))
        return signalPassFailure();
    }
    RewritePatternSet patterns(&getContext());
    patterns.add<UnrollElementwise>(&getContext());
    FrozenRewritePatternSet elementwise(std::move(patterns));
    for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
      kernels.walk(guardResults);
      kernels.walk(expandCast);
      kernels.walk([](arith::IndexCastOp op) { expandSign(op); });
      kernels.walk([](arith::ExtSIOp op) { expandSign(op); });
      walkAndApplyPatterns(kernels, elementwise);
    }
  }
};
} // namespace
