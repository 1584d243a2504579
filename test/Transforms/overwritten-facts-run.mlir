// Facts overwritten between the predicate and the attention, run: the attention
// sees the old ones (law 5 with the operands of mask-close-predicates). Were the
// read moved after the write, the first result would be the second.
//
// RUN: mask-opt %s --mask-to-cpu \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so \
// RUN:   | FileCheck %s

!data = tensor<1x1x4x1xf32>

func.func private @attend(%ids: tensor<1x4xi32>, %id: i32, %position: index) -> (!data, !data) {
  %zero = arith.constant 0 : index
  %x = arith.constant dense<0.0> : !data
  %v = arith.constant dense<[[[[0.0], [1.0], [2.0], [3.0]]]]> : !data
  %before = mask.document %ids : tensor<1x4xi32>
  %new = tensor.insert %id into %ids[%zero, %position] : tensor<1x4xi32>
  %after = mask.document %new : tensor<1x4xi32>
  %e0 = tensor.empty() : !data
  %e1 = tensor.empty() : !data
  %0 = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%e0 : !data) mask(%before) -> !data
  %1 = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%e1 : !data) mask(%after) -> !data
  return %0, %1 : !data, !data
}

func.func private @print(%x: !data) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %row = vector.transfer_read %x[%c0, %c0, %c0, %c0], %zero : !data, vector<4x1xf32>
  vector.print %row : vector<4x1xf32>
  return
}

func.func @main() {
  %c2 = arith.constant 2 : index
  %id = arith.constant 0 : i32
  %ids = arith.constant dense<[[0, 0, 1, 1]]> : tensor<1x4xi32>
  %0:2 = call @attend(%ids, %id, %c2) : (tensor<1x4xi32>, i32, index) -> (!data, !data)
  // Two documents of two tokens.
  // CHECK: ( ( 0.5 ), ( 0.5 ), ( 2.5 ), ( 2.5 ) )
  call @print(%0#0) : (!data) -> ()
  // One of three, and the last token alone.
  // CHECK-NEXT: ( ( 1 ), ( 1 ), ( 1 ), ( 3 ) )
  call @print(%0#1) : (!data) -> ()
  return
}
