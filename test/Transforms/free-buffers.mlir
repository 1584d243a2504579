// RUN: mask-opt %s --mask-free-buffers | FileCheck %s

// CHECK-LABEL: func @captured
//       CHECK: %[[IDS:.*]] = memref.alloc
//       CHECK: mask.attention
//       CHECK: memref.dealloc %[[IDS]]
//  CHECK-NEXT: return
func.func @captured(%n: index, %q: memref<1x1x8x4xf32>, %o: memref<1x1x8x4xf32>) {
  %ids = memref.alloc(%n) : memref<?xi32>
  mask.attention ins(%q, %q, %q : memref<1x1x8x4xf32>, memref<1x1x8x4xf32>, memref<1x1x8x4xf32>)
      outs(%o : memref<1x1x8x4xf32>) captures(%ids : memref<?xi32>) predicate {
    ^bb0(%t : memref<?xi32>):
      %block = mask.block_bidirectional %t : memref<?xi32>
      mask.yield %block : !mask.predicate
    }
  return
}

// CHECK-LABEL: func @negative_returned
//   CHECK-NOT: dealloc
func.func @negative_returned(%n: index) -> memref<?xi32, strided<[1]>> {
  %ids = memref.alloc(%n) : memref<?xi32>
  %view = memref.cast %ids : memref<?xi32> to memref<?xi32, strided<[1]>>
  return %view : memref<?xi32, strided<[1]>>
}

// A buffer of a loop body is freed in each iteration.
// CHECK-LABEL: func @in_loop
//       CHECK: scf.for
//       CHECK:   %[[KEYS:.*]] = memref.alloc
//       CHECK:   memref.store
//  CHECK-NEXT:   memref.dealloc %[[KEYS]]
//  CHECK-NEXT: }
func.func @in_loop(%n: index, %v: i64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %keys = memref.alloc(%n) : memref<?xi64>
    memref.store %v, %keys[%i] : memref<?xi64>
  }
  return
}

// CHECK-LABEL: func @negative_freed
//       CHECK: memref.dealloc
//   CHECK-NOT: memref.dealloc
func.func @negative_freed(%n: index) {
  %ids = memref.alloc(%n) : memref<?xi32>
  memref.dealloc %ids : memref<?xi32>
  return
}

// CHECK-LABEL: func @negative_yielded
//       CHECK: scf.if
//       CHECK:   memref.alloc
//   CHECK-NOT:   memref.dealloc
//       CHECK: }
//   CHECK-NOT: memref.dealloc
func.func @negative_yielded(%n: index, %c: i1, %m: memref<?xi32>) -> i32 {
  %c0 = arith.constant 0 : index
  %r = scf.if %c -> memref<?xi32> {
    %ids = memref.alloc(%n) : memref<?xi32>
    scf.yield %ids : memref<?xi32>
  } else {
    scf.yield %m : memref<?xi32>
  }
  %e = memref.load %r[%c0] : memref<?xi32>
  return %e : i32
}
