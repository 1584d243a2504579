// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

// CHECK-LABEL: func @absent
func.func @absent() {
  // CHECK: %absent = mask.absent : tensor<?x?xi8>
  %0 = mask.absent : tensor<?x?xi8>
  // CHECK: mask.absent : index
  %1 = mask.absent : index
  return
}

// CHECK-LABEL: func @ids
// CHECK-SAME: (%[[TYPES:.*]]: tensor<?x?xi8>, %[[RANGES:.*]]: tensor<?x?x2xi32>, %[[N:.*]]: index, %[[VALID:.*]]: tensor<?xi1>)
func.func @ids(%types: tensor<?x?xi8>, %ranges: tensor<?x?x2xi32>, %n: index, %valid: tensor<?xi1>) {
  // CHECK: %ids = mask.runs %[[TYPES]] of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %0 = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  // CHECK: mask.item_ids %[[RANGES]] length %[[N]] : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %1 = mask.item_ids %ranges length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
  // CHECK: mask.item_ids %[[RANGES]] length %[[N]] min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %2 = mask.item_ids %ranges length %n min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  // CHECK: %kept = mask.drop_long %ids longer_than %[[N]] : tensor<?x?xi32>
  %3 = mask.drop_long %0 longer_than %n : tensor<?x?xi32>
  // CHECK: %pos = mask.positions %[[VALID]] : tensor<?xi1> -> tensor<?xi32>
  %4 = mask.positions %valid : tensor<?xi1> -> tensor<?xi32>
  // CHECK: mask.positions %[[TYPES]] : tensor<?x?xi8> -> tensor<?x?xi64>
  %5 = mask.positions %types : tensor<?x?xi8> -> tensor<?x?xi64>
  // CHECK: mask.drop_long %[[TYPES]] longer_than %[[N]] : tensor<?x?xi8>
  %6 = mask.drop_long %types longer_than %n : tensor<?x?xi8>
  return
}

// CHECK-LABEL: func @index_tables
// CHECK-SAME: (%[[IDS:.*]]: tensor<?x?xi32>, %[[VALID:.*]]: tensor<8xi1>)
func.func @index_tables(%ids: tensor<?x?xi32>, %valid: tensor<8xi1>) {
  // CHECK: %table = mask.interval_table %[[IDS]] : tensor<?x?xi32> -> tensor<?x?x4xi32>
  %0 = mask.interval_table %ids : tensor<?x?xi32> -> tensor<?x?x4xi32>
  // CHECK: mask.interval_table %[[IDS]], %[[IDS]] non_negative : tensor<?x?xi32>, tensor<?x?xi32> -> tensor<?x?x4xi32>
  %1 = mask.interval_table %ids, %ids non_negative : tensor<?x?xi32>, tensor<?x?xi32> -> tensor<?x?x4xi32>
  // CHECK: mask.count_table %[[VALID]] : tensor<8xi1> -> tensor<11xi32>
  %2 = mask.count_table %valid : tensor<8xi1> -> tensor<11xi32>
  // CHECK: mask.monotone_table %[[IDS]] : tensor<?x?xi32> -> tensor<?xi32>
  %3 = mask.monotone_table %ids : tensor<?x?xi32> -> tensor<?xi32>
  // CHECK: %range = mask.range_table %[[VALID]] : tensor<8xi1> -> tensor<8x4xi32>
  %4 = mask.range_table %valid : tensor<8xi1> -> tensor<8x4xi32>
  return
}
