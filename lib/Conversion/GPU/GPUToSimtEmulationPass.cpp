//===- GPUToSimtEmulationPass.cpp - the pass convert-gpu-to-simt-emulation -*-
// C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "Mask/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace mlir::mask {
#define GEN_PASS_DEF_CONVERTGPUTOSIMTEMULATION
#include "Mask/Conversion/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// "module::kernel", how the functions of a `gpu.module` are called outside.
static std::string getName(StringRef gpuModule, StringRef function) {
  return (gpuModule + "::" + function).str();
}

namespace {

/// Makes functions of one `gpu.module`.
class ModuleEmulator {
public:
  ModuleEmulator(ModuleOp module, gpu::GPUModuleOp kernels)
      : emulation(module), kernels(kernels), builder(kernels) {}

  LogicalResult run(bool checks);

private:
  /// Makes the function of a thread, which takes the kernel's arguments from a
  /// struct, and one that launches the kernel.
  LogicalResult convertKernel(gpu::GPUFuncOp kernel,
                              ArrayRef<WorkgroupBuffer> buffers);
  void makeThreadFunction(gpu::GPUFuncOp kernel, StringRef name,
                          LLVM::LLVMStructType arguments);
  void makeLaunchFunction(gpu::GPUFuncOp kernel, StringRef threadFunction,
                          LLVM::LLVMStructType arguments,
                          ArrayRef<WorkgroupBuffer> buffers);
  func::FuncOp makeFunction(Location loc, StringRef name, TypeRange inputs,
                            TypeRange results = {});
  /// A constant in front of the `gpu.module`.
  LLVM::GlobalOp makeConstant(StringRef name, Type type, Attribute value);
  LLVM::GlobalOp makeNumbers(StringRef name, ArrayRef<int64_t> numbers);
  LLVM::GlobalOp makeString(StringRef name, StringRef text);
  Value getField(Location loc, LLVM::LLVMStructType type, Value address,
                 int32_t field);

  EmulationBuilder emulation;
  gpu::GPUModuleOp kernels;
  OpBuilder builder;
  /// What diagnostics call the ops of the module.
  LLVM::GlobalOp sites;
};

} // namespace

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

func::FuncOp ModuleEmulator::makeFunction(Location loc, StringRef name,
                                          TypeRange inputs, TypeRange results) {
  builder.setInsertionPoint(kernels);
  return func::FuncOp::create(builder, loc, name,
                              builder.getFunctionType(inputs, results));
}

Value ModuleEmulator::getField(Location loc, LLVM::LLVMStructType type,
                               Value address, int32_t field) {
  return LLVM::GEPOp::create(builder, loc, emulation.getPointerType(), type,
                             address, ArrayRef<LLVM::GEPArg>{0, field});
}

/// The returns of a `gpu.func` whose body a `func.func` took.
static void convertReturns(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](gpu::ReturnOp op) {
    rewriter.setInsertionPoint(op);
    rewriter.replaceOpWithNewOp<func::ReturnOp>(op, op.getOperands());
  });
}

void ModuleEmulator::makeThreadFunction(gpu::GPUFuncOp kernel, StringRef name,
                                        LLVM::LLVMStructType arguments) {
  Location loc = kernel.getLoc();
  func::FuncOp function = makeFunction(loc, name, emulation.getPointerType());
  function.setPrivate();
  function.getBody().takeBody(kernel.getBody());
  Block &entry = function.getBody().front();
  builder.setInsertionPointToStart(&entry);
  Value pointer = entry.insertArgument(0u, emulation.getPointerType(), loc);
  for (auto [i, type] : llvm::enumerate(arguments.getBody())) {
    BlockArgument argument = entry.getArgument(i + 1);
    Value value = LLVM::LoadOp::create(builder, loc, type,
                                       getField(loc, arguments, pointer, i));
    if (type != argument.getType())
      value = UnrealizedConversionCastOp::create(builder, loc,
                                                 argument.getType(), value)
                  .getResult(0);
    argument.replaceAllUsesWith(value);
  }
  entry.eraseArguments(1, entry.getNumArguments() - 1);
  convertReturns(function);
}

void ModuleEmulator::makeLaunchFunction(gpu::GPUFuncOp kernel,
                                        StringRef threadFunction,
                                        LLVM::LLVMStructType arguments,
                                        ArrayRef<WorkgroupBuffer> buffers) {
  Location loc = kernel.getLoc();
  std::string name = getName(kernels.getName(), kernel.getName());
  SmallVector<int64_t> numbers(3, 0);
  if (auto known = kernel.getKnownBlockSize())
    numbers.assign(known->begin(), known->end());
  numbers.push_back(buffers.size());
  for (const WorkgroupBuffer &buffer : buffers)
    numbers.append({buffer.bytes, buffer.alignment});
  LLVM::GlobalOp nameConstant = makeString(name + ".name", name);
  LLVM::GlobalOp numbersConstant = makeNumbers(name + ".numbers", numbers);

  // Grid, block and the bytes of dynamic memory come first.
  constexpr unsigned kSizes = 7;
  SmallVector<Type> inputs(kSizes, builder.getIndexType());
  llvm::append_range(inputs, kernel.getArgumentTypes());
  func::FuncOp function = makeFunction(loc, name, inputs);
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    builder.getUnitAttr());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  Value address =
      LLVM::AllocaOp::create(builder, loc, emulation.getPointerType(),
                             arguments, emulation.getI64(builder, loc, 1));
  for (auto [i, type] : llvm::enumerate(arguments.getBody())) {
    Value argument = entry->getArgument(kSizes + i);
    if (type != argument.getType())
      argument =
          UnrealizedConversionCastOp::create(builder, loc, type, argument)
              .getResult(0);
    LLVM::StoreOp::create(builder, loc, argument,
                          getField(loc, arguments, address, i));
  }

  Value thread = func::ConstantOp::create(
      builder, loc, builder.getFunctionType(emulation.getPointerType(), {}),
      FlatSymbolRefAttr::get(builder.getContext(), threadFunction));
  thread = UnrealizedConversionCastOp::create(
               builder, loc, emulation.getPointerType(), thread)
               .getResult(0);
  auto getAddress = [&](LLVM::GlobalOp global) -> Value {
    return LLVM::AddressOfOp::create(builder, loc, global);
  };
  SmallVector<Value> operands = {getAddress(nameConstant), thread, address,
                                 getAddress(numbersConstant),
                                 getAddress(sites)};
  for (BlockArgument size : entry->getArguments().take_front(kSizes))
    operands.push_back(emulation.toI64(builder, loc, size));
  emulation.call(builder, loc, "mask_simt_launch", {}, operands);
  func::ReturnOp::create(builder, loc);
}

LLVM::GlobalOp ModuleEmulator::makeConstant(StringRef name, Type type,
                                            Attribute value) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(kernels);
  return LLVM::GlobalOp::create(builder, kernels.getLoc(), type,
                                /*isConstant=*/true, LLVM::Linkage::Internal,
                                name, value);
}

LLVM::GlobalOp ModuleEmulator::makeNumbers(StringRef name,
                                           ArrayRef<int64_t> numbers) {
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), numbers.size());
  return makeConstant(name, type, builder.getI64TensorAttr(numbers));
}

LLVM::GlobalOp ModuleEmulator::makeString(StringRef name, StringRef text) {
  std::string terminated = text.str() + '\0';
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
  return makeConstant(name, type, builder.getStringAttr(terminated));
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

LogicalResult ModuleEmulator::convertKernel(gpu::GPUFuncOp kernel,
                                            ArrayRef<WorkgroupBuffer> buffers) {
  SmallVector<Type> fields;
  for (Type type : kernel.getArgumentTypes()) {
    if (auto memref = dyn_cast<MemRefType>(type))
      type = dropMemorySpace(memref);
    Type field = emulation.getConverter().convertType(type);
    if (!field)
      return kernel.emitOpError()
             << "has an argument of type " << type << ", which is not emulated";
    fields.push_back(field);
  }
  auto arguments =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  std::string thread = getName(kernels.getName(), kernel.getName()) + ".thread";
  makeLaunchFunction(kernel, thread, arguments, buffers);
  makeThreadFunction(kernel, thread, arguments);
  kernel.erase();
  return success();
}

/// A function that is declared only is one of the process, which the host may
/// call, too.
static bool isDeclaration(Operation *op) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return function && function.isExternal();
}

LogicalResult ModuleEmulator::run(bool checks) {
  expandCompositeOps(kernels);
  using Buffers = SmallVector<WorkgroupBuffer>;
  SmallVector<std::pair<gpu::GPUFuncOp, Buffers>> functions;
  for (auto function : kernels.getOps<FunctionOpInterface>()) {
    if (isDeclaration(function))
      continue;
    Buffers buffers;
    if ((checks && failed(checkAccesses(emulation, function))) ||
        failed(emulateOps(emulation, function, buffers)))
      return failure();
    if (auto kernel = dyn_cast<gpu::GPUFuncOp>(*function))
      functions.emplace_back(kernel, std::move(buffers));
  }
  // What kernels share goes along, under a name of its own.
  SymbolTable symbols(kernels);
  for (auto symbol : kernels.getOps<SymbolOpInterface>())
    if (!isa<gpu::GPUFuncOp>(*symbol) && !isDeclaration(symbol) &&
        failed(symbols.rename(symbol,
                              getName(kernels.getName(), symbol.getName()))))
      return symbol.emitError() << "cannot be renamed";
  sites = makeString(getName(kernels.getName(), "sites"), emulation.getSites());
  for (auto &[kernel, buffers] : functions) {
    if (!kernel.isKernel())
      return kernel.emitOpError() << "is not emulated: it is no kernel";
    if (failed(convertKernel(kernel, buffers)))
      return failure();
  }
  SymbolTable outside(kernels->getParentOp());
  for (Operation &op : llvm::make_early_inc_range(kernels.getOps())) {
    if (isDeclaration(&op) && outside.lookup(SymbolTable::getSymbolName(&op)))
      op.erase();
    else
      op.moveBefore(kernels);
  }
  kernels.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Hosts
//===----------------------------------------------------------------------===//

/// What the host asks of a GPU; everything is done when it is asked for.
static LogicalResult convertHost(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  SmallVector<Operation *> ops;
  module.walk([&](gpu::LaunchFuncOp op) { ops.push_back(op); });
  for (Operation *op : ops) {
    auto launch = cast<gpu::LaunchFuncOp>(op);
    Location loc = launch.getLoc();
    if (launch.getAsyncToken() || !launch.getAsyncDependencies().empty() ||
        launch.getAsyncObject() || launch.hasClusterSize())
      return launch.emitOpError()
             << "is not emulated with tokens, streams or clusters";
    rewriter.setInsertionPoint(launch);
    gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
    gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
    Value bytes = launch.getDynamicSharedMemorySize();
    if (!bytes)
      bytes = arith::ConstantIntOp::create(rewriter, loc, 0, 32);
    SmallVector<Value> operands;
    for (Value size :
         {grid.x, grid.y, grid.z, block.x, block.y, block.z, bytes}) {
      if (!size.getType().isIndex())
        size = arith::IndexCastOp::create(rewriter, loc,
                                          rewriter.getIndexType(), size);
      operands.push_back(size);
    }
    llvm::append_range(operands, launch.getKernelOperands());
    std::string name = getName(launch.getKernelModuleName().getValue(),
                               launch.getKernelName().getValue());
    func::CallOp::create(rewriter, loc, name, TypeRange(), operands);
    rewriter.eraseOp(launch);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// All memory is the CPU's, and there are no tokens.
static void replaceTypes(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
    return dropMemorySpace(type);
  });
  replacer.addReplacement(
      [](nvgpu::DeviceAsyncTokenType type) -> std::optional<Type> {
        return IntegerType::get(type.getContext(), 32);
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

namespace {

struct ConvertGPUToSimtEmulation
    : mask::impl::ConvertGPUToSimtEmulationBase<ConvertGPUToSimtEmulation> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(convertHost(module)))
      return signalPassFailure();
    SmallVector<gpu::GPUModuleOp> kernels(module.getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp gpuModule : kernels)
      if (failed(ModuleEmulator(module, gpuModule).run(checkAccesses)))
        return signalPassFailure();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
    replaceTypes(module);
  }
};

} // namespace
