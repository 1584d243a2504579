// RUN: mask-opt %s --mask-schedule-gpu="chip=sm_90" --verify-diagnostics --split-input-file
// RUN: mask-opt %s --convert-mask-to-gpu="chip=sm_90" --verify-diagnostics --split-input-file

!data = memref<1x1x?x64xf32>

func.func @negative_f32(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: tensor cores are used for f16 and bf16 only, got data of type 'f32'}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 32, warp_rows = 16, value_columns = 64>}
  return
}

// -----

!data = memref<1x1x?x512xf16>

// (128 * 520 + 2 * 64 * (520 + 264)) * 2 bytes; the chip has 227 KiB.
func.func @negative_memory(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: its tiles take 333824 bytes of workgroup memory, more than the 232448 that there are}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<tensor_core, query_tile = 128, key_tile = 64, warp_rows = 16, value_columns = 256>}
  return
}

// -----

!data = memref<1x1x?x256xf16>

func.func @negative_registers(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: scores and sums of its tiles take 304 registers of a thread, more than the 256 that there are}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 32, value_columns = 256>}
  return
}

// -----

!data = memref<1x1x?x64xf32>

func.func @negative_cpu(%q: !data, %o: !data) {
  // expected-error @+1 {{is not one of a GPU}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 4, lanes = 4, rows = 2>}
  return
}
