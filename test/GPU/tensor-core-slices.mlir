// Tiles of 128 queries in four warps of 32 rows, and 64 keys of 128 columns. Scores of all 64
// keys leave no registers for sums, so a tile is worked on in two slices: a loop in the loop,
// with the products of 32 keys. Keys are copied, and threads meet, once per tile; the ends
// of rows hide keys slice by slice.

// RUN: env -u CUDA_HOME -u CUDA_ROOT -u CUDA_PATH mask-opt %s --mask-to-nvvm="emitter=tensor-core chip=sm_90 query-tile=128 key-tile=64 warp-rows=32" --gpu-module-to-binary=format=isa -o %t
// RUN: %python %S/Inputs/kernel-loops.py ptx %t | FileCheck %s
// CHECK: loop: mma.sync 128, ldmatrix 48, cp.async 16, shfl 8, bar 1, ex2 36, selp.f32 32
// CHECK-NEXT: slice: mma.sync 128, ldmatrix 48, cp.async 0, shfl 8, bar 0, ex2 36, selp.f32 32
// CHECK-NEXT: loop: mma.sync 128, ldmatrix 48, cp.async 16, shfl 8, bar 1, ex2 36, selp.f32 0
// CHECK-NEXT: slice: mma.sync 128, ldmatrix 48, cp.async 0, shfl 8, bar 0, ex2 36, selp.f32 0
// CHECK-NEXT: loop: mma.sync 128, ldmatrix 48, cp.async 16, shfl 8, bar 1, ex2 36, selp.f32 32
// CHECK-NEXT: slice: mma.sync 128, ldmatrix 48, cp.async 0, shfl 8, bar 0, ex2 36, selp.f32 32
// CHECK-NEXT: all: mma.sync 384, {{.*}}, extern functions 0, ex2 without ftz 0, local memory 0

// Before that: a loop of 32 keys at a time, whose sums are scaled where a maximum moved.
// RUN: mask-opt %s --mask-to-gpu="emitter=tensor-core workgroup-memory=104448 query-tile=128 key-tile=64 warp-rows=32" | FileCheck %s --check-prefix=GPU
// GPU: gpu.barrier
// GPU: %[[MORE:.*]] = scf.for %[[OFFSET:.*]] = %c0{{.*}} to %c64{{.*}} step %c32{{.*}} iter_args(
// GPU-NOT: gpu.barrier
// GPU-COUNT-64: nvgpu.mma.sync
// GPU: arith.cmpf une
// GPU: arith.ori
// GPU: scf.if
// GPU-COUNT-64: arith.mulf
// GPU-COUNT-64: nvgpu.mma.sync

!data = tensor<?x?x?x128xbf16>

func.func @window(%q: !data, %k: !data, %v: !data, %out: !data) -> !data {
  %p = mask.window left 1023 right 0
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%out : !data) mask(%p) -> !data
  return %o : !data
}
