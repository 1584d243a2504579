// RUN: mask-opt %s --canonicalize | FileCheck %s

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @flatten_and_sort
// CHECK-SAME: %[[P:.*]]: !mask.predicate
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left %{{.*}} right unbounded
// CHECK-DAG: %[[CHUNK:.*]] = mask.chunk size 8
// CHECK-DAG: %[[PREFIX:.*]] = mask.prefix 3
// CHECK: %[[AND:.*]] = mask.and %[[P]], %[[WINDOW]], %[[CHUNK]], %[[PREFIX]]
// CHECK: return %[[AND]]
func.func @flatten_and_sort(%p: !mask.predicate, %w: index) -> !mask.predicate {
  %prefix = mask.prefix 3
  %chunk = mask.chunk size 8
  %window = mask.window left %w right unbounded
  %0 = mask.and %prefix, %p
  %1 = mask.and %chunk, %0, %window
  return %1 : !mask.predicate
}

// Equal predicates are found by structure, not by identity.
// CHECK-LABEL: func @idempotence
// CHECK: %[[BLOCK:.*]] = mask.block_bidirectional
// CHECK-NOT: mask.or
// CHECK: return %[[BLOCK]]
func.func @idempotence(%types: tensor<?xi8>) -> !mask.predicate {
  %ids0 = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %ids1 = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %0 = mask.block_bidirectional %ids0 : tensor<?xi32>
  %1 = mask.block_bidirectional %ids1 : tensor<?xi32>
  %2 = mask.or %0, %1
  return %2 : !mask.predicate
}

// CHECK-LABEL: func @no_fold_other_ids
// CHECK: mask.or
func.func @no_fold_other_ids(%types: tensor<?xi8>) -> !mask.predicate {
  %ids0 = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %ids1 = mask.runs %types of [2] : tensor<?xi8> -> tensor<?xi32>
  %0 = mask.block_bidirectional %ids0 : tensor<?xi32>
  %1 = mask.block_bidirectional %ids1 : tensor<?xi32>
  %2 = mask.or %0, %1
  return %2 : !mask.predicate
}

// CHECK-LABEL: func @absorption
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate
// CHECK-NEXT: return %[[P]], %[[P]]
func.func @absorption(%p: !mask.predicate, %q: !mask.predicate) -> (!mask.predicate, !mask.predicate) {
  %0 = mask.or %p, %q
  %1 = mask.and %p, %0
  %2 = mask.and %p, %q
  %3 = mask.or %p, %2
  return %1, %3 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @complement
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[EMPTY:.*]] = mask.empty
// CHECK: return %[[EMPTY]], %[[FULL]]
func.func @complement(%p: !mask.predicate, %q: !mask.predicate) -> (!mask.predicate, !mask.predicate) {
  %n = mask.not %p
  %0 = mask.and %p, %q, %n
  %1 = mask.or %n, %q, %p
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @decided_parts
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[Q:[^:]*]]: !mask.predicate
// CHECK-DAG: %[[AND:.*]] = mask.and %[[P]], %[[Q]]
// CHECK-DAG: %[[OR:.*]] = mask.or %[[P]], %[[Q]]
// CHECK: return %[[AND]], %[[OR]]
func.func @decided_parts(%p: !mask.predicate, %q: !mask.predicate) -> (!mask.predicate, !mask.predicate) {
  %n = mask.not %p
  %0 = mask.or %n, %q
  %1 = mask.and %p, %0
  %2 = mask.and %n, %q
  %3 = mask.or %p, %2
  return %1, %3 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @common_parts
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[Q:[^:]*]]: !mask.predicate, %[[R:[^:]*]]: !mask.predicate
// CHECK: %[[OR:.*]] = mask.or %[[Q]], %[[R]]
// CHECK: mask.and %[[P]], %[[OR]]
func.func @common_parts(%p: !mask.predicate, %q: !mask.predicate, %r: !mask.predicate) -> !mask.predicate {
  %0 = mask.and %p, %q
  %1 = mask.and %r, %p
  %2 = mask.or %0, %1
  return %2 : !mask.predicate
}

// A window is the conjunction of its sides: one that all operands share stands
// outside, too, whatever was joined first.
// CHECK-LABEL: func @common_window_side
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[W:[^:]*]]: index
// CHECK-DAG: %[[LEFT:.*]] = mask.window left %[[W]] right unbounded
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK: %[[OR:.*]] = mask.or %[[P]], %[[CAUSAL]]
// CHECK: %[[NEAR:.*]] = mask.and %[[LEFT]], %[[OR]]
// CHECK: %[[NO_FUTURE:.*]] = mask.or %[[P]], %[[LEFT]]
// CHECK: %[[PAST:.*]] = mask.and %{{causal.*}}, %[[NO_FUTURE]]
// CHECK: return %[[NEAR]], %[[PAST]]
func.func @common_window_side(%p: !mask.predicate, %w: index) -> (!mask.predicate, !mask.predicate) {
  %window = mask.window left %w right 0
  %left = mask.window left %w right unbounded
  %0 = mask.and %left, %p
  %1 = mask.or %window, %0
  %causal = mask.causal
  %2 = mask.and %causal, %p
  %3 = mask.or %2, %window
  return %1, %3 : !mask.predicate, !mask.predicate
}

// Neither a side that one operand lacks, nor where there would be one leaf more.
// CHECK-LABEL: func @no_fold_window_side
// CHECK: mask.and
// CHECK: %[[ALONE:.*]] = mask.or
// CHECK: mask.and
// CHECK: %[[LONGER:.*]] = mask.or
// CHECK: return %[[ALONE]], %[[LONGER]]
func.func @no_fold_window_side(%p: !mask.predicate, %q: !mask.predicate, %w: index, %v: index) -> (!mask.predicate, !mask.predicate) {
  %window = mask.window left %w right 0
  %left = mask.window left %w right unbounded
  %0 = mask.and %left, %p
  %1 = mask.or %window, %0, %q
  %near = mask.window left %w right %v
  %2 = mask.and %near, %p
  %3 = mask.or %window, %2
  return %1, %3 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @de_morgan
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[Q:[^:]*]]: !mask.predicate, %[[R:[^:]*]]: !mask.predicate
// CHECK-DAG: %[[NQ:.*]] = mask.not %[[Q]]
// CHECK-DAG: %[[NP:.*]] = mask.not %[[P]]
// CHECK: %[[AND:.*]] = mask.and %[[R]], %[[NQ]]
// CHECK: mask.or %[[NP]], %[[AND]]
func.func @de_morgan(%p: !mask.predicate, %q: !mask.predicate, %r: !mask.predicate) -> !mask.predicate {
  %n = mask.not %r
  %0 = mask.or %q, %n
  %1 = mask.and %p, %0
  %2 = mask.not %1
  return %2 : !mask.predicate
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @causal_is_a_window
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK-DAG: %[[SLIDING:.*]] = mask.window left %{{.*}} right 0
// CHECK: return %[[CAUSAL]], %[[SLIDING]]
func.func @causal_is_a_window(%w: index) -> (!mask.predicate, !mask.predicate) {
  %0 = mask.window left unbounded right 0
  %left = mask.window left %w right unbounded
  %1 = mask.and %left, %0
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @window_intersection
// CHECK-DAG: %[[A:.*]] = mask.window left 3 right 4
// CHECK-DAG: %[[EMPTY:.*]] = mask.empty
// CHECK: return %[[A]], %[[EMPTY]]
func.func @window_intersection() -> (!mask.predicate, !mask.predicate) {
  %a = mask.window left 5 right 4
  %b = mask.window left 3 right unbounded
  %0 = mask.and %a, %b
  %c = mask.window left -5 right unbounded
  %1 = mask.and %a, %c
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @no_fold_window_intersection
// CHECK: mask.and
func.func @no_fold_window_intersection(%w: index) -> !mask.predicate {
  %a = mask.window left %w right 0
  %b = mask.window left 3 right unbounded
  %0 = mask.and %a, %b
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @window_union
// CHECK-DAG: %[[TOUCH:.*]] = mask.window left 9 right 4
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[RUN_TIME:.*]] = mask.window left %{{.*}} right 5
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK: return %[[TOUCH]], %[[FULL]], %[[RUN_TIME]], %[[CAUSAL]]
func.func @window_union(%w: index) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %a = mask.window left 9 right -1
  %b = mask.window left 0 right 4
  %0 = mask.or %a, %b
  %causal = mask.causal
  %future = mask.window left %w right unbounded
  %1 = mask.or %causal, %future
  %c = mask.window left %w right 0
  %d = mask.window left 0 right 5
  %2 = mask.or %c, %d
  %3 = mask.or %causal, %c
  return %0, %1, %2, %3 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// `window left 9 right -2` and the diagonal leave distance -1 out. Outside of
// the extent of a bound per row only the other window shows anything.
// CHECK-LABEL: func @no_fold_window_union
// CHECK: mask.or
// CHECK: mask.or
func.func @no_fold_window_union(%t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate) {
  %a = mask.window left 9 right -2
  %b = mask.window left 0 right 0
  %0 = mask.or %a, %b
  %c = mask.window left %t per batch : tensor<?xi32> right 0
  %d = mask.window left 0 right 5
  %1 = mask.or %c, %d
  return %0, %1 : !mask.predicate, !mask.predicate
}

// The other side would begin one past the range of parameters.
// CHECK-LABEL: func @no_window_complement
// CHECK: %[[NOT:.*]] = mask.not
// CHECK: return %[[NOT]]
func.func @no_window_complement() -> !mask.predicate {
  %far = mask.window left 1099511627776 right unbounded
  %0 = mask.not %far
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @window_complement
// CHECK-DAG: %[[FUTURE:.*]] = mask.window left -1 right unbounded
// CHECK-DAG: %[[PAST:.*]] = mask.window left unbounded right -6
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK: return %[[FUTURE]], %[[PAST]], %[[FULL]]
func.func @window_complement() -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %causal = mask.causal
  %0 = mask.not %causal
  %left = mask.window left 5 right unbounded
  %1 = mask.not %left
  %2 = mask.or %causal, %0
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// The complement of a run-time bound would be negative.
// CHECK-LABEL: func @no_fold_window_complement
// CHECK: mask.not
// CHECK: mask.not
func.func @no_fold_window_complement(%w: index) -> (!mask.predicate, !mask.predicate) {
  %a = mask.window left %w right unbounded
  %0 = mask.not %a
  %b = mask.window left 3 right 3
  %1 = mask.not %b
  return %0, %1 : !mask.predicate, !mask.predicate
}

// `and` is distributed over `or` where that leaves fewer leaves: every part joins
// with the window, or lies inside of it. Dually for `or`.
// CHECK-LABEL: func @distribute_window
// CHECK-DAG: %[[PAST:.*]] = mask.window left 7 right -5
// CHECK-DAG: %[[NEXT:.*]] = mask.window left -3 right 6
// CHECK-DAG: %[[GAP:.*]] = mask.or %[[NEXT]], %[[PAST]]
// CHECK-DAG: %[[CHUNK:.*]] = mask.chunk size 4
// CHECK-DAG: %[[FAR:.*]] = mask.window left 7 right -5
// CHECK-DAG: %[[INSIDE:.*]] = mask.or %[[FAR]], %[[CHUNK]]
// CHECK: return %[[GAP]], %[[INSIDE]]
func.func @distribute_window() -> (!mask.predicate, !mask.predicate) {
  %near = mask.window left 7 right 6
  %past = mask.window left 9 right -5
  %next = mask.window left -3 right 8
  %gap = mask.or %past, %next
  %0 = mask.and %near, %gap
  %wide = mask.window left 7 right 8
  %chunk = mask.chunk size 4
  %either = mask.or %past, %chunk
  %1 = mask.and %wide, %either
  return %0, %1 : !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @distribute_window_over_and
// CHECK-DAG: %[[LEFT:.*]] = mask.window left unbounded right %{{.*}}
// CHECK-DAG: %[[RIGHT:.*]] = mask.window left unbounded right 2
// CHECK: %[[AND:.*]] = mask.and %[[RIGHT]], %[[LEFT]]
// CHECK: return %[[AND]]
func.func @distribute_window_over_and(%m: index, %n: index) -> !mask.predicate {
  %0 = mask.window left %m right 2
  %1 = mask.window left 3 right %n
  %2 = mask.and %0, %1
  %causal = mask.causal
  %3 = mask.or %2, %causal
  return %3 : !mask.predicate
}

// A block joins with no window: the window stays outside, once.
// CHECK-LABEL: func @no_fold_distribute
// CHECK: %[[OR:.*]] = mask.or
// CHECK: %[[AND:.*]] = mask.and %{{.*}}, %[[OR]]
// CHECK: return %[[AND]]
func.func @no_fold_distribute(%ids: tensor<?xi32>) -> !mask.predicate {
  %left = mask.window left 7 right unbounded
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?xi32>
  %either = mask.or %causal, %block
  %0 = mask.and %left, %either
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @asymmetric_local
// CHECK: mask.window left 4 right 2
func.func @asymmetric_local() -> !mask.predicate {
  %past = mask.window left 4 right 0
  %future = mask.window left -1 right 2
  %0 = mask.or %past, %future
  return %0 : !mask.predicate
}

//===----------------------------------------------------------------------===//
// Subsumption
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @subsumption
// CHECK-DAG: %[[PREFIX:.*]] = mask.prefix 4
// CHECK-DAG: %[[LENGTH:.*]] = mask.key_length 9
// CHECK-DAG: %[[CHUNK4:.*]] = mask.chunk size 4
// CHECK-DAG: %[[CHUNK8:.*]] = mask.chunk size 8
// CHECK-DAG: %[[DILATED:.*]] = mask.dilated 6
// CHECK-DAG: %[[BLOCK:.*]] = mask.block_bidirectional
// CHECK: return %[[PREFIX]], %[[LENGTH]], %[[CHUNK4]], %[[CHUNK8]], %[[DILATED]], %[[BLOCK]] :
func.func @subsumption(%ids: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %prefix = mask.prefix 4
  %length = mask.key_length 9
  %0 = mask.and %length, %prefix
  %1 = mask.or %length, %prefix
  %chunk4 = mask.chunk size 4
  %chunk8 = mask.chunk size 8
  %2 = mask.and %chunk8, %chunk4
  %3 = mask.or %chunk8, %chunk4
  %dilated2 = mask.dilated 2
  %dilated6 = mask.dilated 6
  %4 = mask.and %dilated2, %dilated6
  %block = mask.block_bidirectional %ids : tensor<?xi32>
  %document = mask.document %ids : tensor<?xi32>
  %5 = mask.and %document, %block
  return %0, %1, %2, %3, %4, %5 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// Tokens of a chunk of 8 are at most 7 apart.
// CHECK-LABEL: func @chunk_in_window
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK-DAG: %[[CHUNK:.*]] = mask.chunk size 8
// CHECK: mask.and %[[CAUSAL]], %[[CHUNK]]
func.func @chunk_in_window() -> !mask.predicate {
  %window = mask.window left 7 right 0
  %chunk = mask.chunk size 8
  %0 = mask.and %chunk, %window
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @no_fold_chunk_longer_than_window
// CHECK: mask.window left 6 right 0
func.func @no_fold_chunk_longer_than_window() -> !mask.predicate {
  %window = mask.window left 6 right 0
  %chunk = mask.chunk size 8
  %0 = mask.and %chunk, %window
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @no_fold_shifted_chunks
// CHECK: mask.and
func.func @no_fold_shifted_chunks() -> !mask.predicate {
  %a = mask.chunk size 4 offset 1
  %b = mask.chunk size 8
  %0 = mask.and %a, %b
  return %0 : !mask.predicate
}

// A token outside of the facts is in no document (law 1), so the diagonal is not
// inside of `document`.
// CHECK-LABEL: func @no_fold_diagonal_in_document
// CHECK: mask.and
func.func @no_fold_diagonal_in_document(%ids: tensor<?xi32>) -> !mask.predicate {
  %diagonal = mask.window left 0 right 0
  %document = mask.document %ids : tensor<?xi32>
  %0 = mask.and %diagonal, %document
  return %0 : !mask.predicate
}

// An absent length may still come: then a prefix is empty, a key length full.
// CHECK-LABEL: func @no_fold_prefix_in_key_length
// CHECK-SAME: %[[N:.*]]: index
// CHECK-DAG: %[[PREFIX:.*]] = mask.prefix %[[N]]
// CHECK-DAG: %[[LENGTH:.*]] = mask.key_length %[[N]]
// CHECK: return %[[PREFIX]], %[[LENGTH]]
func.func @no_fold_prefix_in_key_length(%n: index) -> (!mask.predicate, !mask.predicate) {
  %prefix = mask.prefix %n
  %length = mask.key_length %n
  %0 = mask.and %prefix, %length
  %1 = mask.or %prefix, %length
  return %0, %1 : !mask.predicate, !mask.predicate
}

//===----------------------------------------------------------------------===//
// Heads and batch rows
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @restrictions
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[Q:[^:]*]]: !mask.predicate
// CHECK-DAG: %[[AND:.*]] = mask.and %[[P]], %[[Q]]
// CHECK-DAG: %[[PULLED:.*]] = mask.heads %[[AND]] in [1, 2]
// CHECK-DAG: %[[UNION:.*]] = mask.heads %[[P]] in [0, 1, 2]
// CHECK-DAG: %[[OR:.*]] = mask.or %[[P]], %[[Q]]
// CHECK-DAG: %[[JOINED:.*]] = mask.heads %[[OR]] in [1, 2]
// CHECK-DAG: %[[NESTED:.*]] = mask.heads %[[P]] in [1]
// CHECK-DAG: %[[ROWS:.*]] = mask.batches %[[P]] in [3]
// CHECK-DAG: %[[OUTSIDE:.*]] = mask.heads %[[ROWS]] in [1, 2]
// CHECK: return %[[PULLED]], %[[UNION]], %[[JOINED]], %[[NESTED]], %[[OUTSIDE]] :
func.func @restrictions(%p: !mask.predicate, %q: !mask.predicate) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %p12 = mask.heads %p in [1, 2]
  %0 = mask.and %p12, %q
  %p01 = mask.heads %p in [0, 1]
  %1 = mask.or %p12, %p01
  %q12 = mask.heads %q in [1, 2]
  %2 = mask.or %q12, %p12
  %3 = mask.heads %p12 in [0, 1]
  %4 = mask.batches %p12 in [3]
  return %0, %1, %2, %3, %4 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @disjoint_heads
// CHECK: mask.empty
// CHECK-NOT: mask.heads
func.func @disjoint_heads(%p: !mask.predicate, %q: !mask.predicate) -> !mask.predicate {
  %0 = mask.heads %p in [0, 1]
  %1 = mask.heads %q in [2]
  %2 = mask.and %0, %1
  return %2 : !mask.predicate
}

// CHECK-LABEL: func @negated_heads
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[NOT:.*]] = mask.not %[[P]]
// CHECK-DAG: %[[MEMBERS:.*]] = mask.heads %[[FULL]] in [0, 1]
// CHECK-DAG: %[[OTHERS:.*]] = mask.not %[[MEMBERS]]
// CHECK: mask.or %[[NOT]], %[[OTHERS]]
func.func @negated_heads(%p: !mask.predicate) -> !mask.predicate {
  %0 = mask.heads %p in [0, 1]
  %1 = mask.not %0
  return %1 : !mask.predicate
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @shift_connectives
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate
// CHECK-DAG: %[[SHIFTED:.*]] = mask.shift %[[P]] query 3 key 1
// CHECK-DAG: %[[NOT:.*]] = mask.not %[[SHIFTED]]
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left unbounded right 2
// CHECK-DAG: %[[OR:.*]] = mask.or %[[WINDOW]], %[[NOT]]
// CHECK: mask.heads %[[OR]] in [0]
func.func @shift_connectives(%p: !mask.predicate) -> !mask.predicate {
  %causal = mask.causal
  %n = mask.not %p
  %0 = mask.or %n, %causal
  %1 = mask.heads %0 in [0]
  %2 = mask.shift %1 query 3 key 1
  return %2 : !mask.predicate
}

// Outside of the extent of the shift, `not` of it is visible, it is not.
// CHECK-LABEL: func @no_fold_shift_per_row_of_not
// CHECK: %[[NOT:.*]] = mask.not
// CHECK: mask.shift %[[NOT]] query
func.func @no_fold_shift_per_row_of_not(%p: !mask.predicate, %t: tensor<?xi32>) -> !mask.predicate {
  %n = mask.not %p
  %0 = mask.shift %n query %t per batch : tensor<?xi32> key 0
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @shift_leaves
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left 3 right 7
// CHECK-DAG: %[[PREFIX:.*]] = mask.prefix 6
// CHECK-DAG: %[[LENGTH:.*]] = mask.key_length 6
// CHECK-DAG: %[[DILATED:.*]] = mask.dilated 2
// CHECK-DAG: %[[INTERVAL:.*]] = mask.interval lower #{{.*}} upper #{{.*}}
// CHECK: return %[[WINDOW]], %[[PREFIX]], %[[LENGTH]], %[[DILATED]], %[[INTERVAL]] :
func.func @shift_leaves() -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %window = mask.window left 5 right 5
  %0 = mask.shift %window query 3 key 1
  %prefix = mask.prefix 7
  %1 = mask.shift %prefix query 3 key 1
  %length = mask.key_length 7
  %2 = mask.shift %length query 3 key 1
  %dilated = mask.dilated 2
  %3 = mask.shift %dilated query 3 key 1
  %interval = mask.interval lower affine_map<(q) -> (q floordiv 4)> upper affine_map<(q) -> (q)>
  %4 = mask.shift %interval query 3 key 1
  return %0, %1, %2, %3, %4 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @shift_both_sides
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left %{{.*}} right 0
// CHECK-DAG: %[[CHUNK:.*]] = mask.chunk size 8 offset 5
// CHECK-DAG: %[[SAME:.*]] = mask.chunk size 8 offset %{{.*}} per batch
// CHECK: return %[[WINDOW]], %[[CHUNK]], %[[SAME]] :
func.func @shift_both_sides(%n: index, %t: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %window = mask.window left %n right 0
  %0 = mask.shift %window query %n key %n
  %chunk = mask.chunk size 8
  %1 = mask.shift %chunk query 3 key 3
  %offset = mask.chunk size 8 offset %t per batch : tensor<?xi32>
  %2 = mask.shift %offset query 16 key 16
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @no_fold_shift_run_time
// CHECK-COUNT-3: mask.shift
func.func @no_fold_shift_run_time(%n: index, %m: index) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %window = mask.window left %n right 0
  %0 = mask.shift %window query 3 key 1
  %causal = mask.causal
  %1 = mask.shift %causal query %n key %m
  %chunk = mask.chunk size 8
  %2 = mask.shift %chunk query 3 key 1
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @shift_query_of_keys
// CHECK: %[[VALID:.*]] = mask.key_padding
// CHECK: return %[[VALID]]
func.func @shift_query_of_keys(%v: tensor<?xi1>, %n: index) -> !mask.predicate {
  %valid = mask.key_padding %v : tensor<?xi1>
  %0 = mask.shift %valid query %n key 0
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @shift_shift
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate, %[[N:.*]]: index
// CHECK: mask.shift %[[P]] query 4 key %[[N]]
func.func @shift_shift(%p: !mask.predicate, %n: index) -> !mask.predicate {
  %0 = mask.shift %p query 3 key 0
  %1 = mask.shift %0 query 1 key %n
  return %1 : !mask.predicate
}

// CHECK-LABEL: func @positions_of_heads
// CHECK-SAME: %[[P:[^:]*]]: !mask.predicate
// CHECK: %[[AT:.*]] = mask.at_positions %[[P]]
// CHECK: mask.heads %[[AT]] in [1]
func.func @positions_of_heads(%p: !mask.predicate, %t: tensor<?xi32>) -> !mask.predicate {
  %0 = mask.heads %p in [1]
  %1 = mask.at_positions %0 query %t key %t : tensor<?xi32>, tensor<?xi32>
  return %1 : !mask.predicate
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @unit_chunk
// CHECK: mask.window left 0 right 0
func.func @unit_chunk(%n: index) -> !mask.predicate {
  %0 = mask.chunk size 1 offset %n
  return %0 : !mask.predicate
}

// CHECK-LABEL: func @interval
// CHECK-SAME: %[[N:[^:]*]]: index
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left 3 right 4
// CHECK-DAG: %[[EMPTY:.*]] = mask.empty
// CHECK-DAG: %[[SIMPLE:.*]] = mask.interval lower #{{.*}} upper #{{.*}}[%[[N]]]
// CHECK: return %[[WINDOW]], %[[EMPTY]], %[[SIMPLE]] :
func.func @interval(%n: index, %unused: index) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %three = arith.constant 3 : index
  %0 = mask.interval lower affine_map<(q)[s] -> (q - s)> upper affine_map<(q)[s] -> (q + s + 2)>[%three]
  %1 = mask.interval lower affine_map<(q)[s] -> (q floordiv s)> upper affine_map<(q)[s] -> (q floordiv s)>[%n]
  %2 = mask.interval lower affine_map<(q)[s, t, u, v] -> (q - s)> upper affine_map<(q)[s, t, u, v] -> (q floordiv t + v)>[%n, %three, %unused, %n]
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// Both sides are unbounded where their symbol is absent; in a policy it may be.
// CHECK-LABEL: func @absent_interval
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[BELOW:.*]] = mask.interval lower #[[ZERO:.*]] upper unbounded{{$}}
// CHECK-DAG: %[[ABOVE:.*]] = mask.interval lower unbounded upper #[[QUERY:[a-z0-9]*]]{{$}}
// CHECK: return %[[FULL]], %[[BELOW]], %[[ABOVE]]
func.func @absent_interval() -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  %absent = mask.absent : index
  %0 = mask.interval lower affine_map<(q)[s] -> (q - s)> upper affine_map<(q)[s] -> (q + s)>[%absent]
  %1 = mask.interval lower affine_map<(q)[s] -> (0)> upper affine_map<(q)[s] -> (q + s)>[%absent]
  %2 = mask.interval lower affine_map<(q)[s] -> (s)> upper affine_map<(q)[s] -> (q floordiv 2)>[%absent]
  return %0, %1, %2 : !mask.predicate, !mask.predicate, !mask.predicate
}

// A side without bound stays one, in windows too; without any the interval is full.
// CHECK-LABEL: func @unbounded_interval
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK-DAG: %[[WINDOW:.*]] = mask.window left 3 right unbounded
// CHECK-DAG: %[[FULL:.*]] = mask.full
// CHECK-DAG: %[[SIMPLE:.*]] = mask.interval lower unbounded upper #{{[a-z0-9]*}}{{$}}
// CHECK-DAG: %[[SHIFTED:.*]] = mask.interval lower #{{[a-z0-9]*}} upper unbounded{{$}}
// CHECK: return %[[CAUSAL]], %[[WINDOW]], %[[FULL]], %[[SIMPLE]], %[[SHIFTED]]
func.func @unbounded_interval(%unused: index) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %two = arith.constant 2 : index
  %0 = mask.interval lower unbounded upper affine_map<(q) -> (q + 1)>
  %1 = mask.interval lower affine_map<(q) -> (q - 3)> upper unbounded
  %2 = mask.interval lower unbounded upper unbounded
  %3 = mask.interval lower unbounded upper affine_map<(q)[s, t] -> (q floordiv s)>[%two, %unused]
  %4 = mask.interval lower affine_map<(q) -> (q floordiv 4)> upper unbounded
  %5 = mask.shift %4 query 3 key 1
  return %0, %1, %2, %3, %5 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: mask.policy @no_fold_interval_in_policy
// CHECK: mask.interval
mask.policy @no_fold_interval_in_policy("left" optional %s: index) {
  %0 = mask.interval lower affine_map<(q)[s] -> (q + s)> upper affine_map<(q)[s] -> (q + s)>[%s]
  mask.layer_type "*" = %0
}

// Division by zero is the interpreter's to report.
// CHECK-LABEL: func @no_fold_interval_divisor
// CHECK: mask.interval {{.*}}[%{{.*}}]
func.func @no_fold_interval_divisor() -> !mask.predicate {
  %zero = arith.constant 0 : index
  %0 = mask.interval lower affine_map<(q)[s] -> (q floordiv s)> upper affine_map<(q)[s] -> (q)>[%zero]
  return %0 : !mask.predicate
}

// A remainder is no product, which may compute numbers that are too large.
// CHECK-LABEL: func @interval_remainder
// CHECK: mask.interval lower unbounded upper #{{[a-z0-9]*}}{{$}}
// CHECK: mask.interval lower unbounded upper #{{[a-z0-9]*}}{{$}}
func.func @interval_remainder() -> (!mask.predicate, !mask.predicate) {
  %far = arith.constant 1099511627776 : index
  %0 = mask.interval lower unbounded upper affine_map<(q)[s] -> (q mod s)>[%far]
  %1 = mask.interval lower unbounded upper affine_map<(q) -> (q mod 1099511627776)>
  return %0, %1 : !mask.predicate, !mask.predicate
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @packed
// CHECK-SAME: %[[CORE:[^:]*]]: !mask.predicate, %[[OVER:[^:]*]]: !mask.predicate, %[[SEQ:[^:]*]]: tensor<?xi32>, %[[POS:[^:]*]]: tensor<?xi32>
// CHECK: %[[SAME12:.*]] = mask.document %[[SEQ]]
// CHECK: %[[AND12:.*]] = mask.and %[[CORE]], %[[SAME12]]
// CHECK: %[[R12:.*]] = mask.or %[[OVER]], %[[AND12]]
// CHECK: %[[SAME23:.*]] = mask.document %[[SEQ]]
// CHECK: %[[AT23:.*]] = mask.at_positions %[[CORE]] query %[[POS]] key %[[POS]]
// CHECK: %[[AND23:.*]] = mask.and %[[SAME23]], %[[AT23]]
// CHECK: %[[R23:.*]] = mask.or %[[OVER]], %[[AND23]]
// CHECK: %[[SAME24:.*]] = mask.document %[[SEQ]]
// CHECK: %[[AT24:.*]] = mask.at_positions %[[CORE]] query %[[POS]] key %[[POS]]
// CHECK: %[[OR24:.*]] = mask.or %[[OVER]], %[[AT24]]
// CHECK: %[[R24:.*]] = mask.and %[[SAME24]], %[[OR24]]
// CHECK: %[[NONE:.*]] = mask.or %[[CORE]], %[[OVER]]
// CHECK: return %[[R12]], %[[R23]], %[[R24]], %[[NONE]] :
func.func @packed(%core: !mask.predicate, %overlay: !mask.predicate, %seq: tensor<?xi32>, %pos: tensor<?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate) {
  %0 = mask.packed %core, %overlay rule v5_12 sequences %seq : tensor<?xi32> positions %pos : tensor<?xi32>
  %1 = mask.packed %core, %overlay rule v5_23 sequences %seq : tensor<?xi32> positions %pos : tensor<?xi32>
  %2 = mask.packed %core, %overlay rule v5_24 sequences %seq : tensor<?xi32> positions %pos : tensor<?xi32>
  %absent = mask.absent : tensor<?xi32>
  %3 = mask.packed %core, %overlay rule request sequences %absent : tensor<?xi32> positions %pos : tensor<?xi32>
  return %0, %1, %2, %3 : !mask.predicate, !mask.predicate, !mask.predicate, !mask.predicate
}

// CHECK-LABEL: func @no_fold_packed_request
// CHECK: mask.packed {{.*}} rule request sequences
func.func @no_fold_packed_request(%core: !mask.predicate, %overlay: !mask.predicate, %seq: tensor<?xi32>) -> !mask.predicate {
  %0 = mask.packed %core, %overlay rule request sequences %seq : tensor<?xi32>
  return %0 : !mask.predicate
}

// The sequence ids may still be absent, the positions given: then the core stays
// unmoved.
// CHECK-LABEL: mask.policy @no_fold_packed_in_policy
// CHECK: mask.packed {{.*}} rule v5_24
mask.policy @no_fold_packed_in_policy("sequence_ids" optional %seq: tensor<?xi32>, "positions" optional %pos: tensor<?xi32>) {
  %core = mask.causal
  %overlay = mask.prefix 4
  %0 = mask.packed %core, %overlay rule v5_24 sequences %seq : tensor<?xi32> positions %pos : tensor<?xi32>
  mask.layer_type "*" = %0
}

//===----------------------------------------------------------------------===//
// Real masks
//===----------------------------------------------------------------------===//

// The sliding layers of a vision model, with the window known.
// CHECK-LABEL: func @sliding_vision
// CHECK-DAG: %[[LEFT:.*]] = mask.window left 1023 right unbounded
// CHECK-DAG: %[[CAUSAL:.*]] = mask.causal
// CHECK-DAG: %[[BLOCK:.*]] = mask.block_bidirectional
// CHECK-DAG: %[[VALID:.*]] = mask.key_padding
// CHECK-DAG: %[[OR:.*]] = mask.or %[[CAUSAL]], %[[BLOCK]]
// CHECK: %[[AND:.*]] = mask.and %[[LEFT]], %[[VALID]], %[[OR]]
// CHECK: return %[[AND]]
func.func @sliding_vision(%types: tensor<?x?xi8>, %v: tensor<?x?xi1>) -> !mask.predicate {
  %w = arith.constant 1024 : index
  %one = arith.constant 1 : index
  %past = arith.subi %w, %one : index
  %ids = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %left = mask.window left %past right unbounded
  %either = mask.or %causal, %block
  %slide = mask.and %left, %either
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %0 = mask.and %slide, %valid
  return %0 : !mask.predicate
}
