// RUN: mask-opt %s --convert-mask-to-tiles --canonicalize --cse | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot" --canonicalize --cse | FileCheck %s --check-prefix=PAIRS
// RUN: mask-opt %s --convert-mask-to-tiles="bf16-dot vector-bits=256" --canonicalize --cse | FileCheck %s --check-prefix=NARROW

// Without the instruction keys are widened as a tile, once for all its rows, and
// weights stay what they are.

// CHECK-LABEL: func @bf16
// CHECK: mask.tile_for
// CHECK: vector.transfer_read %arg0{{.*}} : memref<1x1x256x128xbf16>, vector<16xbf16>
// CHECK: arith.extf %{{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK: vector.store %{{.*}} : memref<64x128xf32>, vector<16xf32>
// CHECK: vector.fma %{{.*}} : vector<16xf32>
// CHECK-NOT: arith.truncf
// CHECK: vector.fma %{{.*}} : vector<16xf32>
// CHECK: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>

// With it, pairs along the columns of K, where they lie, and the values of two keys side by side.

// PAIRS-LABEL: func @bf16
// PAIRS: mask.tile_for
// PAIRS: %[[KEYS:.*]] = memref.subview %arg0[0, 0, %{{.*}}, 0] [1, 1, 8, 128] [1, 1, 1, 1]
// PAIRS: %[[PAIR:.*]] = vector.load %[[KEYS]][%c0, %{{.*}}] : {{.*}}, vector<2xbf16>
// PAIRS: %[[WORD:.*]] = vector.bitcast %[[PAIR]] : vector<2xbf16> to vector<1xi32>
// PAIRS: x86vector.avx512.dot %{{.*}} : vector<32xbf16> -> vector<16xf32>
// PAIRS: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
// PAIRS: vector.interleave %{{.*}} : vector<16xbf16> -> vector<32xbf16>
// PAIRS: vector.store %{{.*}} : memref<32x128xbf16>, vector<32xbf16>
// PAIRS: vector.interleave %{{.*}} : vector<16xbf16> -> vector<32xbf16>
// PAIRS: x86vector.avx512.dot %{{.*}} : vector<32xbf16> -> vector<16xf32>

// NARROW-LABEL: func @bf16
// NARROW: x86vector.avx512.dot %{{.*}} : vector<16xbf16> -> vector<8xf32>
func.func @bf16(%q: memref<1x1x256x128xbf16>, %o: memref<1x1x256x128xbf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x128xbf16>, memref<1x1x256x128xbf16>, memref<1x1x256x128xbf16>)
      outs(%o : memref<1x1x256x128xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// Keys are copied where a row ends with half a pair, or its elements may lie apart, and so are those
// of pages, each of which is looked up then once.

// PAIRS-LABEL: func @odd_columns
// PAIRS: %[[COPY:.*]] = memref.subview %{{.*}} [8, 32] [1, 1] : memref<64x32xbf16>
// PAIRS: vector.load %[[COPY]][%c0, %{{.*}}] : {{.*}}, vector<2xbf16>
// CHECK-LABEL: func @odd_columns
// NARROW-LABEL: func @odd_columns
func.func @odd_columns(%q: memref<1x1x256x17xbf16>, %o: memref<1x1x256x17xbf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x17xbf16>, memref<1x1x256x17xbf16>, memref<1x1x256x17xbf16>)
      outs(%o : memref<1x1x256x17xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// PAIRS-LABEL: func @strided
// PAIRS: %[[COPY:.*]] = memref.subview %{{.*}} [8, 64] [1, 1] : memref<64x64xbf16>
// PAIRS: vector.load %[[COPY]][%c0, %{{.*}}] : {{.*}}, vector<2xbf16>
// CHECK-LABEL: func @strided
// NARROW-LABEL: func @strided
func.func @strided(%q: memref<1x1x256x64xbf16>, %k: memref<1x1x?x64xbf16, strided<[?, ?, ?, ?], offset: ?>>) {
  mask.attention ins(%q, %k, %q : memref<1x1x256x64xbf16>, memref<1x1x?x64xbf16, strided<[?, ?, ?, ?], offset: ?>>, memref<1x1x256x64xbf16>)
      outs(%q : memref<1x1x256x64xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// PAIRS-LABEL: func @pages
// PAIRS: %[[COPY:.*]] = memref.subview %{{.*}} [8, 64] [1, 1] : memref<64x64xbf16>
// PAIRS: vector.load %[[COPY]][%c0, %{{.*}}] : {{.*}}, vector<2xbf16>
// CHECK-LABEL: func @pages
// NARROW-LABEL: func @pages
func.func @pages(%q: memref<1x1x256x64xbf16>, %k: memref<?x1x16x64xbf16>, %table: memref<1x?xi32>) {
  mask.attention ins(%q, %k, %k : memref<1x1x256x64xbf16>, memref<?x1x16x64xbf16>, memref<?x1x16x64xbf16>)
      outs(%q : memref<1x1x256x64xbf16>) key_pages %table page 16 : memref<1x?xi32> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// Only bf16 has pairs.

// PAIRS-LABEL: func @f16
// PAIRS-NOT: x86vector
// PAIRS: arith.extf %{{.*}} : vector<16xf16> to vector<16xf32>
// PAIRS: vector.fma %{{.*}} : vector<16xf32>
// CHECK-LABEL: func @f16
// NARROW-LABEL: func @f16
func.func @f16(%q: memref<1x1x256x128xf16>, %o: memref<1x1x256x128xf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x128xf16>, memref<1x1x256x128xf16>, memref<1x1x256x128xf16>)
      outs(%o : memref<1x1x256x128xf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// As many lanes as f64 has in a register, and regions of f32 between.

// CHECK-LABEL: func @f64
// CHECK: vector.fma %{{.*}} : vector<8xf64>
// CHECK: arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
// CHECK: arith.negf %{{.*}} : vector<8xf32>
// CHECK: arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// CHECK: mask.apply %{{.*}} : vector<8xf64>
// CHECK: math.exp2 %{{.*}} : vector<8xf64>
// PAIRS-LABEL: func @f64
// NARROW-LABEL: func @f64
// NARROW: vector.fma %{{.*}} : vector<4xf64>
func.func @f64(%q: memref<1x1x256x128xf64>, %o: memref<1x1x256x128xf64>, %l: memref<1x1x256xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x256x128xf64>, memref<1x1x256x128xf64>, memref<1x1x256x128xf64>)
      outs(%o, %l : memref<1x1x256x128xf64>, memref<1x1x256xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %y = arith.negf %s : f32
    mask.yield %y : f32
  }
  return
}

// Where columns lie in lanes: 32 columns of keys, and then the values of two keys side by side,
// against weights that are rounded.

// PAIRS-LABEL: func @decode
// PAIRS: mask.tile_for
// PAIRS: scf.for {{.*}} step %c32
// PAIRS-COUNT-16: x86vector.avx512.dot {{.*}} : vector<32xbf16> -> vector<16xf32>
// PAIRS-NOT: x86vector.avx512.dot
// PAIRS: scf.yield
// PAIRS: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
// PAIRS: scf.for {{.*}} step %c2
// PAIRS-COUNT-2: vector.interleave {{.*}} : vector<16xbf16> -> vector<32xbf16>
// PAIRS-COUNT-16: x86vector.avx512.dot {{.*}} : vector<32xbf16> -> vector<16xf32>
func.func @decode(%q: memref<1x8x1x128xbf16>, %k: memref<1x1x?x128xbf16>, %o: memref<1x8x1x128xbf16>) {
  mask.attention ins(%q, %k, %k : memref<1x8x1x128xbf16>, memref<1x1x?x128xbf16>, memref<1x1x?x128xbf16>)
      outs(%o : memref<1x8x1x128xbf16>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}
