// RUN: mask-opt %s --convert-mask-to-tiles="observer=note key-tile=32" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles="observer=note key-tile=32" --convert-mask-to-scf --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=SCF

// One call per tile that is computed; the last argument says whether it is
// masked, which every phase knows.

// CHECK-LABEL: func @observed
// CHECK: scf.parallel (%[[B:.*]], %[[H:.*]], %[[AT:.*]]) =
// CHECK: %[[Q:.*]] = arith.subi %{{.*}}, %[[AT]]
// CHECK: %[[ROWS:.*]] = affine.min
// CHECK: mask.tile_for
// CHECK: ^bb0(%[[K:.*]]: index, %[[SIZE:.*]]: index, %{{.*}}: index, %{{.*}}: i1, %[[UPPER:.*]]: i1):
// CHECK: func.call @note(%[[B]], %[[H]], %[[Q]], %[[K]], %[[ROWS]], %[[SIZE]], %[[UPPER]])
// SCF-LABEL: func @observed
// SCF-DAG: %[[TRUE:.*]] = arith.constant true
// SCF-DAG: %[[FALSE:.*]] = arith.constant false
// SCF-DAG: %[[C32:.*]] = arith.constant 32 : index
// SCF: func.call @note({{.*}}, %[[C32]], %[[FALSE]])
// SCF: func.call @note({{.*}}, %[[TRUE]])
func.func private @note(index, index, index, index, index, index, i1)
func.func @observed(%q: memref<?x?x?x8xf32>, %o: memref<?x?x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x8xf32>, memref<?x?x?x8xf32>, memref<?x?x?x8xf32>)
      outs(%o : memref<?x?x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_no_observer(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-error @+1 {{has no function 'note' to observe its tiles}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// expected-note @+1 {{declared here}}
func.func private @note(index)
func.func @negative_observer_type(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-error @+1 {{needs an observer of type '(index, index, index, index, index, index, i1) -> ()', got '(index) -> ()'}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
