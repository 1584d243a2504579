// RUN: mask-opt %s --transform-interpreter --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// Splits of 32 keys write results of their own, the first key of a split in their
// origin; sinks wait for the merge.

// CHECK-DAG: #[[$SIZE:.*]] = affine_map<(d0)[s0] -> (-d0 + s0, 32)>
// CHECK-DAG: #[[$SPLIT:.*]] = affine_map<()[s0] -> (s0 floordiv 32)>
// CHECK-LABEL: func @tiles_of_keys
// CHECK-SAME: %[[Q:[^:]*]]: tensor<1x8x16x64xf32>, %[[K:[^:]*]]: tensor<1x2x?x64xf32>, %[[OUT:[^:]*]]: tensor<1x8x16x64xf32>, %[[LSE:[^:]*]]: tensor<1x8x16xf32>, %[[SINKS:[^:]*]]: tensor<8xf32>, %[[ROW:[^:]*]]: index
// CHECK-DAG: %[[NONE:.*]] = arith.constant 0xFF800000 : f32
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[N:.*]] = tensor.dim %[[K]]
// CHECK: %[[O0:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<?x1x8x16x64xf32>)
// CHECK: %[[L0:.*]] = linalg.fill ins(%[[NONE]] : f32) outs(%{{.*}} : tensor<?x1x8x16xf32>)
// CHECK: %[[PARTS:.*]]:2 = scf.forall (%[[KEY:.*]]) = (0) to (%[[N]]) step (32) shared_outs(%[[OS:.*]] = %[[O0]], %[[LS:.*]] = %[[L0]])
// CHECK: %[[KEYS:.*]] = affine.min #[[$SIZE]](%[[KEY]])[%[[N]]]
// CHECK: %[[S:.*]] = affine.apply #[[$SPLIT]]()[%[[KEY]]]
// CHECK: %[[OT:.*]] = tensor.extract_slice %[[OS]][%[[S]], 0, 0, 0, 0] [1, 1, 8, 16, 64] [1, 1, 1, 1, 1] : tensor<?x1x8x16x64xf32> to tensor<1x8x16x64xf32>
// CHECK: %[[LT:.*]] = tensor.extract_slice %[[LS]][%[[S]], 0, 0, 0] [1, 1, 8, 16] [1, 1, 1, 1] : tensor<?x1x8x16xf32> to tensor<1x8x16xf32>
// CHECK: %[[KT:.*]] = tensor.extract_slice %[[K]][0, 0, %[[KEY]], 0] [1, 2, %[[KEYS]], 64]
// CHECK: %[[T:.*]]:2 = mask.attention ins(%[[Q]], %[[KT]], %[[KT]] :
// CHECK-SAME: outs(%[[OT]], %[[LT]] : {{[^)]*}}) mask(%{{[a-z0-9]+}}) origin(%[[C0]], %[[C0]], %[[ROW]], %[[KEY]]) -> tensor<1x8x16x64xf32>, tensor<1x8x16xf32>
// CHECK: tensor.parallel_insert_slice %[[T]]#0 into %[[OS]][%[[S]], 0, 0, 0, 0]
// CHECK: tensor.parallel_insert_slice %[[T]]#1 into %[[LS]][%[[S]], 0, 0, 0]
// The maximum, the sum with the sinks, the log-sum-exp, the weighted sum.
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[PARTS]]#1 :
// CHECK: arith.maximumf
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[PARTS]]#1, %[[MAX]], %[[SINKS]] :
// CHECK: %[[L:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[MAX]], %[[SINKS]] : {{.*}} outs(%[[LSE]] :
// CHECK: %[[O:.*]] = linalg.generic {{.*}} ins(%[[PARTS]]#0, %[[PARTS]]#1, %[[L]] :
// CHECK-SAME: attrs =  {merged}
// CHECK: return %[[O]], %[[L]]
func.func @tiles_of_keys(%q: tensor<1x8x16x64xf32>, %k: tensor<1x2x?x64xf32>, %out: tensor<1x8x16x64xf32>, %lse: tensor<1x8x16xf32>,
                         %sinks: tensor<8xf32>, %row: index, %m: !mask.predicate) -> (tensor<1x8x16x64xf32>, tensor<1x8x16xf32>) {
  %zero = arith.constant 0 : index
  %o:2 = mask.attention ins(%q, %k, %k : tensor<1x8x16x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    outs(%out, %lse : tensor<1x8x16x64xf32>, tensor<1x8x16xf32>) mask(%m) sinks(%sinks : tensor<8xf32>)
    origin(%zero, %zero, %row, %zero) -> tensor<1x8x16x64xf32>, tensor<1x8x16xf32>
  return %o#0, %o#1 : tensor<1x8x16x64xf32>, tensor<1x8x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %fills:2, %split, %merge, %loop = transform.structured.tile_reduction_using_forall %op by tile_sizes = [0, 0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.annotate %merge "merged" : !transform.any_op
    transform.yield
  }
}

// -----

// Of five splits of 6 keys two have none; the last would start at key 8.

// CHECK-DAG: #[[$LEFT:.*]] = affine_map<(d0) -> (d0 * -2 + 6, 2)>
// CHECK-DAG: #[[$POSITIVE:.*]] = affine_map<(d0) -> (0, d0)>
// CHECK-DAG: #[[$CLAMPED:.*]] = affine_map<(d0) -> (6, d0 * 2)>
// CHECK-LABEL: func @more_splits_than_keys
// CHECK: scf.forall (%[[S:.*]]) in (5)
// CHECK: %[[REST:.*]] = affine.min #[[$LEFT]](%[[S]])
// CHECK: %[[SIZE:.*]] = affine.max #[[$POSITIVE]](%[[REST]])
// CHECK: %[[KEY:.*]] = affine.min #[[$CLAMPED]](%[[S]])
// CHECK: tensor.extract_slice %{{.*}}[0, 0, %[[KEY]], 0] [1, 1, %[[SIZE]], 64]
func.func @more_splits_than_keys(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x6x64xf32>, %out: tensor<1x1x1x64xf32>, %m: !mask.predicate) -> tensor<1x1x1x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x6x64xf32>, tensor<1x1x6x64xf32>)
    outs(%out : tensor<1x1x1x64xf32>) mask(%m) -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %fills:2, %split, %merge, %loop = transform.structured.tile_reduction_using_forall %op by num_threads = [0, 0, 0, 0, 5]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_keys_as_a_loop(%q: tensor<1x1x16x64xf32>, %m: !mask.predicate) -> tensor<1x1x16x64xf32> {
  // expected-error @below {{'mask.attention' op keys are tiled by partial reductions only (tile_reduction_using_forall): a tile of keys would overwrite what the tiles before it added to the output}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x16x64xf32>, tensor<1x1x16x64xf32>, tensor<1x1x16x64xf32>)
    outs(%q : tensor<1x1x16x64xf32>) mask(%m) -> tensor<1x1x16x64xf32>
  return %o : tensor<1x1x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_partial_result_per_key(%q: tensor<1x1x16x64xf32>, %m: !mask.predicate) -> tensor<1x1x16x64xf32> {
  // expected-error @below {{'mask.attention' op keys are split into parallel parts only (tile_reduction_using_forall): a partial result for each key of a tile would be larger than the scores}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x16x64xf32>, tensor<1x1x16x64xf32>, tensor<1x1x16x64xf32>)
    outs(%q : tensor<1x1x16x64xf32>) mask(%m) -> tensor<1x1x16x64xf32>
  return %o : tensor<1x1x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{failed to tile using partial reduction}}
    %fills:2, %split, %merge, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_rounded_parts(%q: tensor<1x1x16x64xbf16>, %m: !mask.predicate) -> tensor<1x1x16x64xbf16> {
  // expected-error @below {{'mask.attention' op keys are split for f32 only: partial results of 'bf16' would be rounded before they are merged}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x16x64xbf16>, tensor<1x1x16x64xbf16>, tensor<1x1x16x64xbf16>)
    outs(%q : tensor<1x1x16x64xbf16>) mask(%m) -> tensor<1x1x16x64xbf16>
  return %o : tensor<1x1x16x64xbf16>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{could not tile reduction}}
    %fills:2, %split, %merge, %loop = transform.structured.tile_reduction_using_forall %op by tile_sizes = [0, 0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_pages(%q: tensor<1x1x16x64xf32>, %pool: tensor<?x1x8x64xf32>, %table: tensor<1x?xi32>, %m: !mask.predicate) -> tensor<1x1x16x64xf32> {
  // expected-error @below {{'mask.attention' op reads its keys through pages, and is not split by keys}}
  %o = mask.attention ins(%q, %pool, %pool : tensor<1x1x16x64xf32>, tensor<?x1x8x64xf32>, tensor<?x1x8x64xf32>)
    outs(%q : tensor<1x1x16x64xf32>) mask(%m) key_pages %table page 8 : tensor<1x?xi32> -> tensor<1x1x16x64xf32>
  return %o : tensor<1x1x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{could not tile reduction}}
    %fills:2, %split, %merge, %loop = transform.structured.tile_reduction_using_forall %op by tile_sizes = [0, 0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
