// A project of its own finds the installed libraries, builds, and runs the passes.

// UNSUPPORTED: sanitize
// RUN: rm -rf %t && mkdir %t
// RUN: %cmake --install %mask_obj_root --prefix %t/prefix --component development > %t/install.txt
// RUN: %cmake -S %S/Inputs/consumer -B %t/build -G %cmake_generator -DCMAKE_CXX_COMPILER=%cxx \
// RUN:   -DCMAKE_PREFIX_PATH=%t/prefix > %t/configure.txt
// RUN: %cmake --build %t/build > %t/build.txt
// RUN: %t/build/consumer %s | FileCheck %s

// Headers come from the prefix alone.
// RUN: not grep -r "%mask_src_root/include" %t/prefix/lib/cmake

// The dialect's definitions can be included by those of another one.
// RUN: %mlir_tblgen -gen-op-decls -I %mlir_include -I %t/prefix/include \
// RUN:   %t/prefix/include/Mask/IR/MaskOps.td -o %t/MaskOps.h.inc
// RUN: diff %t/MaskOps.h.inc %t/prefix/include/Mask/IR/MaskOps.h.inc

// CHECK-LABEL: func.func @attend
// CHECK: %[[WINDOW:.*]] = mask.window left 3 right 0
// CHECK: mask.attention {{.*}} mask(%[[WINDOW]])
// CHECK-LABEL: llvm.func @attend
// CHECK-NOT: mask.
func.func @attend(%query: tensor<1x2x8x4xf32>, %key: tensor<1x2x8x4xf32>, %value: tensor<1x2x8x4xf32>,
                  %out: tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32> {
  %causal = mask.causal
  %window = mask.window left 3 right 2
  %and = mask.and %causal, %window
  %0 = mask.attention
    ins(%query, %key, %value : tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>)
    outs(%out : tensor<1x2x8x4xf32>) mask(%and) -> tensor<1x2x8x4xf32>
  return %0 : tensor<1x2x8x4xf32>
}
