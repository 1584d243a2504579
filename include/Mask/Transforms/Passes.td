//===- Passes.td - passes from masks to masks -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_PASSES_TD
#define MASK_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def MaskResolvePolicies : Pass<"mask-resolve-policies", "::mlir::ModuleOp"> {
  let summary = "inline the policies that masks are taken from";
  let description = [{
    Replaces every `mask.of_layer` by the predicate that its policy yields for the
    layer type, over the facts given. The `packing` of the `mask.of_layer`, `v5_12` if
    missing, becomes the rule of every `mask.packed ... rule request`. Policies that
    nothing refers to any longer are erased.

    ```mlir
    mask.policy @sliding("window" %W : index) {
      %one = arith.constant 1 : index
      %past = arith.subi %W, %one : index
      %p = mask.window left %past right 0
      mask.layer_type "*" = %p
    }
    %m = mask.of_layer @sliding "sliding_attention"(%w) : index
    ```
    becomes
    ```mlir
    %one = arith.constant 1 : index
    %past = arith.subi %w, %one : index
    %m = mask.window left %past right 0
    ```
  }];
  let options = [
    Option<"keepPolicies", "keep-policies", "bool", /*default=*/"false",
           "Keep policies that nothing refers to any longer">
  ];
  let dependentDialects = ["::mlir::mask::MaskDialect", "::mlir::tensor::TensorDialect"];
}

def MaskClosePredicates : Pass<"mask-close-predicates"> {
  let summary = "give each attention a region that holds its predicate";
  let description = [{
    Turns the open form of `mask.attention`, whose predicate is an operand, into the
    closed form, whose predicate is a region. The ops that build the predicate are
    cloned into it, constants and absent facts too; every other value they read
    becomes a capture.

    A predicate is a lazy read of its facts (law 5). Only reads that are operands of the
    attention can be ordered by bufferization, before later and after earlier writes.

    A predicate that is an argument of the function has no definition to close over:
    `mask-specialize-layers` sinks it first.

    ```mlir
    %p = mask.document %ids : tensor<?x?xi32>
    %o = mask.attention ins(...) outs(...) mask(%p) -> tensor<1x8x?x64xf32>
    ```
    becomes
    ```mlir
    %o = mask.attention ins(...) outs(...) captures(%ids : tensor<?x?xi32>) predicate {
    ^bb0(%arg0: tensor<?x?xi32>):
      %p = mask.document %arg0 : tensor<?x?xi32>
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::mask::MaskDialect"];
}

def MaskBuildTables : Pass<"mask-build-tables"> {
  let summary = "give the leaves of closed predicates their index tables";
  let description = [{
    Adds to each leaf of a closed predicate that loop bounds are derived from through
    a table, and that has none, its `table`: `mask.interval_table` for
    `block_bidirectional` and `document`, `mask.count_table` for `key_padding`,
    `mask.monotone_table` for `at_positions`. A table is built right after the fact it is
    made from, so once for all attentions that share the fact. Facts that are computed
    inside of a predicate are moved out first.

    Attentions on memrefs are left alone: tables are built on tensors.

    ```mlir
    %o = mask.attention ... captures(%ids : tensor<?x?xi32>) predicate {
    ^bb0(%i: tensor<?x?xi32>):
      %p = mask.document %i : tensor<?x?xi32>
      mask.yield %p : !mask.predicate
    }
    ```
    becomes
    ```mlir
    %t = mask.interval_table %ids : tensor<?x?xi32> -> tensor<?x?x4xi32>
    %o = mask.attention ... captures(%ids, %t : tensor<?x?xi32>, tensor<?x?x4xi32>) predicate {
    ^bb0(%i: tensor<?x?xi32>, %ti: tensor<?x?x4xi32>):
      %p = mask.document %i table %ti : tensor<?x?xi32> table tensor<?x?x4xi32>
      mask.yield %p : !mask.predicate
    }
    ```
  }];
  let dependentDialects = ["::mlir::mask::MaskDialect"];
}

#endif // MASK_TRANSFORMS_PASSES_TD
