// Facts and data of static shape, where the policy and the attention are declared
// for any: the casts between them go all the way to the code.
//
// RUN: mask-opt %s --mask-to-cpu \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so \
// RUN:   | FileCheck %s

!any = tensor<?x?x?x?xf32>
!data = tensor<1x1x4x1xf32>

mask.policy @documents("sequence_ids" optional %ids : tensor<?x?xi32>) {
  %same = mask.document %ids : tensor<?x?xi32>
  mask.layer_type "*" = %same
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %ids = arith.constant dense<[[0, 0, 1, 1]]> : tensor<1x4xi32>
  %x = arith.constant dense<0.0> : !data
  %v = arith.constant dense<[[[[0.0], [1.0], [2.0], [3.0]]]]> : !data
  %e = tensor.empty() : !data
  %m = mask.of_layer @documents "full_attention"(%ids) : tensor<1x4xi32>
  %x0 = tensor.cast %x : !data to !any
  %v0 = tensor.cast %v : !data to !any
  %e0 = tensor.cast %e : !data to !any
  %o = mask.attention ins(%x0, %x0, %v0 : !any, !any, !any) outs(%e0 : !any) mask(%m) -> !any
  %row = vector.transfer_read %o[%c0, %c0, %c0, %c0], %zero : !any, vector<4x1xf32>
  // CHECK: ( ( 0.5 ), ( 0.5 ), ( 2.5 ), ( 2.5 ) )
  vector.print %row : vector<4x1xf32>
  return
}
