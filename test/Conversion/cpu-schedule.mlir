// RUN: mask-opt %s --convert-mask-to-tiles --canonicalize --cse --split-input-file | FileCheck %s
// RUN: not mask-opt %s --convert-mask-to-tiles="cores=-3" --split-input-file 2>&1 | FileCheck %s --check-prefix=CORES
// CORES: error: 'mask.attention' op cannot be scheduled: cores must be at least 1, got -3

// Which queries and heads are the rows of a tile, where nobody says it.

// The rows are those of all heads of a group, since these read the same keys: the fewer
// queries, the fewer keys that only some of them see.

// CHECK-LABEL: func @group_of_8
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0, %c0) to (%c16, %{{.*}}) step (%c8, %c8)
func.func @group_of_8(%q: memref<1x16x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x16x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x16x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x16x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// At most one row of 64 is not used: of 6 heads three, and 21 queries.

// CHECK-LABEL: func @group_of_6
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0, %c0) to (%c12, %{{.*}}) step (%c3, %c21)
func.func @group_of_6(%q: memref<1x12x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x12x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x12x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x12x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Heads that see different keys are kept apart: a tile visits what any of them sees.

// CHECK-LABEL: func @heads_differ
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0, %c0) to (%c8, %{{.*}}) step (%c1, %c64)
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

// 64 queries of one head visit 191 keys for a window of 128, and 32 visit 159.

// CHECK-LABEL: func @narrow
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0, %c0) to (%c2, %{{.*}}) step (%c1, %c32)
func.func @narrow(%q: memref<1x2x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x2x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x2x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x2x?x64xf32>) predicate {
    %p = mask.window left 127 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// For a window of 1024 it is 1087 and 1055.

// CHECK-LABEL: func @wide
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0, %c0) to (%c2, %{{.*}}) step (%c1, %c64)
func.func @wide(%q: memref<1x2x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x2x?x64xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x2x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x2x?x64xf32>) predicate {
    %p = mask.window left 1023 right 0
    mask.yield %p : !mask.predicate
  }
  return
}
