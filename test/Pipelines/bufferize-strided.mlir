// RUN: mask-opt %s --split-input-file --mask-bufferize-strided | FileCheck %s

// Data of four dimensions has strides at every boundary; facts, stored masks and
// log-sum-exps have none. What is returned is what was written to.

// CHECK-LABEL: func private @layer
// CHECK-SAME: (memref<?x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>, memref<?xi32>, memref<?x?x?xf32>) -> (memref<?x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>, memref<?x?x?xf32>)
func.func private @layer(%data: tensor<?x8x?x64xf32>, %ids: tensor<?xi32>, %lse: tensor<?x?x?xf32>) -> (tensor<?x8x?x64xf32>, tensor<?x?x?xf32>)

// CHECK-LABEL: func @model
// CHECK-SAME: %[[X:[a-z0-9]*]]: memref<?x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME: %{{.*}}: memref<?x?x?x?xi1>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.fill
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return %[[X]]
func.func @model(%x: tensor<?x8x?x64xf32>, %mask: tensor<?x?x?x?xi1>) -> tensor<?x8x?x64xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.fill ins(%zero : f32) outs(%x : tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32>
  return %0 : tensor<?x8x?x64xf32>
}

// -----

// Other types of data, and columns whose number is known at run time.

// CHECK-LABEL: func @types
// CHECK-SAME: (%{{.*}}: memref<1x2x3x4xf64, strided<[?, ?, ?, 1], offset: ?>>, %{{.*}}: memref<?x?x?x?xbf16, strided<[?, ?, ?, 1], offset: ?>>, %{{.*}}: memref<?x?x?x?xi8>)
func.func @types(%a: tensor<1x2x3x4xf64>, %b: tensor<?x?x?x?xbf16>, %c: tensor<?x?x?x?xi8>) {
  return
}
