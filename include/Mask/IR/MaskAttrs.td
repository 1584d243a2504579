//===- MaskAttrs.td - attributes and enums of the mask dialect -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ATTRS_TD
#define MASK_ATTRS_TD

include "Mask/IR/MaskDialect.td"
include "Mask/IR/ScheduleAttrInterface.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Mask_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::mask";
  let genSpecializedAttr = 0;
}

def Mask_ParameterAxis : Mask_I32Enum<"ParameterAxis",
    "what a one-dimensional parameter is indexed by", [
  I32EnumAttrCase<"Batch", 0, "batch">,
  I32EnumAttrCase<"Head", 1, "head">
]>;
def Mask_ParameterAxisAttr
    : EnumAttr<Mask_Dialect, Mask_ParameterAxis, "axis">;

def Mask_PackingRule : Mask_I32Enum<"PackingRule",
    "the order in which packing, core and overlay are joined", [
  I32EnumAttrCase<"Request", 0, "request">,
  I32EnumAttrCase<"V5_12", 1, "v5_12">,
  I32EnumAttrCase<"V5_23", 2, "v5_23">,
  I32EnumAttrCase<"V5_24", 3, "v5_24">
]>;
def Mask_PackingRuleAttr : EnumAttr<Mask_Dialect, Mask_PackingRule, "packing">;

def Mask_GPUTileCode : Mask_I32Enum<"GPUTileCode",
    "what the code of a tile on a GPU is made of", [
  I32EnumAttrCase<"Portable", 0, "portable">,
  I32EnumAttrCase<"TensorCore", 1, "tensor_core">
]>;

def Mask_GPUTileOrder : Mask_I32Enum<"GPUTileOrder",
    "which tiles of queries the first workgroups compute", [
  I32EnumAttrCase<"LateFirst", 0, "late_first">,
  I32EnumAttrCase<"EarlyFirst", 1, "early_first">
]>;

def Mask_CPUScheduleAttr
    : AttrDef<Mask_Dialect, "CPUSchedule", [Mask_ScheduleAttrInterface]> {
  let mnemonic = "cpu_schedule";
  let summary = "tile sizes and vector shape of one attention on a CPU";
  let description = [{
    `query_tile` queries of `heads` heads, which share their keys, and `key_tile` keys
    per tile of scores; `lanes` rows of such a tile per vector and `rows` keys (or value
    columns) by two vectors per register tile, half as many by four where all rows see all
    keys, if `rows` is a multiple of four and that reads fewer operands. Keys that fill no
    register tile are multiplied in smaller ones, so `rows` that divide `key_tile` are best.
    `heads` is 1 where it is not given, and divides the number of query heads per key head.
    A tile has at most 4096 rows and as many keys; `lanes` and `rows` are at most 64. With
    `pairs = true` bf16 is multiplied in pairs, by an instruction that AVX-512 has for 4, 8 or 16
    lanes, and weights are rounded to bf16; otherwise f16 and bf16 are widened to f32.
    With `amx = true`, beside pairs and 16 lanes, tiles of 16 rows by 16 pairs are
    multiplied, by an instruction of AMX: then 32 keys (or value columns) by two vectors
    are a register tile, of which `rows` says nothing, and `key_tile` is a multiple of 32.

    `parts` is 1 where it is not given. Where there are fewer tiles of queries than
    that, threads share the keys of each: they are split into as many parts as make
    `parts` of all tiles together, or one per tile of keys, whose results are joined
    by their sums and maxima.

    With `columns = true` the columns of the arrays lie in lanes, and not rows: for tiles
    of few rows, at most as many as a vector has lanes, which are then a power of two.
    The scores of `lanes` divided by the rows, rounded up to a power of two, keys are a
    vector, so `key_tile` is a multiple of that. The loops of both products, over columns where
    scores are computed and over keys where values are weighted, carry twice `rows` vectors of
    sums, rounded down to a power of two, of half as many rows at most (of scores more, if a
    vector has more keys).

    ```mlir
    #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 16, rows = 8>
    ```
  }];
  let parameters = (ins "int64_t":$queryTile, "int64_t":$keyTile,
                        DefaultValuedParameter<"int64_t", "1">:$heads,
                        DefaultValuedParameter<"int64_t", "1">:$parts,
                        "int64_t":$lanes, "int64_t":$rows,
                        DefaultValuedParameter<"bool", "false">:$pairs,
                        DefaultValuedParameter<"bool", "false">:$amx,
                        DefaultValuedParameter<"bool", "false">:$columns);
  let assemblyFormat = [{
    `<` `query_tile` `=` $queryTile `,` `key_tile` `=` $keyTile `,`
        (`heads` `=` $heads^ `,`)? (`parts` `=` $parts^ `,`)? `lanes` `=` $lanes `,` `rows` `=` $rows ``
        custom<ScheduleFlags>($pairs, $amx, $columns) `` `>`
  }];
  let genVerifyDecl = 1;
}

def Mask_GPUScheduleAttr
    : AttrDef<Mask_Dialect, "GPUSchedule", [Mask_ScheduleAttrInterface]> {
  let mnemonic = "gpu_schedule";
  let summary = "tile sizes and threads of one attention on a GPU";
  let description = [{
    A workgroup computes `query_tile` queries of `heads` heads, which share their keys,
    against `key_tile` keys at a time, and `value_columns` columns of the values; wider
    ones take several workgroups. Keys and columns are multiples of 16. `heads` is 1 where
    it is not given, and divides the number of query heads per key head. A tile has at
    most 4096 rows and as many keys.

    `tensor_core` is code for NVIDIA's matrix instructions. A warp has `warp_rows` rows of
    the tile, 16 or 32, so that the number of warps follows; there are at most 32. Keys of
    which a thread cannot keep all scores are worked on in slices of a tile. `portable`
    is code for any GPU: `threads` threads, a multiple of 16 and at most 1024, share the rows
    of a tile, and `depth` columns of queries and keys are in workgroup memory at a time.

    `parts` is 1 where it is not given: the keys that a tile visits are split among at most
    so many workgroups, as many as the GPU has room for; at most 4096. `order` says which
    tiles of queries come first: late ones, which have the most keys under a causal mask,
    unless it is `early_first`.

    ```mlir
    #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 32, warp_rows = 16, value_columns = 128>
    #mask.gpu_schedule<portable, query_tile = 32, key_tile = 32, threads = 128, depth = 32, value_columns = 64>
    ```
  }];
  let parameters = (ins EnumParameter<Mask_GPUTileCode>:$code,
                        "int64_t":$queryTile, "int64_t":$keyTile,
                        DefaultValuedParameter<"int64_t", "1">:$heads,
                        DefaultValuedParameter<"int64_t", "1">:$parts,
                        DefaultValuedParameter<"int64_t", "0">:$warpRows,
                        DefaultValuedParameter<"int64_t", "0">:$threads,
                        DefaultValuedParameter<"int64_t", "0">:$depth,
                        "int64_t":$valueColumns,
                        DefaultValuedParameter<"::mlir::mask::GPUTileOrder",
                            "::mlir::mask::GPUTileOrder::LateFirst">:$order);
  let assemblyFormat = [{
    `<` $code `,` `query_tile` `=` $queryTile `,` `key_tile` `=` $keyTile `,`
        (`heads` `=` $heads^ `,`)? (`parts` `=` $parts^ `,`)?
        (`warp_rows` `=` $warpRows^ `,`)? (`threads` `=` $threads^ `,`)?
        (`depth` `=` $depth^ `,`)? `value_columns` `=` $valueColumns
        (`,` `order` `=` $order^)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether tensor cores compute the tile.
    bool hasTensorCores() const { return getCode() == GPUTileCode::TensorCore; }
    /// Threads of a workgroup, given or 32 per warp.
    int64_t getNumThreads() const;
  }];
}

#endif // MASK_ATTRS_TD
