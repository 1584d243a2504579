//===- EmulationBuilder.h - calls of the emulation's runtime -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_EMULATIONBUILDER_H
#define MASK_LIB_CONVERSION_GPU_EMULATIONBUILDER_H

#include "Mask/Emulation/RuntimeABI.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::mask {

/// The type without the address spaces of GPUs.
MemRefType dropMemorySpace(MemRefType type);

/// Whether the type's memory is shared by a block: `#gpu.address_space` or the
/// number that NVIDIA and AMD have for it.
bool isWorkgroupMemory(BaseMemRefType type);

/// "file:line:column: 'dialect.op'", what diagnostics call an op.
std::string describeSite(Operation *op);

/// Makes what kernels of one `gpu.module` need of the runtime (RuntimeABI.h).
class EmulationBuilder {
public:
  /// Functions are declared in `module`.
  explicit EmulationBuilder(ModuleOp module);

  /// Calls a function of the runtime; declares it first. `result` may be null.
  Value call(OpBuilder &builder, Location loc, StringRef name, Type result,
             ValueRange arguments);

  /// The number of an op in the table of the module.
  Value getSite(OpBuilder &builder, Operation *op);
  /// The table: a line per site.
  std::string getSites() const { return llvm::join(sites, "\n"); }

  /// An id of the thread that asks, an i64; `dim` is of those that have three.
  Value getId(OpBuilder &builder, Location loc, simt::IdKind kind, int64_t dim);

  Value getI32(OpBuilder &builder, Location loc, int64_t value);
  Value getI64(OpBuilder &builder, Location loc, int64_t value);
  /// An index as the runtime takes it.
  Value toI64(OpBuilder &builder, Location loc, Value index);

  /// Where an element lies, an `!llvm.ptr`.
  Value getAddress(OpBuilder &builder, Location loc, Value memref,
                   ValueRange indices);
  /// A memref of static shape at an address.
  Value makeMemRef(OpBuilder &builder, Location loc, MemRefType type,
                   Value address);
  /// A vector of `size` elements at an address.
  Value makeDynamicVector(OpBuilder &builder, Location loc, MemRefType type,
                          Value address, Value size);

  /// Memory for an operand of a warp's op, of which there are at most three: 64
  /// bytes on the stack of the function, aligned to 16.
  Value getScratch(OpBuilder &builder, FunctionOpInterface function, int which);

  /// What an argument of a kernel is to the CPU; null if it is not emulated.
  Type lowerType(Type type) const;
  /// Arguments of a launch as a kernel takes them: descriptors, or with
  /// `unpack` a word each.
  SmallVector<Value> lowerArguments(OpBuilder &builder, Location loc,
                                    ValueRange arguments, bool unpack) const;

  int64_t getBytes(Type type) const { return layout.getTypeSize(type); }
  Type getPointerType() const { return pointer; }

private:
  ModuleOp module;
  LLVMTypeConverter converter;
  DataLayout layout;
  Type pointer;
  SmallVector<std::string> sites;
  DenseMap<Operation *, std::array<Value, 3>> scratch;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_EMULATIONBUILDER_H
