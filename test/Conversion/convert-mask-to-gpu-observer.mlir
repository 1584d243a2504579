// RUN: mask-opt %s --convert-mask-to-gpu="observer=note" --canonicalize | FileCheck %s

// One thread of the first block of value columns tells of a tile.

// CHECK-LABEL: func @observed
// CHECK: gpu.launch blocks(%{{.*}}, %{{.*}}, %{{.*}}) in ({{.*}}) threads(%[[THREAD:.*]], %{{.*}}, %{{.*}}) in
// CHECK: mask.tile_for
// CHECK: %[[FIRST:.*]] = arith.ori %[[THREAD]], %{{.*}}
// CHECK: %[[IS_FIRST:.*]] = arith.cmpi eq, %[[FIRST]], %c0
// CHECK-NEXT: scf.if %[[IS_FIRST]] {
// CHECK-NEXT: func.call @note
func.func private @note(index, index, index, index, index, index, i1)
func.func @observed(%q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
