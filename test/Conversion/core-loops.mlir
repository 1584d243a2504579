// RUN: mask-opt %s --convert-mask-to-tiles --convert-mask-to-scf --canonicalize --cse --loop-invariant-code-motion | FileCheck %s --implicit-check-not=nnan --implicit-check-not=ninf
// RUN: mask-opt %s --convert-mask-to-tiles --convert-mask-to-scf=merge-edges --canonicalize --cse --loop-invariant-code-motion | FileCheck %s --check-prefix=EDGES

// From the second phase of the loop on: no comparison of integers, no selection
// between a score and minus infinity, and no load of a table; what is compared is the
// softmax's own maximum. A score may be NaN, so that nothing promises otherwise.

// CHECK-LABEL: func @vision
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: memref<?x?xi32>, %[[TABLE:[a-z0-9]*]]: memref<?x?x4xi32>
// CHECK: scf.parallel
// Left edge: the lower ends, which were read once per tile of queries.
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c64 iter_args({{.*}}) -> (index) {
// CHECK-NOT: arith.cmpi slt
// CHECK: arith.cmpi sge, {{.*}} : vector<16xi32>
// CHECK: arith.select {{.*}}, %cst{{[_0-9]*}} : vector<16xi1>, vector<16xf32>
// Core.
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[CORE_END:.*]] step %c64 iter_args({{.*}}) -> (index) {
// CHECK-NOT: arith.cmpi
// CHECK-NOT: arith.select {{.*}}, %cst
// CHECK-NOT: load %[[TABLE]][
// CHECK-NOT: load %[[IDS]][
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[X:.*]], %[[Y:.*]] : vector<16xf32>
// CHECK-NEXT: arith.select %[[GREATER]], %[[X]], %[[Y]] : vector<16xi1>, vector<16xf32>
// CHECK-NOT: arith.cmpi
// CHECK-NOT: arith.select {{.*}}, %cst
// CHECK-NOT: load %[[TABLE]][
// CHECK-NOT: load %[[IDS]][
// CHECK: scf.for %{{.*}} = %[[CORE_END]] to %{{.*}} step %c64 iter_args({{.*}}) -> (index) {
// Right edge: only the upper ends can fail.
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.cmpi slt, {{.*}} : vector<16xi32>
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.select {{.*}}, %cst

// With both edges in one copy the core is the second of two.
// EDGES-LABEL: func @vision
// EDGES-SAME: %[[IDS:[a-z0-9]*]]: memref<?x?xi32>, %[[TABLE:[a-z0-9]*]]: memref<?x?x4xi32>
// EDGES: scf.parallel
// EDGES: scf.for %{{.*}} = %c0 to %c2 step %c1 iter_args({{.*}}) -> (index) {
// EDGES: scf.for %{{.*}} step %c64 iter_args({{.*}}) -> (index) {
// EDGES: arith.cmpi sge, {{.*}} : vector<16xi32>
// EDGES: arith.cmpi slt, {{.*}} : vector<16xi32>
// EDGES: scf.for %{{.*}} step %c64 iter_args({{.*}}) -> (index) {
// EDGES-NOT: arith.cmpi
// EDGES-NOT: arith.select {{.*}}, %cst
// EDGES-NOT: load %[[TABLE]][
// EDGES-NOT: load %[[IDS]][
// EDGES: arith.divf
func.func @vision(%ids: memref<?x?xi32>, %table: memref<?x?x4xi32>, %q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) captures(%ids, %table : memref<?x?xi32>, memref<?x?x4xi32>) predicate {
  ^bb0(%i: memref<?x?xi32>, %t: memref<?x?x4xi32>):
    %left = mask.window left 1023 right unbounded
    %causal = mask.causal
    %block = mask.block_bidirectional %i table %t {contiguous} : memref<?x?xi32> table memref<?x?x4xi32>
    %either = mask.or %causal, %block
    %p = mask.and %left, %either
    mask.yield %p : !mask.predicate
  }
  return
}
