// RUN: mask-opt %s -inline -symbol-dce | FileCheck %s

// A layer is inlined like any function: predicates, facts and both forms of
// attention mean the same in the caller.

// CHECK-NOT: @layer
// CHECK-LABEL: func.func @model
// CHECK: mask.runs
// CHECK: mask.causal
// CHECK: mask.attention {{.*}} mask(%{{.*}})
// CHECK: mask.attention {{.*}} predicate {
// CHECK: math.tanh
func.func private @layer(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate, %types: tensor<?xi8>) -> tensor<1x1x?x4xf32> {
  %ids = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %causal = mask.causal
  %n = mask.and %m, %causal
  %0 = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%n) -> tensor<1x1x?x4xf32>
  %1 = mask.attention ins(%0, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) captures(%ids : tensor<?xi32>) predicate {
         ^bb0(%i: tensor<?xi32>):
           %p = mask.document %i : tensor<?xi32>
           mask.yield %p : !mask.predicate
         } score {
         ^bb0(%s: f32, %b: index, %h: index, %q: index, %k: index):
           %t = math.tanh %s : f32
           mask.yield %t : f32
         } -> tensor<1x1x?x4xf32>
  return %1 : tensor<1x1x?x4xf32>
}
func.func @model(%x: tensor<1x1x?x4xf32>, %ids: tensor<?xi32>, %types: tensor<?xi8>) -> tensor<1x1x?x4xf32> {
  %m = mask.document %ids : tensor<?xi32>
  %0 = call @layer(%x, %m, %types) : (tensor<1x1x?x4xf32>, !mask.predicate, tensor<?xi8>) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}
