// RUN: mask-opt %s --mask-lower-kernel-math --split-input-file --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,OTHER
// RUN: mask-opt %s --mask-lower-kernel-math=nvvm --split-input-file --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,NVVM

// CHECK-LABEL: gpu.func @exponential
// OTHER: math.exp %
// NVVM: %[[SCALED:.*]] = arith.mulf %{{.*}}, %cst{{.*}} : f32
// NVVM: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%[[SCALED]]) : (f32) -> f32
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @exponential(%x: f32, %out: memref<f32>) kernel {
    %y = math.exp %x : f32
    memref.store %y, %out[] : memref<f32>
    gpu.return
  }
}

// -----

// An instruction of NVIDIA's takes one number.

// CHECK-LABEL: gpu.func @vector
// NVVM-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// NVVM-NOT: llvm.call_intrinsic
// OTHER: math.exp %{{.*}} : vector<2x2xf32>
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @vector(%x: vector<2x2xf32>, %out: memref<vector<2x2xf32>>) kernel {
    %y = math.exp %x : vector<2x2xf32>
    memref.store %y, %out[] : memref<vector<2x2xf32>>
    gpu.return
  }
}

// -----

// One instruction each.

// CHECK-LABEL: gpu.func @exact
// CHECK: llvm.call_intrinsic "llvm.fma"(%{{.*}}, %{{.*}}, %{{.*}}) : (f32, f32, f32) -> f32
// CHECK: llvm.call_intrinsic "llvm.sqrt"
// CHECK: llvm.call_intrinsic "llvm.floor"
// CHECK: llvm.call_intrinsic "llvm.fabs"
// CHECK: llvm.call_intrinsic "llvm.maxnum"
// CHECK: llvm.call_intrinsic "llvm.minnum"
// CHECK: "llvm.intr.ctlz"
gpu.module @kernels {
  gpu.func @exact(%x: f32, %i: i32, %out: memref<f32>, %out_i: memref<i32>) kernel {
    %a = math.fma %x, %x, %x : f32
    %b = math.sqrt %a : f32
    %c = math.floor %b : f32
    %d = math.absf %c : f32
    %m = arith.maxnumf %d, %x : f32
    %n = arith.minnumf %m, %b : f32
    %e = math.ctlz %i : i32
    memref.store %n, %out[] : memref<f32>
    memref.store %e, %out_i[] : memref<i32>
    gpu.return
  }
}

// -----

// What a soft cap and a score region may hold: polynomials and formulas.

// CHECK-LABEL: gpu.func @expanded
// CHECK-NOT: math.{{[^e]}}
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @expanded(%x: f32, %out: memref<f32>) kernel {
    %a = math.tanh %x : f32
    %b = math.log %a : f32
    %c = math.log2 %b : f32
    %d = math.powf %c, %x : f32
    %e = math.sin %d : f32
    %f = math.erf %e : f32
    %g = math.rsqrt %f : f32
    %h = math.round %g : f32
    %i = math.sinh %h : f32
    memref.store %i, %out[] : memref<f32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @f64(%x: f64, %out: memref<f64>) kernel {
    // expected-error @+1 {{'math.tanh' cannot be computed in a kernel: it has no approximation for 'f64'}}
    %y = math.tanh %x : f64
    memref.store %y, %out[] : memref<f64>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @remainder(%x: f32, %out: memref<f32>) kernel {
    // expected-error @+1 {{'arith.remf' cannot be computed in a kernel: it has no approximation for 'f32'}}
    %y = arith.remf %x, %x : f32
    memref.store %y, %out[] : memref<f32>
    gpu.return
  }
}
