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

// What is asked at shifted coordinates, too, is left alone inside.

// CHECK-LABEL: func @no_simplify_shared_with_positions
// CHECK: mask.prefix 8
func.func @no_simplify_shared_with_positions(%q: tensor<1x1x8x64xf32>, %pos: tensor<?xi32>, %ids: tensor<?xi32>) -> tensor<1x1x8x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x64xf32>, tensor<1x1x8x64xf32>, tensor<1x1x8x64xf32>)
         outs(%q : tensor<1x1x8x64xf32>) captures(%pos, %ids : tensor<?xi32>, tensor<?xi32>) predicate {
         ^bb0(%p0: tensor<?xi32>, %i0: tensor<?xi32>):
           %prefix = mask.prefix 8
           %doc = mask.document %i0 : tensor<?xi32>
           %a = mask.and %prefix, %doc
           %b = mask.at_positions %a query %p0 key %p0 : tensor<?xi32>, tensor<?xi32>
           %c = mask.or %a, %b
           mask.yield %c : !mask.predicate
         } -> tensor<1x1x8x64xf32>
  return %o : tensor<1x1x8x64xf32>
}
