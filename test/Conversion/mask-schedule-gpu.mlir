// What is chosen, and what is kept.

// RUN: mask-opt %s --mask-schedule-gpu="emitter=auto chip=sm_90" --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: mask-opt %s --mask-schedule-gpu="emitter=portable" | FileCheck %s --check-prefixes=CHECK,PORTABLE
// What options give stays.
// RUN: mask-opt %s --mask-schedule-gpu="emitter=auto chip=sm_90 key-tile=16 parts=3" 2>/dev/null | FileCheck %s --check-prefix=GIVEN
// GIVEN-LABEL: func @wide
// GIVEN: schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 16, parts = 3, warp_rows = 16, value_columns = 128>
// What was chosen is kept: another run changes nothing.
// RUN: mask-opt %s --mask-schedule-gpu="emitter=portable" -o %t.once
// RUN: mask-opt %t.once --mask-schedule-gpu="emitter=portable key-tile=64" | diff - %t.once

!wide = tensor<1x8x?x128xbf16>
!step = tensor<1x8x1x64xf32>
!cache = tensor<1x2x?x64xf32>

// CHECK-LABEL: func @wide
// AUTO: schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 16, value_columns = 128>
// PORTABLE: schedule = #mask.gpu_schedule<portable, query_tile = 32, key_tile = 32, threads = 128, depth = 32, value_columns = 128>
func.func @wide(%q: !wide) -> !wide {
  %p = mask.causal
  %o = mask.attention ins(%q, %q, %q : !wide, !wide, !wide) outs(%q : !wide) mask(%p) -> !wide
  return %o : !wide
}

// Few keys are visible to a row.
// CHECK-LABEL: func @narrow
// AUTO: schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 32, warp_rows = 16, value_columns = 128>
func.func @narrow(%q: !wide) -> !wide {
  %o = mask.attention ins(%q, %q, %q : !wide, !wide, !wide) outs(%q : !wide) predicate {
    %p = mask.window left 15 right 0
    mask.yield %p : !mask.predicate
  } -> !wide
  return %o : !wide
}

// One query: the heads of a group, whose keys are split.
// CHECK-LABEL: func @decode
// AUTO: schedule = #mask.gpu_schedule<portable, query_tile = 1, key_tile = 32, heads = 4, parts = 64, threads = 128, depth = 32, value_columns = 64>
// PORTABLE: schedule = #mask.gpu_schedule<portable, query_tile = 1, key_tile = 32, heads = 4, parts = 64, threads = 128, depth = 32, value_columns = 64>
func.func @decode(%q: !step, %k: !cache) -> !step {
  %p = mask.causal
  // expected-remark @+1 {{is computed by portable code: tensor cores are used for f16 and bf16 only, got data of type 'f32'}}
  %o = mask.attention ins(%q, %k, %k : !step, !cache, !cache) outs(%q : !step) mask(%p) -> !step
  return %o : !step
}

// CHECK-LABEL: func @pinned
// CHECK: schedule = #mask.gpu_schedule<tensor_core, query_tile = 32, key_tile = 16, parts = 2, warp_rows = 16, value_columns = 64, order = early_first>
func.func @pinned(%q: !wide) -> !wide {
  %p = mask.causal
  %o = mask.attention ins(%q, %q, %q : !wide, !wide, !wide) outs(%q : !wide) mask(%p)
    {schedule = #mask.gpu_schedule<tensor_core, query_tile = 32, key_tile = 16, parts = 2, warp_rows = 16, value_columns = 64, order = early_first>} -> !wide
  return %o : !wide
}
