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

def Mask_CPUScheduleAttr
    : AttrDef<Mask_Dialect, "CPUSchedule", [Mask_ScheduleAttrInterface]> {
  let mnemonic = "cpu_schedule";
  let summary = "tile sizes and vector shape of one attention on a CPU";
  let description = [{
    `query_tile` queries of `heads` heads, which share their keys, and `key_tile` keys
    per tile of scores; `lanes` rows of such a tile per vector and `rows` keys (or value
    columns) per register tile. `heads` is 1 where it is not given, and divides the
    number of query heads per key head. `rows` divides `key_tile`. A tile has at most
    4096 rows and as many keys; `lanes` and `rows` are at most 64. With `pairs = true`
    bf16 is multiplied in pairs, by an instruction that AVX-512 has for 4, 8 or 16
    lanes, and weights are rounded to bf16; otherwise f16 and bf16 are widened to f32.

    `parts` is 1 where it is not given. Where there are fewer tiles of queries than
    that, threads share the keys of each: they are split into as many parts as make
    `parts` of all tiles together, or one per tile of keys, whose results are joined
    by their sums and maxima.

    With `columns = true` the columns of the arrays lie in lanes, and not rows: for tiles
    of few rows, at most as many as a vector has lanes, which are then a power of two.
    The scores of `lanes` divided by the rows, rounded up to a power of two, keys are a
    vector, so `key_tile` is a multiple of that. `rows` says nothing of such a tile.

    ```mlir
    #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 16, rows = 8>
    ```
  }];
  let parameters = (ins "int64_t":$queryTile, "int64_t":$keyTile,
                        DefaultValuedParameter<"int64_t", "1">:$heads,
                        DefaultValuedParameter<"int64_t", "1">:$parts,
                        "int64_t":$lanes, "int64_t":$rows,
                        DefaultValuedParameter<"bool", "false">:$pairs,
                        DefaultValuedParameter<"bool", "false">:$columns);
  let assemblyFormat = [{
    `<` `query_tile` `=` $queryTile `,` `key_tile` `=` $keyTile `,`
        (`heads` `=` $heads^ `,`)? (`parts` `=` $parts^ `,`)? `lanes` `=` $lanes `,` `rows` `=` $rows ``
        custom<ScheduleFlags>($pairs, $columns) `` `>`
  }];
  let genVerifyDecl = 1;
}

#endif // MASK_ATTRS_TD
