// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

// CHECK-LABEL: func @tile_for
func.func @tile_for(%i: index, %m: vector<16xf32>, %acc: vector<64x16xf32>) {
  // CHECK: mask.tile_for[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] step 64 init(%{{.*}}, %{{.*}} : vector<16xf32>, vector<64x16xf32>) {
  // CHECK: ^bb0(%key: index, %size: index, %[[M:.*]]: vector<16xf32>, %[[ACC:.*]]: vector<64x16xf32>):
  // CHECK: mask.yield %[[M]], %[[ACC]] : vector<16xf32>, vector<64x16xf32>
  // CHECK: } -> vector<16xf32>, vector<64x16xf32>
  %0:2 = mask.tile_for [%i, %i, %i, %i] step 64 init(%m, %acc : vector<16xf32>, vector<64x16xf32>) {
  ^bb0(%k0: index, %size: index, %mi: vector<16xf32>, %acci: vector<64x16xf32>):
    mask.yield %mi, %acci : vector<16xf32>, vector<64x16xf32>
  } -> vector<16xf32>, vector<64x16xf32>
  // Two intervals, nothing carried.
  // CHECK: mask.tile_for[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] step 8 {
  mask.tile_for [%i, %i, %i, %i, %i, %i, %i, %i] step 8 {
  ^bb0(%k0: index, %size: index):
    // CHECK: mask.on_edge %key{{.*}}
    %e = mask.on_edge %k0
  }
  return
}

// CHECK-LABEL: func @apply
func.func @apply(%i: index, %row: vector<16xf32>, %tile: vector<8x16xf32>, %lo: vector<16xindex>, %t: tensor<?xi1>) {
  // CHECK: mask.apply %{{.*}} at(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) over query rows(%{{.*}}, %{{.*}} : vector<16xindex>, vector<16xindex>) sides both : vector<16xf32>
  %0 = mask.apply %row at(%i, %i, %i, %i) over query rows(%lo, %lo : vector<16xindex>, vector<16xindex>) sides both : vector<16xf32>
  // CHECK: mask.apply {{.*}} over key_query rows({{.*}}) sides upper key_end(%{{.*}}) hidden -1.000000e+04 : vector<8x16xf32>
  %1 = mask.apply %tile at(%i, %i, %i, %i) over key_query rows(%lo, %lo : vector<16xindex>, vector<16xindex>) sides upper key_end(%i) hidden -1.0e4 : vector<8x16xf32>
  // CHECK: mask.apply {{.*}} over key captures(%{{.*}} : tensor<?xi1>) predicate {
  // CHECK: ^bb0(%[[V:.*]]: tensor<?xi1>):
  // CHECK: mask.key_padding %[[V]]
  // CHECK: } : vector<16xf32>
  %2 = mask.apply %row at(%i, %i, %i, %i) over key captures(%t : tensor<?xi1>) predicate {
  ^bb0(%v: tensor<?xi1>):
    %p = mask.key_padding %v : tensor<?xi1>
    mask.yield %p : !mask.predicate
  } : vector<16xf32>
  return
}

// CHECK-LABEL: func @merge
func.func @merge(%m: vector<16xf32>, %acc: vector<64x16xf32>) {
  // CHECK: mask.merge(%{{.*}}, %{{.*}}, %{{.*}}), (%{{.*}}, %{{.*}}, %{{.*}}) : vector<16xf32>, vector<64x16xf32>
  %0, %1, %2 = mask.merge (%m, %m, %acc), (%m, %m, %acc) : vector<16xf32>, vector<64x16xf32>
  return
}
