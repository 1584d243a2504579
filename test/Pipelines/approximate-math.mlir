// RUN: mask-opt %s --mask-approximate-math | FileCheck %s

// Only what may be approximated is; the other function means what it says.

// CHECK-LABEL: func.func @flags
// CHECK-SAME: %[[X:.*]]: vector<8xf32>
// CHECK-NOT: math.exp
// CHECK: math.exp %[[X]] : vector<8xf32>
// CHECK-NOT: math.exp
func.func @flags(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  %0 = math.exp %x fastmath<afn> : vector<8xf32>
  %1 = math.exp %x : vector<8xf32>
  return %0, %1 : vector<8xf32>, vector<8xf32>
}

// Other permissions are none to approximate.
// CHECK-LABEL: func.func @negative_other_flags
// CHECK: math.log %{{.*}} fastmath<nnan,contract> : f32
func.func @negative_other_flags(%x: f32) -> f32 {
  %0 = math.log %x fastmath<nnan,contract> : f32
  return %0 : f32
}

// A polynomial may need another function, which is approximated with it.
// CHECK-LABEL: func.func @through_f32
// CHECK-NOT: math.exp
// CHECK: arith.truncf
func.func @through_f32(%x: vector<8xf16>) -> vector<8xf16> {
  %0 = math.exp %x fastmath<afn> : vector<8xf16>
  return %0 : vector<8xf16>
}
