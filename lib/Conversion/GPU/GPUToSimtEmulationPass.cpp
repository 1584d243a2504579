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
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
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

/// The types of what launches pass, by the name of the kernel.
using LaunchTypes = llvm::StringMap<SmallVector<Type>>;

/// Makes functions of one `gpu.module`.
class ModuleEmulator {
public:
  ModuleEmulator(ModuleOp module, gpu::GPUModuleOp kernels,
                 const LaunchTypes &launches)
      : emulation(module), kernels(kernels), launches(launches),
        builder(kernels) {}

  LogicalResult run(bool checks);

private:
  LogicalResult emulate(FunctionOpInterface function, bool checks,
                        SmallVectorImpl<WorkgroupBuffer> &buffers);
  /// Makes the function of a thread, which takes the kernel's arguments from a
  /// struct, and one that launches the kernel.
  LogicalResult convertKernel(FunctionOpInterface kernel,
                              ArrayRef<WorkgroupBuffer> buffers);
  void makeThreadFunction(FunctionOpInterface kernel, StringRef name,
                          LLVM::LLVMStructType arguments);
  LogicalResult makeLaunchFunction(FunctionOpInterface kernel,
                                   StringRef threadFunction,
                                   LLVM::LLVMStructType arguments,
                                   ArrayRef<WorkgroupBuffer> buffers);
  /// What a launch passes: the arguments of a `gpu.func`; those of the launches
  /// of a function of the LLVM dialect, which has a word of a descriptor each.
  TypeRange getLaunchTypes(FunctionOpInterface kernel);
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
  const LaunchTypes &launches;
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

/// The returns of a kernel whose body a `func.func` took.
static void convertReturns(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](Operation *op) {
    if (!isa<gpu::ReturnOp, LLVM::ReturnOp>(op))
      return;
    rewriter.setInsertionPoint(op);
    rewriter.replaceOpWithNewOp<func::ReturnOp>(op, op->getOperands());
  });
}

void ModuleEmulator::makeThreadFunction(FunctionOpInterface kernel,
                                        StringRef name,
                                        LLVM::LLVMStructType arguments) {
  Location loc = kernel.getLoc();
  func::FuncOp function = makeFunction(loc, name, emulation.getPointerType());
  function.setPrivate();
  function.getBody().takeBody(kernel.getFunctionBody());
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

/// The block size that a kernel is compiled for; empty if it may be any.
static ArrayRef<int32_t> getKnownBlockSize(FunctionOpInterface kernel) {
  if (auto function = dyn_cast<gpu::GPUFuncOp>(*kernel))
    return function.getKnownBlockSize().value_or(ArrayRef<int32_t>());
  StringRef names[] = {gpu::GPUDialect::KnownBlockSizeAttrHelper::getNameStr(),
                       NVVM::NVVMDialect::getReqntidAttrName()};
  for (StringRef name : names)
    if (auto size = kernel->getAttrOfType<DenseI32ArrayAttr>(name))
      return size;
  return {};
}

TypeRange ModuleEmulator::getLaunchTypes(FunctionOpInterface kernel) {
  auto known = launches.find(getName(kernels.getName(), kernel.getName()));
  if (isa<gpu::GPUFuncOp>(*kernel) || known == launches.end())
    return kernel.getArgumentTypes();
  return known->second;
}

LogicalResult ModuleEmulator::makeLaunchFunction(
    FunctionOpInterface kernel, StringRef threadFunction,
    LLVM::LLVMStructType arguments, ArrayRef<WorkgroupBuffer> buffers) {
  Location loc = kernel.getLoc();
  std::string name = getName(kernels.getName(), kernel.getName());
  SmallVector<int64_t> numbers(getKnownBlockSize(kernel));
  numbers.resize(3, numbers.empty() ? 0 : 1);
  numbers.push_back(buffers.size());
  for (const WorkgroupBuffer &buffer : buffers)
    numbers.append({buffer.bytes, buffer.alignment});
  LLVM::GlobalOp nameConstant = makeString(name + ".name", name);
  LLVM::GlobalOp numbersConstant = makeNumbers(name + ".numbers", numbers);

  // Grid, block and the bytes of dynamic memory come first.
  constexpr unsigned kSizes = 7;
  SmallVector<Type> inputs(kSizes, builder.getIndexType());
  llvm::append_range(inputs, getLaunchTypes(kernel));
  func::FuncOp function = makeFunction(loc, name, inputs);
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    builder.getUnitAttr());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  Value address =
      LLVM::AllocaOp::create(builder, loc, emulation.getPointerType(),
                             arguments, emulation.getI64(builder, loc, 1));
  SmallVector<Value> values = emulation.lowerArguments(
      builder, loc, entry->getArguments().drop_front(kSizes),
      /*unpack=*/isa<LLVM::LLVMFuncOp>(*kernel));
  if (TypeRange(values) != TypeRange(arguments.getBody()))
    return kernel.emitError() << "'" << name << "' is launched with arguments "
                              << "of other types than it has";
  for (auto [i, value] : llvm::enumerate(values))
    LLVM::StoreOp::create(builder, loc, value,
                          getField(loc, arguments, address, i));

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
  return success();
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

LogicalResult ModuleEmulator::convertKernel(FunctionOpInterface kernel,
                                            ArrayRef<WorkgroupBuffer> buffers) {
  SmallVector<Type> fields;
  for (Type type : kernel.getArgumentTypes()) {
    Type field = emulation.lowerType(type);
    if (!field)
      return kernel->emitOpError()
             << "has an argument of type " << type << ", which is not emulated";
    fields.push_back(field);
  }
  auto arguments =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  std::string thread = getName(kernels.getName(), kernel.getName()) + ".thread";
  if (failed(makeLaunchFunction(kernel, thread, arguments, buffers)))
    return failure();
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

static bool isKernel(FunctionOpInterface function) {
  return function->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()) ||
         function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
}

LogicalResult
ModuleEmulator::emulate(FunctionOpInterface function, bool checks,
                        SmallVectorImpl<WorkgroupBuffer> &buffers) {
  if (auto lowered = dyn_cast<LLVM::LLVMFuncOp>(*function))
    return emulateNVVM(emulation, lowered, checks, buffers);
  if (checks && failed(checkAccesses(emulation, function)))
    return failure();
  return emulateOps(emulation, function, buffers);
}

LogicalResult ModuleEmulator::run(bool checks) {
  expandCompositeOps(kernels);
  using Buffers = SmallVector<WorkgroupBuffer>;
  SmallVector<std::pair<FunctionOpInterface, Buffers>> functions;
  for (auto function : kernels.getOps<FunctionOpInterface>()) {
    if (isDeclaration(function))
      continue;
    Buffers buffers;
    if (failed(emulate(function, checks, buffers)))
      return failure();
    if (isKernel(function) || isa<gpu::GPUFuncOp>(*function))
      functions.emplace_back(function, std::move(buffers));
    else if (!buffers.empty())
      return function->emitOpError()
             << "is not emulated: workgroup memory belongs to a kernel";
  }
  // They are buffers now.
  for (auto variable :
       llvm::make_early_inc_range(kernels.getOps<LLVM::GlobalOp>()))
    if (variable.getAddrSpace() == unsigned(NVVM::NVVMMemorySpace::Shared))
      variable.erase();
  // What kernels share goes along, under a name of its own.
  SymbolTable symbols(kernels);
  for (auto symbol : kernels.getOps<SymbolOpInterface>()) {
    auto function = dyn_cast<FunctionOpInterface>(*symbol);
    if ((function && (isKernel(function) || isa<gpu::GPUFuncOp>(*function))) ||
        isDeclaration(symbol))
      continue;
    if (failed(symbols.rename(symbol,
                              getName(kernels.getName(), symbol.getName()))))
      return symbol.emitError() << "cannot be renamed";
  }
  sites = makeString(getName(kernels.getName(), "sites"), emulation.getSites());
  for (auto &[kernel, buffers] : functions) {
    if (!isKernel(kernel))
      return kernel->emitOpError() << "is not emulated: it is no kernel";
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

static LaunchTypes getLaunchTypes(ModuleOp module) {
  LaunchTypes types;
  module.walk([&](gpu::LaunchFuncOp op) {
    types[getName(op.getKernelModuleName(), op.getKernelName())] =
        llvm::to_vector(op.getKernelOperands().getTypes());
  });
  return types;
}

/// All memory is the CPU's, and there are no tokens.
static void replaceTypes(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
    return dropMemorySpace(type);
  });
  replacer.addReplacement(
      [](LLVM::LLVMPointerType type) -> std::optional<Type> {
        return LLVM::LLVMPointerType::get(type.getContext());
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
    LaunchTypes launches = getLaunchTypes(module);
    if (failed(convertHost(module)))
      return signalPassFailure();
    SmallVector<gpu::GPUModuleOp> kernels(module.getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp gpuModule : kernels)
      if (failed(
              ModuleEmulator(module, gpuModule, launches).run(checkAccesses)))
        return signalPassFailure();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
    replaceTypes(module);
  }
};

} // namespace
