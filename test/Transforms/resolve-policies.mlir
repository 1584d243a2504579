// RUN: mask-opt %s -split-input-file -mask-resolve-policies -verify-diagnostics | FileCheck %s
// RUN: mask-opt %s -split-input-file -mask-resolve-policies=keep-policies -verify-diagnostics | FileCheck %s --check-prefix=KEEP

// The facts take the places of the policy's arguments; what the layer type does
// not depend on is not cloned; a policy without uses is erased.

// CHECK-NOT: mask.policy
// KEEP: mask.policy @gemma
mask.policy @gemma("token_types" %t : tensor<?x?xi8>, "window" %W : index) {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %either = mask.or %causal, %block
  %slide = mask.and %left, %either
  mask.layer_type "full_attention" = %causal
  mask.layer_type "sliding_attention" = %slide
}

// CHECK-LABEL: func @sliding
// CHECK-SAME: %[[T:.*]]: tensor<?x?xi8>, %[[W:.*]]: index
func.func @sliding(%t: tensor<?x?xi8>, %w: index) -> !mask.predicate {
  // CHECK-NEXT: %[[IDS:.*]] = mask.runs %[[T]] of [1, 2]
  // CHECK-NEXT: %[[CAUSAL:.*]] = mask.causal
  // CHECK-NEXT: %[[BLOCK:.*]] = mask.block_bidirectional %[[IDS]]
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1
  // CHECK-NEXT: %[[PAST:.*]] = arith.subi %[[W]], %[[ONE]]
  // CHECK-NEXT: %[[LEFT:.*]] = mask.window left %[[PAST]] right unbounded
  // CHECK-NEXT: %[[EITHER:.*]] = mask.or %[[CAUSAL]], %[[BLOCK]]
  // CHECK-NEXT: %[[SLIDE:.*]] = mask.and %[[LEFT]], %[[EITHER]]
  // CHECK-NEXT: return %[[SLIDE]]
  %m = mask.of_layer @gemma "sliding_attention"(%t, %w) : tensor<?x?xi8>, index
  return %m : !mask.predicate
}

// CHECK-LABEL: func @full
func.func @full(%t: tensor<?x?xi8>, %w: index) -> !mask.predicate {
  // CHECK-NEXT: %[[CAUSAL:.*]] = mask.causal
  // CHECK-NEXT: return %[[CAUSAL]]
  %m = mask.of_layer @gemma "full_attention"(%t, %w) : tensor<?x?xi8>, index
  return %m : !mask.predicate
}

// A more static fact is cast to the type that the policy was verified with.
// CHECK-LABEL: func @static_fact
func.func @static_fact(%t: tensor<1x128xi8>, %w: index) -> !mask.predicate {
  // CHECK: %[[CAST:.*]] = tensor.cast %{{.*}} : tensor<1x128xi8> to tensor<?x?xi8>
  // CHECK: mask.runs %[[CAST]]
  %m = mask.of_layer @gemma "sliding_attention"(%t, %w) : tensor<1x128xi8>, index
  return %m : !mask.predicate
}

// -----

// The packing rule replaces `request`, and only `request`.

mask.policy @packed("sequence_ids" optional %s : tensor<?x?xi32>) {
  %causal = mask.causal
  %none = mask.empty
  %p = mask.packed %causal, %none rule request sequences %s : tensor<?x?xi32>
  %f = mask.packed %causal, %none rule v5_23 sequences %s : tensor<?x?xi32>
  mask.layer_type "full_attention" = %p
  mask.layer_type "fixed" = %f
}

// CHECK-LABEL: func @packing
func.func @packing(%s: tensor<?x?xi32>) -> (!mask.predicate, !mask.predicate, !mask.predicate) {
  // CHECK: mask.packed {{.*}} rule v5_24
  %a = mask.of_layer @packed "full_attention"(%s) packing v5_24 : tensor<?x?xi32>
  // CHECK: mask.packed {{.*}} rule v5_12
  %b = mask.of_layer @packed "full_attention"(%s) : tensor<?x?xi32>
  // CHECK: mask.packed {{.*}} rule v5_23
  %c = mask.of_layer @packed "fixed"(%s) packing v5_24 : tensor<?x?xi32>
  return %a, %b, %c : !mask.predicate, !mask.predicate, !mask.predicate
}

// -----

// A policy may build on another one; the packing rule goes with it.

mask.policy @inner("sequence_ids" optional %s : tensor<?x?xi32>) {
  %causal = mask.causal
  %none = mask.empty
  %p = mask.packed %causal, %none rule request sequences %s : tensor<?x?xi32>
  mask.layer_type "*" = %p
}
mask.policy @outer("sequence_ids" optional %s : tensor<?x?xi32>) {
  %p = mask.of_layer @inner "any"(%s) : tensor<?x?xi32>
  %w = mask.window left 7 right 0
  %q = mask.and %p, %w
  mask.layer_type "*" = %q
}

// CHECK-NOT: mask.policy
// CHECK-LABEL: func @nested
func.func @nested(%s: tensor<?x?xi32>) -> !mask.predicate {
  // CHECK: %[[P:.*]] = mask.packed {{.*}} rule v5_23
  // CHECK: %[[W:.*]] = mask.window left 7 right 0
  // CHECK: mask.and %[[P]], %[[W]]
  %a = mask.of_layer @outer "x"(%s) packing v5_23 : tensor<?x?xi32>
  return %a : !mask.predicate
}

// -----

// expected-note @below {{policy declared here}}
mask.policy @loop("window" %w : index) {
  // expected-error @below {{policy 'loop' is built from itself}}
  %p = mask.of_layer @loop "any"(%w) : index
  mask.layer_type "*" = %p
}
func.func @negative_recursive(%w: index) -> !mask.predicate {
  %a = mask.of_layer @loop "x"(%w) : index
  return %a : !mask.predicate
}

// -----

// A side without bound is -1 elsewhere; what shows nothing by it is said. Windows beside the
// query are legal, and so is a diagonal.
func.func @no_bound_elsewhere() {
  // expected-warning @below {{a window of left -1 right 0 shows nothing; -1 is no bound in FlashAttention, which is 'unbounded' here}}
  %a = mask.window left -1 right 0
  // expected-warning @below {{a window of left -1 right -1 shows nothing}}
  %b = mask.window left -1 right -1
  // expected-warning @below {{a window of left 0 right -1 shows nothing}}
  %c = mask.window left 0 right -1
  %strict = mask.window left unbounded right -1
  %past = mask.window left 7 right -1
  %next = mask.window left -1 right 4
  %future = mask.window left -1 right unbounded
  %self = mask.window left 0 right 0
  %none = mask.window left -3 right 2
  return
}
