// RUN: mask-opt %s --mask-to-rocdl="chip=gfx942" --gpu-module-to-binary=format=isa | FileCheck %s

// AMD's assembly needs no library of ROCm, and nothing is spilled.

// CHECK: gpu.binary @mask_kernels [#gpu.object<#rocdl.target<O = 3, chip = "gfx942">
// CHECK-NOT: __ocml
// CHECK-SAME: s_barrier
// CHECK-SAME: v_exp_f32
// CHECK-SAME: .vgpr_spill_count: 0
// CHECK-NOT: __ocml
func.func @attention(%q: tensor<?x?x?x64xbf16>, %k: tensor<?x?x?x64xbf16>, %v: tensor<?x?x?x64xbf16>,
                     %out: tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16> {
  %p = mask.window left 100 right 0
  %o = mask.attention ins(%q, %k, %v : tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>)
      outs(%out : tensor<?x?x?x64xbf16>) mask(%p) soft_cap 30.0 -> tensor<?x?x?x64xbf16>
  return %o : tensor<?x?x?x64xbf16>
}
