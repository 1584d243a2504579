// RUN: mask-opt %s --mask-to-cpu | FileCheck %s --implicit-check-not="mask." --implicit-check-not="omp."
// RUN: mask-opt %s --mask-to-cpu="openmp query-tile=32 key-tile=16 lanes=8 rows=4" | FileCheck %s --check-prefix=OPENMP

mask.policy @sliding("window" %W : index, "token_types" optional %t : tensor<?x?xi8>) {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %causal = mask.causal
  %either = mask.or %block, %causal
  %left = mask.window left %past right unbounded
  %p = mask.and %left, %either
  mask.layer_type "*" = %p
}

// Ids and tables are allocated, used and freed; nothing of the dialect is left.
// CHECK-LABEL: llvm.func @attention
// CHECK: llvm.call @malloc
// CHECK: vector<16xf32>
// CHECK: llvm.call @free
// CHECK: llvm.return

// The options of the pipeline reach the tiles, and the tiles the threads.
// OPENMP-LABEL: llvm.func @attention
// OPENMP: omp.parallel {
// OPENMP:   omp.wsloop schedule(dynamic) {
// OPENMP:     omp.loop_nest {{.*}} collapse(3)
// OPENMP-NOT: vector<16xf32>
// OPENMP:     vector<8xf32>
func.func @attention(%q: tensor<?x?x?x?xf32>, %k: tensor<?x?x?x?xf32>, %v: tensor<?x?x?x?xf32>,
                     %out: tensor<?x?x?x?xf32>, %w: index, %t : tensor<?x?xi8>) -> tensor<?x?x?x?xf32> {
  %m = mask.of_layer @sliding "any"(%w, %t) : index, tensor<?x?xi8>
  %o = mask.attention ins(%q, %k, %v : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
      outs(%out : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}
