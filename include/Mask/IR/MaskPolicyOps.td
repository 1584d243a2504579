//===- MaskPolicyOps.td - policies: one predicate per layer type -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_POLICY_OPS_TD
#define MASK_POLICY_OPS_TD

include "Mask/IR/MaskPredicateOps.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Mask_YieldOp : Mask_Op<"yield", [Pure, Terminator,
    DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>,
    ParentOneOf<["GenericOp", "AttentionOp", "TileForOp", "ApplyOp"]>]> {
  let summary = "ends a region of the dialect";
  let description = [{
    Yields the visibility of `mask.generic`, the predicate or the score of
    `mask.attention`, the predicate of `mask.apply`, the carried values of
    `mask.tile_for`, and of its `visit` region whether a tile is visited.

    ```mlir
    %p = mask.generic {
    ^bb0(%b: index, %h: index, %q: index, %k: index):
      %v = arith.cmpi sge, %q, %k : index
      mask.yield %v : i1
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let builders = [OpBuilder<(ins), [{ /* nothing to yield */ }]>];
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

def Mask_PolicyOp : Mask_Op<"policy", [
    Symbol, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "the masks of one model in one system";
  let description = [{
    Names the facts and parameters that the masks of a model depend on, and yields
    one predicate per layer type with `mask.layer_type`. Fact names are attributes,
    since SSA names do not survive parsing. A fact is a per-token tensor, a
    parameter an `index`; `optional` ones may be `mask.absent`. `length`, the number
    of tokens that the facts cover, is always known.

    `sequences_from_positions` says that the system finds packed rows by positions: where
    a request gives no `sequence_ids`, no padding and no cache, each position that does
    not follow the one before begins a sequence. Whoever fills in the facts does so
    (the tools do); the predicates are told `sequence_ids` as ever.

    1. (C1) Fact names are unique.
    2. (C2) There is at least one `mask.layer_type`; layer type names are unique.
    3. (C3) `mask.layer_type "*"` stands for every layer type and is the only one.
    4. (C4) A fact is a ranked tensor or an `index`.
    5. (C5) There are a name and an optional flag for every fact, and the body takes
       the facts.

    ```mlir
    mask.policy @"causal-sliding"("window" %W : index) {
      %one = arith.constant 1 : index
      %past = arith.subi %W, %one : index
      %p = mask.window left %past right 0
      mask.layer_type "*" = %p
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$fact_names,
                       DenseBoolArrayAttr:$fact_optional, TypeAttrOf<FunctionType>:$function_type,
                       UnitAttr:$sequences_from_positions);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The op that yields the predicate of `layerType` (or of "*"), or null.
    LayerTypeOp lookupLayerType(StringRef layerType);
    /// The names of the layer types, in order.
    SmallVector<StringRef> getLayerTypes();
    /// The position of the fact `name`, if the policy takes it.
    std::optional<unsigned> lookupFact(StringRef name);
  }];
}

def Mask_LayerTypeOp : Mask_Op<"layer_type", [HasParent<"PolicyOp">]> {
  let summary = "the predicate of one layer type";
  let description = [{
    Yields `predicate` for the layers of type `name`.

    ```mlir
    mask.policy @"causal-everywhere"() {
      %causal = mask.causal
      mask.layer_type "*" = %causal
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Mask_Predicate:$predicate);
  let assemblyFormat = "$name `=` $predicate attr-dict";
}

def Mask_OfLayerOp : Mask_PredicateOp<"of_layer", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let rank = 11;
  let resultName = "mask";
  let summary = "the predicate of a policy for one layer type";
  let description = [{
    Instantiates a policy: the predicate of `layer_type` with the facts given in the
    policy's order. `packing` is the rule for `mask.packed ... rule request`
    (`v5_12` if missing). `mask-resolve-policies` inlines it.

    1. (C1) `policy` names a `mask.policy` that has the layer type.
    2. (C2) There is one operand per fact, of the declared type up to static sizes.
    3. (C3) A fact that is not optional is not `mask.absent`.

    ```mlir
    mask.policy @prefix("prefix" %P: index) {
      %p = mask.prefix %P
      mask.layer_type "full_attention" = %p
    }
    func.func @layer(%n: index) {
      %m = mask.of_layer @prefix "full_attention"(%n) : index
      return
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$policy, StrAttr:$layer_type,
                       Variadic<Mask_Capture>:$facts,
                       OptionalAttr<Mask_PackingRuleAttr>:$packing);
  let assemblyFormat = [{
    $policy $layer_type `(` $facts `)` (`packing` `` $packing^)? attr-dict (`:` type($facts)^)?
  }];
}

#endif // MASK_POLICY_OPS_TD
