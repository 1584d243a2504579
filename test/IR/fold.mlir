// RUN: mask-opt %s --canonicalize | FileCheck %s

//===----------------------------------------------------------------------===//
// Absence (law 4)
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @absent_is_full
// CHECK-NEXT: %[[FULL:.*]] = mask.full
// CHECK-NEXT: return %[[FULL]], %[[FULL]], %[[FULL]], %[[FULL]], %[[FULL]], %[[FULL]], %[[FULL]], %[[FULL]] :
func.func @absent_is_full() -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %fact = mask.absent : tensor<?x?xi32>
  %flags = mask.absent : tensor<?x?xi1>
  %number = mask.absent : index
  %0 = mask.key_padding %flags : tensor<?x?xi1>
  %1 = mask.document %fact : tensor<?x?xi32>
  %2 = mask.key_length %number
  %3 = mask.chunk size %number
  %4 = mask.dilated %number
  %5 = mask.row_range %fact, %fact : tensor<?x?xi32>
  %6 = mask.dense %flags : tensor<?x?xi1>
  %7 = mask.window left %number right %number
  return %0, %1, %2, %3, %4, %5, %6, %7 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @absent_table
// CHECK-SAME: %[[T:.*]]: tensor<?xi32>
// CHECK-DAG: %[[ABOVE:.*]] = mask.row_range %[[T]], unbounded : tensor<?xi32>
// CHECK-DAG: %[[BELOW:.*]] = mask.row_range unbounded, %[[T]] : tensor<?xi32>
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK: return %[[BELOW]], %[[ABOVE]], %[[FULL]]
func.func @absent_table(%t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %fact = mask.absent : tensor<?xi32>
  %0 = mask.row_range %fact, %t : tensor<?xi32>
  %1 = mask.row_range %t, %fact : tensor<?xi32>
  %2 = mask.row_range unbounded, %fact : tensor<?xi32>
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @absent_is_empty
// CHECK-NEXT: %[[EMPTY:.*]] = mask.empty
// CHECK-NEXT: return %[[EMPTY]], %[[EMPTY]], %[[EMPTY]] :
func.func @absent_is_empty(%ids: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %fact = mask.absent : tensor<?xi32>
  %number = mask.absent : index
  %0 = mask.block_bidirectional %fact : tensor<?xi32>
  %1 = mask.block_bidirectional %ids, %fact : tensor<?xi32>, tensor<?xi32>
  %2 = mask.prefix %number
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @absent_side_is_unbounded
// CHECK: mask.window left 3 right unbounded
// CHECK: mask.window left unbounded right 3
func.func @absent_side_is_unbounded() -> (!mask.predicate, !mask.predicate) {
  %number = mask.absent : index
  %0 = mask.window left 3 right %number
  %1 = mask.window left %number right 3
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @absent_shift_is_zero
// CHECK-SAME: %[[P:.*]]: !mask.predicate
// CHECK: %[[CHUNK:.*]] = mask.chunk size 4{{$}}
// CHECK: %[[SHIFTED:.*]] = mask.shift %[[P]] query 1 key 0
// CHECK: return %[[P]], %[[CHUNK]], %[[SHIFTED]]
func.func @absent_shift_is_zero(%p: !mask.predicate) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %number = mask.absent : index
  %0 = mask.shift %p query %number key %number
  %1 = mask.chunk size 4 offset %number
  %2 = mask.shift %p query 1 key %number
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @absent_positions
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate
// CHECK-NEXT: return %[[P]], %[[P]]
func.func @absent_positions(%p: !mask.predicate, %pos: tensor<?xi32>) -> (!mask.predicate, !mask.predicate) {
  %fact = mask.absent : tensor<?xi32>
  %0 = mask.at_positions %p query %pos key %fact : tensor<?xi32>, tensor<?xi32>
  %1 = mask.at_positions %p query %fact key %pos : tensor<?xi32>, tensor<?xi32>
  return %0, %1 : !mask.predicate, !mask.predicate
}

// What is computed from an absent parameter is absent: a policy writes `W - 1`
// without asking whether there is a window.
// CHECK-LABEL: func @absent_arithmetic
// CHECK: mask.full
// CHECK-NOT: mask.window
func.func @absent_arithmetic(%n: index) -> !mask.predicate {
  %w = mask.absent : index
  %one = arith.constant 1 : index
  %past = arith.subi %w, %one : index
  %clamped = arith.maxsi %n, %past : index
  %half = arith.floordivsi %clamped, %n : index
  %p = mask.window left %past right %half
  return %p : !mask.predicate
}

// CHECK-LABEL: func @no_fold_present_arithmetic
// CHECK: mask.window left %{{.*}} right unbounded
func.func @no_fold_present_arithmetic(%w: index, %n: index) -> !mask.predicate {
  %past = arith.subi %w, %n : index
  %p = mask.window left %past right unbounded
  return %p : !mask.predicate
}

// CHECK-LABEL: func @absent_ids
// CHECK-SAME: %[[N:.*]]: index, %[[IDS:.*]]: tensor<?x?xi32>
// CHECK: %[[ABSENT:.*]] = mask.absent : tensor<?x?xi32>
// CHECK-NEXT: return %[[ABSENT]], %[[ABSENT]], %[[ABSENT]], %[[ABSENT]], %[[IDS]] :
func.func @absent_ids(%n: index, %given: tensor<?x?xi32>) -> (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) {
  %types = mask.absent : tensor<?x?xi8>
  %ranges = mask.absent : tensor<?x?x2xi32>
  %number = mask.absent : index
  %0 = mask.runs %types of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %1 = mask.item_ids %ranges length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %2 = mask.positions %types : tensor<?x?xi8> -> tensor<?x?xi32>
  %3 = mask.drop_long %0 longer_than %n : tensor<?x?xi32>
  %4 = mask.drop_long %given longer_than %number : tensor<?x?xi32>
  return %0, %1, %2, %3, %4 : tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>
}

// An absent length of the facts is an error of the request, not an absent item.
// CHECK-LABEL: func @no_fold_absent_length
// CHECK: mask.item_ids
func.func @no_fold_absent_length(%ranges: tensor<?x?x2xi32>) -> tensor<?x?xi32> {
  %n = mask.absent : index
  %ids = mask.item_ids %ranges length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
  return %ids : tensor<?x?xi32>
}

//===----------------------------------------------------------------------===//
// Static parameters
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @constants_become_attributes
// CHECK-SAME: %[[P:.*]]: !mask.predicate
// CHECK-DAG: mask.window left 7 right 7
// CHECK-DAG: mask.chunk size 7
// CHECK-DAG: mask.prefix 7
// CHECK-DAG: mask.key_length 7
// CHECK-DAG: mask.dilated 7
// CHECK-DAG: mask.shift %[[P]] query 7 key 7
func.func @constants_become_attributes(%p: !mask.predicate) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %n = arith.constant 7 : index
  %0 = mask.window left %n right %n
  %1 = mask.chunk size %n offset %n
  %2 = mask.prefix %n
  %3 = mask.key_length %n
  %4 = mask.dilated %n
  %5 = mask.shift %p query %n key %n
  return %0, %1, %2, %3, %4, %5 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// A request is wrong; the interpreter has to say so. A window of no tokens would
// otherwise become a static bound, which may be negative.
// CHECK-LABEL: func @no_fold_invalid_constant
// CHECK: mask.chunk size %
// CHECK: mask.dilated %
// CHECK: mask.window left %{{.*}} right 0
func.func @no_fold_invalid_constant() -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %n = arith.constant 0 : index
  %0 = mask.chunk size %n
  %1 = mask.dilated %n
  %one = arith.constant 1 : index
  %past = arith.subi %n, %one : index
  %2 = mask.window left %past right %n
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @degenerate_parameters
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[EMPTY:.*]] = mask.empty
// CHECK: return %[[FULL]], %[[EMPTY]], %[[FULL]] :
func.func @degenerate_parameters() -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %0 = mask.window left unbounded right unbounded
  %1 = mask.window left -3 right 2
  %2 = mask.dilated 1
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @no_fold_window_beside_the_query
// CHECK: mask.window left -3 right 3
func.func @no_fold_window_beside_the_query() -> !mask.predicate {
  %0 = mask.window left -3 right 3
  return %0 : !mask.predicate
}

// Predicates speak of all integers: negative keys lie before an empty prefix.
// CHECK-LABEL: func @no_fold_prefix_zero
// CHECK: mask.prefix 0
func.func @no_fold_prefix_zero() -> !mask.predicate {
  %0 = mask.prefix 0
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @chunk_offset
// CHECK: mask.chunk size 8 offset 6
// CHECK: mask.chunk size 8{{$}}
func.func @chunk_offset() -> (!mask.predicate, !mask.predicate) {
  %0 = mask.chunk size 8 offset -10
  %1 = mask.chunk size 8 offset 16
  return %0, %1 : !mask.predicate, !mask.predicate
}

//===----------------------------------------------------------------------===//
// Connectives and coordinates
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @connective_constants
// CHECK-SAME: %[[P:.*]]: !mask.predicate
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[EMPTY:.*]] = mask.empty
// CHECK: return %[[P]], %[[EMPTY]], %[[P]], %[[FULL]], %[[P]], %[[EMPTY]] :
func.func @connective_constants(%p: !mask.predicate) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %full = mask.full
  %empty = mask.empty
  %0 = mask.and %p, %full, %p
  %1 = mask.and %p, %empty
  %2 = mask.or %p, %empty
  %3 = mask.or %p, %full
  %n = mask.not %p
  %6 = mask.not %n
  %7 = mask.not %full
  return %0, %1, %2, %3, %6, %7 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @empty_stays_empty
// CHECK-NEXT: %[[EMPTY:.*]] = mask.empty
// CHECK-NEXT: return %[[EMPTY]], %[[EMPTY]], %[[EMPTY]], %[[EMPTY]], %[[EMPTY]] :
func.func @empty_stays_empty(%p: !mask.predicate, %t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %empty = mask.empty
  %0 = mask.shift %empty query %t per batch : tensor<?xi32> key 1
  %1 = mask.at_positions %empty query %t key %t : tensor<?xi32>, tensor<?xi32>
  %2 = mask.heads %empty in [1]
  %3 = mask.batches %p in []
  %4 = mask.packed %empty, %empty rule request sequences %t : tensor<?xi32>
  return %0, %1, %2, %3, %4 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @full_shifted
// CHECK-NEXT: %[[FULL:.*]] = mask.full
// CHECK-NEXT: return %[[FULL]] :
func.func @full_shifted(%n: index) -> !mask.predicate {
  %full = mask.full
  %0 = mask.shift %full query %n key 1
  return %0 : !mask.predicate
}

// Outside of the extent of positions, or of a shift per row, nothing is visible
// (law 1).
// CHECK-LABEL: func @no_fold_full_with_extent
// CHECK: mask.shift
// CHECK: mask.at_positions
func.func @no_fold_full_with_extent(%t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate) {
  %full = mask.full
  %0 = mask.shift %full query %t per batch : tensor<?xi32> key 1
  %1 = mask.at_positions %full query %t key %t : tensor<?xi32>, tensor<?xi32>
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @packed_without_sequences
// CHECK-SAME: %[[P:.*]]: !mask.predicate
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK: return %[[P]], %[[P]], %[[FULL]] :
func.func @packed_without_sequences(%p: !mask.predicate, %t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %absent = mask.absent : tensor<?xi32>
  %empty = mask.empty
  %full = mask.full
  %0 = mask.packed %p, %empty rule request
  %1 = mask.packed %empty, %p rule v5_24 sequences %absent : tensor<?xi32> positions %t : tensor<?xi32>
  %2 = mask.packed %full, %p rule v5_23
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// Constants of a closed predicate stay in its region.
// CHECK-LABEL: func @region_keeps_constants
// CHECK: mask.attention
// CHECK-NEXT: %[[FULL:.*]] = mask.full
// CHECK-NEXT: mask.yield %[[FULL]]
func.func @region_keeps_constants(%q: tensor<1x1x4x8xf32>, %t: tensor<?xi8>) -> tensor<1x1x4x8xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) captures(%t : tensor<?xi8>) predicate {
         ^bb0(%tt: tensor<?xi8>):
           %p = mask.dilated 1
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}

// A constant step becomes a number, unless something is wrong with it.
// CHECK-LABEL: func @step
// CHECK: mask.tile_for{{.*}} step 8 whole
// CHECK: mask.tile_for{{.*}} step %c-4
// CHECK: mask.tile_for{{.*}} step %c8{{.*}} whole %{{.*}} align 3
func.func @step(%i: index, %m: memref<?xindex>) {
  %c8 = arith.constant 8 : index
  %minus = arith.constant -4 : index
  mask.tile_for [%i, %i, %i, %i] step %c8 whole %i align 4 {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1):
    memref.store %n, %m[%key] : memref<?xindex>
  }
  mask.tile_for [%i, %i, %i, %i] step %minus {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1):
    memref.store %n, %m[%key] : memref<?xindex>
  }
  mask.tile_for [%i, %i, %i, %i] step %c8 whole %i align 3 {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1):
    memref.store %n, %m[%key] : memref<?xindex>
  }
  return
}
