// RUN: mask-opt %s --convert-mask-to-tiles --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-tiles="query-tile=24" --split-input-file 2>&1 | FileCheck %s --check-prefix=TILE

func.func @negative_tensors(%q: tensor<1x1x?x8xf32>, %m: !mask.predicate) -> tensor<1x1x?x8xf32> {
  // expected-error @+1 {{must be closed and on memrefs to become loops over tiles}}
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>)
      outs(%q : tensor<1x1x?x8xf32>) mask(%m) -> tensor<1x1x?x8xf32>
  return %o : tensor<1x1x?x8xf32>
}

// -----

func.func @negative_element_type(%q: memref<1x1x?x8xf64>, %o: memref<1x1x?x8xf64>) {
  // expected-error @+1 {{can be lowered for f32 only, got data of type 'f64'}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf64>, memref<1x1x?x8xf64>, memref<1x1x?x8xf64>)
      outs(%o : memref<1x1x?x8xf64>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// TILE: error: 'mask.attention' op cannot be scheduled: lanes (16) must divide query_tile (24)
func.func @schedule_from_options(%q: memref<1x1x?x8xf32>, %o: memref<1x1x?x8xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>)
      outs(%o : memref<1x1x?x8xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
