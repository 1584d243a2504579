// RUN: mask-opt %s --mask-schedule-dynamically | FileCheck %s

// Only marked loops are lowered, and loops of OpenMP stay as they are.

// CHECK-LABEL: func.func @loops
// CHECK-SAME: %[[M:.*]]: memref<?x?xi32>, %[[N:.*]]: index, %{{.*}}: i32
// CHECK: omp.parallel {
// CHECK-NEXT: omp.wsloop schedule(dynamic) {
// CHECK-NEXT: omp.loop_nest (%[[I:.*]], %[[J:.*]]) : index = (%{{.*}}, %{{.*}}) to (%[[N]], %[[N]]) step (%{{.*}}, %{{.*}}) {
// CHECK-NEXT: memref.alloca_scope {
// CHECK-NEXT: memref.store %{{.*}}, %[[M]][%[[I]], %[[J]]]
// CHECK: omp.yield
// CHECK: omp.terminator
// CHECK: scf.parallel
// CHECK: omp.wsloop {
// CHECK: omp.wsloop schedule(static) {
func.func @loops(%m: memref<?x?xi32>, %n: index, %x: i32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.parallel (%i, %j) = (%zero, %zero) to (%n, %n) step (%one, %one) {
    memref.store %x, %m[%i, %j] : memref<?x?xi32>
    scf.reduce
  } {mask.uneven}
  scf.parallel (%i) = (%zero) to (%n) step (%one) {
    memref.store %x, %m[%i, %zero] : memref<?x?xi32>
    scf.reduce
  }
  omp.wsloop {
    omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
      omp.yield
    }
  }
  omp.wsloop schedule(static) {
    omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
      omp.yield
    }
  }
  return
}

// What a round needs for itself is allocated once per thread, unless its size
// is the round's.
// CHECK-LABEL: func.func @scratch
// CHECK-SAME: %[[N:.*]]: index
// CHECK: omp.parallel {
// CHECK-NEXT: %[[KEPT:.*]] = memref.alloc(%[[N]]) : memref<?xi32>
// CHECK-NEXT: omp.wsloop
// CHECK: %[[OWN:.*]] = memref.alloc(%{{.*}}) : memref<?xi32>
// CHECK: memref.store %{{.*}}, %[[KEPT]]
// CHECK-NOT: memref.dealloc %[[KEPT]]
// CHECK: memref.dealloc %[[OWN]]
// CHECK: omp.yield
// CHECK: memref.dealloc %[[KEPT]]
// CHECK-NEXT: omp.terminator
func.func @scratch(%n: index, %x: i32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.parallel (%i) = (%zero) to (%n) step (%one) {
    %kept = memref.alloc(%n) : memref<?xi32>
    %own = memref.alloc(%i) : memref<?xi32>
    memref.store %x, %kept[%i] : memref<?xi32>
    memref.dealloc %kept : memref<?xi32>
    memref.dealloc %own : memref<?xi32>
    scf.reduce
  } {mask.uneven}
  return
}

// CHECK-LABEL: func.func @negative_reduction
// CHECK: scf.parallel
func.func @negative_reduction(%n: index, %x: i32) -> i32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %sum = scf.parallel (%i) = (%zero) to (%n) step (%one) init (%x) -> i32 {
    scf.reduce(%x : i32) {
    ^bb0(%a: i32, %b: i32):
      %0 = arith.addi %a, %b : i32
      scf.reduce.return %0 : i32
    }
  } {mask.uneven}
  return %sum : i32
}
