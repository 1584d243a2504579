// All that is asked of mask.query_length without a kernel: docs/AddingAPredicate.md.
// The laws (test/Unit/Compositions.h) compare interpreter, bounds and compiled code.
// RUN: split-file %s %t
// RUN: mask-opt %t/syntax.mlir --verify-roundtrip | FileCheck %t/syntax.mlir
// RUN: mask-opt %t/invalid.mlir --split-input-file --verify-diagnostics
// RUN: mask-opt %t/normal.mlir --canonicalize | FileCheck %t/normal.mlir

// In words, at a point, and in Python.
// DEFINE: %{explain} = mask-explain %t/policy.mlir --prompt=text:8 --tile=4x4
// RUN: %{explain} --why | FileCheck %s --check-prefix=WHY
// WHY: visible 15 of 64 pairs
// WHY: bounds 1 interval per row, exact
// WHY: query_length 5 exact
// RUN: %{explain} --at=6,2 | FileCheck %s --check-prefix=HIDDEN
// HIDDEN: query_length 5 hidden q = 6 >= 5
// RUN: %{explain} --at=4,2 | FileCheck %s --check-prefix=VISIBLE
// VISIBLE: query_length 5 visible q = 4 < 5
// RUN: %{explain} --format=blockmask -o %t/blocks && %{explain} --format=npy -o %t/mask.npy
// RUN: FileCheck %s --check-prefix=PYTHON < %t/blocks/mask_mod.py
// PYTHON: query_length = q < 5
// RUN: %python %S/../Tools/Inputs/check_explain.py mask_mod %t/blocks %t/mask.npy | FileCheck %s --check-prefix=SAME
// SAME: 15 of 64 visible

//--- policy.mlir
mask.policy @written() {
  %causal = mask.causal
  %rows = mask.query_length 5
  %p = mask.and %causal, %rows
  mask.layer_type "*" = %p
}

//--- syntax.mlir
// CHECK-LABEL: func @syntax
// CHECK-SAME: (%[[N:.*]]: index, %[[T:.*]]: tensor<?xi32>)
func.func @syntax(%n: index, %t: tensor<?xi32>) {
  // CHECK: %asked = mask.query_length -3{{$}}
  %0 = mask.query_length -3
  // CHECK: mask.query_length %[[N]]{{$}}
  %1 = mask.query_length %n
  // CHECK: mask.query_length %[[T]] per batch : tensor<?xi32>{{$}}
  %2 = mask.query_length %t per batch : tensor<?xi32>
  // CHECK: mask.query_length %[[T]] per head : tensor<?xi32>{{$}}
  %3 = mask.query_length %t per head : tensor<?xi32>
  return
}

//--- invalid.mlir
// mask.query_length C1
func.func @query_length_c1() {
  // expected-error @below {{'mask.query_length' op 'length' must be given}}
  %p = mask.query_length unbounded
  return
}

// -----
func.func @too_long() {
  // expected-error @below {{'length' must lie within -1099511627776 and 1099511627776, got 1099511627777}}
  %p = mask.query_length 1099511627777
  return
}

//--- normal.mlir
// CHECK-LABEL: func @absent
// CHECK: %[[FULL:.*]] = mask.full
// CHECK: return %[[FULL]]
func.func @absent() -> !mask.predicate {
  %n = mask.absent : index
  %p = mask.query_length %n
  return %p : !mask.predicate
}

// CHECK-LABEL: func @constant_length
// CHECK: mask.query_length 7
func.func @constant_length() -> !mask.predicate {
  %n = arith.constant 7 : index
  %p = mask.query_length %n
  return %p : !mask.predicate
}

// The shorter of two lengths is within the longer one.
// CHECK-LABEL: func @subsumed
// CHECK-DAG: %[[SHORT:.*]] = mask.query_length 4
// CHECK-DAG: %[[LONG:.*]] = mask.query_length 9
// CHECK: return %[[SHORT]], %[[LONG]]
func.func @subsumed() -> (!mask.predicate, !mask.predicate) {
  %short = mask.query_length 4
  %long = mask.query_length 9
  %both = mask.and %long, %short
  %any = mask.or %long, %short
  return %both, %any : !mask.predicate, !mask.predicate
}

// A length of queries says nothing of keys.
// CHECK-LABEL: func @no_fold_other_axis
// CHECK-DAG: %[[KEYS:.*]] = mask.key_length 9
// CHECK-DAG: %[[ROWS:.*]] = mask.query_length 4
// CHECK: mask.and %[[KEYS]], %[[ROWS]]
func.func @no_fold_other_axis() -> !mask.predicate {
  %rows = mask.query_length 4
  %keys = mask.key_length 9
  %both = mask.and %rows, %keys
  return %both : !mask.predicate
}

// It takes up the shift of the query, whatever that of the key.
// CHECK-LABEL: func @shifted
// CHECK: %[[MOVED:.*]] = mask.query_length 3
// CHECK: return %[[MOVED]], %[[MOVED]]
func.func @shifted(%w: index) -> (!mask.predicate, !mask.predicate) {
  %rows = mask.query_length 5
  %0 = mask.shift %rows query 2 key 7
  %1 = mask.shift %rows query 2 key %w
  return %0, %1 : !mask.predicate, !mask.predicate
}

// A shift per row has an extent.
// CHECK-LABEL: func @no_fold_shift_per_row
// CHECK: mask.shift
func.func @no_fold_shift_per_row(%t: tensor<?xi32>) -> !mask.predicate {
  %rows = mask.query_length 5
  %0 = mask.shift %rows query 2 key %t per batch : tensor<?xi32>
  return %0 : !mask.predicate
}
