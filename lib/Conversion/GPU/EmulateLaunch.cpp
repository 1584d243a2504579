//===- EmulateLaunch.cpp - how emulated kernels are launched -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateLaunch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

std::string mlir::mask::getEmulatedName(StringRef gpuModule,
                                        StringRef function) {
  return (gpuModule + "::" + function).str();
}

EmulatedLaunches::EmulatedLaunches(EmulationBuilder &emulation,
                                   gpu::GPUModuleOp kernels,
                                   const LaunchTypes &launches, bool checks)
    : emulation(emulation), kernels(kernels), launches(launches),
      checks(checks), builder(kernels),
      sites(makeString(getEmulatedName(kernels.getName(), "sites"),
                       emulation.getSites())) {}

//===----------------------------------------------------------------------===//
// Constants and functions
//===----------------------------------------------------------------------===//

LLVM::GlobalOp EmulatedLaunches::makeConstant(StringRef name, Type type,
                                              Attribute value) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(kernels);
  return LLVM::GlobalOp::create(builder, kernels.getLoc(), type,
                                /*isConstant=*/true, LLVM::Linkage::Internal,
                                name, value);
}

LLVM::GlobalOp EmulatedLaunches::makeNumbers(StringRef name,
                                             ArrayRef<int64_t> numbers) {
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), numbers.size());
  return makeConstant(name, type, builder.getI64TensorAttr(numbers));
}

LLVM::GlobalOp EmulatedLaunches::makeString(StringRef name, StringRef text) {
  std::string terminated = text.str() + '\0';
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
  return makeConstant(name, type, builder.getStringAttr(terminated));
}

func::FuncOp EmulatedLaunches::makeFunction(Location loc, StringRef name,
                                            TypeRange inputs) {
  builder.setInsertionPoint(kernels);
  return func::FuncOp::create(builder, loc, name,
                              builder.getFunctionType(inputs, {}));
}

Value EmulatedLaunches::getField(Location loc, Type type, Value address,
                                 int32_t field) {
  return LLVM::GEPOp::create(builder, loc, emulation.getPointerType(), type,
                             address, ArrayRef<LLVM::GEPArg>{0, field});
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

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

void EmulatedLaunches::makeThreadFunction(FunctionOpInterface kernel,
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

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

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

std::optional<TypeRange>
EmulatedLaunches::getLaunchTypes(FunctionOpInterface kernel) {
  if (isa<gpu::GPUFuncOp>(*kernel))
    return TypeRange(kernel.getArgumentTypes());
  auto known =
      launches.find(getEmulatedName(kernels.getName(), kernel.getName()));
  if (known == launches.end())
    return std::nullopt;
  return TypeRange(known->second);
}

std::pair<LLVM::GlobalOp, LLVM::GlobalOp>
EmulatedLaunches::makeDescription(FunctionOpInterface kernel,
                                  ArrayRef<WorkgroupBuffer> buffers) {
  std::string name = getEmulatedName(kernels.getName(), kernel.getName());
  SmallVector<int64_t> numbers(getKnownBlockSize(kernel));
  numbers.resize(3, numbers.empty() ? 0 : 1);
  numbers.push_back(buffers.size());
  for (const WorkgroupBuffer &buffer : buffers)
    numbers.append({buffer.bytes, buffer.alignment});
  return {makeString(name + ".name", name),
          makeNumbers(name + ".numbers", numbers)};
}

/// The bytes from the first element of an array to behind its last.
static Value getSpan(OpBuilder &builder, Location loc,
                     memref::ExtractStridedMetadataOp array, int64_t bytes) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value last = index(0), isEmpty;
  for (auto [size, stride] :
       llvm::zip_equal(array.getSizes(), array.getStrides())) {
    Value end = arith::SubIOp::create(builder, loc, size, index(1));
    last = arith::AddIOp::create(
        builder, loc, last, arith::MulIOp::create(builder, loc, end, stride));
    Value isNone = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         size, index(0));
    isEmpty =
        isEmpty
            ? arith::OrIOp::create(builder, loc, isEmpty, isNone).getResult()
            : isNone;
  }
  Value elements = arith::AddIOp::create(builder, loc, last, index(1));
  if (isEmpty)
    elements =
        arith::SelectOp::create(builder, loc, isEmpty, index(0), elements);
  return arith::MulIOp::create(builder, loc, elements, index(bytes));
}

SmallVector<Value> EmulatedLaunches::makeArrays(Location loc,
                                                ValueRange arguments,
                                                bool areKnown) {
  if (!areKnown)
    return {LLVM::ZeroOp::create(builder, loc, emulation.getPointerType()),
            emulation.getI64(builder, loc, -1)};
  SmallVector<Value> words;
  for (Value argument : arguments) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    int64_t bytes = emulation.getBytes(type.getElementType());
    auto array =
        memref::ExtractStridedMetadataOp::create(builder, loc, argument);
    Value start =
        memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, argument);
    Value offset = arith::MulIOp::create(
        builder, loc, array.getOffset(),
        arith::ConstantIndexOp::create(builder, loc, bytes));
    words.push_back(arith::AddIOp::create(builder, loc, start, offset));
    words.push_back(getSpan(builder, loc, array, bytes));
  }
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), words.size());
  Value table = makeAlloca(loc, type);
  for (auto [i, word] : llvm::enumerate(words))
    LLVM::StoreOp::create(builder, loc, emulation.toI64(builder, loc, word),
                          getField(loc, type, table, i));
  return {table, emulation.getI64(builder, loc, words.size() / 2)};
}

LogicalResult EmulatedLaunches::makeLaunchFunction(
    FunctionOpInterface kernel, StringRef threadFunction,
    LLVM::LLVMStructType arguments, ArrayRef<WorkgroupBuffer> buffers) {
  Location loc = kernel.getLoc();
  std::string name = getEmulatedName(kernels.getName(), kernel.getName());
  auto [nameConstant, numbersConstant] = makeDescription(kernel, buffers);
  std::optional<TypeRange> types = getLaunchTypes(kernel);

  // Grid, block and the bytes of dynamic memory come first.
  constexpr unsigned kSizes = 7;
  SmallVector<Type> inputs(kSizes, builder.getIndexType());
  llvm::append_range(inputs, types.value_or(kernel.getArgumentTypes()));
  func::FuncOp function = makeFunction(loc, name, inputs);
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    builder.getUnitAttr());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  Value address = makeAlloca(loc, arguments);
  ValueRange passed = entry->getArguments().drop_front(kSizes);
  SmallVector<Value> values = emulation.lowerArguments(
      builder, loc, passed, /*unpack=*/isa<LLVM::LLVMFuncOp>(*kernel));
  if (TypeRange(values) != TypeRange(arguments.getBody()))
    return kernel->emitError() << "'" << name << "' is launched with arguments "
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
  llvm::append_range(operands,
                     makeArrays(loc, passed, checks && types.has_value()));
  emulation.call(builder, loc, "mask_simt_launch", {}, operands);
  func::ReturnOp::create(builder, loc);
  return success();
}

LogicalResult EmulatedLaunches::convert(FunctionOpInterface kernel,
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
  std::string thread =
      getEmulatedName(kernels.getName(), kernel.getName()) + ".thread";
  if (failed(makeLaunchFunction(kernel, thread, arguments, buffers)))
    return failure();
  makeThreadFunction(kernel, thread, arguments);
  kernel.erase();
  return success();
}
