// RUN: mask-opt %s --mask-emulate-bf16-products --split-input-file --verify-diagnostics | FileCheck %s

// The second elements of pairs are the upper halves of words.

// CHECK-LABEL: func.func @dot
// CHECK-SAME: %[[SUMS:.*]]: vector<16xf32>, %[[A:.*]]: vector<32xbf16>, %[[B:.*]]: vector<32xbf16>
// CHECK: %[[AS:.*]] = vector.bitcast %[[A]] : vector<32xbf16> to vector<16xi32>
// CHECK: %[[EVEN:.*]] = arith.shli %[[AS]], %{{.*}} : vector<16xi32>
// CHECK: %[[ODD:.*]] = arith.andi %[[AS]], %{{.*}} : vector<16xi32>
// CHECK: %[[EVEN_A:.*]] = arith.bitcast %[[EVEN]] : vector<16xi32> to vector<16xf32>
// CHECK: %[[ODD_A:.*]] = arith.bitcast %[[ODD]] : vector<16xi32> to vector<16xf32>
// CHECK: %[[FIRST:.*]] = vector.fma %[[ODD_A]], %{{.*}}, %[[SUMS]] : vector<16xf32>
// CHECK: %[[Y:.*]] = vector.fma %[[EVEN_A]], %{{.*}}, %[[FIRST]] : vector<16xf32>
// CHECK: return %[[Y]]
func.func @dot(%sums: vector<16xf32>, %a: vector<32xbf16>, %b: vector<32xbf16>) -> vector<16xf32> {
  %y = x86vector.avx512.dot %sums, %a, %b : vector<32xbf16> -> vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// A product of tiles is a function, of which there is one per shape; loops carry vectors.

// CHECK-LABEL: func.func private @mask_multiply_tiles_2_3_3_4_2_4
// CHECK-SAME: (%{{.*}}: vector<2x3xi32>, %{{.*}}: vector<3x4xi32>, %{{.*}}: vector<2x4xf32>) -> vector<2x4xf32>
// CHECK-COUNT-12: vector.fma %{{.*}} : vector<4xf32>
// CHECK-NOT: vector.fma
// CHECK-LABEL: func.func @tiles
// CHECK: arith.constant dense<0.000000e+00> : vector<2x4xf32>
// CHECK: scf.for {{.*}} -> (vector<2x4xf32>)
// CHECK: vector.load %{{.*}} : memref<?x6xbf16>, vector<6xbf16>
// CHECK: vector.bitcast %{{.*}} : vector<6xbf16> to vector<3xi32>
// CHECK-COUNT-3: vector.load %{{.*}} : memref<?x8xbf16>, vector<8xbf16>
// CHECK: call @mask_multiply_tiles_2_3_3_4_2_4
// CHECK: call @mask_multiply_tiles_2_3_3_4_2_4
// CHECK-COUNT-2: vector.store %{{.*}} : memref<2x4xf32>, vector<4xf32>
func.func @tiles(%a: memref<?x6xbf16>, %b: memref<?x8xbf16>, %c: memref<2x4xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = amx.tile_zero : !amx.tile<2x4xf32>
  %sums = scf.for %i = %c0 to %n step %c3 iter_args(%sum = %zero) -> (!amx.tile<2x4xf32>) {
    %x = amx.tile_load %a[%i, %c0] : memref<?x6xbf16> into !amx.tile<2x6xbf16>
    %y = amx.tile_load %b[%i, %c0] : memref<?x8xbf16> into !amx.tile<3x8xbf16>
    %first = amx.tile_mulf %x, %y, %sum : !amx.tile<2x6xbf16>, !amx.tile<3x8xbf16>, !amx.tile<2x4xf32>
    %second = amx.tile_mulf %x, %y, %first : !amx.tile<2x6xbf16>, !amx.tile<3x8xbf16>, !amx.tile<2x4xf32>
    scf.yield %second : !amx.tile<2x4xf32>
  }
  amx.tile_store %c[%c0, %c0], %sums : memref<2x4xf32>, !amx.tile<2x4xf32>
  return
}

// -----

// What no attention is made of.

func.func @negative_integers(%a: memref<16x64xi8>) {
  %c0 = arith.constant 0 : index
  %x = amx.tile_load %a[%c0, %c0] : memref<16x64xi8> into !amx.tile<16x64xi8>
  %z = amx.tile_zero : !amx.tile<16x16xi32>
  // expected-error @+1 {{failed to legalize operation 'amx.tile_muli'}}
  %y = amx.tile_muli %x, %x, %z : !amx.tile<16x64xi8>, !amx.tile<16x64xi8>, !amx.tile<16x16xi32>
  amx.tile_store %a[%c0, %c0], %x : memref<16x64xi8>, !amx.tile<16x64xi8>
  return
}
