// RUN: mask-opt %s -canonicalize -split-input-file -verify-diagnostics | FileCheck %s
// RUN: mask-opt %s -inline -split-input-file -verify-diagnostics | FileCheck %s

// Upstream folds casts into destination-passing ops by cloning them with other
// operand types. Here the captures give a region its types, and regions may be
// missing: attention folds the casts itself, and first.

// CHECK-LABEL: func.func @open
// CHECK-SAME: %[[Q:.*]]: tensor<1x1x4x8xf32>
// CHECK: %[[O:.*]] = mask.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) outs(%[[Q]] : {{.*}}) mask({{.*}}) -> tensor<1x1x4x8xf32>
// CHECK: %[[BACK:.*]] = tensor.cast %[[O]] : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
// CHECK: return %[[BACK]]
func.func @open(%q: tensor<1x1x4x8xf32>) -> tensor<?x?x?x?xf32> {
  %m = mask.causal
  %0 = tensor.cast %q : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
  %o = mask.attention ins(%0, %0, %0 : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%0 : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

// A predicate that is code captures what the region does.
// CHECK-LABEL: func.func @generic
// CHECK-SAME: %{{[^:]*}}: tensor<1x1x4x8xf32>, %[[IDS:[^:]*]]: tensor<4xi32>
// CHECK: mask.attention {{.*}} captures(%[[IDS]] : tensor<4xi32>) predicate {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<4xi32>):
// CHECK-NEXT: mask.generic captures(%[[I]] : tensor<4xi32>) {
// CHECK-NEXT: ^bb0({{.*}}, %[[T:.*]]: tensor<4xi32>):
// CHECK: tensor.extract %[[T]][{{.*}}] : tensor<4xi32>
func.func @generic(%q: tensor<1x1x4x8xf32>, %ids: tensor<4xi32>) -> tensor<1x1x4x8xf32> {
  %0 = tensor.cast %ids : tensor<4xi32> to tensor<?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) captures(%0 : tensor<?xi32>) predicate {
  ^bb0(%i: tensor<?xi32>):
    %p = mask.generic captures(%i : tensor<?xi32>) {
    ^bb1(%b: index, %h: index, %qi: index, %ki: index, %t: tensor<?xi32>):
      %x = tensor.extract %t[%ki] : tensor<?xi32>
      %zero = arith.constant 0 : i32
      %v = arith.cmpi sgt, %x, %zero : i32
      mask.yield %v : i1
    }
    mask.yield %p : !mask.predicate
  } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}

// CHECK-LABEL: func.func @closed
// CHECK-SAME: %[[IDS:[^:]*]]: tensor<4xi32>, %[[BIAS:[^:]*]]: tensor<4xf32>
// CHECK: mask.attention {{.*}} captures(%[[IDS]] : tensor<4xi32>) score_captures(%[[BIAS]] : tensor<4xf32>) predicate {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<4xi32>):
// CHECK-NEXT: mask.document %[[I]] : tensor<4xi32>
// CHECK: ^bb0({{.*}}, %[[T:.*]]: tensor<4xf32>):
// CHECK-NEXT: tensor.extract %[[T]][{{.*}}] : tensor<4xf32>
func.func @closed(%q: tensor<1x1x4x8xf32>, %ids: tensor<4xi32>, %bias: tensor<4xf32>) -> tensor<1x1x4x8xf32> {
  %0 = tensor.cast %ids : tensor<4xi32> to tensor<?xi32>
  %1 = tensor.cast %bias : tensor<4xf32> to tensor<?xf32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) captures(%0 : tensor<?xi32>) score_captures(%1 : tensor<?xf32>) predicate {
         ^bb0(%i: tensor<?xi32>):
           %p = mask.document %i : tensor<?xi32>
           mask.yield %p : !mask.predicate
         } score {
         ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %t: tensor<?xf32>):
           %x = tensor.extract %t[%ki] : tensor<?xf32>
           %y = arith.addf %s, %x : f32
           mask.yield %y : f32
         } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}

// What insists on a type in the region gets it by a cast there.
// CHECK-LABEL: func.func @reader_of_a_type
// CHECK: captures(%{{.*}} : tensor<4xi32>, index) predicate {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<4xi32>, %{{.*}}: index):
// CHECK-NEXT: %[[ANY:.*]] = tensor.cast %[[I]] : tensor<4xi32> to tensor<?xi32>
// CHECK-NEXT: mask.drop_long %[[ANY]] longer_than %{{.*}} : tensor<?xi32>
// CHECK: mask.document %[[I]] : tensor<4xi32>
func.func @reader_of_a_type(%q: tensor<1x1x4x8xf32>, %ids: tensor<4xi32>, %n: index) -> tensor<1x1x4x8xf32> {
  %0 = tensor.cast %ids : tensor<4xi32> to tensor<?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) captures(%0, %n : tensor<?xi32>, index) predicate {
         ^bb0(%i: tensor<?xi32>, %bound: index):
           %short = mask.drop_long %i longer_than %bound : tensor<?xi32>
           %p = mask.document %short : tensor<?xi32>
           %r = mask.document %i : tensor<?xi32>
           %both = mask.or %p, %r
           mask.yield %both : !mask.predicate
         } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}

// Casts that make a tensor more static stay: they say more than the operand.
// CHECK-LABEL: func.func @negative_more_static
// CHECK: %[[Q:.*]] = tensor.cast
// CHECK: mask.attention ins(%[[Q]], %[[Q]], %[[Q]] :
func.func @negative_more_static(%q: tensor<?x?x?x?xf32>) -> tensor<1x1x4x8xf32> {
  %m = mask.causal
  %0 = tensor.cast %q : tensor<?x?x?x?xf32> to tensor<1x1x4x8xf32>
  %o = mask.attention ins(%0, %0, %0 : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%0 : tensor<1x1x4x8xf32>) mask(%m) -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}

// A layer that is declared for any shape, inlined where the shapes are known.
func.func private @layer(%x: tensor<?x?x?x?xf32>, %l: tensor<?x?x?xf32>) -> (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>) {
  %m = mask.causal
  %o:2 = mask.attention ins(%x, %x, %x : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%x, %l : tensor<?x?x?x?xf32>, tensor<?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
  return %o#0, %o#1 : tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
}

// CHECK-LABEL: func.func @model
func.func @model(%x: tensor<1x1x4x8xf32>, %l: tensor<1x1x4xf32>) -> tensor<?x?x?xf32> {
  %0 = tensor.cast %x : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
  %1 = tensor.cast %l : tensor<1x1x4xf32> to tensor<?x?x?xf32>
  %2:2 = call @layer(%0, %1) : (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>) -> (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>)
  return %2#1 : tensor<?x?x?xf32>
}

// -----

// Casts can hide sizes that do not agree; without them the verifier sees it.
func.func @hidden_sizes(%q: tensor<1x1x4x8xf32>, %k: tensor<1x1x4x16xf32>) -> tensor<1x1x4x8xf32> {
  %m = mask.causal
  %0 = tensor.cast %k : tensor<1x1x4x16xf32> to tensor<?x?x?x?xf32>
  // expected-error @+1 {{key must agree in head dimension, got 8 and 16}}
  %o = mask.attention ins(%q, %0, %q : tensor<1x1x4x8xf32>, tensor<?x?x?x?xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) mask(%m) -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}
