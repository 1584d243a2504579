// A schedule that an attention carries is kept, whatever the options say.

// RUN: mask-opt %s --convert-mask-to-gpu="emitter=portable query-tile=64" --canonicalize --cse | FileCheck %s

!data = memref<1x2x?x64xbf16>

// (32 + 2 * 2 * 16) * 72 * 2 bytes, two warps.
// CHECK-LABEL: func @tensor_core
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 13824 : i32
// CHECK: gpu.launch {{.*}} threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c64, {{.*}}) dynamic_shared_memory_size %[[BYTES]]
// CHECK: mask.tile_for{{.*}} step 16
// CHECK: nvgpu.mma.sync
func.func @tensor_core(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<tensor_core, query_tile = 32, key_tile = 16, warp_rows = 16, value_columns = 64>}
  return
}

// Late tiles of queries first: the last tile less the workgroup's number.
// CHECK-LABEL: func @late_first
// CHECK: gpu.launch
// CHECK: arith.remui
// CHECK: arith.divui
// CHECK: arith.subi
// CHECK: mask.tile_for{{.*}} step 48
func.func @late_first(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<portable, query_tile = 8, key_tile = 48, threads = 64, depth = 16, value_columns = 32>}
  return
}

// CHECK-LABEL: func @early_first
// CHECK: gpu.launch
// CHECK-NOT: arith.subi
// CHECK: mask.tile_for{{.*}} step 48
func.func @early_first(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<portable, query_tile = 8, key_tile = 48, threads = 64, depth = 16, value_columns = 32, order = early_first>}
  return
}
