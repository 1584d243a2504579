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
    `mask.monotone_table` and `mask.range_table` for `at_positions`, `mask.range_table`
    for what a `generic` region reads elsewhere than at its query. A table is built right
    after the fact it is made from, so once for all attentions that share the fact.
    Facts and numbers that are computed inside of a predicate are moved out first.

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

def MaskSimplify : Pass<"mask-simplify"> {
  let summary = "drop the parts of masks that decide nothing";
  let description = [{
    Brings predicates into normal form (the dialect's canonicalization patterns), and
    replaces the parts of closed predicates that decide nothing on the queries and keys
    of their attention by `mask.full`, or `mask.empty`: the window that is at least as
    long as the sequence, the causal mask of a decode step, whose one query comes last,
    the operand of `mask.and` that hides no key which the other operands show, the
    operand of `mask.or` that shows none which they hide. Sides of windows, and
    restrictions to all heads or batch rows, go for the same reason. The proof is by the
    bounds of the leaves (`mask-explain --why` shows them); it knows the static sizes of
    the data, the offsets, what MLIR's value bounds know of sums, differences and sizes,
    and that `mask.drop_long` leaves no longer blocks.

    Every replaced part, and an attention without any mask left, is a remark.

    ```mlir
    %o = mask.attention ins(...) outs(%out : tensor<1x8x512x64xf32>) predicate {
      %p = mask.window left 1023 right 0
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x512x64xf32>
    ```
    becomes, for 512 keys,
    ```mlir
    %o = mask.attention ins(...) outs(%out : tensor<1x8x512x64xf32>) predicate {
      %p = mask.causal
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x512x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::mask::MaskDialect", "::mlir::affine::AffineDialect"];
}

def MaskSpecializeLayers : Pass<"mask-specialize-layers", "::mlir::ModuleOp"> {
  let summary = "clone layer functions once per structure of their predicate";
  let description = [{
    A layer function takes its predicate as an argument. Every call of one, in a function
    that does not itself take predicates, is redirected to a clone made for the structure
    of its predicate and the static shapes of its operands (those before a `tensor.cast`):
    K bodies for N layers. In the clone the predicate is built and closed; what it reads,
    facts, parameters and tables, are further arguments. Tables are computed in the
    caller, once for all layers. Then predicates are simplified (`mask-simplify`), and
    arguments that are not needed any more are dropped. A fact that is not given
    (`mask.absent`) has no place in a body: it folds, and calls that give it have another
    body.

    What all calls of a body say of an argument is known in the body: an `index` that is a
    number, or an affine function of sizes of the data and of the indices before it, and
    the bound that `mask.drop_long` puts on the blocks of ids. So the causal mask of a
    decode step vanishes where the caller hands over `dim(key) - 1` as the offset of its
    one query. Values never split a body: an offset that differs from call to call, and
    one that is known at run time only, stay arguments.

    Policies are resolved first (`mask-resolve-policies`); the layer type that a
    predicate was taken for names the clone. A layer may take several predicates, and may
    call layers itself: their bodies are made for the predicates that it hands on. A layer
    that calls itself with an equal predicate is one body; one whose predicate grows with
    every call is an error. Nested modules have their own layers and bodies. Functions
    and calls may be of any dialect that has the interfaces of both; calls through
    pointers are left alone.

    A private layer function that nothing refers to any longer is erased. Each body, each
    argument that calls agree on, or that one call knows and another contradicts, and each
    generic layer that stays, is a remark.

    ```mlir
    %m = mask.of_layer @gemma "sliding_attention"(%t, %w) : tensor<?x?xi8>, index
    %0 = call @layer(%q, %k, %v, %out, %m) : (..., !mask.predicate) -> tensor<?x?x?x?xf32>
    %1 = call @layer(%0, %k, %v, %out, %m) : (..., !mask.predicate) -> tensor<?x?x?x?xf32>
    ```
    becomes
    ```mlir
    %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
    %table = mask.interval_table %ids non_negative : tensor<?x?xi32> -> tensor<?x?x4xi32>
    %0 = call @layer_sliding_attention(%q, %k, %v, %out, %ids, %table, %past) : (...) -> tensor<?x?x?x?xf32>
    %1 = call @layer_sliding_attention(%0, %k, %v, %out, %ids, %table, %past) : (...) -> tensor<?x?x?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::mask::MaskDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect"];
}

def MaskOutlineTables : Pass<"mask-outline-tables", "::mlir::ModuleOp"> {
  let summary = "make functions of the code that fills id tables";
  let description = [{
    Bufferization fills the tables that number ids (`mask.interval_table`,
    `mask.drop_long`) by loops with a radix sort in them, in an `scf.execute_region` that
    carries the name of a function. Each becomes a call of a private function; equal code
    on equal types is one function. To be run right after bufferization: canonicalization
    moves the code out of its region.

    ```mlir
    %table = memref.alloc(%n) : memref<?x4xi32>
    scf.execute_region {
      ... // fills %table from %ids
      scf.yield
    } {mask.outline = "mask_interval_table"}
    ```
    becomes
    ```mlir
    %table = memref.alloc(%n) : memref<?x4xi32>
    call @mask_interval_table(%ids, %table) : (memref<?xi32>, memref<?x4xi32>) -> ()
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

def MaskFreeBuffers : Pass<"mask-free-buffers"> {
  let summary = "free temporary buffers at the end of their block";
  let description = [{
    Adds a `memref.dealloc` at the end of the block that allocates a buffer, unless the
    buffer outlives the block (it is returned, yielded, or handed to a call that may
    return it) or is freed already. To be run between bufferization and
    `convert-mask-to-tiles`: the regions of `mask.attention` describe a predicate, not
    control flow, and `ownership-based-buffer-deallocation` knows only the latter.

    ```mlir
    func.func @f(%types: memref<?xi8>) {
      %ids = memref.alloc(%n) : memref<?xi32>
      mask.attention ... captures(%ids : memref<?xi32>) predicate { ... }
      return
    }
    ```
    becomes
    ```mlir
    func.func @f(%types: memref<?xi8>) {
      %ids = memref.alloc(%n) : memref<?xi32>
      mask.attention ... captures(%ids : memref<?xi32>) predicate { ... }
      memref.dealloc %ids : memref<?xi32>
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

#endif // MASK_TRANSFORMS_PASSES_TD
