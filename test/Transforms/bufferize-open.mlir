// RUN: mask-opt %s -split-input-file -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" -verify-diagnostics

// The negative control of overwritten-facts.mlir: without captures nothing says
// that the attention reads the ids, the write would go to them in place, and the
// attention would see the new ones. Not compiled, but refused.

func.func @negative_open(%q: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>, %ids: tensor<1x8xi32>, %id: i32)
    -> (tensor<1x1x8x4xf32>, tensor<1x8xi32>) {
  %zero = arith.constant 0 : index
  %m = mask.document %ids : tensor<1x8xi32>
  %new = tensor.insert %id into %ids[%zero, %zero] : tensor<1x8xi32>
  // expected-error @below {{failed to bufferize op}}
  // expected-error @below {{'mask.attention' op reads its facts lazily, so writes to them cannot be ordered; close predicates first (mask-close-predicates)}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%out : tensor<1x1x8x4xf32>) mask(%m) -> tensor<1x1x8x4xf32>
  return %o, %new : tensor<1x1x8x4xf32>, tensor<1x8xi32>
}

// -----

// A predicate that nobody reads reads nothing.

func.func @unused(%ids: tensor<1x8xi32>, %id: i32) -> tensor<1x8xi32> {
  %zero = arith.constant 0 : index
  %m = mask.document %ids : tensor<1x8xi32>
  %new = tensor.insert %id into %ids[%zero, %zero] : tensor<1x8xi32>
  return %new : tensor<1x8xi32>
}

// -----

// One that leaves the function is read somewhere else: it has no form on buffers.

func.func @negative_returned(%ids: tensor<1x8xi32>) -> !mask.predicate {
  // expected-error @below {{op was not bufferized}}
  %m = mask.document %ids : tensor<1x8xi32>
  return %m : !mask.predicate
}
