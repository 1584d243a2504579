// RUN: mask-opt %s --mask-lower-asserts --split-input-file | FileCheck %s

// CHECK-DAG: llvm.func @puts(!llvm.ptr)
// CHECK-DAG: llvm.func @fflush(!llvm.ptr) -> i32
// CHECK-DAG: llvm.func @abort()
// CHECK-LABEL: func @asserts
// CHECK-SAME: %[[A:[a-z0-9]*]]: i1, %[[B:[a-z0-9]*]]: i1
// CHECK: cf.cond_br %[[A]], ^[[GOOD:.*]], ^[[BAD:.*]]
// CHECK: ^[[GOOD]]:
// CHECK: cf.cond_br %[[B]], ^[[END:.*]], ^
// CHECK: ^[[END]]:
// CHECK-NEXT: return
// CHECK: llvm.call @puts
// CHECK: %[[ALL:.*]] = llvm.mlir.zero : !llvm.ptr
// CHECK: llvm.call @fflush(%[[ALL]])
// CHECK-NEXT: llvm.call @abort()
// CHECK-NEXT: llvm.unreachable
func.func @asserts(%a: i1, %b: i1) {
  cf.assert %a, "a holds"
  cf.assert %b, "b holds"
  return
}

// -----

// A region of one block has no place for a branch.

// CHECK-LABEL: func @negative_loop
// CHECK: scf.for
// CHECK-NEXT: cf.assert
func.func @negative_loop(%a: i1, %n: index) {
  scf.for %i = %n to %n step %n {
    cf.assert %a, "a holds"
  }
  return
}
