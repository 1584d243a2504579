// What the sizes of workgroups and loops prove to fit is computed in 32 bits: places in a tile. What
// hangs on extents is not.

// RUN: mask-opt %s --mask-to-gpu | FileCheck %s

// CHECK-LABEL: gpu.func @indices
// CHECK-DAG: %[[THREAD:.*]] = gpu.thread_id x
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : i32
// CHECK: %[[NARROW:.*]] = arith.index_castui %[[THREAD]] : index to i32
// CHECK: arith.remui %[[NARROW]], %[[C16]] : i32
// CHECK: arith.divui %[[NARROW]], %[[C16]] : i32
// CHECK-NOT: arith.remui {{.*}} : index
// CHECK-NOT: arith.divui {{.*}} : index
// CHECK: gpu.return
func.func @indices(%q: tensor<1x2x?x64xf32>, %o: tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32> {
  %p = mask.causal
  %r = mask.attention ins(%q, %q, %q : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    outs(%o : tensor<1x2x?x64xf32>) mask(%p) -> tensor<1x2x?x64xf32>
  return %r : tensor<1x2x?x64xf32>
}
