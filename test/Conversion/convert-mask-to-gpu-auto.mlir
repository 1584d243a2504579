// RUN: mask-opt %s --convert-mask-to-gpu=emitter=auto --verify-diagnostics --split-input-file | FileCheck %s

// Tensor cores where they can.

// CHECK-LABEL: func @fits
// CHECK: nvgpu.mma.sync
func.func @fits(%q: memref<1x1x?x64xbf16>, %o: memref<1x1x?x64xbf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x64xbf16>, memref<1x1x?x64xbf16>, memref<1x1x?x64xbf16>)
      outs(%o : memref<1x1x?x64xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// CHECK-LABEL: func @wide
// CHECK-NOT: nvgpu
// CHECK: gpu.launch
// CHECK-NOT: nvgpu
func.func @wide(%q: memref<1x1x?x2048xbf16>, %o: memref<1x1x?x2048xbf16>) {
  // expected-remark @+1 {{is computed by portable code: its tiles take 199936 bytes of workgroup memory, more than the 101376 that there are}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x2048xbf16>, memref<1x1x?x2048xbf16>, memref<1x1x?x2048xbf16>)
      outs(%o : memref<1x1x?x2048xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// CHECK-LABEL: func @wide_elements
// CHECK-NOT: nvgpu
func.func @wide_elements(%q: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>) {
  // expected-remark @+1 {{is computed by portable code: tensor cores are used for f16 and bf16 only, got data of type 'f32'}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x1x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
