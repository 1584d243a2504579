// RUN: mask-opt %s --convert-mask-to-gpu --canonicalize --cse --split-input-file | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-gpu --canonicalize --convert-mask-to-scf --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=SCF

// One workgroup per tile of 32 queries, head, batch row and block of value
// columns: 256 x 2 x 3 x 1. The window is in the bounds of the tile.

// CHECK-LABEL: func @static_window
// CHECK-DAG: %[[BLOCKS:.*]] = arith.constant 1536 : index
// CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCKS]],
// CHECK-SAME: threads(%[[THREAD:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %c128,
// CHECK-SAME: workgroup(%{{.*}} : memref<32x33xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32x33xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32x33xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32x17xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32x129xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32xi32, #gpu.address_space<workgroup>>, %{{.*}} : memref<32xi32, #gpu.address_space<workgroup>>)
// Heads are adjacent, late queries come first.
// CHECK: %[[NUMBER:.*]] = arith.index_castui %[[BLOCK]] : index to i32
// CHECK: %[[HEAD32:.*]] = arith.remui %[[NUMBER]], %c2_i32 : i32
// CHECK: %[[HEAD:.*]] = arith.index_castui %[[HEAD32]] : i32 to index
// CHECK: %[[REST:.*]] = arith.divui %[[NUMBER]], %c2_i32 : i32
// CHECK: %[[TILE32:.*]] = arith.remui %[[REST]], %c256_i32 : i32
// CHECK: %[[TILE:.*]] = arith.index_castui %[[TILE32]] : i32 to index
// CHECK: %[[LATE:.*]] = arith.subi %c255, %[[TILE]]
// CHECK: %[[ROW:.*]] = arith.muli %[[LATE]], %c32
// Row, maximum, sum and eight columns of four rows are carried.
// CHECK: %{{.*}}:40 = mask.tile_for
// CHECK: gpu.barrier
// CHECK: mask.apply %{{.*}} at(%{{.*}}, %[[HEAD]], %[[ROW]], %c0) over #{{.*}}[%{{.*}}, %{{.*}}] lower(%{{.*}} : i32) : vector<1xf32>
// CHECK: math.exp
// CHECK: gpu.terminator

// Of the tiles before the core, inside of it and after it only those outside
// look at row ends, or ask whether a value is finite.
// SCF-LABEL: func @static_window
// SCF: %{{.*}}:40 = scf.for
// SCF: vector<1xf32>
// SCF: math.absf
// SCF: %{{.*}}:40 = scf.for
// SCF-NOT: vector<1xf32>
// SCF-NOT: math.absf
// SCF: %{{.*}}:40 = scf.for
// SCF: vector<1xf32>
// SCF: math.absf
// SCF: gpu.terminator
func.func @static_window(%q: memref<3x2x8192x128xf32>, %k: memref<3x1x8192x128xf32>,
                         %v: memref<3x1x8192x128xf32>, %o: memref<3x2x8192x128xf32>) {
  mask.attention ins(%q, %k, %v : memref<3x2x8192x128xf32>, memref<3x1x8192x128xf32>, memref<3x1x8192x128xf32>)
      outs(%o : memref<3x2x8192x128xf32>) predicate {
    %p = mask.window left 1023 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Bounds that depend on data and that heads share are computed before, by a
// thread per batch row and tile. Without tiles nothing is launched.

// CHECK-LABEL: func @documents
// CHECK: %[[TILES:.*]] = affine.apply
// CHECK: %[[BOUNDS:.*]] = memref.alloc(%{{.*}}, %[[TILES]])
// CHECK: scf.if
// CHECK: gpu.launch {{.*}} threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c64,
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[BOUNDS]]
// CHECK: scf.if
// CHECK: gpu.launch
// CHECK: memref.load %[[BOUNDS]]
// CHECK: mask.tile_for
// CHECK: memref.dealloc %[[BOUNDS]]
func.func @documents(%q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>, %ids: memref<?x?xi32>, %ranges: memref<?x?x4xi32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) captures(%ids, %ranges : memref<?x?xi32>, memref<?x?x4xi32>) predicate {
  ^bb0(%i: memref<?x?xi32>, %r: memref<?x?x4xi32>):
    %p = mask.document %i table %r : memref<?x?xi32> table memref<?x?x4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Elements are widened when they are read and rounded when they are written;
// the value columns of which the number is not known are cut in blocks of 64.

// CHECK-LABEL: func @bf16
// CHECK: %[[COLUMNS:.*]] = memref.dim %{{.*}}, %c3
// CHECK: arith.ceildivui %[[COLUMNS]], %c64
// CHECK: gpu.launch
// CHECK-SAME: memref<32x65xf32, #gpu.address_space<workgroup>>
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: arith.truncf %{{.*}} : f32 to bf16
func.func @bf16(%q: memref<?x?x?x?xbf16>, %o: memref<?x?x?x?xbf16>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xbf16>, memref<?x?x?x?xbf16>, memref<?x?x?x?xbf16>)
      outs(%o : memref<?x?x?x?xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Kernels count in 32 bits: what arrays may have is checked by the host. No product on the
// way overflows.

// CHECK-LABEL: func @extents
// CHECK-DAG: %[[MOST:.*]] = arith.constant 2147483648 : index
// CHECK-DAG: %[[BEYOND:.*]] = arith.constant 2147483649 : index
// CHECK: %[[B:.*]] = arith.minsi %{{.*}}, %[[BEYOND]]
// CHECK: %[[H:.*]] = arith.minsi %{{.*}}, %[[BEYOND]]
// CHECK: %[[BH:.*]] = arith.muli %[[B]], %[[H]]
// CHECK: arith.minsi %[[BH]], %[[BEYOND]]
// CHECK: arith.cmpi sle, %{{.*}}, %[[MOST]]
// CHECK: cf.assert %{{.*}}, "{{.*}}'mask.attention' op elements of query in kernels must be at most 2147483648"
// CHECK: cf.assert %{{.*}}, "{{.*}} elements of key in kernels must be at most 2147483648"
// CHECK: cf.assert %{{.*}}, "{{.*}} elements of value in kernels must be at most 2147483648"
// CHECK: cf.assert %{{.*}}, "{{.*}} elements of output in kernels must be at most 2147483648"
// CHECK: cf.assert %{{.*}}, "{{.*}} rows of key in kernels must be at most 1073741824"
func.func @extents(%q: memref<?x?x?x1xf32>, %k: memref<?x?x?x1xf32>, %v: memref<?x?x?x1xf32>, %o: memref<?x?x?x1xf32>) {
  mask.attention ins(%q, %k, %v : memref<?x?x?x1xf32>, memref<?x?x?x1xf32>, memref<?x?x?x1xf32>)
      outs(%o : memref<?x?x?x1xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
