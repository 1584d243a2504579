// RUN: mask-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --mask-outline-tables --split-input-file | FileCheck %s
// RUN: mask-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --split-input-file | FileCheck %s --check-prefix=INLINE

// Equal tables of one type share a function; those of another type, of other ids
// for the keys, and other ops have their own. Without the pass the loops stay where
// the table is.

// CHECK-NOT: scf.execute_region
// CHECK: func.func private @mask_interval_table(%{{.*}}: memref<?xi32>, %{{.*}}: memref<?x4xi32>) attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK: scf.while
// CHECK: func.func private @mask_interval_table_0(%{{.*}}: memref<?xi64>, %{{.*}}: memref<?x4xi32>)
// CHECK: func.func private @mask_interval_table_1(%{{.*}}: memref<?xi32>, %{{.*}}: memref<?xi32>, %{{.*}}: memref<?x4xi32>)
// CHECK: func.func private @mask_drop_long(%{{.*}}: memref<?xi32>, %{{.*}}: index, %{{.*}}: memref<?xi32>)
// CHECK-LABEL: func.func @tables
// CHECK-SAME: %[[A:.*]]: memref<?xi32>, %[[B:.*]]: memref<?xi32>, %[[C:.*]]: memref<?xi64>, %[[N:.*]]: index
// CHECK: call @mask_interval_table(%[[A]],
// CHECK: call @mask_interval_table(%[[B]],
// CHECK: call @mask_interval_table_0(%[[C]],
// CHECK: call @mask_interval_table_1(%[[B]], %[[A]],
// CHECK: call @mask_drop_long(%[[A]], %[[N]],
// CHECK-NOT: scf.while
// INLINE-NOT: @mask_interval_table
// INLINE-NOT: scf.execute_region
// INLINE-LABEL: func.func @tables
// INLINE-COUNT-5: scf.while
func.func @tables(%a: tensor<?xi32>, %b: tensor<?xi32>, %c: tensor<?xi64>, %n: index)
    -> (tensor<?x4xi32>, tensor<?x4xi32>, tensor<?x4xi32>, tensor<?x4xi32>, tensor<?xi32>) {
  %0 = mask.interval_table %a : tensor<?xi32> -> tensor<?x4xi32>
  %1 = mask.interval_table %b : tensor<?xi32> -> tensor<?x4xi32>
  %2 = mask.interval_table %c : tensor<?xi64> -> tensor<?x4xi32>
  %3 = mask.interval_table %a, %b : tensor<?xi32>, tensor<?xi32> -> tensor<?x4xi32>
  %4 = mask.drop_long %a longer_than %n : tensor<?xi32>
  return %0, %1, %2, %3, %4 : tensor<?x4xi32>, tensor<?x4xi32>, tensor<?x4xi32>, tensor<?x4xi32>, tensor<?xi32>
}

// -----

// A name that is taken stays its owner's.

// CHECK: func.func private @mask_interval_table_0(
// CHECK: func.func @user
// CHECK: call @mask_interval_table_0(
// CHECK: func.func private @mask_interval_table(index)
func.func @user(%a: tensor<?xi32>) -> tensor<?x4xi32> {
  %0 = mask.interval_table %a : tensor<?xi32> -> tensor<?x4xi32>
  return %0 : tensor<?x4xi32>
}
func.func private @mask_interval_table(index)

// -----

// Functions are made where they are called: equal ones in each module.

// CHECK-LABEL: module @inner
// CHECK: func.func private @fill(
// CHECK: call @fill(
// CHECK: func.func private @fill(
// CHECK: call @fill(
module @inner {
  func.func @user(%m: memref<1xi32>, %x: i32) {
    scf.execute_region {
      %c0 = arith.constant 0 : index
      memref.store %x, %m[%c0] : memref<1xi32>
      scf.yield
    } {mask.outline = "fill"}
    return
  }
}
func.func @user(%m: memref<1xi32>, %x: i32) {
  scf.execute_region {
    %c0 = arith.constant 0 : index
    memref.store %x, %m[%c0] : memref<1xi32>
    scf.yield
  } {mask.outline = "fill"}
  return
}
