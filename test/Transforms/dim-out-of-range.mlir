// RUN: mask-opt %s --split-input-file --mask-simplify --mask-specialize-layers | FileCheck %s
// RUN: mask-opt %s --split-input-file --mask-specialize-layers --mask-to-cpu | FileCheck %s --check-prefix=CPU

// A dimension that a tensor does not have is valid IR, as long as it is not run:
// nothing is known of such a size.

// CHECK-LABEL: func @offset
// CHECK: tensor.dim %{{.*}}, %c-1
// CHECK: mask.causal
// CPU-LABEL: llvm.func @offset
func.func @offset(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x?x64xf32>) -> tensor<1x1x1x64xf32> {
  %one = arith.constant 1 : index
  %minus = arith.constant -1 : index
  %keys = tensor.dim %k, %minus : tensor<1x1x?x64xf32>
  %offset = arith.subi %keys, %one : index
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
      outs(%q : tensor<1x1x1x64xf32>) query_offset %offset predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

// -----

// The legal neighbour: the mask of a decode step hides nothing.

// CHECK-LABEL: func @in_range
// CHECK-NOT: mask.causal
// CHECK: mask.full
// CPU-LABEL: llvm.func @in_range
func.func @in_range(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x?x64xf32>) -> tensor<1x1x1x64xf32> {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %keys = tensor.dim %k, %two : tensor<1x1x?x64xf32>
  %offset = arith.subi %keys, %one : index
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
      outs(%q : tensor<1x1x1x64xf32>) query_offset %offset predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

// -----

// Too large, of a tensor without a rank, at an index that is not known; as offset, as
// capture, as bound of blocks.

// CHECK-LABEL: func @captured
// CHECK: mask.window left
// CPU-LABEL: llvm.func @captured
func.func @captured(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x?x64xf32>, %u: tensor<*xi32>, %t: tensor<?x?xi8>, %i: index) -> tensor<1x1x1x64xf32> {
  %nine = arith.constant 9 : index
  %a = tensor.dim %k, %nine : tensor<1x1x?x64xf32>
  %b = tensor.dim %u, %nine : tensor<*xi32>
  %c = tensor.dim %k, %i : tensor<1x1x?x64xf32>
  %ab = arith.addi %a, %b : index
  %abc = arith.addi %ab, %c : index
  %all = mask.runs %t of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %ids = mask.drop_long %all longer_than %a : tensor<?x?xi32>
  %window = mask.window left %b right %c
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %m = mask.or %window, %block
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
      outs(%q : tensor<1x1x1x64xf32>) mask(%m) query_offset %abc -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}

// -----

// What calls hand over: as the size that it is not, an offset is not the same in two
// bodies.

// CHECK-LABEL: func @model
// CHECK: call @layer_specialized({{.*}}, %dim)
// CPU-LABEL: llvm.func @model
func.func private @layer(%q: tensor<1x1x?x64xf32>, %k: tensor<1x1x?x64xf32>, %m: !mask.predicate, %offset: index) -> tensor<1x1x?x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
      outs(%q : tensor<1x1x?x64xf32>) mask(%m) query_offset %offset -> tensor<1x1x?x64xf32>
  return %o : tensor<1x1x?x64xf32>
}
func.func @model(%q: tensor<1x1x?x64xf32>, %k: tensor<1x1x?x64xf32>) -> tensor<1x1x?x64xf32> {
  %nine = arith.constant 9 : index
  %a = tensor.dim %k, %nine : tensor<1x1x?x64xf32>
  %m = mask.causal
  %0 = func.call @layer(%q, %k, %m, %a) : (tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>, !mask.predicate, index) -> tensor<1x1x?x64xf32>
  %1 = func.call @layer(%0, %k, %m, %a) : (tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>, !mask.predicate, index) -> tensor<1x1x?x64xf32>
  return %1 : tensor<1x1x?x64xf32>
}
