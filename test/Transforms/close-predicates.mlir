// RUN: mask-opt %s -split-input-file -mask-close-predicates -verify-diagnostics | FileCheck %s

// Predicates and constants are cloned, facts and parameters become captures.

// CHECK-LABEL: func @facts
// CHECK-SAME: %[[Q:.*]]: tensor<1x8x?x64xf32>, %[[IDS:.*]]: tensor<?x?xi32>, %[[W:.*]]: index
func.func @facts(%q: tensor<1x8x?x64xf32>, %ids: tensor<?x?xi32>, %w: index) -> tensor<1x8x?x64xf32> {
  %one = arith.constant 1 : index
  %past = arith.subi %w, %one : index
  %len = arith.constant 512 : index
  %causal = mask.causal
  %window = mask.window left %past right unbounded
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %either = mask.or %causal, %block
  %slide = mask.and %window, %either
  %length = mask.key_length %len
  %m = mask.and %slide, %length
  // CHECK: %[[PAST:.*]] = arith.subi
  // CHECK: mask.attention
  // CHECK-SAME: captures(%[[A:.*]], %[[B:.*]] : {{.*}}) predicate {
  // CHECK-NEXT: ^bb0(
  // CHECK-DAG: arith.constant 512 : index
  // CHECK-DAG: mask.causal
  // CHECK-DAG: mask.window left %[[P:.*]] right unbounded
  // CHECK-DAG: mask.block_bidirectional %{{.*}} : tensor<?x?xi32>
  // CHECK-DAG: %[[L:.*]] = mask.key_length
  // CHECK: %[[M:.*]] = mask.and %{{.*}}, %[[L]]
  // CHECK: mask.yield %[[M]] : !mask.predicate
  %o = mask.attention ins(%q, %q, %q : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
         outs(%q : tensor<1x8x?x64xf32>) mask(%m) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}

// -----

// An absent fact stays visible to folds; a generic keeps its captures.

// CHECK-LABEL: func @absent_and_generic
func.func @absent_and_generic(%q: tensor<1x8x?x64xf32>, %t: tensor<?xi32>) -> tensor<1x8x?x64xf32> {
  %none = mask.absent : tensor<?x?xi1>
  %pad = mask.key_padding %none : tensor<?x?xi1>
  %g = mask.generic captures(%t : tensor<?xi32>) {
  ^bb0(%b: index, %h: index, %qi: index, %ki: index, %x: tensor<?xi32>):
    %v = arith.cmpi sge, %qi, %ki : index
    mask.yield %v : i1
  }
  %m = mask.and %pad, %g
  // CHECK: mask.attention
  // CHECK-SAME: captures(%{{.*}} : tensor<?xi32>) predicate {
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?xi32>):
  // CHECK-DAG: mask.absent
  // CHECK-DAG: mask.generic captures(%[[X]] : tensor<?xi32>)
  %o = mask.attention ins(%q, %q, %q : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
         outs(%q : tensor<1x8x?x64xf32>) mask(%m) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}

// -----

func.func @negative_argument(%q: tensor<1x8x?x64xf32>, %m: !mask.predicate) -> tensor<1x8x?x64xf32> {
  // expected-error @below {{predicate is a block argument; specialise the function with mask-specialize-layers first}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
         outs(%q : tensor<1x8x?x64xf32>) mask(%m) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}

// -----

func.func @negative_select(%q: tensor<1x8x?x64xf32>, %c: i1) -> tensor<1x8x?x64xf32> {
  %a = mask.causal
  %b = mask.full
  // expected-note @below {{predicate made here}}
  %s = arith.select %c, %a, %b : !mask.predicate
  %m = mask.not %s
  // expected-error @below {{predicate is made by 'arith.select', which cannot be moved into the attention}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
         outs(%q : tensor<1x8x?x64xf32>) mask(%m) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}
