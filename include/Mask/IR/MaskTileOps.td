//===- MaskTileOps.td - tiles of scores and loops over them -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TILE_OPS_TD
#define MASK_TILE_OPS_TD

include "Mask/IR/MaskAttentionOps.td"
include "mlir/Interfaces/LoopLikeInterface.td"

def Mask_Scores : VectorOfRankAndType<[1, 2], [AnyFloat]>;
def Mask_SoftmaxState : VectorOfRankAndType<[1], [AnyFloat]>;
def Mask_Accumulator : VectorOfNonZeroRankOf<[AnyFloat]>;

def Mask_TileForOp : Mask_Op<"tile_for", [
    SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LoopLikeOpInterface,
      ["getRegionIterArgs", "getYieldedValuesMutable", "getLoopResults"]>,
    DeclareOpInterfaceMethods<RegionBranchOpInterface, ["getEntrySuccessorOperands"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "a loop over the key tiles of one query tile";
  let description = [{
    Runs its region for the key tiles that a tile of queries can see, with carried
    values. `bounds` holds four indices per interval, in ascending order of the
    intervals: `hull_lower`, `core_lower`, `core_upper`, `hull_upper`. An interval is
    walked from its hull's lower end, or from the end of the interval before if that
    is later, to its hull's upper end in steps of `step`; keys outside of all hulls are
    never visited, and no key twice. The region takes the first key of the tile and
    the number of keys in it (`step`, less in the last tile of an interval), then
    the carried values.

    `convert-mask-to-scf` turns an interval into up to three loops: the tiles before
    the core, the tiles wholly inside of `[core_lower, core_upper)`, whose copy of the
    region carries no mask arithmetic (`mask.apply` folds to its operand), and the rest.
    `wide_core` promises that a tile which starts before `core_lower` ends before the
    keys that an upper row bound hides, so that the first of these loops evaluates the
    lower row bounds only.

    1. (C1) The number of bounds is a positive multiple of four.
    2. (C2) `step` is at least one.
    3. (C3) The region takes two indices and the carried values, and yields values of
       their types.

    ```mlir
    %m = mask.tile_for[%hl, %cl, %cu, %hu] step 64 init(%m0 : vector<16xf32>) {
    ^bb0(%k0: index, %size: index, %mi: vector<16xf32>):
      mask.yield %mi : vector<16xf32>
    } -> vector<16xf32>
    ```
  }];
  let arguments = (ins Variadic<Index>:$bounds, Variadic<AnyType>:$inits, I64Attr:$step,
                       UnitAttr:$wide_core);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `[` $bounds `]` `step` $step (`init` `(` $inits^ `:` type($inits) `)`)? $body
    attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

def Mask_OnEdgeOp : Mask_Op<"on_edge", [Pure]> {
  let summary = "whether the tile may hold an invisible element";
  let description = [{
    Of the tile that starts at `key`, the first argument of a `mask.tile_for`: false
    if it lies in the core, true if not. Of any other `key` it is true. Guards what
    only tiles with invisible elements need, such as a classification of the tile;
    the copy of the region for the core is free of it. The operand says which loop
    is meant, so that the op is pure: it may be moved and merged like any other.

    ```mlir
    mask.tile_for[%hl, %cl, %cu, %hu] step 64 {
    ^bb0(%key: index, %size: index):
      %e = mask.on_edge %key
    }
    ```
  }];
  let arguments = (ins Index:$key);
  let results = (outs I1:$result);
  let assemblyFormat = "$key attr-dict";
}

def Mask_ApplyOp : Mask_Op<"apply", [AlwaysSpeculatable, AttrSizedOperandSegments, IsolatedFromAbove,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    AllTypesMatch<["scores", "result"]>]> {
  let summary = "hides the invisible scores of a tile";
  let description = [{
    `result[i...]` is `scores[i...]` where the key is visible and `hidden` (minus
    infinity if missing) elsewhere. `over` says what each dimension of the vector
    runs over; the first element is the absolute query `q` and key `k` of batch row
    `b` and head `h`. Visible means: below `key_end`, if given, and inside the row
    intervals `[row_lower, row_upper)`, one value per query of the tile, and inside
    the `predicate` region over `captures`. `sides` says which row bounds can fail in
    this tile; the others are not evaluated. The op reads its captures: on memrefs
    that is an effect.

    1. (C1) `over` has as many axes as the vector has dimensions.
    2. (C2) Row bounds are given both or not at all, as vectors with one element per
       query of the tile.
    3. (C3) The region's arguments are the captures' types and it yields one predicate.

    ```mlir
    %p = mask.apply %s at(%b, %h, %q, %k) over query rows(%lo, %hi : vector<16xindex>, vector<16xindex>) sides both : vector<16xf32>
    ```
  }];
  let arguments = (ins Mask_Scores:$scores, Index:$b, Index:$h, Index:$q, Index:$k,
                       Optional<VectorOfRankAndType<[1], [Index]>>:$row_lower,
                       Optional<VectorOfRankAndType<[1], [Index]>>:$row_upper,
                       Optional<Index>:$key_end,
                       Variadic<Mask_Capture>:$captures,
                       Mask_TileLayoutAttr:$over,
                       DefaultValuedAttr<Mask_SidesAttr, "::mlir::mask::Sides::Both">:$sides,
                       OptionalAttr<F32Attr>:$hidden);
  let results = (outs Mask_Scores:$result);
  let regions = (region AnyRegion:$predicate);
  let assemblyFormat = [{
    $scores `at` `(` $b `,` $h `,` $q `,` $k `)` `over` `` $over
    oilist(
        `rows` `(` $row_lower `,` $row_upper `:` type($row_lower) `,` type($row_upper) `)` `sides` `` $sides
      | `key_end` `(` $key_end `)`
      | `captures` `(` $captures `:` type($captures) `)`
      | `hidden` $hidden
    )
    (`predicate` $predicate^)? attr-dict `:` type($scores)
  }];
  let hasVerifier = 1;
}

def Mask_MergeOp : Mask_Op<"merge", [Pure,
    AllTypesMatch<["maximum_a", "maximum_b", "sum_a", "sum_b", "maximum", "sum"]>,
    AllTypesMatch<["accumulator_a", "accumulator_b", "accumulator"]>]> {
  let summary = "joins two partial softmax states";
  let description = [{
    A state over a set of keys is, per query, the maximum score `m`, the sum
    `l` of `exp(s - m)` and the sum `acc` of `exp(s - m) v`. The state over both sets
    is `m = max(ma, mb)`, `l = la exp(ma - m) + lb exp(mb - m)`, and `acc` alike; a
    state over no visible key (`m` minus infinity) leaves the other unchanged. Queries
    are the last dimension of every operand.

    1. (C1) The last dimension of the accumulators is that of maxima and sums.

    ```mlir
    %m, %l, %acc = mask.merge(%ma, %la, %aa), (%mb, %lb, %ab) : vector<16xf32>, vector<64x16xf32>
    ```
  }];
  let arguments = (ins Mask_SoftmaxState:$maximum_a, Mask_SoftmaxState:$sum_a, Mask_Accumulator:$accumulator_a,
                       Mask_SoftmaxState:$maximum_b, Mask_SoftmaxState:$sum_b, Mask_Accumulator:$accumulator_b);
  let results = (outs Mask_SoftmaxState:$maximum, Mask_SoftmaxState:$sum, Mask_Accumulator:$accumulator);
  let assemblyFormat = [{
    `(` $maximum_a `,` $sum_a `,` $accumulator_a `)` `,` `(` $maximum_b `,` $sum_b `,` $accumulator_b `)`
    attr-dict `:` type($maximum) `,` type($accumulator)
  }];
  let hasVerifier = 1;
}

#endif // MASK_TILE_OPS_TD
