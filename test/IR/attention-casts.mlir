// RUN: mask-opt %s -canonicalize | FileCheck %s

// Upstream folds casts into destination-passing ops by cloning them with other
// operand types. Here the captures give a region its types, and regions may be
// missing: the casts stay where they are.

// CHECK-LABEL: func.func @open
// CHECK: %[[Q:.*]] = tensor.cast
// CHECK: mask.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}} mask(
func.func @open(%q: tensor<1x1x4x8xf32>) -> tensor<?x?x?x?xf32> {
  %m = mask.causal
  %0 = tensor.cast %q : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
  %o = mask.attention ins(%0, %0, %0 : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%0 : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

// CHECK-LABEL: func.func @closed
// CHECK: %[[IDS:.*]] = tensor.cast
// CHECK: mask.attention {{.*}} captures(%[[IDS]] : tensor<?xi32>) score_captures(%{{.*}} : tensor<?xf32>) predicate {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?xi32>):
func.func @closed(%q: tensor<1x1x4x8xf32>, %ids: tensor<4xi32>, %bias: tensor<4xf32>) -> tensor<1x1x4x8xf32> {
  %0 = tensor.cast %ids : tensor<4xi32> to tensor<?xi32>
  %1 = tensor.cast %bias : tensor<4xf32> to tensor<?xf32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) captures(%0 : tensor<?xi32>) score_captures(%1 : tensor<?xf32>) predicate {
         ^bb0(%i: tensor<?xi32>):
           %p = mask.document %i : tensor<?xi32>
           mask.yield %p : !mask.predicate
         } score {
         ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %t: tensor<?xf32>):
           %x = tensor.extract %t[%ki] : tensor<?xf32>
           %y = arith.addf %s, %x : f32
           mask.yield %y : f32
         } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}
