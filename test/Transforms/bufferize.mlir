// RUN: mask-opt %s --split-input-file --verify-diagnostics \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize \
// RUN:   | FileCheck %s

// The captures, and with them the arguments of the regions, become memrefs; an
// upstream read of a captured tensor becomes a load.
// CHECK-LABEL: func @closed
//  CHECK-SAME: %[[QUERY:[a-z0-9]+]]: memref<1x8x?x64xf32>, %[[KEY:[a-z0-9]+]]: memref<1x2x?x64xf32>, %[[OUT:[a-z0-9]+]]: memref<1x8x?x64xf32>
//   CHECK-NOT: memref.alloc
//       CHECK: mask.attention ins(%[[QUERY]], %[[KEY]], %[[KEY]] : {{.*}}) outs(%[[OUT]] : memref<1x8x?x64xf32>) captures(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x?xi32>, index, memref<?xi32>)
//       CHECK: ^bb0(%[[IDS:.*]]: memref<?x?xi32>, %{{.*}}: index, %[[LAST:.*]]: memref<?xi32>):
//       CHECK:   mask.block_bidirectional %[[IDS]] : memref<?x?xi32>
//       CHECK:   mask.generic captures(%[[LAST]] : memref<?xi32>)
//       CHECK:   ^bb0(%{{.*}}: index, %{{.*}}: index, %[[Q:.*]]: index, %{{.*}}: index, %[[INNER:.*]]: memref<?xi32>):
//       CHECK:     memref.load %[[INNER]][%[[Q]]] : memref<?xi32>
//   CHECK-NOT: memref.copy
//       CHECK: return %[[OUT]]
func.func @closed(%query: tensor<1x8x?x64xf32>, %key: tensor<1x2x?x64xf32>, %out: tensor<1x8x?x64xf32>,
                  %window: index, %ids : tensor<?x?xi32>, %last: tensor<?xi32>) -> tensor<1x8x?x64xf32> {
  %result = mask.attention ins(%query, %key, %key : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
      outs(%out : tensor<1x8x?x64xf32>) captures(%ids, %window, %last : tensor<?x?xi32>, index, tensor<?xi32>) predicate {
    ^bb0(%i : tensor<?x?xi32>, %w: index, %l: tensor<?xi32>):
      %block = mask.block_bidirectional %i : tensor<?x?xi32>
      %until = mask.generic captures(%l : tensor<?xi32>) {
      ^bb1(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
        %e = tensor.extract %x[%q] : tensor<?xi32>
        %bound = arith.index_cast %e : i32 to index
        %visible = arith.cmpi sge, %bound, %k : index
        mask.yield %visible : i1
      }
      %near = mask.window left %w right unbounded
      %both = mask.and %block, %until, %near
      mask.yield %both : !mask.predicate
    } -> tensor<1x8x?x64xf32>
  return %result : tensor<1x8x?x64xf32>
}

// -----

// The captured facts are overwritten after the attention: the read comes first
// in memory order too, so the write may stay in place.
// CHECK-LABEL: func @facts_overwritten_later
//       CHECK: mask.attention
//       CHECK: memref.store
func.func @facts_overwritten_later(%query: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>, %ids: tensor<8xi32>,
                                   %v: i32, %i: index) -> (tensor<1x1x8x4xf32>, tensor<8xi32>) {
  %result = mask.attention ins(%query, %query, %query : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
      outs(%out : tensor<1x1x8x4xf32>) captures(%ids : tensor<8xi32>) predicate {
    ^bb0(%t : tensor<8xi32>):
      %block = mask.block_bidirectional %t : tensor<8xi32>
      mask.yield %block : !mask.predicate
    } -> tensor<1x1x8x4xf32>
  %new = tensor.insert %v into %ids[%i] : tensor<8xi32>
  return %result, %new : tensor<1x1x8x4xf32>, tensor<8xi32>
}

// -----

// They are overwritten before: the old values are copied for the attention.
// CHECK-LABEL: func @facts_overwritten_before
//  CHECK-SAME: %[[IDS:[a-z0-9]+]]: memref<8xi32>
//       CHECK: %[[COPY:.*]] = memref.alloc
//       CHECK: memref.copy %[[IDS]], %[[COPY]]
//       CHECK: memref.store %{{.*}}, %[[COPY]]
//       CHECK: mask.attention {{.*}} captures(%[[IDS]] : memref<8xi32>)
func.func @facts_overwritten_before(%ids: tensor<8xi32>, %query: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>,
                                    %v: i32, %i: index) -> (tensor<1x1x8x4xf32>, tensor<8xi32>) {
  %new = tensor.insert %v into %ids[%i] : tensor<8xi32>
  %result = mask.attention ins(%query, %query, %query : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
      outs(%out : tensor<1x1x8x4xf32>) captures(%ids : tensor<8xi32>) predicate {
    ^bb0(%t : tensor<8xi32>):
      %block = mask.block_bidirectional %t : tensor<8xi32>
      mask.yield %block : !mask.predicate
    } -> tensor<1x1x8x4xf32>
  return %result, %new : tensor<1x1x8x4xf32>, tensor<8xi32>
}

// -----

// The output may not overwrite the query that it is computed from.
// CHECK-LABEL: func @output_is_query
//  CHECK-SAME: %[[QUERY:[a-z0-9]+]]: memref<1x1x8x4xf32>
//       CHECK: %[[OUT:.*]] = memref.alloc
//       CHECK: mask.attention ins(%[[QUERY]], {{.*}} outs(%[[OUT]]
func.func @output_is_query(%query: tensor<1x1x8x4xf32>, %key: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32> {
  %result = mask.attention ins(%query, %key, %key : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
      outs(%query : tensor<1x1x8x4xf32>) predicate {
      %causal = mask.causal
      mask.yield %causal : !mask.predicate
    } -> tensor<1x1x8x4xf32>
  return %result : tensor<1x1x8x4xf32>
}

// -----

func.func @negative_open(%query: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32> {
  %causal = mask.causal
  // expected-error @below {{failed to bufferize op}}
  // expected-error @below {{reads its facts lazily, so writes to them cannot be ordered; close predicates first (mask-close-predicates)}}
  %result = mask.attention ins(%query, %query, %query : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
      outs(%out : tensor<1x1x8x4xf32>) mask(%causal) -> tensor<1x1x8x4xf32>
  return %result : tensor<1x1x8x4xf32>
}

// -----

func.func @negative_absent() -> tensor<?x?xi8> {
  // expected-error @below {{failed to bufferize op}}
  // expected-error @below {{has no buffer; it must fold away before bufferization}}
  %types = mask.absent : tensor<?x?xi8>
  return %types : tensor<?x?xi8>
}
