// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot" --verify-diagnostics

// LLVM would abort.
func.func @negative_target_without_amx(%q: memref<1x1x?x8xbf16>, %o: memref<1x1x?x8xbf16>) {
  // expected-error @+1 {{has a schedule with amx, but the target does not multiply tiles of bf16 (amx)}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xbf16>, memref<1x1x?x8xbf16>, memref<1x1x?x8xbf16>)
      outs(%o : memref<1x1x?x8xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, lanes = 16, rows = 8, pairs = true, amx = true>}
  return
}
