// Layers print the same with bodies of their own as inlined into their callers: with
// an offset that all calls of a body agree on, one that they do not, facts that are
// overwritten between the predicate and the call, and blocks that are dropped.
//
// RUN: mask-opt %s -mask-specialize-layers -mask-to-cpu -o %t.specialized
// RUN: mlir-runner %t.specialized -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so > %t.out
// RUN: mask-opt %s -inline -symbol-dce -mask-to-cpu \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so > %t.inlined
// RUN: diff %t.out %t.inlined
// RUN: FileCheck %s < %t.out

// Where every key has the same score, the result is the mean of the visible values.

!query = tensor<1x1x1x1xf32>
!keys = tensor<1x1x?x1xf32>
!all = tensor<1x1x6x1xf32>

func.func private @decode(%v: !keys, %offset: index, %m: !mask.predicate) -> !query {
  %x = arith.constant dense<0.0> : !query
  %e = tensor.empty() : !query
  %o = mask.attention ins(%x, %v, %v : !query, !keys, !keys) outs(%e : !query) mask(%m) query_offset %offset -> !query
  return %o : !query
}

func.func private @prefill(%v: !all, %m: !mask.predicate) -> !all {
  %x = arith.constant dense<0.0> : !all
  %e = tensor.empty() : !all
  %o = mask.attention ins(%x, %x, %v : !all, !all, !all) outs(%e : !all) mask(%m) -> !all
  return %o : !all
}

func.func private @print_one(%x: !query) attributes {no_inline} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %row = vector.transfer_read %x[%c0, %c0, %c0, %c0], %zero : !query, vector<1xf32>
  vector.print %row : vector<1xf32>
  return
}

func.func private @print_all(%x: !all) attributes {no_inline} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %row = vector.transfer_read %x[%c0, %c0, %c0, %c0], %zero : !all, vector<6x1xf32>
  vector.print %row : vector<6x1xf32>
  return
}

func.func private @last(%k: !keys) -> !query attributes {no_inline} {
  %m = mask.causal
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %k, %c2 : !keys
  %offset = arith.subi %n, %c1 : index
  %0 = call @decode(%k, %offset, %m) : (!keys, index, !mask.predicate) -> !query
  return %0 : !query
}

func.func private @steps(%k: !keys) -> (!query, !query) attributes {no_inline} {
  %m = mask.window left 1 right 0
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %0 = call @decode(%k, %c1, %m) : (!keys, index, !mask.predicate) -> !query
  %1 = call @decode(%k, %c3, %m) : (!keys, index, !mask.predicate) -> !query
  return %0, %1 : !query, !query
}

func.func private @facts(%v: !all, %ids: tensor<1x6xi32>, %id: i32, %at: index) -> (!all, !all, !all) attributes {no_inline} {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %before = mask.document %ids : tensor<1x6xi32>
  %new = tensor.insert %id into %ids[%c0, %at] : tensor<1x6xi32>
  %after = mask.document %new : tensor<1x6xi32>
  %0 = call @prefill(%v, %before) : (!all, !mask.predicate) -> !all
  %1 = call @prefill(%v, %after) : (!all, !mask.predicate) -> !all
  %runs = mask.runs %ids of [1] : tensor<1x6xi32> -> tensor<1x6xi32>
  %short = mask.drop_long %runs longer_than %c3 : tensor<1x6xi32>
  %block = mask.block_bidirectional %short : tensor<1x6xi32>
  %left = mask.window left 2 right unbounded
  %near = mask.and %left, %block
  %2 = call @prefill(%v, %near) : (!all, !mask.predicate) -> !all
  return %0, %1, %2 : !all, !all, !all
}

func.func @main() {
  %v = arith.constant dense<[[[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]]]> : !all
  %k = tensor.cast %v : !all to !keys
  // CHECK: ( 2.5 )
  %0 = call @last(%k) : (!keys) -> !query
  call @print_one(%0) : (!query) -> ()
  // CHECK-NEXT: ( 0.5 )
  // CHECK-NEXT: ( 2.5 )
  %1:2 = call @steps(%k) : (!keys) -> (!query, !query)
  call @print_one(%1#0) : (!query) -> ()
  call @print_one(%1#1) : (!query) -> ()
  %ids = arith.constant dense<[[0, 0, 0, 1, 1, 1]]> : tensor<1x6xi32>
  %c2 = arith.constant 2 : index
  %id = arith.constant 1 : i32
  %2:3 = call @facts(%v, %ids, %id, %c2) : (!all, tensor<1x6xi32>, i32, index) -> (!all, !all, !all)
  // CHECK-NEXT: ( ( 1 ), ( 1 ), ( 1 ), ( 4 ), ( 4 ), ( 4 ) )
  call @print_all(%2#0) : (!all) -> ()
  // CHECK-NEXT: ( ( 0.5 ), ( 0.5 ), ( 3.5 ), ( 3.5 ), ( 3.5 ), ( 3.5 ) )
  call @print_all(%2#1) : (!all) -> ()
  // CHECK-NEXT: ( ( 0 ), ( 0 ), ( 0 ), ( 4 ), ( 4 ), ( 4 ) )
  call @print_all(%2#2) : (!all) -> ()
  return
}
