// Attention on tensor cores, in tiles of 64 x 64, as `convert-mask-to-gpu{emitter=tensor-core}` makes it: what is
// in its loops over key tiles, in PTX. For 64 queries in four warps and 64 keys of D
// columns that is D / 2 products for the scores and as many for the values, half as many
// `ldmatrix`, D / 8 copies of 16 bytes by each thread, one barrier, and an exponential for
// each of a thread's 32 scores and two rows. The core knows nothing of the mask.

// RUN: env -u CUDA_HOME -u CUDA_ROOT -u CUDA_PATH mask-opt %s --mask-to-nvvm="emitter=tensor-core chip=sm_90 query-tile=64 key-tile=64" --gpu-module-to-binary=format=isa --split-input-file -o %t.mlir
// RUN: csplit -s -f %t. %t.mlir '/^\/\/ -----/'
// RUN: %python %S/Inputs/kernel-loops.py ptx %t.00 | FileCheck %s --check-prefix=WINDOW
// RUN: %python %S/Inputs/kernel-loops.py ptx %t.01 | FileCheck %s --check-prefix=CAUSAL

// Tiles before the core are those that lower ends cut, and those of keys that do not
// exist: a select for each score. After it there are upper ends.
// WINDOW: loop: mma.sync 128, ldmatrix 64, cp.async 16, shfl 4, bar 1, ex2 34, selp.f32 32
// WINDOW-NEXT: loop: mma.sync 128, ldmatrix 64, cp.async 16, shfl 4, bar 1, ex2 34, selp.f32 0
// WINDOW-NEXT: loop: mma.sync 128, ldmatrix 64, cp.async 16, shfl 4, bar 1, ex2 34, selp.f32 32
// WINDOW-NEXT: all: mma.sync 384, {{.*}}, extern functions 0, ex2 without ftz 0, local memory 0

!wide = tensor<?x?x?x128xbf16>

func.func @window(%q: !wide, %k: !wide, %v: !wide, %out: !wide) -> !wide {
  %p = mask.window left 1023 right 0
  %o = mask.attention ins(%q, %k, %v : !wide, !wide, !wide) outs(%out : !wide) mask(%p) -> !wide
  return %o : !wide
}

// -----

// CAUSAL: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 0
// CAUSAL-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 32
// CAUSAL-NEXT: all: mma.sync 128, {{.*}}, extern functions 0, ex2 without ftz 0, local memory 0

!data = tensor<?x?x?x64xf16>

func.func @causal(%q: !data, %k: !data, %v: !data, %out: !data) -> !data {
  %p = mask.causal
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%out : !data) mask(%p) -> !data
  return %o : !data
}
