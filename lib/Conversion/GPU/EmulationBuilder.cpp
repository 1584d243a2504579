//===- EmulationBuilder.cpp - calls of the emulation's runtime -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulationBuilder.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::mask;

MemRefType mlir::mask::dropMemorySpace(MemRefType type) {
  return MemRefType::Builder(type).setMemorySpace({});
}

bool mlir::mask::isWorkgroupMemory(BaseMemRefType type) {
  Attribute space = type.getMemorySpace();
  if (auto gpuSpace = dyn_cast_or_null<gpu::AddressSpaceAttr>(space))
    return gpuSpace.getValue() == gpu::AddressSpace::Workgroup;
  auto number = dyn_cast_or_null<IntegerAttr>(space);
  return number && number.getInt() == int64_t(NVVM::NVVMMemorySpace::Shared);
}

std::string mlir::mask::describeSite(Operation *op) {
  std::string text = "unknown location";
  if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
    text = llvm::formatv("{0}:{1}:{2}", place.getFilename().strref(),
                         place.getLine(), place.getColumn());
  return text + ": '" + op->getName().getStringRef().str() + "'";
}

EmulationBuilder::EmulationBuilder(ModuleOp module)
    : module(module), converter(module.getContext()), layout(module),
      pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

Value EmulationBuilder::call(OpBuilder &builder, Location loc, StringRef name,
                             Type result, ValueRange arguments) {
  FailureOr<LLVM::LLVMFuncOp> function = LLVM::lookupOrCreateFn(
      builder, module, name, SmallVector<Type>(arguments.getTypes()),
      result ? result : LLVM::LLVMVoidType::get(builder.getContext()));
  assert(succeeded(function) && "a function of the runtime is something else");
  auto call = LLVM::CallOp::create(builder, loc, *function, arguments);
  return result ? call.getResult() : Value();
}

Value EmulationBuilder::getSite(OpBuilder &builder, Operation *op) {
  std::string site = describeSite(op);
  sites.push_back(site);
  return getI32(builder, op->getLoc(), sites.size() - 1);
}

Value EmulationBuilder::getI32(OpBuilder &builder, Location loc,
                               int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, /*width=*/32);
}

Value EmulationBuilder::getI64(OpBuilder &builder, Location loc,
                               int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, /*width=*/64);
}

Value EmulationBuilder::toI64(OpBuilder &builder, Location loc, Value index) {
  return builder.createOrFold<arith::IndexCastOp>(loc, builder.getI64Type(),
                                                  index);
}

//===----------------------------------------------------------------------===//
// Memory: casts between memrefs and their descriptors are resolved when the
// rest is lowered to LLVM.
//===----------------------------------------------------------------------===//

static Value cast(OpBuilder &builder, Location loc, Type type, Value value) {
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

Value EmulationBuilder::getAddress(OpBuilder &builder, Location loc,
                                   Value memref, ValueRange indices) {
  MemRefType type = dropMemorySpace(cast<MemRefType>(memref.getType()));
  Value descriptor = ::cast(builder, loc, converter.convertType(type), memref);
  auto numbers = llvm::map_to_vector(
      indices, [&](Value index) { return toI64(builder, loc, index); });
  return LLVM::getStridedElementPtr(builder, loc, converter, type, descriptor,
                                    numbers);
}

Value EmulationBuilder::makeMemRef(OpBuilder &builder, Location loc,
                                   MemRefType type, Value address) {
  MemRefDescriptor descriptor = MemRefDescriptor::fromStaticShape(
      builder, loc, converter, dropMemorySpace(type), address);
  return ::cast(builder, loc, type, descriptor);
}

Value EmulationBuilder::makeDynamicVector(OpBuilder &builder, Location loc,
                                          MemRefType type, Value address,
                                          Value size) {
  auto descriptor = MemRefDescriptor::poison(
      builder, loc, converter.convertType(dropMemorySpace(type)));
  descriptor.setAllocatedPtr(builder, loc, address);
  descriptor.setAlignedPtr(builder, loc, address);
  descriptor.setConstantOffset(builder, loc, 0);
  descriptor.setSize(builder, loc, 0, size);
  descriptor.setConstantStride(builder, loc, 0, 1);
  return ::cast(builder, loc, type, descriptor);
}

Type EmulationBuilder::lowerType(Type type) const {
  if (isa<LLVM::LLVMPointerType>(type))
    return pointer;
  if (auto memref = dyn_cast<MemRefType>(type))
    type = dropMemorySpace(memref);
  return converter.convertType(type);
}

SmallVector<Value> EmulationBuilder::lowerArguments(OpBuilder &builder,
                                                    Location loc,
                                                    ValueRange arguments,
                                                    bool unpack) const {
  SmallVector<Value> values;
  for (Value argument : arguments) {
    Type type = lowerType(argument.getType());
    Value value = type == argument.getType()
                      ? argument
                      : ::cast(builder, loc, type, argument);
    auto memref = dyn_cast<MemRefType>(argument.getType());
    if (memref && unpack)
      MemRefDescriptor::unpack(builder, loc, value, memref, values);
    else
      values.push_back(value);
  }
  return values;
}

Value EmulationBuilder::getScratch(OpBuilder &builder,
                                   FunctionOpInterface function, int which) {
  Value &memory = scratch[function][which];
  if (memory)
    return memory;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  Location loc = function.getLoc();
  constexpr int64_t bytes = 64;
  memory = LLVM::AllocaOp::create(builder, loc, pointer, builder.getI8Type(),
                                  getI64(builder, loc, bytes),
                                  /*alignment=*/16);
  return memory;
}

Value EmulationBuilder::getId(OpBuilder &builder, Location loc,
                              simt::IdKind kind, int64_t dim) {
  return call(builder, loc, "mask_simt_id", builder.getI64Type(),
              {getI32(builder, loc, static_cast<int64_t>(kind)),
               getI32(builder, loc, dim)});
}
