// The plugin's verifiers run in a stock mlir-opt.
// REQUIRES: plugin
// RUN: not mlir-opt %s --load-dialect-plugin=%mask_plugin 2>&1 | FileCheck %s

// CHECK: [[@LINE+1]]:6: error: 'mask.chunk' op
%p = mask.chunk size 0
