//===- MaskTypes.td - types and type constraints of the mask dialect -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TYPES_TD
#define MASK_TYPES_TD

include "Mask/IR/MaskDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonTypeConstraints.td"

def Mask_Predicate : TypeDef<Mask_Dialect, "Predicate"> {
  let mnemonic = "predicate";
  let summary = "a predicate over batch row, head, query and key";
  let description = [{
    The value of a mask: `M(b, h, q, k) -> bool`. It is not data: no element of
    it is stored anywhere.

    ```mlir
    !mask.predicate
    ```
  }];
}

def Mask_Integer : AnyTypeOf<[I1, I8, I16, I32, I64]>;

/// Per-token data: `[seq]` or `[batch, seq]`, i1 to i64.
def Mask_TokenFact : AnyTypeOf<[
    1DTensorOf<[Mask_Integer]>, 2DTensorOf<[Mask_Integer]>,
    MemRefRankOf<[Mask_Integer], [1, 2]>],
  "per-token integers of shape [seq] or [batch, seq]">;

/// Token flags; whatever is not zero is set.
def Mask_TokenFlags : AnyTypeOf<[
    1DTensorOf<[Mask_Integer]>, 2DTensorOf<[Mask_Integer]>,
    MemRefRankOf<[Mask_Integer], [1, 2]>],
  "per-token flags (i1 to i64) of shape [seq] or [batch, seq]">;

/// A scalar parameter known at run time: `index`, or one integer per batch row
/// or head.
def Mask_ParameterType : AnyTypeOf<[
    Index, 1DTensorOf<[I32, I64]>, MemRefRankOf<[I32, I64], [1]>],
  "index or one-dimensional i32 or i64 data">;

def Mask_DenseMask : AnyTypeOf<[
    TensorRankOf<[I1, I8], [2, 3, 4]>, MemRefRankOf<[I1, I8], [2, 3, 4]>],
  "flags (i1 or i8) of shape [q, k], [batch, q, k] or [batch, head, q, k]">;

/// What `mask.interval_table` makes: per token, outer and inner bounds.
def Mask_IntervalTable : AnyTypeOf<[
    TensorRankOf<[I32], [2, 3]>, MemRefRankOf<[I32], [2, 3]>],
  "interval table (i32) of shape [seq, 4] or [batch, seq, 4]">;

/// What `mask.count_table` makes: running counts of valid keys.
def Mask_CountTable : AnyTypeOf<[
    TensorRankOf<[I32], [1, 2]>, MemRefRankOf<[I32], [1, 2]>],
  "count table (i32) of shape [seq + 3] or [batch, seq + 3]">;

/// What `mask.monotone_table` makes: one flag per batch row.
def Mask_MonotoneTable : AnyTypeOf<[1DTensorOf<[I32]>, MemRefRankOf<[I32], [1]>],
  "flags (i32) of shape [batch], or [1] for all rows">;

/// What `mask.range_table` makes: per token, extrema of its block.
def Mask_RangeTable : AnyTypeOf<[
    TensorRankOf<[I32, I64], [2, 3]>, MemRefRankOf<[I32, I64], [2, 3]>],
  "range table (i32 or i64) of shape [seq, 4] or [batch, seq, 4]">;

/// Facts and tables that a closed predicate may capture.
def Mask_Capture : AnyTypeOf<[Index, AnyInteger, AnyFloat, AnyRankedTensor, AnyMemRef],
  "index, number, ranked tensor or memref">;

#endif // MASK_TYPES_TD
