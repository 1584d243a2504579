// RUN: mask-opt %s --pass-pipeline='builtin.module(gpu.module(mask-prepare-nvvm))' | FileCheck %s

gpu.module @products {
  // CHECK-LABEL: gpu.func @bf16
  gpu.func @bf16(%a: vector<4x2xbf16>, %b: vector<2x2xbf16>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
    // CHECK: %[[ROW:.*]] = vector.extract %{{.*}}[0] : vector<2xbf16> from vector<4x2xbf16>
    // CHECK: %[[BITS:.*]] = vector.bitcast %[[ROW]] : vector<2xbf16> to vector<1xi32>
    // CHECK: %[[A:.*]] = vector.extract %[[BITS]][0] : i32 from vector<1xi32>
    // CHECK: nvvm.mma.sync A[%[[A]], %{{.*}}, %{{.*}}, %{{.*}}] B[%{{.*}}, %{{.*}}] C[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}]
    // CHECK-SAME: multiplicandAPtxType = #nvvm.mma_type<bf16>
    // CHECK: vector.from_elements {{.*}} : vector<2x2xf32>
    %0 = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>
    gpu.return %0 : vector<2x2xf32>
  }

  // MLIR's own conversion knows f16.
  // CHECK-LABEL: gpu.func @f16
  gpu.func @f16(%a: vector<4x2xf16>, %b: vector<2x2xf16>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
    // CHECK: nvgpu.mma.sync
    %0 = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
    gpu.return %0 : vector<2x2xf32>
  }
}

// Vectors of more than one dimension.

gpu.module @fragments {
  // CHECK-LABEL: gpu.func @fma
  gpu.func @fma(%a: vector<2x2xf32>) -> vector<2x2xf32> {
    // CHECK-COUNT-2: vector.fma %{{.*}} : vector<2xf32>
    %0 = vector.fma %a, %a, %a : vector<2x2xf32>
    gpu.return %0 : vector<2x2xf32>
  }

  // CHECK-LABEL: gpu.func @elements
  gpu.func @elements(%a: vector<2x2xf32>) -> f32 {
    // CHECK: vector.to_elements %{{.*}} : vector<2xf32>
    %0:4 = vector.to_elements %a : vector<2x2xf32>
    gpu.return %0#3 : f32
  }

  // CHECK-LABEL: gpu.func @row
  // CHECK-NOT: vector.shape_cast
  // CHECK: gpu.return
  gpu.func @row(%a: vector<2x2xf32>) -> vector<4xf32> {
    %0 = vector.shape_cast %a : vector<2x2xf32> to vector<4xf32>
    gpu.return %0 : vector<4xf32>
  }
}
