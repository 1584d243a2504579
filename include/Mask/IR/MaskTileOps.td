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

def Mask_Scores : VectorOfNonZeroRankOf<[AnyFloat]>;
def Mask_SoftmaxState : VectorOfRankAndType<[1], [AnyFloat]>;
def Mask_Accumulator : VectorOfNonZeroRankOf<[AnyFloat]>;
def Mask_RowEnds : AnyTypeOf<[I32, VectorOfNonZeroRankOf<[I32]>],
  "one i32 per row of a tile">;

def Mask_TileForOp : Mask_Op<"tile_for", [
    SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LoopLikeOpInterface,
      ["getRegionIterArgs", "getYieldedValuesMutable", "getLoopResults"]>,
    DeclareOpInterfaceMethods<RegionBranchOpInterface, ["getEntrySuccessorOperands"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "a loop over the key tiles that one query tile visits";
  let description = [{
    Runs `body` for the tiles that a tile of queries visits, with carried values. Keys
    are indices into the key array: only `mask.apply` knows absolute coordinates.
    Each interval has four bounds, `hull_lower`, `core_lower`, `core_upper` and
    `hull_upper`: outside of its hull nothing is visible, inside of its core
    everything is. They are operands, four per interval in ascending order of the
    intervals, or lie in memory, `in %intervals : memref<?x4xindex>`, a row of four per
    interval. An interval is walked
    from its hull's lower end, or from where the interval before ended if that is
    later, to its hull's upper end in steps of `step`, a number or an index; keys outside
    of all hulls are never visited, and no key twice.

    The body takes the first key of the tile, the number of keys in it (`step`, less in
    the last tile of an interval), the ordinal of the tile among the visited ones,
    and two flags, then the carried values. If `lower_fails` is false, the tile starts
    at or after the core's lower end: no element lies below its row's interval. If
    `upper_fails` is false, it ends at or before the core's upper end. Each interval is
    split into up to three phases, in each of which the flags are constants, so that
    what is done for them alone is not in the code of the core:

    | phase | `lower_fails` | `upper_fails` |
    |---|---|---|
    | tiles that start before the core | true | true |
    | tiles wholly inside of the core | false | false |
    | the rest | false | true |

    With `merged` there is one copy of the body, and the flags are computed
    for each tile; an interval's last one may then lie inside of the core.

    `visit`, a region from the first key and the size of a tile to an `i1`, tells tiles
    that need no visit. A tile of the core needs one: the region must yield true there,
    where it is asked with `ahead`, `part` or `merged` only. `whole %end` makes every tile
    `step` keys wide up to the end of the key array: a tile may reach beyond its hull,
    and the next interval starts where that tile ended. `align N` moves the start of
    an interval down to a multiple of `N`, for panels and pages that are copied whole.
    `part %i of %n` visits the i-th of n parts of the visited tiles, which differ by
    at most one tile in size; ordinals count within the part. What `visit` says of a tile
    and the rows of bounds must not change while the loop runs: both may be read again.

    `ahead S` tells of the tile that is `S` visited tiles ahead, across phases and
    intervals. The body takes, after the flags, whether there is one, its first key and
    its size, which mean nothing if there is none; its ordinal is that of the tile at hand
    plus `S`. The region `load` takes a tile's first key, size and ordinal and starts what
    loads it. It runs for the first `S` tiles before the loop, then at the start of each
    iteration for the tile ahead, in both cases only if there is such a tile. `load first`
    runs before the loop only: the body loads the tile ahead itself, where it wants to. So
    threads that share two buffers meet once per tile: each waits for its copies of
    this tile, meets the others, and copies into the buffer that all of them have read.

    1. (C1) There are four bounds per interval and at least one interval, or they lie in
       memory with four columns.
    2. (C2) `step` lies between 1 and 2^30; `align` is at least one, divides `step` and
       needs `whole`. `part` lies between 0 and the number of parts, that excluded.
    3. (C3) The body takes three indices, two flags, with `ahead` a flag and two
       indices, and the carried values, and yields values of their types.
    4. (C4) `visit` takes two indices and yields one i1.
    5. (C5) `ahead` is at least one, and there is a `load` region if and only if it is
       given, which takes three indices and yields nothing.

    What C2 says of values is checked before the loop by compiled code for CPUs. Kernels of
    GPUs are checked by who launches them.

    ```mlir
    %m = mask.tile_for [%hl, %cl, %cu, %hu] step 64 init(%m0 : vector<16xf32>) {
    ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %mi: vector<16xf32>):
      mask.yield %mi : vector<16xf32>
    } -> vector<16xf32>
    ```
  }];
  let arguments = (ins Variadic<Index>:$bounds,
                       Optional<MemRefRankOf<[Index], [2]>>:$intervals,
                       Optional<Index>:$step, Optional<Index>:$end,
                       Optional<Index>:$part, Optional<Index>:$parts,
                       Variadic<AnyType>:$inits, OptionalAttr<I64Attr>:$static_step,
                       OptionalAttr<I64Attr>:$align, OptionalAttr<I64Attr>:$ahead,
                       UnitAttr:$merged, UnitAttr:$load_first);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$visit, AnyRegion:$load);
  let assemblyFormat = [{
    (`[` $bounds^ `]`)? (`in` $intervals^ `:` type($intervals))? 
    `step` custom<Step>($static_step, $step)
    oilist(
        `whole` $end
      | `align` $align
      | `part` $part `of` $parts
      | `ahead` $ahead
      | `merged` $merged
      | `init` `(` $inits `:` type($inits) `)`
    )
    $body (`visit` $visit^)? (`load` (`first` $load_first^)? $load^)? attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    /// Arguments of the body.
    ::mlir::BlockArgument getKey() { return getBody().getArgument(0); }
    ::mlir::BlockArgument getSize() { return getBody().getArgument(1); }
    ::mlir::BlockArgument getOrdinal() { return getBody().getArgument(2); }
    ::mlir::BlockArgument getLowerFails() { return getBody().getArgument(3); }
    ::mlir::BlockArgument getUpperFails() { return getBody().getArgument(4); }
    /// Keys per tile, a number or an index.
    ::mlir::OpFoldResult getMixedStep();
    /// How many arguments of the body come before the carried values.
    unsigned getNumTileArguments() { return getAhead() ? 8 : 5; }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_ApplyOp : Mask_Op<"apply", [AlwaysSpeculatable, AttrSizedOperandSegments, IsolatedFromAbove,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    AllTypesMatch<["scores", "result"]>]> {
  let summary = "hides the invisible scores of a tile";
  let description = [{
    `result[i...]` is `scores[i...]` where the key is visible and `hidden` (minus
    infinity if missing) elsewhere. `over` maps the indices of an element, and
    `symbols`, to the head, the query and the key of the element, counted from `h`,
    `q` and `k`, which with the batch row `b` are absolute coordinates. So it can say
    queries in lanes, `(d) -> (0, d, 0)`, heads of a group in lanes, `(d) -> (d mod 4,
    d floordiv 4, 0)`, and fragments of matrices, `(i, j)[g, t] -> (0, g + i * 8, t * 2 + j)`.

    Visible means: not below the `lower` end of its row, below the `upper` end, below
    `key_end`, and inside the `predicate` region over `captures`; what is missing hides
    nothing. Ends are i32 and counted from `k`, one per row: their shape is that of the
    dimensions on which head or query depend, an `i32` where there are none.

    Nothing is hidden if `when` is false; the op then folds to its scores. In the
    body of a `mask.tile_for`, `when %lower_fails` evaluates the lower ends in the
    tiles before the core only. The op reads its captures: on memrefs that is an effect.

    1. (C1) `over` has a dimension for each of the vector, as many symbols as given, and
       three results.
    2. (C2) Ends have one element per row.
    3. (C3) The region's arguments are the captures' types and it yields one predicate.

    ```mlir
    %p = mask.apply %s at (%b, %h, %q, %k) over affine_map<(d) -> (0, d, 0)>
      lower(%lo : vector<16xi32>) upper(%hi : vector<16xi32>) when %edge : vector<16xf32>
    ```
  }];
  let arguments = (ins Mask_Scores:$scores, Index:$b, Index:$h, Index:$q, Index:$k,
                       Variadic<Index>:$symbols,
                       Optional<Mask_RowEnds>:$lower, Optional<Mask_RowEnds>:$upper,
                       Optional<I32>:$key_end, Optional<I1>:$when,
                       Variadic<Mask_Capture>:$captures,
                       AffineMapAttr:$over, OptionalAttr<F32Attr>:$hidden);
  let results = (outs Mask_Scores:$result);
  let regions = (region AnyRegion:$predicate);
  let assemblyFormat = [{
    $scores `at` `(` $b `,` $h `,` $q `,` $k `)` `over` $over (`[` $symbols^ `]`)?
    oilist(
        `lower` `(` $lower `:` type($lower) `)`
      | `upper` `(` $upper `:` type($upper) `)`
      | `key_end` `(` $key_end `)`
      | `when` $when
      | `captures` `(` $captures `:` type($captures) `)`
      | `hidden` $hidden
    )
    (`predicate` $predicate^)? attr-dict `:` type($scores)
  }];
  let extraClassDeclaration = [{
    /// The dimensions of the scores on which the row of an element depends, in
    /// order.
    ::llvm::SmallVector<unsigned> getRowDims();
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_MergeOp : Mask_Op<"merge", [Pure,
    AllTypesMatch<["maximum_a", "maximum_b", "sum_a", "sum_b", "maximum", "sum"]>,
    AllTypesMatch<["accumulator_a", "accumulator_b", "accumulator"]>]> {
  let summary = "joins two partial softmax states";
  let description = [{
    A state over a set of keys is, per row, the maximum score `m`, the sum `l` of
    `exp(s - m)` and the sum `acc` of `exp(s - m) v`. The state over both sets is
    `m = max(ma, mb)`, `l = la exp(ma - m) + lb exp(mb - m)`, and `acc` alike. With `base2`
    the exponential is `2^x`. The state over no key, minus infinity and zeros, is the
    identity: merged with any state it gives that state, and with itself, itself. Sinks
    join once, after all merges, never in a part.

    `rows` maps the indices of an accumulator to the index of its row; if missing, rows
    are the last dimension: `(d, row) -> (row)` for accumulators `[D][row]`, and
    `rows affine_map<(row, d) -> (row)>` for `[row][D]`.

    1. (C1) `rows` has a dimension for each of the accumulators and one result, which is
       a dimension.
    2. (C2) The size of that dimension is that of maxima and sums.

    ```mlir
    %m, %l, %acc = mask.merge (%ma, %la, %aa), (%mb, %lb, %ab) base2 rows affine_map<(row, d) -> (row)>
      : vector<16xf32>, vector<16x64xf32>
    ```
  }];
  let arguments = (ins Mask_SoftmaxState:$maximum_a, Mask_SoftmaxState:$sum_a, Mask_Accumulator:$accumulator_a,
                       Mask_SoftmaxState:$maximum_b, Mask_SoftmaxState:$sum_b, Mask_Accumulator:$accumulator_b,
                       UnitAttr:$base2, OptionalAttr<AffineMapAttr>:$rows);
  let results = (outs Mask_SoftmaxState:$maximum, Mask_SoftmaxState:$sum, Mask_Accumulator:$accumulator);
  let assemblyFormat = [{
    `(` $maximum_a `,` $sum_a `,` $accumulator_a `)` `,` `(` $maximum_b `,` $sum_b `,` $accumulator_b `)`
    (`base2` $base2^)? (`rows` $rows^)?
    attr-dict `:` type($maximum) `,` type($accumulator)
  }];
  let extraClassDeclaration = [{
    /// The dimension of the accumulators that is the row.
    unsigned getRowDim();
  }];
  let hasVerifier = 1;
}

#endif // MASK_TILE_OPS_TD
