// RUN: mask-opt %s --convert-mask-to-tiles --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-tiles="rows=65" --split-input-file 2>&1 | FileCheck %s --check-prefix=TILE

func.func @negative_tensors(%q: tensor<1x1x?x8xf32>, %m: !mask.predicate) -> tensor<1x1x?x8xf32> {
  // expected-error @+1 {{must be closed and on memrefs to become loops over tiles}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>)
      outs(%q : tensor<1x1x?x8xf32>) mask(%m) -> tensor<1x1x?x8xf32>
  return %o : tensor<1x1x?x8xf32>
}

// -----

func.func @negative_pairs_of_f16(%q: memref<1x1x?x8xf16>, %o: memref<1x1x?x8xf16>) {
  // expected-error @+1 {{has a schedule with pairs, which are of bf16, but data of 'f16'}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf16>, memref<1x1x?x8xf16>, memref<1x1x?x8xf16>)
      outs(%o : memref<1x1x?x8xf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, lanes = 8, rows = 8, pairs = true>}
  return
}

// -----

// LLVM would abort.
func.func @negative_target_without_pairs(%q: memref<1x1x?x8xbf16>, %o: memref<1x1x?x8xbf16>) {
  // expected-error @+1 {{has a schedule with pairs, but the target does not multiply bf16 in pairs (bf16-dot)}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xbf16>, memref<1x1x?x8xbf16>, memref<1x1x?x8xbf16>)
      outs(%o : memref<1x1x?x8xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, lanes = 8, rows = 8, pairs = true>}
  return
}

// -----

// What the region of a predicate computes runs once, in front of the loops.

func.func private @length() -> index
func.func @negative_call(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    // expected-error @+1 {{'func.call' op has effects that are not known, so it cannot run in front of the attention; a predicate's region may only compute and read}}
    %n = func.call @length() : () -> index
    %p = mask.prefix %n
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Whether anybody reads what is written or not.
func.func @negative_store(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>, %t: memref<?xi32>) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) captures(%t : memref<?xi32>) predicate {
  ^bb0(%ids: memref<?xi32>):
    %c0 = arith.constant 0 : index
    %id = arith.constant 7 : i32
    // expected-error @+1 {{'memref.store' op writes memory, so it cannot run in front of the attention}}
    memref.store %id, %ids[%c0] : memref<?xi32>
    %p = mask.document %ids : memref<?xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_allocate(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    // expected-error @+1 {{'memref.alloc' op allocates memory, so it cannot run in front of the attention}}
    %ids = memref.alloc() : memref<4xi32>
    %p = mask.document %ids : memref<4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_tensor_on_memrefs(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    // expected-error @+1 {{'arith.constant' op makes a 'tensor<4xi32>' that a predicate on memrefs cannot read}}
    %ids = arith.constant dense<0> : tensor<4xi32>
    %p = mask.document %ids : tensor<4xi32>
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_absent(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>, %n: index) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) captures(%n : index) predicate {
  ^bb0(%m: index):
    // expected-error @+1 {{'mask.absent' op is absent; what reads it must fold away first (canonicalize)}}
    %none = mask.absent : index
    %sum = arith.addi %m, %none : index
    %p = mask.prefix %sum
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_choice(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>, %c: i1) {
  // expected-note @+1 {{in the predicate of this attention}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) captures(%c : i1) predicate {
  ^bb0(%d: i1):
    %a = mask.causal
    %b = mask.prefix 3
    // expected-error @+1 {{'arith.select' op makes a predicate; only ops of the mask dialect can be evaluated}}
    %p = arith.select %d, %a, %b : !mask.predicate
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// TILE: error: 'mask.attention' op cannot be scheduled: lanes and rows must be at most 64, got {{[0-9]+}} and 65
func.func @schedule_from_options(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @negative_heads(%q: memref<1x8x?x8xf32>, %k: memref<1x4x?x8xf32>, %o: memref<1x8x?x8xf32>) {
  // expected-error @+1 {{cannot have tiles of 4 heads: they must divide the 2 query heads of a key head}}
  mask.attention ins(%q, %k, %k : memref<1x8x?x8xf32>, memref<1x4x?x8xf32>, memref<1x4x?x8xf32>)
      outs(%o : memref<1x8x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, heads = 4, lanes = 16, rows = 8>}
  return
}

// -----

func.func @negative_offset_per_head(%q: memref<1x8x?x8xf32>, %k: memref<1x4x?x8xf32>, %o: memref<1x8x?x8xf32>, %t: memref<?xi32>) {
  // expected-error @+1 {{cannot have tiles of 2 heads: 'query_offset' is per head}}
  mask.attention ins(%q, %k, %k : memref<1x8x?x8xf32>, memref<1x4x?x8xf32>, memref<1x4x?x8xf32>)
      outs(%o : memref<1x8x?x8xf32>) query_offset %t per head : memref<?xi32> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 64, heads = 2, lanes = 16, rows = 8>}
  return
}
