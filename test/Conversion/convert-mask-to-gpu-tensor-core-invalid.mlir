// RUN: mask-opt %s --convert-mask-to-gpu=emitter=tensor-core --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=-64" --split-input-file 2>&1 | FileCheck %s --check-prefix=QUERIES
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core key-tile=24" --split-input-file 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=528 key-tile=16 warp-rows=16 workgroup-memory=200000" --split-input-file 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core threads=128" --split-input-file 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core depth=32" --split-input-file 2>&1 | FileCheck %s --check-prefix=DEPTH
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core value-columns=40" --split-input-file 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core key-tile=256" --split-input-file 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=wgmma" --split-input-file 2>&1 | FileCheck %s --check-prefix=EMITTER
// QUERIES: error: 'mask.attention' op cannot be scheduled: query-tile must be a positive multiple of 1, got -64
// KEYS: error: 'mask.attention' op cannot be scheduled: key-tile must be a positive multiple of 16, got 24
// MANY: error: 'mask.attention' op cannot be scheduled: a workgroup has at most 32 warps, got 528 rows, of 16 per warp
// THREADS: error: 'mask.attention' op cannot be scheduled: threads and depth are no choice on tensor cores, got 128 and 0
// DEPTH: error: 'mask.attention' op cannot be scheduled: threads and depth are no choice on tensor cores, got 0 and 32
// COLUMNS: error: 'mask.attention' op cannot be scheduled: value-columns must be a positive multiple of 16, got 40
// The least are 16 queries and 32 value columns: (16 + 2 * 256) * 72 * 2 + 2 * 256 * 40 * 2.
// MEMORY: error: 'mask.attention' op cannot be scheduled: its tiles take 116992 bytes of workgroup memory, more than the 101376 that there are
// EMITTER: wgmma
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core warp-rows=48" --split-input-file 2>&1 | FileCheck %s --check-prefix=WARPS
// WARPS: error: 'mask.attention' op cannot be scheduled: a warp has 16 or 32 rows, got 48
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=128 key-tile=32 value-columns=256 warp-rows=32" --split-input-file 2>&1 | FileCheck %s --check-prefix=REGISTERS
// REGISTERS: error: 'mask.attention' op cannot be scheduled: scores and sums of its tiles take 304 registers of a thread, more than the 256 that there are
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core chip=sm_75" --split-input-file 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: 'mask.attention' op cannot be scheduled: no tensor cores for bf16 are known of chip 'sm_75'
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core heads=-2" --split-input-file 2>&1 | FileCheck %s --check-prefix=HEADS
// HEADS: error: 'mask.attention' op cannot be scheduled: heads must be a positive multiple of 1, got -2
// RUN: not mask-opt %s --convert-mask-to-gpu="emitter=tensor-core parts=-1" --split-input-file 2>&1 | FileCheck %s --check-prefix=PARTS
// PARTS: error: 'mask.attention' op cannot be scheduled: parts must be a positive multiple of 1, got -1

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

!data = memref<1x1x?x?xf16>

func.func @negative_dynamic(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: on tensor cores the rows of query must have a static number of elements, got 'memref<1x1x?x?xf16>'}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

!data = memref<1x1x?x2048xf16>

// 16 rows of queries and two times 16 of keys and values, of 2056 and 40 elements.
func.func @negative_deep(%q: !data, %o: !data) {
  // expected-error @+1 {{cannot be scheduled: its tiles take 199936 bytes of workgroup memory, more than the 101376 that there are}}
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
