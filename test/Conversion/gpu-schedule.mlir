// Which tiles tensor cores get: from the memory of the chip, the columns, and the width of
// the mask. `queries * heads / warp_rows` warps, and `step` keys.

// RUN: mask-opt %s --convert-mask-to-gpu="emitter=tensor-core chip=sm_90" --canonicalize --cse --split-input-file | FileCheck %s --check-prefixes=CHECK,SM90
// RUN: mask-opt %s --convert-mask-to-gpu="emitter=tensor-core chip=sm_120" --canonicalize --cse --split-input-file | FileCheck %s --check-prefixes=CHECK,SM120

!narrow = memref<?x?x?x64xbf16>

// 128 queries in four warps of 32: (128 + 2 * 2 * 32) * 72 * 2 bytes.
// CHECK-LABEL: func @columns_64
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 36864 : i32
// CHECK: threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c128, {{.*}}) dynamic_shared_memory_size %[[BYTES]]
// CHECK: mask.tile_for{{.*}} step 32
func.func @columns_64(%q: !narrow, %o: !narrow) {
  mask.attention ins(%q, %q, %q : !narrow, !narrow, !narrow) outs(%o : !narrow) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!wide = memref<?x?x?x128xbf16>

// 64 x 64 of 128 columns take 87,040 bytes: of the 227 KiB of sm_90 twice as much is there;
// of the 99 KiB of sm_120 it is not, nor are two times 64 x 32.
// CHECK-LABEL: func @columns_128
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 87040 : i32
// CHECK: threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c128, {{.*}}) dynamic_shared_memory_size %[[BYTES]]
// CHECK: mask.tile_for{{.*}} step 64
func.func @columns_128(%q: !wide, %o: !wide) {
  mask.attention ins(%q, %q, %q : !wide, !wide, !wide) outs(%o : !wide) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!wider = memref<?x?x?x256xbf16>

// 64 x 32 take 101,376 bytes, which are all that sm_120 has.
// CHECK-LABEL: func @columns_256
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 101376 : i32
// CHECK: dynamic_shared_memory_size %[[BYTES]]
// CHECK: mask.tile_for{{.*}} step 32
func.func @columns_256(%q: !wider, %o: !wider) {
  mask.attention ins(%q, %q, %q : !wider, !wider, !wider) outs(%o : !wider) predicate {
    %p = mask.window left 1023 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!widest = memref<?x?x?x512xbf16>

// Of 512 value columns a workgroup computes 256, on sm_120 with 32 queries and 16 keys:
// (64 * 520 + 2 * 32 * (520 + 264)) * 2 and (32 * 520 + 2 * 16 * (520 + 264)) * 2 bytes.
// CHECK-LABEL: func @columns_512
// SM90-DAG: %[[BYTES:.*]] = arith.constant 166912 : i32
// SM120-DAG: %[[BYTES:.*]] = arith.constant 83456 : i32
// CHECK: dynamic_shared_memory_size %[[BYTES]]
// SM90: mask.tile_for{{.*}} step 32
// SM120: mask.tile_for{{.*}} step 16
func.func @columns_512(%q: !widest, %o: !widest) {
  mask.attention ins(%q, %q, %q : !widest, !widest, !widest) outs(%o : !widest) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!narrow = memref<?x?x?x64xbf16>

// A row sees 64 keys. Tiles of 128 queries visit 192, which is half as much again as tiles of
// 64 do: these are taken, in warps of 16 rows.
// CHECK-LABEL: func @narrow_window
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 46080 : i32
// CHECK: threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c128, {{.*}}) dynamic_shared_memory_size %[[BYTES]]
// CHECK: mask.tile_for{{.*}} step 64
func.func @narrow_window(%q: !narrow, %o: !narrow) {
  mask.attention ins(%q, %q, %q : !narrow, !narrow, !narrow) outs(%o : !narrow) predicate {
    %p = mask.window left 63 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!query = memref<2x32x1x128xbf16>
!keys = memref<2x4x?x128xbf16>

// One query of each of the eight heads of a group: one warp. The keys are split, and merged
// by a third launch, behind that of tiles that are computed again.
// CHECK-LABEL: func @decode
// CHECK: %[[PARTIAL:.*]] = memref.alloc(%{{.*}}) : memref<?x32x1x128xf32>
// CHECK: %[[SUMS:.*]] = memref.alloc(%{{.*}}) : memref<?x32x1xf32>
// CHECK: threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c32, {{.*}}) dynamic_shared_memory_size
// CHECK: mask.tile_for{{.*}} step {{32|64}} part %{{.*}} of %[[PARTS:[a-z0-9]+]] ahead 1
// CHECK: memref.store %{{.*}}, %[[SUMS]]
// CHECK: gpu.launch
// CHECK: gpu.launch
// CHECK: scf.for %{{.*}} = %c0 to %[[PARTS]]
// CHECK: memref.load %[[SUMS]]
// CHECK: memref.load %[[PARTIAL]]
// CHECK: memref.store %{{.*}}, %arg3
// CHECK: memref.dealloc %[[PARTIAL]]
func.func @decode(%q: !query, %k: !keys, %v: !keys, %o: !query, %offset: index) {
  mask.attention ins(%q, %k, %v : !query, !keys, !keys) outs(%o : !query) query_offset %offset predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
