//===- EmulateLaunch.h - how emulated kernels are launched -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_EMULATELAUNCH_H
#define MASK_LIB_CONVERSION_GPU_EMULATELAUNCH_H

#include "EmulateKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::mask {

/// "module::kernel", how the functions of a `gpu.module` are called outside.
std::string getEmulatedName(StringRef gpuModule, StringRef function);

/// The types of what launches pass, by the name of the kernel.
using LaunchTypes = llvm::StringMap<SmallVector<Type>>;

/// Makes functions of the kernels of one `gpu.module`, in front of it.
class EmulatedLaunches {
public:
  /// All ops of the module's functions have been replaced: what diagnostics
  /// call them is known. With `checks` launches tell what memory they pass.
  EmulatedLaunches(EmulationBuilder &emulation, gpu::GPUModuleOp kernels,
                   const LaunchTypes &launches, bool checks);

  /// Makes the function of a thread, which takes the kernel's arguments from a
  /// struct, and one that launches the kernel. Erases the kernel.
  LogicalResult convert(FunctionOpInterface kernel,
                        ArrayRef<WorkgroupBuffer> buffers);

private:
  void makeThreadFunction(FunctionOpInterface kernel, StringRef name,
                          LLVM::LLVMStructType arguments);
  LogicalResult makeLaunchFunction(FunctionOpInterface kernel,
                                   StringRef threadFunction,
                                   LLVM::LLVMStructType arguments,
                                   ArrayRef<WorkgroupBuffer> buffers);
  /// Kernel, block size and buffers as `mask_simt_launch` takes them.
  std::pair<LLVM::GlobalOp, LLVM::GlobalOp>
  makeDescription(FunctionOpInterface kernel,
                  ArrayRef<WorkgroupBuffer> buffers);
  /// Where the arrays of a launch lie, and how many there are.
  SmallVector<Value> makeArrays(Location loc, ValueRange arguments,
                                bool areKnown);
  /// What a launch passes: the arguments of a `gpu.func`; those of the launches
  /// of a function of the LLVM dialect, which has a word of a descriptor each;
  /// nothing if nobody launches it.
  std::optional<TypeRange> getLaunchTypes(FunctionOpInterface kernel);
  func::FuncOp makeFunction(Location loc, StringRef name, TypeRange inputs);
  /// A constant in front of the `gpu.module`.
  LLVM::GlobalOp makeConstant(StringRef name, Type type, Attribute value);
  LLVM::GlobalOp makeNumbers(StringRef name, ArrayRef<int64_t> numbers);
  LLVM::GlobalOp makeString(StringRef name, StringRef text);
  Value getField(Location loc, Type type, Value address, int32_t field);
  Value makeAlloca(Location loc, Type type) {
    return LLVM::AllocaOp::create(builder, loc, emulation.getPointerType(),
                                  type, emulation.getI64(builder, loc, 1));
  }

  EmulationBuilder &emulation;
  gpu::GPUModuleOp kernels;
  const LaunchTypes &launches;
  bool checks;
  OpBuilder builder;
  /// What diagnostics call the ops of the module.
  LLVM::GlobalOp sites;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_EMULATELAUNCH_H
