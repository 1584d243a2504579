// RUN: mask-opt %s -split-input-file -mask-simplify -remarks-filter=mask-simplify -verify-diagnostics | FileCheck %s

// A window at least as long as the sequence is causal.

// CHECK-LABEL: func @long_window
// CHECK: predicate {
// CHECK-NEXT: %[[C:.*]] = mask.causal
// CHECK-NEXT: mask.yield %[[C]]
func.func @long_window(%q: tensor<1x1x512x64xf32>) -> tensor<1x1x512x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>)
         outs(%q : tensor<1x1x512x64xf32>) predicate {
           // expected-remark @below {{the left bound of 'mask.window' hides no key of this attention}}
           %p = mask.window left 511 right 0
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x512x64xf32>
  return %o : tensor<1x1x512x64xf32>
}

// -----

// One key less, and it hides the first key of the last query.

// CHECK-LABEL: func @no_simplify_short_window
// CHECK: mask.window left 510 right 0
func.func @no_simplify_short_window(%q: tensor<1x1x512x64xf32>) -> tensor<1x1x512x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>)
         outs(%q : tensor<1x1x512x64xf32>) predicate {
           %p = mask.window left 510 right 0
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x512x64xf32>
  return %o : tensor<1x1x512x64xf32>
}

// -----

// The one query of a decode step comes last: every key is visible.

// CHECK-LABEL: func @decode
// CHECK: predicate {
// CHECK-NEXT: %[[F:.*]] = mask.full
// CHECK-NEXT: mask.yield %[[F]]
func.func @decode(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x?x64xf32>) -> tensor<1x1x1x64xf32> {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %keys = tensor.dim %k, %two : tensor<1x1x?x64xf32>
  %offset = arith.subi %keys, %one : index
  // expected-remark @below {{every key is visible: no mask is left}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
         outs(%q : tensor<1x1x1x64xf32>) query_offset %offset predicate {
           // expected-remark @below {{'mask.causal' hides no key of this attention}}
           %p = mask.causal
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

// -----

// An offset per batch row, or one that nothing is known of, proves nothing.

// CHECK-LABEL: func @no_simplify_unknown_offset
// CHECK: mask.causal
func.func @no_simplify_unknown_offset(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x8x64xf32>, %n: index) -> tensor<1x1x1x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x8x64xf32>, tensor<1x1x8x64xf32>)
         outs(%q : tensor<1x1x1x64xf32>) query_offset %n predicate {
           %p = mask.causal
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

// -----

// The same op asked at positions as well: only the use that asks about keys below
// 8 loses it.

// CHECK-LABEL: func @shared_with_positions
// CHECK: %[[P:.*]] = mask.prefix 8
// CHECK: %[[D:.*]] = mask.document
// CHECK: %[[A:.*]] = mask.and %[[P]], %[[D]]
// CHECK: %[[AT:.*]] = mask.at_positions %[[A]]
// CHECK: mask.or %[[D]], %[[AT]]
func.func @shared_with_positions(%q: tensor<1x1x8x64xf32>, %pos: tensor<?xi32>, %ids: tensor<?xi32>) -> tensor<1x1x8x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x64xf32>, tensor<1x1x8x64xf32>, tensor<1x1x8x64xf32>)
         outs(%q : tensor<1x1x8x64xf32>) captures(%pos, %ids : tensor<?xi32>, tensor<?xi32>) predicate {
         ^bb0(%p0: tensor<?xi32>, %i0: tensor<?xi32>):
           // expected-remark @below {{'mask.prefix' hides no key of this attention}}
           %prefix = mask.prefix 8
           %doc = mask.document %i0 : tensor<?xi32>
           %a = mask.and %prefix, %doc
           %b = mask.at_positions %a query %p0 key %p0 : tensor<?xi32>, tensor<?xi32>
           %c = mask.or %a, %b
           mask.yield %c : !mask.predicate
         } -> tensor<1x1x8x64xf32>
  return %o : tensor<1x1x8x64xf32>
}

// -----

// Conjuncts and disjuncts that the rest implies, or that never matter: chunks
// hold the whole sequence; the first interval starts after the last key.

// CHECK-LABEL: func @intervals
// CHECK: predicate {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<?xi32>):
// CHECK-NEXT: %[[D:.*]] = mask.document %[[I]]
// CHECK-NEXT: %[[Q:.*]] = mask.interval
// CHECK-NEXT: %[[A:.*]] = mask.and %[[Q]], %[[D]]
// CHECK-NEXT: mask.yield %[[A]]
func.func @intervals(%q: tensor<1x1x8x4xf32>, %ids: tensor<?xi32>) -> tensor<1x1x8x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x8x4xf32>) captures(%ids : tensor<?xi32>) predicate {
         ^bb0(%i: tensor<?xi32>):
           // expected-remark @below {{'mask.chunk' hides no key of this attention}}
           %chunk = mask.chunk size 8
           %document = mask.document %i : tensor<?xi32>
           %own = mask.interval lower affine_map<(q) -> (q floordiv 4 * 4)> upper affine_map<(q) -> (q floordiv 4 * 4 + 4)>
           // expected-remark @below {{'mask.interval' shows no key of this attention}}
           %after = mask.interval lower affine_map<(q) -> (q floordiv 2 + 8)> upper affine_map<(q) -> (q + 9)>
           %or = mask.or %after, %own
           %p = mask.and %chunk, %document, %or
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x8x4xf32>
  return %o : tensor<1x1x8x4xf32>
}

// -----

// Two affine intervals: the wider one hides nothing that the other shows. Only
// the linear prover knows: the structure of both says nothing.

// CHECK-LABEL: func @implied_interval
// CHECK: predicate {
// CHECK-NEXT: %[[P:.*]] = mask.interval lower #[[LOWER:.*]] upper
// CHECK-NEXT: mask.yield %[[P]]
func.func @implied_interval(%q: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%q : tensor<1x1x?x4xf32>) predicate {
           %near = mask.interval lower affine_map<(q) -> (q floordiv 4 * 4)> upper affine_map<(q) -> (q floordiv 4 * 4 + 4)>
           // expected-remark @below {{'mask.interval' hides no key of this attention that the rest of the mask shows}}
           %wide = mask.interval lower affine_map<(q) -> (q floordiv 4 * 4 - 1)> upper affine_map<(q) -> (q floordiv 4 * 4 + 5)>
           %p = mask.and %near, %wide
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// One key less on either side, and it stays.

// CHECK-LABEL: func @no_simplify_interval
// CHECK-COUNT-2: mask.interval
// CHECK: mask.and
func.func @no_simplify_interval(%q: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%q : tensor<1x1x?x4xf32>) predicate {
           %near = mask.interval lower affine_map<(q) -> (q floordiv 4 * 4)> upper affine_map<(q) -> (q floordiv 4 * 4 + 4)>
           %shifted = mask.interval lower affine_map<(q) -> (q floordiv 4 * 4 - 1)> upper affine_map<(q) -> (q floordiv 4 * 4 + 3)>
           %p = mask.and %near, %shifted
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// Tables are opaque: a disjunct that needs them and causal adds nothing to causal,
// one that needs ids does.

// CHECK-LABEL: func @tables
// CHECK: predicate {
// CHECK: %[[C:.*]] = mask.causal
// CHECK-NEXT: %[[D:.*]] = mask.document
// CHECK-NEXT: %[[P:.*]] = mask.or %[[C]], %[[D]]
// CHECK-NEXT: mask.yield %[[P]]
func.func @tables(%q: tensor<1x1x4x4xf32>, %low: tensor<?xi32>, %high: tensor<?xi32>) -> tensor<1x1x4x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>)
         outs(%q : tensor<1x1x4x4xf32>) captures(%low, %high : tensor<?xi32>, tensor<?xi32>) predicate {
         ^bb0(%l: tensor<?xi32>, %h: tensor<?xi32>):
           %causal = mask.causal
           %range = mask.row_range %l, %h : tensor<?xi32>
           %both = mask.and %causal, %range
           %document = mask.document %l : tensor<?xi32>
           %p = mask.or %both, %document, %causal
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x4x4xf32>
  return %o : tensor<1x1x4x4xf32>
}

// -----

// Offsets per batch row cancel: every row's keys start where its queries do. All
// batch rows are all that there are.

// CHECK-LABEL: func @offsets_per_batch
// CHECK: predicate {
// CHECK-NEXT: %[[C:.*]] = mask.causal
// CHECK-NEXT: mask.yield %[[C]]
func.func @offsets_per_batch(%q: tensor<2x1x4x4xf32>, %n: tensor<2xi32>) -> tensor<2x1x4x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<2x1x4x4xf32>, tensor<2x1x4x4xf32>, tensor<2x1x4x4xf32>)
         outs(%q : tensor<2x1x4x4xf32>) query_offset %n per batch : tensor<2xi32> key_offset %n per batch : tensor<2xi32>
         captures(%n : tensor<2xi32>) predicate {
         ^bb0(%m: tensor<2xi32>):
           // expected-remark @below {{the left bound of 'mask.window' hides no key of this attention}}
           %window = mask.window left 3 right 0
           // expected-remark @below {{'mask.key_length' shows no key of this attention}}
           %before = mask.key_length %m per batch : tensor<2xi32>
           %either = mask.or %window, %before
           // expected-remark @below {{'mask.batches' leaves out no part of this attention}}
           %p = mask.batches %either in [0, 1]
           mask.yield %p : !mask.predicate
         } -> tensor<2x1x4x4xf32>
  return %o : tensor<2x1x4x4xf32>
}

// -----

// A third batch row lies outside of the data, and is no member: both stay.

// CHECK-LABEL: func @no_simplify_outside_of_batch
// CHECK: mask.key_length
// CHECK: mask.batches
func.func @no_simplify_outside_of_batch(%q: tensor<3x1x4x4xf32>, %n: tensor<2xi32>) -> tensor<3x1x4x4xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<3x1x4x4xf32>, tensor<3x1x4x4xf32>, tensor<3x1x4x4xf32>)
         outs(%q : tensor<3x1x4x4xf32>) captures(%n : tensor<2xi32>) predicate {
         ^bb0(%m: tensor<2xi32>):
           %short = mask.key_length %m per batch : tensor<2xi32>
           %all = mask.not %short
           %p = mask.batches %all in [0, 1]
           mask.yield %p : !mask.predicate
         } -> tensor<3x1x4x4xf32>
  return %o : tensor<3x1x4x4xf32>
}

// -----

// A bounded offset is enough: the query is not before the last key.

// CHECK-LABEL: func @bounded_offset
// CHECK: mask.full
func.func @bounded_offset(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x?x4xf32>, %n: index) -> tensor<1x1x1x4xf32> {
  %two = arith.constant 2 : index
  %keys = tensor.dim %k, %two : tensor<1x1x?x4xf32>
  %offset = arith.maxsi %keys, %n : index
  // expected-remark @below {{every key is visible: no mask is left}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) query_offset %offset predicate {
           // expected-remark @below {{'mask.causal' hides no key of this attention}}
           %p = mask.causal
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x1x4xf32>
  return %o : tensor<1x1x1x4xf32>
}

// -----

// Blocks longer than the window are dropped, so that the window hides none of
// the others: it remains for the causal part. A bound of none drops all blocks.

// CHECK-LABEL: func @dropped_blocks
// CHECK: %[[C:.*]] = mask.window left 7 right 0
// CHECK-NEXT: %[[B:.*]] = mask.block_bidirectional
// CHECK-NEXT: %[[P:.*]] = mask.or %[[C]], %[[B]]
// CHECK-NEXT: mask.yield %[[P]]
func.func @dropped_blocks(%q: tensor<1x1x?x4xf32>, %types: tensor<?xi8>) -> tensor<1x1x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %ids = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %short = mask.drop_long %ids longer_than %c8 : tensor<?xi32>
  %none = mask.drop_long %ids longer_than %c0 : tensor<?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%q : tensor<1x1x?x4xf32>) captures(%short, %none : tensor<?xi32>, tensor<?xi32>) predicate {
         ^bb0(%s: tensor<?xi32>, %n: tensor<?xi32>):
           %window = mask.window left 7 right 0
           %block = mask.block_bidirectional %s : tensor<?xi32>
           // expected-remark @below {{'mask.window' hides no key of this attention that the rest of the mask shows}}
           %left = mask.window left 7 right unbounded
           %near = mask.and %left, %block
           // expected-remark @below {{'mask.block_bidirectional' shows no key of this attention}}
           %dropped = mask.block_bidirectional %n : tensor<?xi32>
           %p = mask.or %window, %near, %dropped
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// Keys in pages are as many as a row of the table has pages of, not rows of a page.

// CHECK-LABEL: func @pages
// CHECK: %[[P:.*]] = mask.prefix 47
// CHECK-NEXT: mask.yield %[[P]]
// CHECK: %[[F:.*]] = mask.full
// CHECK-NEXT: mask.yield %[[F]]
func.func @pages(%q: tensor<1x1x1x4xf32>, %pool: tensor<?x1x16x4xf32>, %table: tensor<1x3xi32>) -> (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) {
  %o = mask.attention ins(%q, %pool, %pool : tensor<1x1x1x4xf32>, tensor<?x1x16x4xf32>, tensor<?x1x16x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) key_pages %table page 16 : tensor<1x3xi32> predicate {
           %p = mask.prefix 47
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x1x4xf32>
  // expected-remark @below {{every key is visible: no mask is left}}
  %r = mask.attention ins(%q, %pool, %pool : tensor<1x1x1x4xf32>, tensor<?x1x16x4xf32>, tensor<?x1x16x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) key_pages %table page 16 : tensor<1x3xi32> predicate {
           // expected-remark @below {{'mask.prefix' hides no key of this attention}}
           %p = mask.prefix 48
           mask.yield %p : !mask.predicate
         } -> tensor<1x1x1x4xf32>
  return %o, %r : tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>
}
