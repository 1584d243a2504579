//===- MaskFactOps.td - ids, positions and index tables made from facts -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_FACT_OPS_TD
#define MASK_FACT_OPS_TD

include "Mask/IR/MaskPredicateOps.td"

/// An op from per-token facts to per-token data, on tensors, O(N).
class Mask_FactOp<string mnemonic, list<Trait> traits = []>
    : Mask_Op<mnemonic, [Pure, DeclareOpInterfaceMethods<OpAsmOpInterface,
                               ["getAsmResultNames"]>] # traits> {
  /// What the result is called in printed IR.
  string resultName = "table";
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getResult(), "}] # resultName # [{");
    }
  }];
}

/// A fact op whose result's shape follows from its operands
/// (Mask/IR/FactShape.h).
class Mask_ShapedFactOp<string mnemonic, list<Trait> traits = []>
    : Mask_FactOp<mnemonic, [
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>] # traits>;

def Mask_TokenTensor : AnyTypeOf<[1DTensorOf<[Mask_Integer]>, 2DTensorOf<[Mask_Integer]>],
  "per-token integers (tensor) of shape [seq] or [batch, seq]">;
def Mask_SignedTokenTensor : AnyTypeOf<[
    1DTensorOf<[I8, I16, I32, I64]>, 2DTensorOf<[I8, I16, I32, I64]>],
  "per-token ids (i8 to i64 tensor) of shape [seq] or [batch, seq]">;
def Mask_IdTensor : AnyTypeOf<[1DTensorOf<[I32, I64]>, 2DTensorOf<[I32, I64]>],
  "per-token ids (i32 or i64 tensor) of shape [seq] or [batch, seq]">;

def Mask_AbsentOp : Mask_FactOp<"absent", [ConstantLike]> {
  let resultName = "absent";
  let summary = "an optional fact or parameter that is not given";
  let description = [{
    Stands for a fact, or an `index` parameter, that a request does not give. What
    reads it folds to its neutral element (law 4):

    | reader | with an absent operand |
    |---|---|
    | `block_bidirectional`, `prefix` | `empty` |
    | `window`, `row_range`, `interval` | unbounded on that side |
    | `chunk` (offset), `shift` | zero |
    | other leaves | `full` |
    | `at_positions` | its input |
    | `packed` | `core or overlay` (no sequence ids), `core` unmoved (no positions) |
    | `runs`, `item_ids`, `positions`, `drop_long` (ids) | `absent` |
    | `drop_long` (bound) | its ids |
    | arithmetic on indices | `absent` |

    ```mlir
    %t = mask.absent : tensor<?x?xi8>
    %w = mask.absent : index
    ```
  }];
  let results = (outs AnyTypeOf<[AnyRankedTensor, Index]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Mask_RunsOp : Mask_ShapedFactOp<"runs"> {
  let resultName = "ids";
  let summary = "ids of the maximal runs of some token types";
  let description = [{
    `result[i]` is the number, from 0, of the maximal run of consecutive tokens
    with a type in `types` that token `i` lies in, or -1. Neighbouring tokens of two
    listed types are in one run.

    1. (C1) The result has the shape of the types.

    ```mlir
    %ids = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_TokenTensor:$token_types, DenseI64ArrayAttr:$types);
  let results = (outs Mask_IdTensor:$result);
  let assemblyFormat = "$token_types `of` $types attr-dict `:` type($token_types) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_ItemIdsOp : Mask_ShapedFactOp<"item_ids"> {
  let resultName = "ids";
  let summary = "ids from inclusive token ranges, one per item";
  let description = [{
    `ranges[b, i]` is the first and the last token of item `i`, both inclusive;
    an item with `last < first` is padding. `result[b, t]` is `i` for the tokens
    of item `i` and -1 elsewhere; `length` tokens are covered. Items of fewer than
    `min_length` tokens are ignored. Items must not overlap.

    1. (C1) `ranges` has shape `[batch, items, 2]`.
    2. (C2) The result has one row per batch row of `ranges`.
    3. (C3) `min_length` is at least one.

    ```mlir
    %ids = mask.item_ids %ranges length %n min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32, I64], [3]>:$ranges, Index:$length,
                       DefaultValuedAttr<I64Attr, "1">:$min_length);
  let results = (outs 2DTensorOf<[I32, I64]>:$result);
  let assemblyFormat = [{
    $ranges `length` $length (`min_length` $min_length^)? attr-dict `:` type($ranges) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_DropLongOp : Mask_ShapedFactOp<"drop_long", [AllTypesMatch<["ids", "result"]>]> {
  let resultName = "kept";
  let summary = "removes the blocks that are longer than a bound";
  let description = [{
    `result[i]` is `ids[i]`, or -1 if more than `bound` tokens carry that id. An
    absent bound drops nothing.

    ```mlir
    %kept = mask.drop_long %ids longer_than %w : tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_SignedTokenTensor:$ids, Index:$bound);
  let results = (outs Mask_SignedTokenTensor:$result);
  let assemblyFormat = "$ids `longer_than` $bound attr-dict `:` type($ids)";
  let hasFolder = 1;
}

def Mask_PositionsOp : Mask_ShapedFactOp<"positions"> {
  let resultName = "pos";
  let summary = "positions that count valid tokens";
  let description = [{
    `result[i] = max(valid[0] + ... + valid[i] - 1, 0)`.

    1. (C1) The result has the shape of the flags.

    ```mlir
    %pos = mask.positions %valid : tensor<?x?xi1> -> tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_TokenFlags:$valid);
  let results = (outs Mask_IdTensor:$result);
  let assemblyFormat = "$valid attr-dict `:` type($valid) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_IntervalTableOp : Mask_ShapedFactOp<"interval_table"> {
  let summary = "where, for each query, the keys of its id lie";
  let description = [{
    `result[q] = (outer_lower, outer_upper, inner_lower, inner_upper)`. The outer
    interval runs from the first to one past the last key with the id of query `q`;
    the inner is the same if those keys are contiguous. An interval without keys
    is `(+2^30, -2^30)`, so that `min` and `max` pass it over. With
    `non_negative`, negative ids have no keys. O(N).

    1. (C1) Both id tables have the same rank.
    2. (C2) The result has the shape of the query's ids and four columns.

    ```mlir
    %t = mask.interval_table %ids non_negative : tensor<?x?xi32> -> tensor<?x?x4xi32>
    ```
  }];
  let arguments = (ins Mask_TokenTensor:$query_ids, Optional<Mask_TokenTensor>:$key_ids,
                       UnitAttr:$non_negative);
  let results = (outs Mask_IntervalTable:$result);
  let assemblyFormat = [{
    $query_ids (`,` $key_ids^)? (`non_negative` $non_negative^)? attr-dict
    `:` type($query_ids) (`,` type($key_ids)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Mask_CountTableOp : Mask_ShapedFactOp<"count_table"> {
  let summary = "running counts of valid keys";
  let description = [{
    For `N` flags the result has `N + 3` elements per batch row: `result[i]` for
    `i <= N` counts the valid keys before `i`; then come the first valid key and one
    past the last one (`(+2^30, -2^30)` if there is none). O(N).

    1. (C1) The result has the shape of the flags and three elements more per row.

    ```mlir
    %t = mask.count_table %valid : tensor<?x?xi1> -> tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_TokenFlags:$valid);
  let results = (outs Mask_CountTable:$result);
  let assemblyFormat = "$valid attr-dict `:` type($valid) `->` type($result)";
  let hasVerifier = 1;
}

def Mask_MonotoneTableOp : Mask_ShapedFactOp<"monotone_table"> {
  let summary = "whether positions never fall";
  let description = [{
    `result[b]` is 1 if `positions[b, i] <= positions[b, i + 1]` for all `i`, else 0.
    Positions without a batch dimension make one flag. O(N).

    1. (C1) The result has one element per batch row, or one without batch rows.

    ```mlir
    %t = mask.monotone_table %pos : tensor<?x?xi32> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins Mask_TokenTensor:$positions);
  let results = (outs Mask_MonotoneTable:$result);
  let assemblyFormat = "$positions attr-dict `:` type($positions) `->` type($result)";
  let hasVerifier = 1;
}

def Mask_RangeTableOp : Mask_ShapedFactOp<"range_table"> {
  let resultName = "range";
  let summary = "what, in blocks of tokens, the least and greatest values are";
  let description = [{
    Tokens are cut in blocks of 64. `result[i]` is `(s, S, p, P)`: the least and
    the greatest value from token `i` to the end of its block, and from the start of
    the block to `i`. The extrema of any stretch of tokens that meets two blocks are
    then `min(s[first], p[last])` and `max(S[first], P[last])`, and those of one in a
    single block are within `max(s[first], p[last])` and `min(S[first], P[last])`:
    a tile is looked up in constant time wherever it starts. O(N). Flags (i1) are 0
    and 1.

    1. (C1) The result has the shape of the data and four columns.
    2. (C2) The result is i64 for data of i64.

    ```mlir
    %t = mask.range_table %pos : tensor<?x?xi32> -> tensor<?x?x4xi32>
    ```
  }];
  let arguments = (ins Mask_TokenTensor:$data);
  let results = (outs Mask_RangeTable:$result);
  let assemblyFormat = "$data attr-dict `:` type($data) `->` type($result)";
  let hasVerifier = 1;
}

#endif // MASK_FACT_OPS_TD
