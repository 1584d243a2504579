// From a model's config to numbers: imported, specialised, compiled and run, all
// by mask-opt's passes and the stock mlir-runner. Keys are zero and values
// one-hot, so that a row of the output is a row of the mask over its sum.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/shrink-config.py %S/../configs/gemma-4-26b-a4b.json > %t/config.json
// RUN: mask-translate --import-hf-config %t/config.json --without=sequence_ids,positions -o %t/model.mlir 2>/dev/null
// RUN: sed -e '1d;$d' %t/model.mlir > %t/all.mlir
// RUN: cat %s >> %t/all.mlir
// RUN: mask-opt %t/all.mlir --mask-specialize-layers | FileCheck %s --check-prefix=BODIES
// RUN: mask-opt %t/all.mlir --mask-specialize-layers --mask-to-cpu="query-tile=8 key-tile=4 lanes=4 rows=2" -o %t/code.mlir
// RUN: mlir-runner %t/code.mlir -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

// BODIES-COUNT-2: func.func private @attention_layer
// BODIES-NOT: func.func private @attention_layer
// BODIES: func.func @model

// Tokens: the first is padding, an image of 7 at 3..9, a window of 5.
!facts = tensor<?x?xi8>
!flags = tensor<?x?xi1>
!sliding = tensor<?x2x?x12xf32>
!sliding_key = tensor<?x1x?x12xf32>
!full = tensor<?x2x?x16xf32>

func.func private @one_hot(%heads: index, %columns: index) -> tensor<1x?x12x?xf32> {
  %t = tensor.generate %heads, %columns {
  ^bb0(%b: index, %h: index, %i: index, %d: index):
    %one = arith.constant 1.0 : f32
    %zero = arith.constant 0.0 : f32
    %same = arith.cmpi eq, %i, %d : index
    %x = arith.select %same, %one, %zero : f32
    tensor.yield %x : f32
  } : tensor<1x?x12x?xf32>
  return %t : tensor<1x?x12x?xf32>
}

func.func private @print(%x: tensor<?x?x?x?xf32>, %head: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %zero = arith.constant 0.0 : f32
  %none = arith.constant dense<0.0> : vector<12xf32>
  scf.for %i = %c0 to %c12 step %c1 {
    %row = vector.transfer_read %x[%c0, %head, %i, %c0], %zero {in_bounds = [true]} : tensor<?x?x?x?xf32>, vector<12xf32>
    %visible = arith.cmpf ogt, %row, %none : vector<12xf32>
    vector.print %visible : vector<12xi1>
  }
  // The last row as it is: one over the keys that it sees.
  %c11 = arith.constant 11 : index
  %last = vector.transfer_read %x[%c0, %head, %c11, %c0], %zero {in_bounds = [true]} : tensor<?x?x?x?xf32>, vector<12xf32>
  vector.print %last : vector<12xf32>
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  %t = arith.constant dense<[[0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0]]> : tensor<1x12xi8>
  %types = tensor.cast %t : tensor<1x12xi8> to !facts
  %f = arith.constant dense<[[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]> : tensor<1x12xi1>
  %valid = tensor.cast %f : tensor<1x12xi1> to !flags
  %q0 = arith.constant dense<0.5> : tensor<1x2x12x12xf32>
  %q1 = arith.constant dense<-0.5> : tensor<1x2x12x16xf32>
  %k0 = arith.constant dense<0.0> : tensor<1x1x12x12xf32>
  %k1 = arith.constant dense<0.0> : tensor<1x2x12x16xf32>
  %v0 = call @one_hot(%c1, %c12) : (index, index) -> tensor<1x?x12x?xf32>
  %v1 = call @one_hot(%c2, %c16) : (index, index) -> tensor<1x?x12x?xf32>
  %o0 = tensor.empty() : tensor<1x2x12x12xf32>
  %o1 = tensor.empty() : tensor<1x2x12x16xf32>
  %Q0 = tensor.cast %q0 : tensor<1x2x12x12xf32> to !sliding
  %Q1 = tensor.cast %q1 : tensor<1x2x12x16xf32> to !full
  %K0 = tensor.cast %k0 : tensor<1x1x12x12xf32> to !sliding_key
  %K1 = tensor.cast %k1 : tensor<1x2x12x16xf32> to !full
  %V0 = tensor.cast %v0 : tensor<1x?x12x?xf32> to !sliding_key
  %V1 = tensor.cast %v1 : tensor<1x?x12x?xf32> to !full
  %O0 = tensor.cast %o0 : tensor<1x2x12x12xf32> to !sliding
  %O1 = tensor.cast %o1 : tensor<1x2x12x16xf32> to !full
  %r:2 = call @model(%types, %valid, %Q0, %K0, %V0, %O0, %Q1, %K1, %V1, %O1)
    : (!facts, !flags, !sliding, !sliding_key, !sliding_key, !sliding, !full, !full, !full, !full)
    -> (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
  call @print(%r#0, %c1) : (tensor<?x?x?x?xf32>, index) -> ()
  call @print(%r#1, %c0) : (tensor<?x?x?x?xf32>, index) -> ()
  return
}

// Both ways inside of the image, but not further back than the window; no key at
// the padding. The padding itself sees nothing, which is zero.
// CHECK: ( 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0 )
// CHECK-NEXT: ( 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 )
// CHECK-NEXT: ( 0, 0, 0, 0, 0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2 )

// The full layer is causal in this release, images included.
// CHECK-NEXT: ( 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0 )
// CHECK-NEXT: ( 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 )
// CHECK-NEXT: ( 0, 0.0909091, 0.0909091
