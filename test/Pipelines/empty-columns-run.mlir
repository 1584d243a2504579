// Values without columns: a step of decoding whose width is known at run time only. Its
// log-sum-exp is that of four scores of zero.
// RUN: mask-opt %s --mask-to-cpu | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so | FileCheck %s
// CHECK: 1.38629

func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}

func.func @attention(%q: memref<1x1x1x?xf32>, %k: memref<1x1x?x?xf32>, %v: memref<1x1x?x?xf32>, %o: memref<1x1x1x?xf32>, %lse: memref<1x1x1xf32>) {
  mask.attention ins(%q, %k, %v : memref<1x1x1x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o, %lse : memref<1x1x1x?xf32>, memref<1x1x1xf32>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %q = memref.alloc(%c16) : memref<1x1x1x?xf32>
  linalg.fill ins(%zero : f32) outs(%q : memref<1x1x1x?xf32>)
  %k = memref.alloc(%c4, %c16) : memref<1x1x?x?xf32>
  linalg.fill ins(%zero : f32) outs(%k : memref<1x1x?x?xf32>)
  %v = memref.alloc(%c4, %c0) : memref<1x1x?x?xf32>
  %o = memref.alloc(%c0) : memref<1x1x1x?xf32>
  %lse = memref.alloc() : memref<1x1x1xf32>
  call @attention(%q, %k, %v, %o, %lse) : (memref<1x1x1x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x1x?xf32>, memref<1x1x1xf32>) -> ()
  %printed = memref.cast %lse : memref<1x1x1xf32> to memref<*xf32>
  call @printMemrefF32(%printed) : (memref<*xf32>) -> ()
  return
}
