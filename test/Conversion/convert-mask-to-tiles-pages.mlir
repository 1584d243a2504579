// RUN: mask-opt %s --split-input-file --convert-mask-to-tiles --canonicalize --cse | FileCheck %s

// Keys of a tile are looked up once, for both products and all their columns; their pages
// have to be in the pool. Keys of the tile ahead are only asked for; they may be in no page.

// CHECK-LABEL: func @decode
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<?x8x1x64xf32>, %[[K:[a-z0-9]*]]: memref<?x1x16x64xf32>, %[[V:[a-z0-9]*]]: memref<?x1x16x64xf32>, %[[O:[a-z0-9]*]]: memref<?x8x1x64xf32>, %[[T:[a-z0-9]*]]: memref<?x?xi32>
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[C128:.*]] = arith.constant 128 : index
// CHECK: cf.assert {{.*}} query and key_pages must agree in batch rows"
// CHECK: %[[PAGES:.*]] = memref.dim %[[K]], %c0
// CHECK: cf.assert {{.*}} key and value must agree in pages"
// CHECK: cf.assert {{.*}} 'query_offset' must have an element for each batch row"
// CHECK-NOT: cf.assert
// CHECK: scf.parallel (%[[B:[a-z0-9]*]]
// One head of the pool as rows that begin at any element.
// CHECK: memref.reinterpret_cast {{.*}} to memref<?x64xf32, strided<[1, 1]>>
// CHECK: memref.reinterpret_cast {{.*}} to memref<?x64xf32, strided<[1, 1]>>
// CHECK: mask.tile_for
// CHECK-NEXT: ^bb0(%[[FIRST:[a-z0-9]*]]: index, %[[SIZE:[a-z0-9]*]]: index
// CHECK: %[[END:.*]] = arith.addi %[[FIRST]], %[[SIZE]]
// CHECK: %[[UPPER:.*]] = arith.divui %{{.*}}, %[[C16]]
// CHECK: %[[LOWER:.*]] = arith.divui %[[FIRST]], %[[C16]]
// CHECK: scf.for %[[COLUMN:.*]] = %[[LOWER]] to %[[UPPER]]
// CHECK: %[[ENTRY:.*]] = memref.load %[[T]][%[[B]], %[[COLUMN]]]
// CHECK: %[[PAGE:.*]] = arith.index_cast %[[ENTRY]] : i32 to index
// CHECK: %[[EXISTS:.*]] = arith.cmpi ult, %[[PAGE]], %[[PAGES]]
// CHECK: cf.assert %[[EXISTS]], {{.*}}'mask.attention' op reads a page that is not in the pool"
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c8
// CHECK: vector.store %{{.*}}, %[[KEYS:.*]][%[[I]]] : memref<136xi64>, vector<8xi64>
// CHECK: vector.store %{{.*}}, %[[VALUES:.*]][%[[I]]] : memref<72xi64>, vector<8xi64>
// CHECK: scf.for
// CHECK: memref.load %[[T]]
// CHECK-NOT: cf.assert
// CHECK: arith.select
// CHECK: vector.store %{{.*}}, %[[KEYS]]
// CHECK-NOT: memref.load %[[T]]
// CHECK: memref.load %[[KEYS]]
// CHECK: vector.transfer_read %{{.*}} : memref<?x64xf32, strided<[1, 1]>>
// CHECK: memref.prefetch %{{.*}} : memref<?x64xf32, strided<[1, 1]>>
// CHECK-NOT: memref.load %[[T]]
func.func @decode(%q: memref<?x8x1x64xf32>, %k: memref<?x1x16x64xf32>, %v: memref<?x1x16x64xf32>, %o: memref<?x8x1x64xf32>, %table: memref<?x?xi32>, %seen: memref<?xi32>) {
  mask.attention ins(%q, %k, %v : memref<?x8x1x64xf32>, memref<?x1x16x64xf32>, memref<?x1x16x64xf32>)
      outs(%o : memref<?x8x1x64xf32>) query_offset %seen per batch : memref<?xi32> key_pages %table page 16 : memref<?x?xi32> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// There are as many keys as pages of a batch row have. What the pool has rows of is known to
// the call only.

// CHECK-LABEL: func @prefill
// CHECK-SAME: %[[K:[a-z0-9]*]]: memref<?x1x?x64xf32>, %[[T:[a-z0-9]*]]: memref<1x10xi64>
// CHECK-DAG: %[[C30:.*]] = arith.constant 30 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %{{.*}}, %[[C3]]
// CHECK: cf.assert %[[EQUAL]], {{.*}} pages of 3 keys must be what key has rows of"
// CHECK: mask.tile_for[%c0, %c0, %[[C30]], %[[C30]]]
// CHECK: memref.load %[[T]]
// CHECK: cf.assert {{.*}} reads a page that is not in the pool"
// CHECK: memref.load %[[T]]
// CHECK: memref.prefetch
// CHECK-NOT: memref.load %[[T]]
func.func @prefill(%q: memref<1x1x64x64xf32>, %k: memref<?x1x?x64xf32>, %table: memref<1x10xi64>) {
  mask.attention ins(%q, %k, %k : memref<1x1x64x64xf32>, memref<?x1x?x64xf32>, memref<?x1x?x64xf32>)
      outs(%q : memref<1x1x64x64xf32>) key_pages %table page 3 : memref<1x10xi64> predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Rows of 17 columns are read as two vectors, so that the place of what is asked for meanwhile
// may be beyond the tile ahead: only rows of that are looked up.

// CHECK-LABEL: func @odd_width
// CHECK-DAG: %[[C17:.*]] = arith.constant 17 : index
// CHECK-DAG: %[[C63:.*]] = arith.constant 63 : index
// CHECK: mask.tile_for
// CHECK: %[[ROW:.*]] = arith.divui %{{.*}}, %[[C17]]
// CHECK: %[[PLACE:.*]] = arith.divui %{{.*}}, %[[C17]]
// CHECK: arith.minsi %[[PLACE]], %[[C63]]
func.func @odd_width(%q: memref<1x8x1x17xf32>, %k: memref<?x1x16x17xf32>, %o: memref<1x8x1x17xf32>, %pages: memref<1x?xi32>) {
  mask.attention ins(%q, %k, %k : memref<1x8x1x17xf32>, memref<?x1x16x17xf32>, memref<?x1x16x17xf32>)
      outs(%o : memref<1x8x1x17xf32>) key_pages %pages page 16 : memref<1x?xi32> predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}
