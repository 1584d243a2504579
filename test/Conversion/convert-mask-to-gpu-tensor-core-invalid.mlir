// RUN: mask-opt %s --convert-mask-to-gpu=emitter=tensor-core --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=40" --split-input-file 2>&1 | FileCheck %s --check-prefix=QUERIES
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core key-tile=24" --split-input-file 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=528" --split-input-file 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core threads=128" --split-input-file 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core depth=32" --split-input-file 2>&1 | FileCheck %s --check-prefix=DEPTH
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core value-columns=64" --split-input-file 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core key-tile=256" --split-input-file 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=wgmma" --split-input-file 2>&1 | FileCheck %s --check-prefix=EMITTER
// QUERIES: error: 'mask.attention' op cannot be scheduled: query-tile must be a positive multiple of 16, got 40
// KEYS: error: 'mask.attention' op cannot be scheduled: key-tile must be a positive multiple of 16, got 24
// MANY: error: 'mask.attention' op cannot be scheduled: a workgroup has at most 1024 threads, got 1056
// THREADS: error: 'mask.attention' op cannot be scheduled: threads is not a choice on tensor cores, got 128
// DEPTH: error: 'mask.attention' op cannot be scheduled: depth is not a choice on tensor cores, got 32
// COLUMNS: error: 'mask.attention' op cannot be scheduled: value-columns is not a choice on tensor cores, got 64
// (64 + 2 * 2 * 256) * 72 * 2, and the ends of 64 rows.
// MEMORY: error: 'mask.attention' op cannot be scheduled: its tiles take 156928 bytes of workgroup memory, more than the 101376 that there are
// EMITTER: wgmma

!data = memref<1x1x?x64xf16>

func.func @positive(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x64xf32>

func.func @negative_f32(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: tensor cores are used for f16 and bf16 only, got data of type 'f32'}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x72xf16>

func.func @negative_columns(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: on tensor cores the rows of query must have a static multiple of 16 elements, at most 128, got 'memref<1x1x?x72xf16>'}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x64xf16>
!wide = memref<1x1x?x256xf16>

func.func @negative_wide_values(%q: !data, %v: !wide, %o: !wide) {
  // expected-error @+1 {{cannot be scheduled: on tensor cores the rows of value must have a static multiple of 16 elements, at most 128, got 'memref<1x1x?x256xf16>'}}
  mask.attention ins(%q, %q, %v : !data, !data, !wide) outs(%o : !wide) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x?xf16>

func.func @negative_dynamic(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: on tensor cores the rows of query must have a static multiple of 16 elements, at most 128, got 'memref<1x1x?x?xf16>'}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x64xf16>
!strided = memref<1x1x?x64xf16, strided<[?, ?, 72, 1]>>

func.func @negative_strides(%q: !data, %k: !strided, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: on tensor cores the rows of key must lie side by side, got 'memref<1x1x?x64xf16, strided<[?, ?, 72, 1]>>'}}
  mask.attention ins(%q, %k, %q : !data, !strided, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
