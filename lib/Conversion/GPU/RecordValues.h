//===- RecordValues.h - host values as expressions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_GPU_RECORDVALUES_H
#define MASK_CONVERSION_GPU_RECORDVALUES_H

#include "Mask/IR/MaskAttrs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineExpr.h"

namespace mlir::mask {

/// Whether `value` is the number, whatever the call is.
inline bool isNumber(LaunchValueAttr value, int64_t number) {
  return value && value.isConstant() && value.getConstant() == number;
}

/// What a call of a recorded function adds to the record of its caller.
struct ImportedRecord {
  SmallVector<Attribute> checks, steps;
  SmallVector<int64_t> outputs;
};

/// What is known of the values of a function, as functions of its arguments and
/// their extents. Integers of a width below 64 are held with their sign, flags
/// as 0 or 1, floating-point numbers as bits.
class RecordedValues {
public:
  explicit RecordedValues(func::FuncOp function);

  /// Records the results of an op that computes numbers, allocates an array or
  /// changes its type. Returns false for other ops, and where operands are not
  /// known.
  bool record(Operation *op);

  /// Writes the record of `callee` in values of the caller. Fails where an
  /// operand is not known.
  FailureOr<ImportedRecord> importRecord(func::CallOp call, func::FuncOp callee,
                                         LaunchRecordAttr record);

  /// The value as an expression, or null.
  LaunchValueAttr lookup(Value value) const { return values.lookup(value); }

  ArrayRef<Attribute> getWorkspaces() const { return workspaces; }
  /// Of each argument, in bytes.
  ArrayRef<int64_t> getAlignments() const { return alignments; }

private:
  LaunchValueAttr number(int64_t constant) const;
  /// Null if one of the operands is.
  LaunchValueAttr apply(StringRef function,
                        ArrayRef<LaunchValueAttr> operands) const;
  LaunchValueAttr getExtent(Value array, int64_t dim) const;
  LaunchValueAttr getConstant(Attribute value) const;
  LaunchValueAttr getCast(Operation *op) const;
  LaunchValueAttr getArithmetic(Operation *op) const;
  LaunchValueAttr getSelection(Operation *op) const;
  bool requireAlignment(LaunchValueAttr array, int64_t bytes);
  LaunchValueAttr getRemainder(arith::RemUIOp op);
  LaunchValueAttr shareWorkspace(WorkspaceAttr workspace,
                                 DenseSet<int64_t> &taken);
  bool recordLayout(memref::ExtractStridedMetadataOp op);
  LaunchValueAttr getAffine(AffineExpr expr, ArrayRef<LaunchValueAttr> operands,
                            unsigned numDims) const;
  LaunchValueAttr getAffine(AffineMap map, ValueRange operands,
                            StringRef join) const;
  LaunchValueAttr allocate(MemRefType type, ValueRange sizes);
  LaunchValueAttr getResult(Operation *op);

  MLIRContext *context;
  DenseMap<Value, LaunchValueAttr> values;
  SmallVector<Attribute> workspaces;
  /// Those of called functions.
  SmallVector<int64_t> sharedWorkspaces;
  SmallVector<int64_t> alignments;
};

} // namespace mlir::mask

#endif // MASK_CONVERSION_GPU_RECORDVALUES_H
