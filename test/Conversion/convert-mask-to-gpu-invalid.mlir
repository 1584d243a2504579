// RUN: mask-opt %s --convert-mask-to-gpu --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-gpu="threads=100" --split-input-file 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not mask-opt %s --convert-mask-to-gpu="threads=2048 query-tile=128" --split-input-file 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not mask-opt %s --convert-mask-to-gpu="query-tile=-20" --split-input-file 2>&1 | FileCheck %s --check-prefix=QUERIES
// RUN: not mask-opt %s --convert-mask-to-gpu="key-tile=24" --split-input-file 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not mask-opt %s --convert-mask-to-gpu="depth=-1" --split-input-file 2>&1 | FileCheck %s --check-prefix=DEPTH
// RUN: not mask-opt %s --convert-mask-to-gpu="value-columns=-16" --split-input-file 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: not mask-opt %s --convert-mask-to-gpu="query-tile=128 key-tile=128" --split-input-file 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not mask-opt %s --convert-mask-to-gpu="observer=missing" --split-input-file 2>&1 | FileCheck %s --check-prefix=OBSERVER
// THREADS: error: 'mask.attention' op cannot be scheduled: threads must be a positive multiple of 16, got 100
// MANY: error: 'mask.attention' op cannot be scheduled: threads must be a multiple of 16, and at most 1024, got 2048
// QUERIES: error: 'mask.attention' op cannot be scheduled: query-tile must be a positive multiple of 1, got -20
// KEYS: error: 'mask.attention' op cannot be scheduled: key-tile must be a positive multiple of 16, got 24
// DEPTH: error: 'mask.attention' op cannot be scheduled: depth must be a positive multiple of 1, got -1
// COLUMNS: error: 'mask.attention' op cannot be scheduled: value-columns must be a positive multiple of 16, got -16
// The scores alone are 128 x 129 x 4.
// MEMORY: error: 'mask.attention' op cannot be scheduled: its tiles take 117760 bytes of workgroup memory, more than the 49152 that there are
// RUN: not mask-opt %s --convert-mask-to-gpu="warp-rows=16" --split-input-file 2>&1 | FileCheck %s --check-prefix=WARPS
// WARPS: error: 'mask.attention' op cannot be scheduled: warp_rows is a choice on tensor cores only, got 16
// OBSERVER: error: 'mask.attention' op has no function 'missing' to observe its tiles

func.func @positive(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_tensors(%q: tensor<1x1x?x8xf32>, %m: !mask.predicate) -> tensor<1x1x?x8xf32> {
  // expected-error @+1 {{must be closed and on memrefs to become a launch of workgroups}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>)
      outs(%q : tensor<1x1x?x8xf32>) mask(%m) -> tensor<1x1x?x8xf32>
  return %o : tensor<1x1x?x8xf32>
}

// -----

func.func @negative_element_type(%q: memref<1x1x?x8xf64>, %o: memref<1x1x?x8xf64>) {
  // expected-error @+1 {{can be lowered for f32, f16 and bf16 only, got data of type 'f64'}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf64>, memref<1x1x?x8xf64>, memref<1x1x?x8xf64>)
      outs(%o : memref<1x1x?x8xf64>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_schedule_of_the_cpu(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-error @+1 {{cannot be scheduled: its schedule #mask.cpu_schedule<query_tile = 8, key_tile = 4, lanes = 4, rows = 2> is not one of a GPU}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 4, lanes = 4, rows = 2>}
  return
}

// -----

// 2^32 elements.
func.func @negative_elements(%q: memref<1x8x4194304x128xbf16>, %o: memref<1x8x4194304x128xbf16>) {
  // expected-error @+4 {{elements of query in kernels must be at most 2147483648, got 'memref<1x8x4194304x128xbf16>'}}
  // expected-error @+3 {{elements of key in kernels must be at most 2147483648}}
  // expected-error @+2 {{elements of value in kernels must be at most 2147483648}}
  // expected-error @+1 {{elements of output in kernels must be at most 2147483648}}
  mask.attention ins(%q, %q, %q : memref<1x8x4194304x128xbf16>, memref<1x8x4194304x128xbf16>, memref<1x8x4194304x128xbf16>)
      outs(%o : memref<1x8x4194304x128xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_pages(%q: memref<1x1x1x8xf32>, %pool: memref<?x1x16x8xf32>, %o: memref<1x1x1x8xf32>, %table: memref<1x?xi32>) {
  // expected-error @+1 {{'mask.attention' op reads its keys through pages, which kernels of GPUs do not do}}
  mask.attention ins(%q, %pool, %pool : memref<1x1x1x8xf32>, memref<?x1x16x8xf32>, memref<?x1x16x8xf32>)
      outs(%o : memref<1x1x1x8xf32>) key_pages %table page 16 : memref<1x?xi32> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
