// RUN: mask-opt %s --canonicalize | FileCheck %s
// RUN: mask-opt %s --mask-to-cpu | FileCheck %s --check-prefix=LLVM

// A fact that is absent is absent inside of the region too, where its leaf folds; what is
// not read is no capture.

// CHECK-LABEL: func @absent_and_unread
// CHECK-SAME: %[[IDS:[^:]*]]: tensor<?xi32>, %[[UNREAD:[^:]*]]: tensor<?xi32>
// CHECK-NOT: mask.absent
// CHECK: mask.attention
// CHECK-SAME: captures(%[[IDS]] : tensor<?xi32>)
// CHECK-SAME: score_captures(%[[UNREAD]] : tensor<?xi32>)
// CHECK-SAME: predicate {
// CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<?xi32>):
// CHECK-NEXT: %[[CAUSAL:.*]] = mask.causal
// CHECK-NEXT: %[[BLOCK:.*]] = mask.block_bidirectional %[[IN]]
// CHECK-NEXT: %[[OR:.*]] = mask.or %[[CAUSAL]], %[[BLOCK]]
// CHECK-NEXT: mask.yield %[[OR]]
// CHECK: score {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: tensor<?xi32>):
// LLVM-LABEL: llvm.func @absent_and_unread
func.func @absent_and_unread(%ids: tensor<?xi32>, %unread: tensor<?xi32>, %q: tensor<1x1x8x4xf32>, %out: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32> {
  %absent = mask.absent : tensor<?xi32>
  %r = mask.attention ins(%q, %q, %q : tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
      outs(%out : tensor<1x1x8x4xf32>)
      captures(%unread, %absent, %ids : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
      score_captures(%ids, %unread : tensor<?xi32>, tensor<?xi32>) predicate {
  ^bb0(%a: tensor<?xi32>, %d: tensor<?xi32>, %i: tensor<?xi32>):
    %causal = mask.causal
    %block = mask.block_bidirectional %i : tensor<?xi32>
    %or = mask.or %causal, %block
    %document = mask.document %d : tensor<?xi32>
    %and = mask.and %or, %document
    mask.yield %and : !mask.predicate
  } score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %i: tensor<?xi32>, %u: tensor<?xi32>):
    %zero = arith.constant 0 : index
    %x = tensor.extract %u[%zero] : tensor<?xi32>
    %f = arith.sitofp %x : i32 to f32
    %t = arith.addf %s, %f : f32
    mask.yield %t : f32
  } -> tensor<1x1x8x4xf32>
  return %r : tensor<1x1x8x4xf32>
}
