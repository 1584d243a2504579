// RUN: mask-opt %s --mask-expand-bf16 | FileCheck %s

// CHECK-LABEL: func.func @widen
// CHECK-SAME: %[[X:.*]]: vector<4xbf16>
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : vector<4xbf16> to vector<4xi16>
// CHECK: %[[WIDE:.*]] = arith.extui %[[BITS]] : vector<4xi16> to vector<4xi32>
// CHECK: %[[MOVED:.*]] = arith.shli %[[WIDE]], %{{.*}} : vector<4xi32>
// CHECK: %[[Y:.*]] = arith.bitcast %[[MOVED]] : vector<4xi32> to vector<4xf32>
// CHECK: return %[[Y]]
func.func @widen(%x: vector<4xbf16>) -> vector<4xf32> {
  %y = arith.extf %x : vector<4xbf16> to vector<4xf32>
  return %y : vector<4xf32>
}

// CHECK-LABEL: func.func @round
// CHECK-NOT: truncf
// CHECK: arith.trunci {{.*}} : i32 to i16
func.func @round(%x: f32) -> bf16 {
  %y = arith.truncf %x : f32 to bf16
  return %y : bf16
}

// Other types have their instructions.
// CHECK-LABEL: func.func @negative_f16
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @negative_f16(%x: f32) -> f16 {
  %y = arith.truncf %x : f32 to f16
  return %y : f16
}
