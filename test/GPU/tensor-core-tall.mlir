// Tiles of 128 queries in four warps of 32 rows, and 32 keys, as sm_90 gets for 64 columns: with
// half as many `ldmatrix` per product as warps of 16 rows need, since a fragment of keys
// or values is multiplied with two of queries or weights. 36 exponentials are of 32 scores and
// four rows.

// RUN: env -u CUDA_HOME -u CUDA_ROOT -u CUDA_PATH mask-opt %s --mask-to-nvvm="emitter=tensor-core chip=sm_90" --gpu-module-to-binary=format=isa -o %t
// RUN: %python %S/Inputs/kernel-loops.py ptx %t | FileCheck %s
// CHECK: loop: mma.sync 64, ldmatrix 16, cp.async 4, shfl 8, bar 1, ex2 36, selp.f32 32
// CHECK-NEXT: loop: mma.sync 64, ldmatrix 16, cp.async 4, shfl 8, bar 1, ex2 36, selp.f32 0
// CHECK-NEXT: loop: mma.sync 64, ldmatrix 16, cp.async 4, shfl 8, bar 1, ex2 36, selp.f32 32
// CHECK-NEXT: all: mma.sync 192, {{.*}}, extern functions 0, ex2 without ftz 0, local memory 0

// RUN: %if ptxas %{ %python %S/Inputs/kernel-loops.py ptxas %t %ptxas | FileCheck %s --check-prefix=PTXAS %}
// PTXAS: Compiling entry function 'window' for
// PTXAS: 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads

!data = tensor<?x?x?x64xbf16>

func.func @window(%q: !data, %k: !data, %v: !data, %out: !data) -> !data {
  %p = mask.window left 1023 right 0
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%out : !data) mask(%p) -> !data
  return %o : !data
}
