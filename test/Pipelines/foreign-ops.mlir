// RUN: mask-opt %s --mask-to-cpu=openmp | FileCheck %s --implicit-check-not=llvm.intr.exp --implicit-check-not=math. --implicit-check-not=llvm.intr.log

// The pipeline approximates and schedules what the lowering of attention emitted,
// the statistics, the sinks and the score region among it. What else is in the
// function stays exact, and other loops keep their schedule.

// CHECK-LABEL: llvm.func @model
// CHECK: omp.wsloop schedule(dynamic)
// CHECK: omp.wsloop {
// CHECK: llvm.intr.exp(%{{.*}}) : (f32) -> f32
func.func @model(%q: tensor<1x2x16x8xf32>, %out: tensor<1x2x16x8xf32>, %lse: tensor<1x2x16xf32>, %sinks: tensor<2xf32>,
                 %x: memref<?xf32>) -> (tensor<1x2x16x8xf32>, tensor<1x2x16xf32>) {
  %m = mask.causal
  %o:2 = mask.attention ins(%q, %q, %q : tensor<1x2x16x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x8xf32>)
      outs(%out, %lse : tensor<1x2x16x8xf32>, tensor<1x2x16xf32>) mask(%m) sinks(%sinks : tensor<2xf32>)
      score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %e = math.exp %s : f32
        %t = math.tanh %e : f32
        mask.yield %t : f32
      } -> tensor<1x2x16x8xf32>, tensor<1x2x16xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = memref.dim %x, %zero : memref<?xf32>
  scf.parallel (%i) = (%zero) to (%n) step (%one) {
    %0 = memref.load %x[%i] : memref<?xf32>
    %1 = math.exp %0 : f32
    memref.store %1, %x[%i] : memref<?xf32>
    scf.reduce
  }
  return %o#0, %o#1 : tensor<1x2x16x8xf32>, tensor<1x2x16xf32>
}
