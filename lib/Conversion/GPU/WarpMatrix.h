//===- WarpMatrix.h - matrices that the threads of a warp hold -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_GPU_WARPMATRIX_H
#define MASK_LIB_CONVERSION_GPU_WARPMATRIX_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Builds products of 16x16 and 16x8 matrices that the 32 threads of a warp
/// hold together (`mma.sync` m16n8k16, of f16 or bf16 with sums of f32).
/// Thread `4 g + t` holds, of the
///
/// | fragment   | type            | element `[i, j]`                         |
/// |------------|-----------------|------------------------------------------|
/// | A, 16x16   | `vector<4x2xT>` | row `g + 8 (i mod 2)`, column `2 t + j + 8
/// (i / 2)` | | B, 16x8    | `vector<2x2xT>` | row `2 t + j + 8 i`, column `g`
/// | | sum, 16x8  | `vector<2x2xf32>` | row `g + 8 i`, column `2 t + j` |
///
/// so that two sums side by side have the layout of an A. B is read from memory
/// where its transpose lies in rows, or it itself (`transposed`). Memory is an
/// array of groups of 16 rows, which `group` selects: constants in it are
/// constants in the address. Groups of A have two dimensions, those of B, which
/// are read in loops, one: so that what differs between threads is one number,
/// and one register.
class WarpMatrix {
public:
  /// `lane` is the thread in its warp; `element` is f16 or bf16.
  WarpMatrix(ImplicitLocOpBuilder &builder, Value lane, Type element);

  /// Rows g and columns 2t: where the thread's elements of a sum are.
  Value getRow() const { return row; }
  Value getColumn() const { return column; }
  VectorType getSumType() const;

  /// The A in columns `column` to `column + 15` of a group.
  Value loadA(Value memory, ValueRange group, int64_t column);
  /// The two Bs there. The memory's rows are columns of B, or rows if
  /// `transposed`.
  std::pair<Value, Value> loadB(Value memory, ValueRange group, int64_t column,
                                bool transposed);
  /// Two sums side by side, rounded, as an A.
  Value toA(Value left, Value right);
  /// `left right + sum`, of an A and a B.
  Value multiply(Value left, Value right, Value sum);
  /// `a` where sign bits are flipped by `flip`, an `i32` of two sign bits or
  /// zero, and all is zero where `keep`, an `i32` of ones or zeros, is.
  Value withSign(Value a, Value flip, Value keep);
  /// The greatest, or the sum, of the elements that the four threads of a row
  /// give.
  Value getRowMaximum(Value element);
  Value getRowSum(Value element);

private:
  VectorType getFragmentType(int64_t rows) const;
  Value load(Value memory, ValueRange group, ValueRange place, bool transposed);
  Value shuffle(Value value, int32_t distance);
  Value plus(Value x, int64_t y);

  ImplicitLocOpBuilder &b;
  Type element;
  Value row, column;
  /// What `ldmatrix` asks a thread for: a row and a column of the four 8x8
  /// matrices of an A, or of two Bs.
  Value lane16, half8, bRow, bColumn;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_GPU_WARPMATRIX_H
