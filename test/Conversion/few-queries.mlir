// RUN: mask-opt %s --convert-mask-to-tiles="decode cores=2 observer=note" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles="cores=2 observer=note" --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: mask-opt %s --convert-mask-to-tiles="decode query-tile=64 observer=note" --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: mask-opt %s --convert-mask-to-tiles="decode heads=1 observer=note" --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: mask-opt %s --convert-mask-to-tiles="decode lanes=8 observer=note" --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: mask-opt %s --convert-mask-to-tiles="decode key-tile=24 observer=note" --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: mask-opt %s --convert-mask-to-tiles="decode key-tile=32 parts=3 observer=note" --canonicalize --split-input-file | FileCheck %s --check-prefix=GIVEN

// One body serves decode steps and prompts: where a call tells the number of queries, it
// chooses between two sets of loops. Without the option, and where the rows of a tile or
// of a vector are given, or tiles of keys that no vector of scores fits, there is one.

// Tiles for up to three queries have one, of all heads of a group. What can be wrong of a
// call is checked once.

// CHECK-LABEL: func @group_of_8
// CHECK: cf.assert {{.*}}query and output must agree in queries
// CHECK: %[[FEW:.*]] = arith.cmpi sle, %{{.*}}, %c3 : index
// CHECK-NEXT: scf.if %[[FEW]] {
// CHECK-NOT: cf.assert
// CHECK: scf.parallel (%{{.*}}, %{{.*}}, %[[PART:.*]]) = {{.*}} step (%c8, %c1, %c1)
// CHECK: mask.tile_for{{.*}} step 64 part %[[PART]] of %{{.*}} merged
// CHECK: func.call @note(%c0, {{.*}}, %c1, %size,
// CHECK-NOT: cf.assert
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = {{.*}} step (%c8, %c8)
// CHECK-NOT: merged
// CHECK: mask.tile_for
// CHECK: func.call @note(%c0, {{.*}}, %size,
// CHECK-NOT: scf.parallel
// CHECK: return

// OFF-LABEL: func @group_of_8
// OFF: scf.parallel
// OFF-NOT: scf.parallel
// OFF: return

// GIVEN-LABEL: func @group_of_8
// GIVEN: mask.tile_for{{.*}} step 32 part {{.*}} merged {
// GIVEN: mask.tile_for{{.*}} step 32 part %{{[a-z0-9]+}} of %{{[0-9]+}} {
func.func private @note(index, index, index, index, index, index, i1)
func.func @group_of_8(%q: memref<1x16x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x16x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x16x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x16x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// The same of heads that share no keys, or are not known to.

// CHECK-LABEL: func @no_groups
// CHECK: arith.cmpi sle, %{{.*}}, %c3 : index
// CHECK-NEXT: scf.if
// CHECK: scf.parallel {{.*}} step (%c1, %c1, %c1, %c1)
// CHECK: scf.parallel {{.*}} step (%c1, %c1, %c64)
func.func private @note(index, index, index, index, index, index, i1)
func.func @no_groups(%q: memref<?x?x?x64xf32>, %k: memref<?x?x?x64xf32>, %o: memref<?x?x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<?x?x?x64xf32>, memref<?x?x?x64xf32>, memref<?x?x?x64xf32>)
      outs(%o : memref<?x?x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Tiles of a query have all heads of a group even if these see different keys: then there
// are eight rows in place of one.

// CHECK-LABEL: func @heads_differ
// CHECK: arith.cmpi sle, %{{.*}}, %c3 : index
// CHECK-NEXT: scf.if
// CHECK: scf.parallel {{.*}} step (%c1, %c1)
// CHECK: scf.parallel {{.*}} step (%c1, %c64)
func.func private @note(index, index, index, index, index, index, i1)
func.func @heads_differ(%q: memref<1x8x?x64xf32>, %k: memref<1x1x?x64xf32>, %o: memref<1x8x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x8x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x8x?x64xf32>) predicate {
    %near = mask.window left 1023 right 0
    %local = mask.heads %near in [0, 2, 4]
    %all = mask.causal
    %global = mask.heads %all in [1, 3, 5, 6, 7]
    %p = mask.or %local, %global
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// A group of 64 heads fills a tile by itself.

// CHECK-LABEL: func @group_of_64
// CHECK: arith.cmpi sle, %{{.*}}, %c1 : index
// CHECK-NEXT: scf.if
// CHECK: scf.parallel {{.*}} step (%c64, %c1, %c1)
// CHECK: scf.parallel {{.*}} step (%c8, %c8)
func.func private @note(index, index, index, index, index, index, i1)
func.func @group_of_64(%q: memref<1x128x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x128x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x128x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x128x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// One set of loops where the number of queries is known, where the attention says how it
// is cut, and where tokens see each other only: few have few keys.

// CHECK-LABEL: func @negative_known
// CHECK: scf.parallel
// CHECK-NOT: scf.parallel
// CHECK-LABEL: func @negative_scheduled
// CHECK: scf.parallel
// CHECK-NOT: scf.parallel
// CHECK-LABEL: func @negative_among_themselves
// CHECK: scf.parallel
// CHECK-NOT: scf.parallel
// CHECK: return
func.func private @note(index, index, index, index, index, index, i1)
func.func @negative_known(%q: memref<1x8x100x64xf32>, %k: memref<1x1x?x64xf32>, %o: memref<1x8x100x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x8x100x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x8x100x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
func.func @negative_scheduled(%q: memref<1x8x?x64xf32>, %k: memref<1x1x?x64xf32>, %o: memref<1x8x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x8x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x8x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 16, rows = 8>}
  return
}
func.func @negative_among_themselves(%q: memref<1x8x?x64xf32>, %o: memref<1x8x?x64xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x8x?x64xf32>, memref<1x8x?x64xf32>, memref<1x8x?x64xf32>)
      outs(%o : memref<1x8x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
