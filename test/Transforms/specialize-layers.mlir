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

// -----

// Two predicates of one call: both are sunk, in their order.

// CHECK-LABEL: func.func private @both_specialized
// CHECK: mask.attention {{.*}} predicate {
// CHECK-NEXT: %[[C:.*]] = mask.causal
// CHECK-NEXT: mask.yield %[[C]]
// CHECK: mask.attention {{.*}} predicate {
// CHECK: %[[W:.*]] = mask.window left 3 right 3
// CHECK-NEXT: mask.yield %[[W]]
// expected-remark @below {{1 layer uses @both_specialized}}
func.func private @both(%m: !mask.predicate, %x: tensor<1x1x?x4xf32>, %n: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  %b = mask.attention ins(%a, %a, %a : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%n) -> tensor<1x1x?x4xf32>
  return %b : tensor<1x1x?x4xf32>
}
// CHECK-LABEL: func.func @two_predicates
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: call @both_specialized(%[[X]])
func.func @two_predicates(%x: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
  %m = mask.causal
  %n = mask.window left 3 right 3
  %0 = call @both(%m, %x, %n) : (!mask.predicate, tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}

// -----

// A layer that calls a layer, from two callers: what the outer body passes on is
// what the inner one reads, the table and not the ids of the other caller. Both
// generic layers are gone, in whatever order they were met.

// CHECK-NOT: @inner(
// CHECK-NOT: @outer(
// CHECK-DAG: func.func private @outer_specialized(%{{.*}}: tensor<1x1x?x4xf32>, %[[IDS:.*]]: tensor<?xi32>, %[[TABLE:.*]]: tensor<?x4xi32>)
// CHECK-DAG: call @inner_specialized(%{{.*}}, %[[IDS]], %[[TABLE]])
// CHECK-DAG: func.func private @inner_specialized
// expected-remark @below {{1 layer uses @inner_specialized}}
func.func private @inner(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %a : tensor<1x1x?x4xf32>
}
// expected-remark @below {{2 layers share @outer_specialized}}
func.func private @outer(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %causal = mask.causal
  %n = mask.and %m, %causal
  %0 = call @inner(%x, %n) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}
// CHECK-LABEL: func.func @first
// CHECK-SAME: %[[X:.*]]: tensor<1x1x?x4xf32>, %[[ID:.*]]: tensor<?xi32>
// CHECK: %[[T:.*]] = mask.interval_table %[[ID]]
// CHECK: call @outer_specialized(%[[X]], %[[ID]], %[[T]])
func.func @first(%x: tensor<1x1x?x4xf32>, %ids: tensor<?xi32>) -> tensor<1x1x?x4xf32> {
  %m = mask.document %ids : tensor<?xi32>
  %0 = call @outer(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}
// CHECK-LABEL: func.func @second
// CHECK: call @outer_specialized
func.func @second(%x: tensor<1x1x?x4xf32>, %ids: tensor<?xi32>) -> tensor<1x1x?x4xf32> {
  %m = mask.document %ids : tensor<?xi32>
  %0 = call @outer(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}

// -----

// What the inner body does not need, the outer one does not take: the window is
// longer than the sequence.

// CHECK-DAG: func.func private @outer_specialized(%{{[a-z0-9]*}}: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32>
// CHECK-DAG: func.func private @inner_specialized(%{{[a-z0-9]*}}: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32>
// expected-remark @below {{1 layer uses @inner_specialized}}
func.func private @inner(%x: tensor<1x1x8x4xf32>, %m: !mask.predicate) -> tensor<1x1x8x4xf32> {
  // expected-remark @below {{every key is visible: no mask is left}}
  %a = mask.attention ins(%x, %x, %x : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%x : tensor<1x1x8x4xf32>) mask(%m) -> tensor<1x1x8x4xf32>
  return %a : tensor<1x1x8x4xf32>
}
// expected-remark @below {{1 layer uses @outer_specialized}}
func.func private @outer(%x: tensor<1x1x8x4xf32>, %m: !mask.predicate) -> tensor<1x1x8x4xf32> {
  %0 = call @inner(%x, %m) : (tensor<1x1x8x4xf32>, !mask.predicate) -> tensor<1x1x8x4xf32>
  return %0 : tensor<1x1x8x4xf32>
}
// CHECK-LABEL: func.func @unused_captures
// CHECK-NEXT: call @outer_specialized(%{{[a-z0-9]*}})
func.func @unused_captures(%x: tensor<1x1x8x4xf32>, %ids: tensor<?xi32>) -> tensor<1x1x8x4xf32> {
  %document = mask.document %ids : tensor<?xi32>
  %window = mask.window left 7 right 7
  // expected-remark @below {{'mask.or' hides no key of this attention}}
  %m = mask.or %document, %window
  %0 = call @outer(%x, %m) : (tensor<1x1x8x4xf32>, !mask.predicate) -> tensor<1x1x8x4xf32>
  return %0 : tensor<1x1x8x4xf32>
}

// -----

// A layer that calls itself with its own predicate is one body, and the generic
// form is gone.

// CHECK-NOT: @loop(
// CHECK: func.func private @loop_specialized
// CHECK: call @loop_specialized
// CHECK-NOT: @loop(
// expected-remark @below {{2 layers share @loop_specialized}}
func.func private @loop(%x: tensor<1x1x?x4xf32>, %more: i1, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %no = arith.constant false
  %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  %b = scf.if %more -> tensor<1x1x?x4xf32> {
    %0 = func.call @loop(%a, %no, %m) : (tensor<1x1x?x4xf32>, i1, !mask.predicate) -> tensor<1x1x?x4xf32>
    scf.yield %0 : tensor<1x1x?x4xf32>
  } else {
    scf.yield %a : tensor<1x1x?x4xf32>
  }
  return %b : tensor<1x1x?x4xf32>
}
func.func @recursion(%x: tensor<1x1x?x4xf32>, %more: i1) -> tensor<1x1x?x4xf32> {
  %m = mask.causal
  %0 = call @loop(%x, %more, %m) : (tensor<1x1x?x4xf32>, i1, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}

// -----

// One that calls itself with ever another predicate does not end.

func.func private @negative_growing(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) {
  %n = mask.shift %m query 1 key 0
  // expected-error @below {{needs more than 64 bodies, each for a call of the one before: the predicate grows with every call}}
  call @negative_growing(%x, %n) : (tensor<1x1x?x4xf32>, !mask.predicate) -> ()
  return
}
func.func @growth(%x: tensor<1x1x?x4xf32>, %mask: tensor<?x?xi1>) {
  %m = mask.dense %mask : tensor<?x?xi1>
  call @negative_growing(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> ()
  return
}

// -----

// Who else may call a layer keeps it: its name is public, or taken as a value.

// CHECK-LABEL: func.func @public_layer(
// expected-remark @below {{1 layer uses @public_layer_specialized}}
// expected-remark @below {{@public_layer stays: it is public}}
func.func @public_layer(%m: !mask.predicate) {
  return
}
// CHECK-LABEL: func.func private @pointed_to(
// expected-remark @below {{1 layer uses @pointed_to_specialized}}
// expected-remark @below {{@pointed_to stays: it is used other than by calls with a known predicate}}
func.func private @pointed_to(%m: !mask.predicate) {
  return
}
// CHECK-LABEL: func.func @pointers
// CHECK: %[[F:.*]] = constant @pointed_to
// CHECK: call @public_layer_specialized()
// CHECK: call @pointed_to_specialized()
// CHECK: call_indirect %[[F]](%{{.*}})
func.func @pointers() {
  %m = mask.causal
  call @public_layer(%m) : (!mask.predicate) -> ()
  call @pointed_to(%m) : (!mask.predicate) -> ()
  %f = constant @pointed_to : (!mask.predicate) -> ()
  call_indirect %f(%m) : (!mask.predicate) -> ()
  return
}

// -----

// Each module has its own layers; those of a name are different functions.

// CHECK: module @left
// CHECK: func.func private @layer_specialized
// CHECK-NEXT: mask.attention {{.*}} predicate {
// CHECK-NEXT: mask.causal
// CHECK: func.func @model
// CHECK-NEXT: call @layer_specialized
module @left {
  // expected-remark @below {{1 layer uses @layer_specialized}}
  func.func private @layer(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
    %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
           outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
    return %a : tensor<1x1x?x4xf32>
  }
  func.func @model(%x: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
    %m = mask.causal
    %0 = call @layer(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
    return %0 : tensor<1x1x?x4xf32>
  }
}
// CHECK: module @right
// CHECK: func.func private @layer_specialized
// CHECK-NEXT: mask.attention {{.*}} predicate {
// CHECK-NEXT: mask.prefix 4
module @right {
  // expected-remark @below {{1 layer uses @layer_specialized}}
  func.func private @layer(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
    %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
           outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
    return %a : tensor<1x1x?x4xf32>
  }
  func.func @model(%x: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
    %m = mask.prefix 4
    %0 = call @layer(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
    return %0 : tensor<1x1x?x4xf32>
  }
}

// -----

// The types of the caller's data reach the arguments of the score region, too.

// CHECK-LABEL: @biased_layer_specialized(
// CHECK-SAME: %{{.*}}: tensor<1x1x4x8xf32>, %[[BIAS:.*]]: tensor<4xf32>)
// CHECK: score_captures(%[[BIAS]] : tensor<4xf32>)
// CHECK: ^bb0({{.*}}, %[[T:.*]]: tensor<4xf32>):
// CHECK-NEXT: tensor.extract %[[T]]
// expected-remark @below {{1 layer uses @biased_layer_specialized}}
func.func private @biased_layer(%x: tensor<?x?x?x?xf32>, %bias: tensor<?xf32>, %m: !mask.predicate) -> tensor<?x?x?x?xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%x : tensor<?x?x?x?xf32>) mask(%m) score_captures(%bias : tensor<?xf32>) score {
         ^bb0(%s: f32, %b: index, %h: index, %q: index, %k: index, %t: tensor<?xf32>):
           %0 = tensor.extract %t[%k] : tensor<?xf32>
           %1 = arith.addf %s, %0 : f32
           mask.yield %1 : f32
         } -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}
func.func @biased_model(%x: tensor<1x1x4x8xf32>, %bias: tensor<4xf32>) -> tensor<?x?x?x?xf32> {
  %m = mask.causal
  %0 = tensor.cast %x : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
  %1 = tensor.cast %bias : tensor<4xf32> to tensor<?xf32>
  %2 = call @biased_layer(%0, %1, %m) : (tensor<?x?x?x?xf32>, tensor<?xf32>, !mask.predicate) -> tensor<?x?x?x?xf32>
  return %2 : tensor<?x?x?x?xf32>
}

// -----

// Functions and calls of another dialect. Its calls have results of other types
// than what the function returns, which stay.

// CHECK-NOT: @layer(
// CHECK-LABEL: async.func private @layer_specialized(
// CHECK-SAME: %[[X:.*]]: tensor<1x1x4x8xf32>, %[[IDS:.*]]: tensor<4xi32>, %{{.*}}: tensor<4x4xi32>) -> !async.value<tensor<1x1x?x8xf32>>
// CHECK: mask.attention ins(%[[X]], %[[X]], %[[X]] : tensor<1x1x4x8xf32>, {{.*}} captures(%[[IDS]]
// CHECK: return %{{.*}} : tensor<1x1x?x8xf32>
// CHECK-LABEL: async.func @model
// CHECK: call @layer_specialized(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<1x1x4x8xf32>, tensor<4xi32>, tensor<4x4xi32>) -> !async.value<tensor<1x1x?x8xf32>>
// CHECK: call @layer_specialized(
// expected-remark @below {{2 layers share @layer_specialized}}
async.func private @layer(%x: tensor<1x1x?x8xf32>, %m: !mask.predicate) -> !async.value<tensor<1x1x?x8xf32>> {
  %a = mask.attention ins(%x, %x, %x : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>)
         outs(%x : tensor<1x1x?x8xf32>) mask(%m) -> tensor<1x1x?x8xf32>
  return %a : tensor<1x1x?x8xf32>
}
async.func @model(%x: tensor<1x1x4x8xf32>, %ids: tensor<4xi32>) -> !async.token {
  %0 = tensor.cast %x : tensor<1x1x4x8xf32> to tensor<1x1x?x8xf32>
  %m = mask.document %ids : tensor<4xi32>
  %1 = call @layer(%0, %m) : (tensor<1x1x?x8xf32>, !mask.predicate) -> !async.value<tensor<1x1x?x8xf32>>
  %2 = call @layer(%0, %m) : (tensor<1x1x?x8xf32>, !mask.predicate) -> !async.value<tensor<1x1x?x8xf32>>
  return
}

// -----

// A predicate that a function returns has no structure to specialise for.

func.func private @make() -> !mask.predicate
func.func private @layer(%m: !mask.predicate) {
  return
}
func.func @negative_opaque() {
  // expected-note @below {{predicate comes from here}}
  %m = call @make() : () -> !mask.predicate
  // expected-error @below {{takes a predicate that is not built from ops of the mask dialect, so that no body can be specialised for it}}
  call @layer(%m) : (!mask.predicate) -> ()
  return
}
