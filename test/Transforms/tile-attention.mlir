// RUN: mask-opt %s --transform-interpreter --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// Heads by whole groups (4 query heads per key head), rows with a ragged end.
// The origin moves with the tile.

// CHECK-DAG: #[[$HALF:.*]] = affine_map<(d0) -> (d0 floordiv 4)>
// CHECK-DAG: #[[$REST:.*]] = affine_map<(d0)[s0] -> (-d0 + s0, 32)>
// CHECK-DAG: #[[$SUM:.*]] = affine_map<(d0)[s0] -> (d0 + s0)>
// CHECK-LABEL: func @group_and_rows
// CHECK-SAME: %[[Q:[^:]*]]: tensor<1x8x?x64xf32>, %[[K:[^:]*]]: tensor<1x2x?x64xf32>, %[[OUT:[^:]*]]: tensor<1x8x?x64xf32>, %[[LSE:[^:]*]]: tensor<1x8x?xf32>, %[[SINKS:[^:]*]]: tensor<8xf32>, %[[IDS:[^:]*]]: tensor<?xi32>, %[[START:[^:]*]]: index
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: scf.for %[[H:[a-z0-9]+]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(
// CHECK: scf.for %[[I:[a-z0-9]+]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[O:.*]] = %{{.*}}, %[[L:.*]] = %{{.*}})
// CHECK: %[[ROWS:.*]] = affine.min #[[$REST]](%[[I]])
// CHECK: %[[OT:.*]] = tensor.extract_slice %[[O]][0, %[[H]], %[[I]], 0] [1, 4, %[[ROWS]], 64] [1, 1, 1, 1]
// CHECK: %[[LT:.*]] = tensor.extract_slice %[[L]][0, %[[H]], %[[I]]] [1, 4, %[[ROWS]]] [1, 1, 1]
// CHECK: %[[HEAD:.*]] = affine.apply #[[$HALF]](%[[H]])
// CHECK: %[[QT:.*]] = tensor.extract_slice %[[Q]][0, %[[H]], %[[I]], 0] [1, 4, %[[ROWS]], 64] [1, 1, 1, 1]
// CHECK: %[[KT:.*]] = tensor.extract_slice %[[K]][0, %[[HEAD]], 0, 0] [1, 1, %{{.*}}, 64] [1, 1, 1, 1]
// CHECK: %[[ST:.*]] = tensor.extract_slice %[[SINKS]][%[[H]]] [4] [1]
// CHECK: %[[ROW:.*]] = affine.apply #[[$SUM]](%[[I]])[%[[START]]]
// CHECK: %[[T:.*]]:2 = mask.attention ins(%[[QT]], %[[KT]], %{{.*}} : tensor<1x4x?x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
// CHECK-SAME: outs(%[[OT]], %[[LT]] : tensor<1x4x?x64xf32>, tensor<1x4x?xf32>)
// CHECK-SAME: sinks(%[[ST]] : tensor<4xf32>) origin(%[[ZERO]], %[[H]], %[[ROW]], %[[ZERO]])
// CHECK-SAME: captures(%[[IDS]] : tensor<?xi32>) predicate
// CHECK: tensor.insert_slice %[[T]]#0 into %[[O]][0, %[[H]], %[[I]], 0] [1, 4, %[[ROWS]], 64]
// CHECK: tensor.insert_slice %[[T]]#1 into %[[L]][0, %[[H]], %[[I]]] [1, 4, %[[ROWS]]]
func.func @group_and_rows(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>, %out: tensor<1x8x?x64xf32>, %lse: tensor<1x8x?xf32>,
                          %sinks: tensor<8xf32>, %ids: tensor<?xi32>, %start: index) -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>) {
  %zero = arith.constant 0 : index
  %o:2 = mask.attention ins(%q, %k, %k : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    outs(%out, %lse : tensor<1x8x?x64xf32>, tensor<1x8x?xf32>) sinks(%sinks : tensor<8xf32>)
    origin(%zero, %zero, %start, %zero) captures(%ids : tensor<?xi32>) predicate {
    ^bb0(%i: tensor<?xi32>):
      %p = mask.document %i : tensor<?xi32>
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x?x64xf32>, tensor<1x8x?xf32>
  return %o#0, %o#1 : tensor<1x8x?x64xf32>, tensor<1x8x?xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 4, 32, 0] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// One head and some value columns at a time; every head of a group reads the
// key head of the group.

// CHECK-LABEL: func @head_and_columns
// CHECK: scf.for %[[B:[a-z0-9]+]] =
// CHECK: scf.for %[[H:[a-z0-9]+]] =
// CHECK: scf.for %[[D:[a-z0-9]+]] =
// CHECK: %[[HEAD:.*]] = affine.apply #{{.*}}(%[[H]])
// CHECK: tensor.extract_slice %{{.*}}[%[[B]], %[[H]], 0, 0] [1, 1, 16, 64]
// CHECK: tensor.extract_slice %{{.*}}[%[[B]], %[[HEAD]], 0, 0] [1, 1, 48, 64]
// CHECK: tensor.extract_slice %{{.*}}[%[[B]], %[[HEAD]], 0, %[[D]]] [1, 1, 48, 8]
// CHECK: mask.attention {{.*}} mask(%{{.*}}) origin(%[[B]], %[[H]], %{{.*}}, %{{.*}}) -> tensor<1x1x16x8xf32>
func.func @head_and_columns(%q: tensor<2x8x16x64xf32>, %k: tensor<2x2x48x64xf32>, %v: tensor<2x2x48x32xf32>, %out: tensor<2x8x16x32xf32>,
                            %m: !mask.predicate) -> tensor<2x8x16x32xf32> {
  %o = mask.attention ins(%q, %k, %v : tensor<2x8x16x64xf32>, tensor<2x2x48x64xf32>, tensor<2x2x48x32xf32>)
    outs(%out : tensor<2x8x16x32xf32>) mask(%m) -> tensor<2x8x16x32xf32>
  return %o : tensor<2x8x16x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %op tile_sizes [1, 1, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_part_of_a_group(%q: tensor<1x8x16x64xf32>, %k: tensor<1x2x48x64xf32>, %m: !mask.predicate) -> tensor<1x8x16x64xf32> {
  // expected-error @below {{'mask.attention' op heads are tiled by 1 or by multiples of the 4 heads of a group, got 2}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x16x64xf32>, tensor<1x2x48x64xf32>, tensor<1x2x48x64xf32>)
    outs(%q : tensor<1x8x16x64xf32>) mask(%m) -> tensor<1x8x16x64xf32>
  return %o : tensor<1x8x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 2, 0, 0] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_columns_with_lse(%q: tensor<1x8x16x64xf32>, %lse: tensor<1x8x16xf32>, %m: !mask.predicate) -> tensor<1x8x16x64xf32> {
  // expected-error @below {{'mask.attention' op with a log-sum-exp cannot be tiled by value columns: every tile would write all of it}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o:2 = mask.attention ins(%q, %q, %q : tensor<1x8x16x64xf32>, tensor<1x8x16x64xf32>, tensor<1x8x16x64xf32>)
    outs(%q, %lse : tensor<1x8x16x64xf32>, tensor<1x8x16xf32>) mask(%m) -> tensor<1x8x16x64xf32>, tensor<1x8x16xf32>
  return %o#0 : tensor<1x8x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Of three groups the last tile holds one.

// CHECK-DAG: #[[$REST:.*]] = affine_map<(d0) -> (-d0 + 6, 4)>
// CHECK-DAG: #[[$GROUP:.*]] = affine_map<(d0) -> (d0 floordiv 2)>
// CHECK-LABEL: func @ragged_groups
// CHECK: scf.for %[[H:[a-z0-9]+]] =
// CHECK: %[[HEADS:.*]] = affine.min #[[$REST]](%[[H]])
// CHECK-DAG: %[[HEAD:.*]] = affine.apply #[[$GROUP]](%[[H]])
// CHECK-DAG: %[[GROUPS:.*]] = affine.apply #[[$GROUP]](%[[HEADS]])
// CHECK: tensor.extract_slice %{{.*}}[0, %[[H]], 0, 0] [1, %[[HEADS]], 16, 64]
// CHECK: tensor.extract_slice %{{.*}}[0, %[[HEAD]], 0, 0] [1, %[[GROUPS]], 48, 64]
func.func @ragged_groups(%q: tensor<1x6x16x64xf32>, %k: tensor<1x3x48x64xf32>, %out: tensor<1x6x16x64xf32>, %m: !mask.predicate) -> tensor<1x6x16x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x6x16x64xf32>, tensor<1x3x48x64xf32>, tensor<1x3x48x64xf32>)
    outs(%out : tensor<1x6x16x64xf32>) mask(%m) -> tensor<1x6x16x64xf32>
  return %o : tensor<1x6x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A group of heads whose size is known at run time only.

// CHECK-LABEL: func @one_of_any_heads
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x?x?x?xf32>, %[[K:[^:]*]]: tensor<?x?x?x?xf32>
// CHECK: scf.for %[[H:[a-z0-9]+]] =
// CHECK-DAG: %[[HEADS:.*]] = tensor.dim %[[Q]], %c1
// CHECK-DAG: %[[KEY_HEADS:.*]] = tensor.dim %[[K]], %c1
// CHECK: %[[GROUP:.*]] = arith.divui %[[HEADS]], %[[KEY_HEADS]]
// CHECK: %[[HEAD:.*]] = arith.divui %[[H]], %[[GROUP]]
// CHECK: tensor.extract_slice %[[K]][0, %[[HEAD]], 0, 0] [%{{.*}}, 1, %{{.*}}, %{{.*}}]
func.func @one_of_any_heads(%q: tensor<?x?x?x?xf32>, %k: tensor<?x?x?x?xf32>, %out: tensor<?x?x?x?xf32>, %m: !mask.predicate) -> tensor<?x?x?x?xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
    outs(%out : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @negative_some_of_any_heads(%q: tensor<?x?x?x?xf32>, %m: !mask.predicate) -> tensor<?x?x?x?xf32> {
  // expected-error @below {{'mask.attention' op tiling heads by more than 1 needs static head counts to know the groups}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o = mask.attention ins(%q, %q, %q : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
    outs(%q : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A size that is computed may cut a group.

func.func @negative_heads_by_a_computed_size(%q: tensor<1x8x16x64xf32>, %k: tensor<1x2x48x64xf32>, %m: !mask.predicate) -> tensor<1x8x16x64xf32> {
  %x = arith.constant 4 : index
  %size = arith.muli %x, %x : index
  // expected-error @below {{'mask.attention' op heads are tiled by 1 or by multiples of the 4 heads of a group, got a tile whose size may be no multiple}}
  // expected-error @below {{tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x16x64xf32>, tensor<1x2x48x64xf32>, tensor<1x2x48x64xf32>)
    outs(%q : tensor<1x8x16x64xf32>) mask(%m) -> tensor<1x8x16x64xf32>
  return %o : tensor<1x8x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %size = transform.structured.match ops{["arith.muli"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, %size] : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A loop that reads heads from inside of a group on cannot pull the attention in;
// one that reads whole groups can.

func.func @negative_consumer_of_part_of_a_group(%q: tensor<1x8x16x64xf32>, %k: tensor<1x2x48x64xf32>, %out: tensor<1x4x16x64xf32>, %m: !mask.predicate) -> tensor<1x4x16x64xf32> {
  // expected-error @below {{'mask.attention' op heads are tiled by 1 or by multiples of the 4 heads of a group, got a tile that may start inside of a group}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x16x64xf32>, tensor<1x2x48x64xf32>, tensor<1x2x48x64xf32>)
    outs(%q : tensor<1x8x16x64xf32>) mask(%m) -> tensor<1x8x16x64xf32>
  %r = scf.forall (%i) in (16) shared_outs(%s = %out) -> tensor<1x4x16x64xf32> {
    %part = tensor.extract_slice %o[0, 2, %i, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<1x8x16x64xf32> to tensor<1x4x1x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %part into %s[0, 0, %i, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<1x4x1x64xf32> into tensor<1x4x16x64xf32>
    }
  }
  return %r : tensor<1x4x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %loop = transform.structured.match ops{["scf.forall"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %rest = transform.structured.fuse_into_containing_op %op into %loop : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// CHECK-LABEL: func @consumer_of_a_group
// CHECK: scf.forall (%[[I:.*]]) in (16)
// CHECK: tensor.extract_slice %{{.*}}[0, 1, 0, 0] [1, 1, 48, 64]
// CHECK: mask.attention {{.*}} origin(%c0, %c4, %[[I]], %c0) -> tensor<1x4x1x64xf32>
func.func @consumer_of_a_group(%q: tensor<1x8x16x64xf32>, %k: tensor<1x2x48x64xf32>, %out: tensor<1x4x16x64xf32>, %m: !mask.predicate) -> tensor<1x4x16x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x16x64xf32>, tensor<1x2x48x64xf32>, tensor<1x2x48x64xf32>)
    outs(%q : tensor<1x8x16x64xf32>) mask(%m) -> tensor<1x8x16x64xf32>
  %r = scf.forall (%i) in (16) shared_outs(%s = %out) -> tensor<1x4x16x64xf32> {
    %part = tensor.extract_slice %o[0, 4, %i, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<1x8x16x64xf32> to tensor<1x4x1x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %part into %s[0, 0, %i, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<1x4x1x64xf32> into tensor<1x4x16x64xf32>
    }
  }
  return %r : tensor<1x4x16x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %loop = transform.structured.match ops{["scf.forall"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %rest = transform.structured.fuse_into_containing_op %op into %loop : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The pool is shared: a tile of batch rows takes theirs of the table, a tile of heads those of
// all pages.

// CHECK-LABEL: func @pages
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x8x1x64xf32>, %[[POOL:[^:]*]]: tensor<?x2x16x64xf32>, %[[TABLE:[^:]*]]: tensor<?x?xi32>
// CHECK: scf.for %[[B:[a-z0-9]+]] =
// CHECK: scf.for %[[H:[a-z0-9]+]] =
// CHECK: %[[PAGES:.*]] = tensor.extract_slice %[[POOL]][0, %{{.*}}, 0, 0] [%{{.*}}, 1, 16, 64] [1, 1, 1, 1]
// CHECK: %[[ROW:.*]] = tensor.extract_slice %[[TABLE]][%[[B]], 0] [1, %{{.*}}] [1, 1] : tensor<?x?xi32> to tensor<1x?xi32>
// CHECK: mask.attention ins(%{{.*}}, %[[PAGES]], %{{.*}} : tensor<1x4x1x64xf32>, tensor<?x1x16x64xf32>, tensor<?x1x16x64xf32>)
// CHECK-SAME: origin(%[[B]], %[[H]], %{{.*}}, %{{.*}}) key_pages %[[ROW]] page 16 : tensor<1x?xi32>
func.func @pages(%q: tensor<?x8x1x64xf32>, %pool: tensor<?x2x16x64xf32>, %table: tensor<?x?xi32>, %m: !mask.predicate) -> tensor<?x8x1x64xf32> {
  %o = mask.attention ins(%q, %pool, %pool : tensor<?x8x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x16x64xf32>)
    outs(%q : tensor<?x8x1x64xf32>) mask(%m) key_pages %table page 16 : tensor<?x?xi32> -> tensor<?x8x1x64xf32>
  return %o : tensor<?x8x1x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["mask.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
