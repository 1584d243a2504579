// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

// CHECK-LABEL: mask.policy @"causal-sliding"("window" %{{.*}}: index, "token_types" optional %{{.*}}: tensor<?x?xi8>) {
mask.policy @"causal-sliding"("window" %W: index, "token_types" optional %t: tensor<?x?xi8>) {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %slide = mask.window left %past right 0
  %causal = mask.causal
  // CHECK: mask.layer_type "full_attention" = %causal
  mask.layer_type "full_attention" = %causal
  // CHECK: mask.layer_type "sliding_attention" = %window
  mask.layer_type "sliding_attention" = %slide
}

// CHECK-LABEL: mask.policy @any() attributes {source = "a comment"} {
mask.policy @any() attributes {source = "a comment"} {
  %full = mask.full
  // CHECK: mask.layer_type "*" = %full
  mask.layer_type "*" = %full
}

// CHECK-LABEL: mask.policy @found() attributes {sequences_from_positions} {
mask.policy @found() attributes {sequences_from_positions} {
  %causal = mask.causal
  mask.layer_type "*" = %causal
}

// CHECK-LABEL: func @use
// CHECK-SAME: (%[[W:.*]]: index, %[[T:.*]]: tensor<?x?xi8>)
func.func @use(%w: index, %t: tensor<?x?xi8>) {
  // CHECK: %mask = mask.of_layer @"causal-sliding" "sliding_attention"(%[[W]], %[[T]]) : index, tensor<?x?xi8>
  %0 = mask.of_layer @"causal-sliding" "sliding_attention"(%w, %t) : index, tensor<?x?xi8>
  // CHECK: mask.of_layer @"causal-sliding" "full_attention"(%[[W]], %[[T]]) packing v5_24 : index, tensor<?x?xi8>
  %1 = mask.of_layer @"causal-sliding" "full_attention"(%w, %t) packing v5_24 : index, tensor<?x?xi8>
  // CHECK: mask.of_layer @any "whatever"()
  %2 = mask.of_layer @any "whatever"()
  // Types need not agree in static sizes.
  // CHECK: mask.of_layer @"causal-sliding" {{.*}} : index, tensor<1x8xi8>
  %types = mask.absent : tensor<1x8xi8>
  %3 = mask.of_layer @"causal-sliding" "full_attention"(%w, %types) : index, tensor<1x8xi8>
  return
}
