// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

// CHECK-LABEL: func @tile_for
func.func @tile_for(%i: index, %m: vector<16xf32>, %acc: vector<64x16xf32>, %mem: memref<?x4xindex>) {
  // CHECK: mask.tile_for[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] step 64 init(%{{.*}}, %{{.*}} : vector<16xf32>, vector<64x16xf32>) {
  // CHECK: ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %[[M:.*]]: vector<16xf32>, %[[ACC:.*]]: vector<64x16xf32>):
  // CHECK: mask.yield %[[M]], %[[ACC]] : vector<16xf32>, vector<64x16xf32>
  // CHECK: } -> vector<16xf32>, vector<64x16xf32>
  %0:2 = mask.tile_for [%i, %i, %i, %i] step 64 init(%m, %acc : vector<16xf32>, vector<64x16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %mi: vector<16xf32>, %acci: vector<64x16xf32>):
    mask.yield %mi, %acci : vector<16xf32>, vector<64x16xf32>
  } -> vector<16xf32>, vector<64x16xf32>
  // Two intervals, nothing carried.
  // CHECK: mask.tile_for[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] step 8 merged {
  mask.tile_for [%i, %i, %i, %i, %i, %i, %i, %i] step 8 merged {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  // All there is.
  // CHECK: mask.tile_for[%{{.*}}] step 64 whole %{{.*}} align 16 part %{{.*}} of %{{.*}} ahead 2 {
  // CHECK: ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %ahead_exists: i1, %ahead_key: index, %ahead_size: index):
  // CHECK: } visit {
  // CHECK: ^bb0(%key: index, %size: index):
  // CHECK: mask.yield %{{.*}} : i1
  // CHECK: } load {
  // CHECK: ^bb0(%key: index, %size: index, %n: index):
  mask.tile_for [%i, %i, %i, %i] step 64 whole %i align 16 part %i of %i ahead 2 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %k1: index, %size1: index):
  } visit {
  ^bb0(%k0: index, %size: index):
    %true = arith.constant true
    mask.yield %true : i1
  } load {
  ^bb0(%k0: index, %size: index, %n: index):
  }
  // Only the body hands values on.
  // CHECK: mask.tile_for[%{{.*}}] step 64 ahead 1 init(%{{.*}} : vector<16xf32>) {
  // CHECK: mask.yield %{{.*}} : vector<16xf32>
  // CHECK: } visit {
  // CHECK: mask.yield %{{.*}} : i1
  // CHECK: } load {
  // CHECK: } -> vector<16xf32>
  %1 = mask.tile_for [%i, %i, %i, %i] step 64 ahead 1 init(%m : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %k1: index, %size1: index, %mi: vector<16xf32>):
    mask.yield %mi : vector<16xf32>
  } visit {
  ^bb0(%k0: index, %size: index):
    %true = arith.constant true
    mask.yield %true : i1
  } load {
  ^bb0(%k0: index, %size: index, %n: index):
  } -> vector<16xf32>
  // A step that is a value; the body loads for itself.
  // CHECK: mask.tile_for[%{{.*}}] step %{{.*}} ahead 1 {
  // CHECK: } load first {
  // CHECK: ^bb0(%key: index, %size: index, %n: index):
  mask.tile_for [%i, %i, %i, %i] step %i ahead 1 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %k1: index, %size1: index):
  } load first {
  ^bb0(%k0: index, %size: index, %n: index):
  }
  // CHECK: mask.tile_for in %{{.*}} : memref<?x4xindex> step 8 {
  mask.tile_for in %mem : memref<?x4xindex> step 8 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// CHECK-LABEL: func @apply
func.func @apply(%i: index, %row: vector<16xf32>, %tile: vector<8x16xf32>, %lo: vector<16xi32>, %n: i32, %flag: i1, %t: tensor<?xi1>) {
  // CHECK: mask.apply %{{.*}} at(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) over #{{.*}} lower(%{{.*}} : vector<16xi32>) upper(%{{.*}} : vector<16xi32>) : vector<16xf32>
  %0 = mask.apply %row at(%i, %i, %i, %i) over affine_map<(q) -> (0, q, 0)> lower(%lo : vector<16xi32>) upper(%lo : vector<16xi32>) : vector<16xf32>
  // CHECK: mask.apply {{.*}} over #{{.*}}[%{{.*}}] upper({{.*}}) key_end(%{{.*}}) when %{{.*}} hidden -1.000000e+04 : vector<8x16xf32>
  %1 = mask.apply %tile at(%i, %i, %i, %i) over affine_map<(k, q)[s] -> (0, q, k + s)> [%i] upper(%lo : vector<16xi32>) key_end(%n) when %flag hidden -1.0e4 : vector<8x16xf32>
  // CHECK: mask.apply {{.*}} captures(%{{.*}} : tensor<?xi1>) predicate {
  // CHECK: ^bb0(%[[V:.*]]: tensor<?xi1>):
  // CHECK: mask.key_padding %[[V]]
  // CHECK: } : vector<16xf32>
  %2 = mask.apply %row at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%t : tensor<?xi1>) predicate {
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
  // CHECK: mask.merge(%{{.*}}, %{{.*}}, %{{.*}}), (%{{.*}}, %{{.*}}, %{{.*}}) base2 rows #{{.*}} : vector<16xf32>, vector<16x64xf32>
  %rows = vector.transpose %acc, [1, 0] : vector<64x16xf32> to vector<16x64xf32>
  %3, %4, %5 = mask.merge (%m, %m, %rows), (%m, %m, %rows) base2 rows affine_map<(r, d) -> (r)> : vector<16xf32>, vector<16x64xf32>
  return
}
