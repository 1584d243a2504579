// RUN: mask-opt %s -mask-close-predicates -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// A predicate reads its facts where it is consumed (law 5). Here the ids are
// overwritten between the predicate and the attention. Closed, the ids are an
// operand, so that the write goes to a copy and the attention sees the old ids.

// CHECK-LABEL: func @overwritten
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: memref<1x8xi32>
// CHECK: %[[COPY:.*]] = memref.alloc() {{.*}}: memref<1x8xi32>
// CHECK: memref.copy %[[IDS]], %[[COPY]]
// CHECK: memref.store %{{.*}}, %[[COPY]]
// CHECK: mask.attention
// CHECK-SAME: captures(%[[IDS]] : memref<1x8xi32>)
// CHECK: return %{{.*}}, %[[COPY]]
func.func @overwritten(%q: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>, %ids: tensor<1x8xi32>, %id: i32)
    -> (tensor<1x1x8x4xf32>, tensor<1x8xi32>) {
  %zero = arith.constant 0 : index
  %m = mask.document %ids : tensor<1x8xi32>
  %new = tensor.insert %id into %ids[%zero, %zero] : tensor<1x8xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%out : tensor<1x1x8x4xf32>) mask(%m) -> tensor<1x1x8x4xf32>
  return %o, %new : tensor<1x1x8x4xf32>, tensor<1x8xi32>
}

// Written afterwards, the ids need no copy, but the write stays behind the read.

// CHECK-LABEL: func @overwritten_later
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: memref<1x8xi32>
// CHECK-NOT: memref.copy
// CHECK: mask.attention
// CHECK-SAME: captures(%[[IDS]] : memref<1x8xi32>)
// CHECK: memref.store %{{.*}}, %[[IDS]]
func.func @overwritten_later(%q: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>, %ids: tensor<1x8xi32>, %id: i32)
    -> (tensor<1x1x8x4xf32>, tensor<1x8xi32>) {
  %zero = arith.constant 0 : index
  %m = mask.document %ids : tensor<1x8xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%out : tensor<1x1x8x4xf32>) mask(%m) -> tensor<1x1x8x4xf32>
  %new = tensor.insert %id into %ids[%zero, %zero] : tensor<1x8xi32>
  return %o, %new : tensor<1x1x8x4xf32>, tensor<1x8xi32>
}
