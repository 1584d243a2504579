// A stock mlir-opt reads, checks and rewrites the dialect through the plugin.
// A plugin that cannot be loaded is only a warning, so the output is checked.
// REQUIRES: plugin
// RUN: mlir-opt %s --load-dialect-plugin=%mask_plugin --canonicalize 2>&1 | FileCheck %s
// RUN: mlir-opt %s --load-dialect-plugin=%mask_plugin --load-pass-plugin=%mask_plugin --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// RUN: mlir-opt %s --load-dialect-plugin=%mask_plugin --load-pass-plugin=%mask_plugin --pass-pipeline='builtin.module(canonicalize,mask-close-predicates)' | FileCheck %s --check-prefix=CLOSED

// CLOSED: mask.attention
// CLOSED-SAME: predicate {
// CLOSED: mask.yield %{{.*}} : !mask.predicate

// CHECK-NOT: warning
// CHECK-LABEL: func.func @sliding
// CHECK-SAME: %[[Q:.*]]: tensor<1x8x?x64xf32>
func.func @sliding(%q: tensor<1x8x?x64xf32>, %kv: tensor<1x2x?x64xf32>) -> tensor<1x8x?x64xf32> {
  // CHECK: %[[W:.*]] = mask.window left 1023 right 0
  // CHECK-NEXT: mask.attention ins(%[[Q]]
  // CHECK-SAME: mask(%[[W]])
  // GENERIC: "mask.window"(){{.*}}static_left = 1023
  %w = mask.window left 1023 right 0
  %not = mask.not %w
  %both = mask.not %not
  %o = mask.attention ins(%q, %kv, %kv : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
         outs(%q : tensor<1x8x?x64xf32>) mask(%both) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}
