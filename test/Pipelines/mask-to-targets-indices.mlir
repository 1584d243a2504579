// What the sizes of workgroups and loops prove to fit is computed in 32 bits: places in a tile. What
// hangs on extents is not.

// RUN: mask-opt %s --mask-to-nvvm="chip=sm_90" | FileCheck %s
// RUN: mask-opt %s --mask-to-rocdl="chip=gfx942" | FileCheck %s
// RUN: mask-opt %s --mask-to-spirv | FileCheck %s --check-prefix=SPIRV
// SPIRV-NOT: spirv.UMod {{.*}} : i64
// SPIRV: spirv.UMod {{.*}} : i32
// SPIRV-NOT: spirv.UMod {{.*}} : i64

// CHECK-LABEL: llvm.func @indices
// CHECK-NOT: llvm.urem {{.*}} : i64
// CHECK-NOT: llvm.udiv {{.*}} : i64
// CHECK: llvm.urem {{.*}} : i32
// CHECK-NOT: llvm.urem {{.*}} : i64
// CHECK-NOT: llvm.udiv {{.*}} : i64
// CHECK: llvm.udiv {{.*}} : i32
// CHECK-NOT: llvm.urem {{.*}} : i64
// CHECK-NOT: llvm.udiv {{.*}} : i64
// CHECK: llvm.return
func.func @indices(%q: tensor<1x2x?x64xf32>, %o: tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32> {
  %p = mask.causal
  %r = mask.attention ins(%q, %q, %q : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    outs(%o : tensor<1x2x?x64xf32>) mask(%p) -> tensor<1x2x?x64xf32>
  return %r : tensor<1x2x?x64xf32>
}
