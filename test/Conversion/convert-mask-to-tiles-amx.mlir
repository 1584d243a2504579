// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot amx" --canonicalize --cse | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot amx lanes=8" --canonicalize --cse | FileCheck %s --check-prefix=PAIRS
// RUN: not mask-opt %s --convert-mask-to-tiles="amx vector-bits=256" 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot amx key-tile=48" --canonicalize --cse | FileCheck %s --check-prefix=PAIRS
// RUN: mask-opt %s --convert-mask-to-tiles="amx" --canonicalize --cse | FileCheck %s --check-prefix=ALONE
// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot" --canonicalize --cse | FileCheck %s --check-prefix=PAIRS

// Two by two tiles of 16 rows by 16 pairs, which are loaded once per step along the sum.
// Scores are scaled in memory; values are transposed, cell by cell.

// CHECK-LABEL: func @bf16
// CHECK: mask.tile_for
// CHECK-COUNT-4: amx.tile_zero : !amx.tile<16x16xf32>
// CHECK: scf.for {{.*}} step %c16 iter_args({{.*}}) -> (!amx.tile<16x16xf32>, !amx.tile<16x16xf32>, !amx.tile<16x16xf32>, !amx.tile<16x16xf32>)
// CHECK-COUNT-2: amx.tile_load %{{.*}} : memref<64x128xbf16> into !amx.tile<16x32xbf16>
// CHECK: amx.tile_load %{{.*}} : memref<64x128xbf16> into !amx.tile<16x32xbf16>
// CHECK-COUNT-2: amx.tile_mulf
// CHECK: amx.tile_load %{{.*}} : memref<64x128xbf16> into !amx.tile<16x32xbf16>
// CHECK-COUNT-2: amx.tile_mulf
// CHECK-NEXT: scf.yield
// CHECK-COUNT-4: amx.tile_store %{{.*}} : memref<64x64xf32>, !amx.tile<16x16xf32>
// CHECK: scf.for
// CHECK-COUNT-2: arith.mulf %{{.*}} : vector<16xf32>
// CHECK: }
// CHECK: vector.shuffle {{.*}} : vector<16xi32>, vector<16xi32>
// CHECK-COUNT-4: amx.tile_load %{{.*}} : memref<128x64xf32> into !amx.tile<16x16xf32>
// CHECK: scf.for {{.*}} step %c16 iter_args
// CHECK-COUNT-4: amx.tile_mulf
// CHECK-NOT: amx.tile_mulf
// CHECK-COUNT-4: amx.tile_store %{{.*}} : memref<128x64xf32>, !amx.tile<16x16xf32>

// BITS: error: 'mask.attention' op cannot be scheduled: a target with amx has registers of 512 bits, got 256

// Tiles have 16 lanes and 32 keys. Without them pairs are multiplied, or f32.

// PAIRS-LABEL: func @bf16
// PAIRS-NOT: amx
// PAIRS: x86vector.avx512.dot
// PAIRS-LABEL: func @f16
// ALONE-LABEL: func @bf16
// ALONE: amx.tile_mulf
// ALONE-LABEL: func @decode
// ALONE-NOT: x86vector
// ALONE: vector.fma
// ALONE-LABEL: func @end
func.func @bf16(%q: memref<1x1x256x128xbf16>, %o: memref<1x1x256x128xbf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x128xbf16>, memref<1x1x256x128xbf16>, memref<1x1x256x128xbf16>)
      outs(%o : memref<1x1x256x128xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// Only of bf16, and not where columns lie in lanes.

// CHECK-LABEL: func @f16
// CHECK-NOT: amx
func.func @f16(%q: memref<1x1x256x128xf16>, %o: memref<1x1x256x128xf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x128xf16>, memref<1x1x256x128xf16>, memref<1x1x256x128xf16>)
      outs(%o : memref<1x1x256x128xf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// CHECK-LABEL: func @decode
// CHECK-NOT: amx
// CHECK: x86vector.avx512.dot
// CHECK-NOT: amx
// CHECK-LABEL: func @end
// PAIRS-LABEL: func @end
func.func @decode(%q: memref<1x8x1x128xbf16>, %k: memref<1x1x?x128xbf16>, %o: memref<1x8x1x128xbf16>) {
  mask.attention ins(%q, %k, %k : memref<1x8x1x128xbf16>, memref<1x1x?x128xbf16>, memref<1x1x?x128xbf16>)
      outs(%o : memref<1x8x1x128xbf16>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}

func.func @end() {
  return
}
