// RUN: mask-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse | FileCheck %s

// Sizes of results are sizes of operands, so that the op is not needed for them.

// CHECK-LABEL: func @attention
// CHECK-SAME: %[[OUT:[a-z0-9]*]]: tensor<?x8x?x?xf32>, %[[LSE:[a-z0-9]*]]: tensor<?x8x?xf32>
// CHECK-NOT: mask.attention
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[OUT]], %c0
// CHECK-DAG: %[[DV:.*]] = tensor.dim %[[OUT]], %c3
// CHECK-DAG: %[[Q:.*]] = tensor.dim %[[LSE]], %c2
// CHECK: return %[[B]], %[[DV]], %[[Q]], %c8
func.func @attention(%out: tensor<?x8x?x?xf32>, %lse: tensor<?x8x?xf32>, %q: tensor<?x8x?x?xf32>, %p: !mask.predicate) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0:2 = mask.attention ins(%q, %q, %q : tensor<?x8x?x?xf32>, tensor<?x8x?x?xf32>, tensor<?x8x?x?xf32>)
           outs(%out, %lse : tensor<?x8x?x?xf32>, tensor<?x8x?xf32>) mask(%p) -> tensor<?x8x?x?xf32>, tensor<?x8x?xf32>
  %b = tensor.dim %0#0, %c0 : tensor<?x8x?x?xf32>
  %dv = tensor.dim %0#0, %c3 : tensor<?x8x?x?xf32>
  %rows = tensor.dim %0#1, %c2 : tensor<?x8x?xf32>
  %heads = tensor.dim %0#1, %c1 : tensor<?x8x?xf32>
  return %b, %dv, %rows, %heads : index, index, index, index
}

// CHECK-LABEL: func @ids
// CHECK-SAME: %[[TYPES:[a-z0-9]*]]: tensor<?x?xi8>, %[[RANGES:[a-z0-9]*]]: tensor<?x?x2xi32>, %[[N:[a-z0-9]*]]: index, %[[VALID:[a-z0-9]*]]: tensor<?xi1>
// CHECK-NOT: mask.
// CHECK-DAG: %[[TOKENS:.*]] = tensor.dim %[[TYPES]], %c1
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[RANGES]], %c0
// CHECK-DAG: %[[FLAGS:.*]] = tensor.dim %[[VALID]], %c0
// CHECK: return %[[TOKENS]], %[[TOKENS]], %[[ROWS]], %[[N]], %[[FLAGS]]
func.func @ids(%types: tensor<?x?xi8>, %ranges: tensor<?x?x2xi32>, %n: index, %valid: tensor<?xi1>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %runs = mask.runs %types of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %0 = tensor.dim %runs, %c1 : tensor<?x?xi32>
  %kept = mask.drop_long %runs longer_than %n : tensor<?x?xi32>
  %1 = tensor.dim %kept, %c1 : tensor<?x?xi32>
  %items = mask.item_ids %ranges length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %2 = tensor.dim %items, %c0 : tensor<?x?xi32>
  %3 = tensor.dim %items, %c1 : tensor<?x?xi32>
  %pos = mask.positions %valid : tensor<?xi1> -> tensor<?xi32>
  %4 = tensor.dim %pos, %c0 : tensor<?xi32>
  return %0, %1, %2, %3, %4 : index, index, index, index, index
}

// CHECK-LABEL: func @tables
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: tensor<?x?xi32>, %[[VALID:[a-z0-9]*]]: tensor<?xi1>
// CHECK-NOT: mask.
// CHECK-DAG: %[[TOKENS:.*]] = tensor.dim %[[IDS]], %c1
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[IDS]], %c0
// CHECK-DAG: %[[FLAGS:.*]] = tensor.dim %[[VALID]], %c0
// CHECK-DAG: %[[COUNTS:.*]] = arith.addi %[[FLAGS]], %c3
// CHECK: return %[[TOKENS]], %c4, %[[COUNTS]], %[[ROWS]], %c1, %[[TOKENS]]
func.func @tables(%ids: tensor<?x?xi32>, %valid: tensor<?xi1>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %intervals = mask.interval_table %ids : tensor<?x?xi32> -> tensor<?x?x?xi32>
  %0 = tensor.dim %intervals, %c1 : tensor<?x?x?xi32>
  %1 = tensor.dim %intervals, %c2 : tensor<?x?x?xi32>
  %counts = mask.count_table %valid : tensor<?xi1> -> tensor<?xi32>
  %2 = tensor.dim %counts, %c0 : tensor<?xi32>
  %monotone = mask.monotone_table %ids : tensor<?x?xi32> -> tensor<?xi32>
  %3 = tensor.dim %monotone, %c0 : tensor<?xi32>
  %one = mask.monotone_table %valid : tensor<?xi1> -> tensor<?xi32>
  %4 = tensor.dim %one, %c0 : tensor<?xi32>
  %ranges = mask.range_table %ids : tensor<?x?xi32> -> tensor<?x?x4xi32>
  %5 = tensor.dim %ranges, %c1 : tensor<?x?x4xi32>
  return %0, %1, %2, %3, %4, %5 : index, index, index, index, index, index
}
