// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot amx" --canonicalize --cse | FileCheck %s

// Columns are padded to whole tiles; 48 rows are three tiles, one beside another.

// CHECK-LABEL: func @odd
// CHECK: memref<64x64xbf16> into !amx.tile<16x32xbf16>
// CHECK: amx.tile_load %{{.*}} : memref<32x48xf32> into !amx.tile<16x16xf32>
func.func @odd(%q: memref<1x1x256x41xbf16>, %v: memref<1x1x256x23xbf16>, %o: memref<1x1x256x23xbf16>) {
  mask.attention ins(%q, %q, %v : memref<1x1x256x41xbf16>, memref<1x1x256x41xbf16>, memref<1x1x256x23xbf16>)
      outs(%o : memref<1x1x256x23xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 48, key_tile = 64, lanes = 16, rows = 8, pairs = true, amx = true>}
  return
}
