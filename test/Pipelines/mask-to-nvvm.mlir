// RUN: env -u CUDA_HOME -u CUDA_ROOT -u CUDA_PATH mask-opt %s --mask-to-nvvm="chip=sm_90" --gpu-module-to-binary=format=isa | FileCheck %s
// RUN: mask-opt %s --mask-to-nvvm="chip=sm_90" | FileCheck %s --check-prefix=NVVM

// Kernels need no library: nothing is left to be linked. Their host code is
// buffers and launches.

// NVVM: gpu.launch_func @mask_kernels::@attention blocks in
// NVVM: gpu.module @mask_kernels [#nvvm.target<O = 3, chip = "sm_90", features = "+ptx80">]
// NVVM: llvm.func @attention({{.*}}) attributes {gpu.kernel, gpu.known_block_size = array<i32: 128, 1, 1>
// NVVM: nvvm.barrier
// CHECK: gpu.binary @mask_kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_90", features = "+ptx80">
// CHECK-NOT: .extern
// CHECK-SAME: .visible .entry attention(
// CHECK-NOT: .extern
// CHECK-SAME: bar{{(rier)?}}.sync
// CHECK-NOT: .extern
// CHECK-SAME: ex2.approx.ftz.f32
// CHECK-NOT: .extern
func.func @attention(%q: tensor<?x?x?x64xbf16>, %k: tensor<?x?x?x64xbf16>, %v: tensor<?x?x?x64xbf16>,
                     %out: tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16> {
  %p = mask.window left 100 right 0
  %o = mask.attention ins(%q, %k, %v : tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>)
      outs(%out : tensor<?x?x?x64xbf16>) mask(%p) soft_cap 30.0 -> tensor<?x?x?x64xbf16>
  return %o : tensor<?x?x?x64xbf16>
}
