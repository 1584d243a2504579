// RUN: mask-opt %s --split-input-file --convert-mask-to-tiles | FileCheck %s

// What verifiers cannot know of a call is checked before its loops.

// CHECK-LABEL: func @sizes
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<?x?x?x8xf32>, %[[K:[a-z0-9]*]]: memref<?x?x?x8xf32>
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq
// CHECK-NEXT: cf.assert %[[EQUAL]], "{{.*}}check-attention.mlir:[[@LINE+14]]:3: error: 'mask.attention' op query and key must agree in batch rows"
// CHECK: cf.assert {{.*}} query and output must agree in batch rows"
// CHECK: cf.assert {{.*}} query and output must agree in heads"
// CHECK: cf.assert {{.*}} query and output must agree in queries"
// CHECK: cf.assert {{.*}} key and value must agree in batch rows"
// CHECK: cf.assert {{.*}} key and value must agree in heads"
// CHECK: cf.assert {{.*}} key and value must agree in keys"
// CHECK: cf.assert {{.*}} the number of key heads must be at least 1"
// CHECK: arith.remui
// CHECK: cf.assert {{.*}} the key heads must divide the query heads"
// CHECK-NOT: cf.assert
// CHECK: scf.parallel
// CHECK-NOT: cf.assert
func.func @sizes(%q: memref<?x?x?x8xf32>, %k: memref<?x?x?x8xf32>, %v: memref<?x?x?x8xf32>, %o: memref<?x?x?x8xf32>) {
  mask.attention ins(%q, %k, %v : memref<?x?x?x8xf32>, memref<?x?x?x8xf32>, memref<?x?x?x8xf32>)
      outs(%o : memref<?x?x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// What is optional, and widths.

// CHECK-LABEL: func @operands
// CHECK: cf.assert {{.*}} query and key must agree in head dimension"
// CHECK: cf.assert {{.*}} value and output must agree in value dimension"
// CHECK: cf.assert {{.*}} query and log-sum-exp must agree in queries"
// CHECK: cf.assert {{.*}} the head dimension must be at least 1"
// CHECK: cf.assert {{.*}} must have one sink per query head"
// CHECK: arith.cmpi sge, %arg[[ORIGIN:[0-9]+]], %c0
// CHECK: cf.assert {{.*}} the origin's head must be at least 0"
// CHECK: cf.assert {{.*}} 'query_offset' must have an element for each batch row"
// CHECK: arith.addi %arg[[ORIGIN]]
// CHECK: cf.assert {{.*}} 'key_offset' must have an element for each head"
// CHECK-NOT: cf.assert
func.func @operands(%q: memref<1x2x?x?xf32>, %k: memref<1x1x4x?xf32>, %v: memref<1x1x4x?xf32>, %o: memref<1x2x4x?xf32>,
                    %lse: memref<1x2x?xf32>, %sinks: memref<?xf32>, %qo: memref<?xi32>, %ko: memref<?xi64>, %i: index) {
  %c0 = arith.constant 0 : index
  mask.attention ins(%q, %k, %v : memref<1x2x?x?xf32>, memref<1x1x4x?xf32>, memref<1x1x4x?xf32>)
      outs(%o, %lse : memref<1x2x4x?xf32>, memref<1x2x?xf32>) sinks(%sinks : memref<?xf32>) origin(%c0, %i, %c0, %c0)
      query_offset %qo per batch : memref<?xi32> key_offset %ko per head : memref<?xi64> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// What no parameter reads is checked too: facts are read at the origin's batch row.

// CHECK-LABEL: func @origin
// CHECK-SAME: %[[B:[a-z0-9]*]]: index, %[[H:[a-z0-9]*]]: index, %[[I:[a-z0-9]*]]: index
// CHECK: %[[ROW:.*]] = arith.cmpi sge, %[[B]], %c0
// CHECK: cf.assert %[[ROW]], {{.*}} the origin's batch row must be at least 0"
// CHECK: %[[HEAD:.*]] = arith.cmpi sge, %[[H]], %c0
// CHECK: cf.assert %[[HEAD]], {{.*}} the origin's head must be at least 0"
// CHECK-NOT: cf.assert
func.func @origin(%q: memref<1x1x4x4xf32>, %o: memref<1x1x4x4xf32>, %b: index, %h: index, %i: index) {
  mask.attention ins(%q, %q, %q : memref<1x1x4x4xf32>, memref<1x1x4x4xf32>, memref<1x1x4x4xf32>)
      outs(%o : memref<1x1x4x4xf32>) origin(%b, %h, %i, %i) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Numbers: one, or one per batch row or head, of which none may be too small.

// CHECK-LABEL: func @parameters
// CHECK-SAME: %[[N:[a-z0-9]*]]: index, %[[T:[a-z0-9]*]]: memref<?xi32>
// CHECK: %[[ONE:.*]] = arith.cmpi sge, %[[N]], %c1{{[_0-9]*}} : index
// CHECK-NEXT: cf.assert %[[ONE]], "{{.*}}:[[@LINE+27]]:10: error: 'mask.chunk' op 'size' must be at least 1"
// CHECK: %[[ALL:.*]] = scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[GOOD:.*]] = %true
// CHECK: %[[X:.*]] = memref.load %[[T]][%[[I]]]
// CHECK: %[[FITS:.*]] = arith.cmpi sge, %[[X]], %c0{{.*}} : i32
// CHECK: %[[NEXT:.*]] = arith.andi %[[GOOD]], %[[FITS]] : i1
// CHECK: scf.yield %[[NEXT]]
// CHECK: cf.assert %[[ALL]], "{{.*}} 'mask.window' op each element of 'left' must be at least 0"
// CHECK: cf.assert {{.*}} 'mask.window' op 'right' must be at least 0"
// CHECK: cf.assert {{.*}} 'mask.dilated' op each element of 'stride' must be at least 1"
// The inner divisor first; a constant one is the verifier's.
// CHECK: %[[MORE:.*]] = affine.apply #{{.*}}()[%[[N]]]
// CHECK: %[[INNER:.*]] = arith.cmpi sge, %[[MORE]]
// CHECK: cf.assert %[[INNER]], "{{.*}} 'mask.interval' op each divisor in 'lower' must be at least 1"
// CHECK: %[[REST:.*]] = affine.apply #{{.*}}()[%[[N]]]
// CHECK: %[[OUTER:.*]] = arith.cmpi sge, %[[REST]]
// CHECK: cf.assert %[[OUTER]], "{{.*}} 'mask.interval' op each divisor in 'lower' must be at least 1"
// CHECK: cf.assert {{.*}} 'mask.interval' op each divisor in 'upper' must be at least 1"
// CHECK-NOT: cf.assert
// Prefixes, offsets and shifts may be any number.
func.func @parameters(%n: index, %t: memref<?xi32>, %q: memref<1x2x4x8xf32>, %k: memref<1x2x4x8xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>)
      outs(%q : memref<1x2x4x8xf32>) captures(%n, %t : index, memref<?xi32>) predicate {
  ^bb0(%m: index, %u: memref<?xi32>):
    %0 = mask.prefix %m
    %1 = mask.key_length %u per batch : memref<?xi32>
    %2 = mask.causal
    %3 = mask.shift %2 query %m key %u per batch : memref<?xi32>
    %4 = mask.chunk size %m offset %u per batch : memref<?xi32>
    %5 = mask.window left %u per head : memref<?xi32> right %m
    %6 = mask.dilated %u per batch : memref<?xi32>
    %7 = mask.interval lower affine_map<(q)[s] -> (q floordiv (s mod (s + 1) + 2))> upper affine_map<(q)[s] -> (q mod s + q floordiv 3)> [%m]
    %p = mask.and %0, %1, %3, %4, %5, %6, %7
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// What is static is checked once, by the verifier; so is what constants say.

// CHECK-LABEL: func @no_check_static
// CHECK-NOT: cf.assert
func.func @no_check_static(%q: memref<1x2x4x8xf32>, %k: memref<1x1x4x8xf32>, %o: memref<1x2x4x8xf32>, %sinks: memref<2xf32>, %qo: memref<1xi32>) {
  mask.attention ins(%q, %k, %k : memref<1x2x4x8xf32>, memref<1x1x4x8xf32>, memref<1x1x4x8xf32>)
      outs(%o : memref<1x2x4x8xf32>) sinks(%sinks : memref<2xf32>) query_offset %qo per batch : memref<1xi32> predicate {
    %c4 = arith.constant 4 : index
    %0 = mask.chunk size 4 offset -3
    %1 = mask.window left -2 right 7
    %2 = mask.dilated %c4
    %3 = mask.interval lower affine_map<(q)[s] -> (q floordiv s)> upper affine_map<(q)[s] -> (q mod 3 + s)> [%c4]
    %p = mask.and %0, %1, %2, %3
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Data that is three times the same agrees with itself.

// CHECK-LABEL: func @no_check_same
// CHECK-NOT: cf.assert {{.*}} must agree
func.func @no_check_same(%q: memref<?x?x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x8xf32>, memref<?x?x?x8xf32>, memref<?x?x?x8xf32>)
      outs(%q : memref<?x?x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// The heads of a tile are all of one group.

// CHECK-LABEL: func @heads_of_a_tile
// CHECK: %[[GROUP:.*]] = arith.divui
// CHECK: %[[REST:.*]] = arith.remui %[[GROUP]], %c4
// CHECK: %[[NONE:.*]] = arith.cmpi eq, %[[REST]], %c0
// CHECK: cf.assert %[[NONE]], "{{.*}} error: 'mask.attention' op the 4 heads of a tile must divide the query heads of a key head"
// CHECK-NOT: cf.assert
// CHECK: scf.parallel {{.*}} step (%c4{{.*}}, %c8{{.*}})
func.func @heads_of_a_tile(%q: memref<1x?x?x8xf32>, %k: memref<1x?x?x8xf32>, %o: memref<1x?x?x8xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x?x?x8xf32>, memref<1x?x?x8xf32>, memref<1x?x?x8xf32>)
      outs(%o : memref<1x?x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, heads = 4, lanes = 16, rows = 8>}
  return
}
