// RUN: mask-opt %s -split-input-file -mask-specialize-layers -remarks-filter=mask-specialize-layers -verify-diagnostics | FileCheck %s

// Five calls, two bodies: one per layer type, with the shapes before the casts.
// Ids and their table are computed once in the caller and passed in; the full
// layers do not take them.

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

// CHECK-NOT: mask.policy
// CHECK-NOT: func.func private @attention_layer(

// CHECK-DAG: func.func private @attention_layer_full_attention(%{{.*}}: tensor<1x16x?x512xf32>, %{{.*}}: tensor<1x2x?x512xf32>, %{{.*}}: tensor<1x2x?x512xf32>, %{{.*}}: tensor<1x16x?x512xf32>) -> tensor<1x16x?x512xf32>
// CHECK-DAG: func.func private @attention_layer_sliding_attention(%{{.*}}: tensor<1x16x?x256xf32>, %{{.*}}: tensor<1x8x?x256xf32>, %{{.*}}: tensor<1x8x?x256xf32>, %{{.*}}: tensor<1x16x?x256xf32>, %{{.*}}: tensor<?x?xi32>, %{{.*}}: tensor<?x?x4xi32>) -> tensor<1x16x?x256xf32>

// expected-remark @below {{3 layers share @attention_layer_sliding_attention}}
// expected-remark @below {{2 layers share @attention_layer_full_attention}}
func.func private @attention_layer(%q: tensor<?x?x?x?xf32>, %k: tensor<?x?x?x?xf32>, %v: tensor<?x?x?x?xf32>,
                                   %out: tensor<?x?x?x?xf32>, %m: !mask.predicate) -> tensor<?x?x?x?xf32> {
  %o = mask.attention ins(%q, %k, %v : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%out : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

// CHECK-LABEL: func.func @model
// CHECK: %[[IDS:.*]] = mask.runs
// CHECK: %[[TABLE:.*]] = mask.interval_table %[[IDS]] non_negative
// CHECK-NOT: mask.
// CHECK: call @attention_layer_sliding_attention({{.*}}, %[[IDS]], %[[TABLE]])
// CHECK: call @attention_layer_sliding_attention({{.*}}, %[[IDS]], %[[TABLE]])
// CHECK: call @attention_layer_full_attention(
// CHECK: call @attention_layer_sliding_attention({{.*}}, %[[IDS]], %[[TABLE]])
// CHECK: call @attention_layer_full_attention(
// CHECK-NOT: mask.
// CHECK: return
func.func @model(%t: tensor<?x?xi8>, %q: tensor<1x16x?x256xf32>, %k: tensor<1x8x?x256xf32>,
                 %gq: tensor<1x16x?x512xf32>, %gk: tensor<1x2x?x512xf32>) -> (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>) {
  %w = arith.constant 1024 : index
  %s = mask.of_layer @gemma "sliding_attention"(%t, %w) : tensor<?x?xi8>, index
  %f = mask.of_layer @gemma "full_attention"(%t, %w) : tensor<?x?xi8>, index
  %q0 = tensor.cast %q : tensor<1x16x?x256xf32> to tensor<?x?x?x?xf32>
  %k0 = tensor.cast %k : tensor<1x8x?x256xf32> to tensor<?x?x?x?xf32>
  %q1 = tensor.cast %gq : tensor<1x16x?x512xf32> to tensor<?x?x?x?xf32>
  %k1 = tensor.cast %gk : tensor<1x2x?x512xf32> to tensor<?x?x?x?xf32>
  %0 = call @attention_layer(%q0, %k0, %k0, %q0, %s) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  %1 = call @attention_layer(%0, %k0, %k0, %q0, %s) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  %2 = call @attention_layer(%q1, %k1, %k1, %q1, %f) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  %3 = call @attention_layer(%1, %k0, %k0, %q0, %s) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  %4 = call @attention_layer(%2, %k1, %k1, %q1, %f) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  return %3, %4 : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>
}

// -----

// expected-note @below {{function declared here}}
func.func private @outside(%m: !mask.predicate)
func.func @negative_external() {
  %m = mask.causal
  // expected-error @below {{gives a predicate to 'outside', which has no body to specialise}}
  call @outside(%m) : (!mask.predicate) -> ()
  return
}
