// RUN: mask-opt %s --convert-mask-to-tiles --convert-mask-to-scf --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// The rows of a tile of queries are scanned before the loop over its keys: once
// for all heads, or once per head where what is scanned depends on the head.

// The rows of each batch row and tile are scanned before all heads.
// CHECK-LABEL: func @all_heads
// CHECK-SAME: %{{[a-z0-9]*}}: memref<?x?xi32>, %[[TABLE:[a-z0-9]*]]: memref<?x?x4xi32>
// CHECK: %[[VALUES:.*]] = memref.alloc(%{{.*}}, %{{.*}}) : memref<?x?x[[COUNT:[0-9]+]]xindex>
// CHECK: scf.parallel (%[[B:.*]], %{{.*}}) = (%c0, %c0) to
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (index)
// CHECK: memref.load %[[TABLE]][%[[B]],
// CHECK: memref.store %{{.*}}, %[[VALUES]][%[[B]], %[[TILE:.*]], %c0]
// CHECK: scf.parallel (%[[B:.*]], %{{.*}}, %{{.*}}) = (%c0, %c0, %c0) to
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: memref.load %[[VALUES]][%[[B]], %{{.*}}, %c0]
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: memref.dealloc %[[VALUES]]
func.func @all_heads(%ids: memref<?x?xi32>, %table: memref<?x?x4xi32>, %q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) captures(%ids, %table : memref<?x?xi32>, memref<?x?x4xi32>) predicate {
  ^bb0(%i: memref<?x?xi32>, %t: memref<?x?x4xi32>):
    %p = mask.document %i table %t : memref<?x?xi32> table memref<?x?x4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// With one head there is nothing to share.
// CHECK-LABEL: func @one_head
// CHECK-NOT: scf.parallel (%{{[^,]*}}, %{{[^,]*}}) =
// CHECK: scf.parallel
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (index)
// CHECK: scf.for {{.*}} step %c64 iter_args({{.*}}) -> (index) {
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: return
func.func @one_head(%ids: memref<?x?xi32>, %table: memref<?x?x4xi32>, %q: memref<?x1x?x?xf32>, %o: memref<?x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x1x?x?xf32>, memref<?x1x?x?xf32>, memref<?x1x?x?xf32>)
      outs(%o : memref<?x1x?x?xf32>) captures(%ids, %table : memref<?x?xi32>, memref<?x?x4xi32>) predicate {
  ^bb0(%i: memref<?x?xi32>, %t: memref<?x?x4xi32>):
    %p = mask.document %i table %t : memref<?x?xi32> table memref<?x?x4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// A window of each head, on positions: searched per head, but not per tile of
// keys.
// CHECK-LABEL: func @window_per_head
// CHECK-SAME: %[[LEFT:[a-z0-9]*]]: memref<?xi32>
// CHECK-NOT: scf.parallel (%{{[^,]*}}, %{{[^,]*}}) =
// CHECK: scf.parallel (%{{.*}}, %[[H:.*]], %{{.*}}) =
// CHECK: memref.load %[[LEFT]][%[[H]]]
// CHECK: scf.while
// CHECK: scf.for {{.*}} step %c64 iter_args({{.*}}) -> (index) {
// CHECK-NOT: scf.while
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: return
func.func @window_per_head(%left: memref<?xi32>, %positions: memref<?x?xi32>, %rises: memref<?xi32>, %range: memref<?x?x4xi32>, %q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) captures(%left, %positions, %rises, %range : memref<?xi32>, memref<?x?xi32>, memref<?xi32>, memref<?x?x4xi32>) predicate {
  ^bb0(%l: memref<?xi32>, %x: memref<?x?xi32>, %m: memref<?xi32>, %r: memref<?x?x4xi32>):
    %window = mask.window left %l per head : memref<?xi32> right 0
    %p = mask.at_positions %window query %x key %x table %m range %r : memref<?x?xi32>, memref<?x?xi32> table memref<?xi32> range memref<?x?x4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// What a region reads at the queries: the class of a tile of keys compares the
// extrema with the keys, and reads no row again.
// CHECK-LABEL: func @generic
// CHECK: scf.parallel (%{{[^,]*}}, %{{[^,]*}}) =
// CHECK: scf.for {{.*}} -> (index)
// CHECK: scf.parallel (%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}) =
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: scf.for {{.*}} step %c64 iter_args({{.*}}) -> (index) {
// CHECK-NOT: step %c1 iter_args({{.*}}) -> (index)
// CHECK: return
func.func @generic(%limits: memref<?xi32>, %q: memref<?x?x?x?xf32>, %o: memref<?x?x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x?xf32>, memref<?x?x?x?xf32>, memref<?x?x?x?xf32>)
      outs(%o : memref<?x?x?x?xf32>) captures(%limits : memref<?xi32>) predicate {
  ^bb0(%x: memref<?xi32>):
    %p = mask.generic captures(%x : memref<?xi32>) {
    ^bb1(%b: index, %h: index, %query: index, %key: index, %y: memref<?xi32>):
      %limit = memref.load %y[%query] : memref<?xi32>
      %index = arith.index_cast %limit : i32 to index
      %visible = arith.cmpi sge, %index, %key : index
      mask.yield %visible : i1
    }
    mask.yield %p : !mask.predicate
  }
  return
}
