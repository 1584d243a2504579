// The fragments of all 32 threads of a warp, as the tensor-core kernel
// (test/GPU/tensor-core-kernel.mlir) masks them, against the mask in closed form. A
// thread has rows g and g + 8 of 16 queries and columns 2 t and 2 t + 1 of each 8 of 64
// keys; ends are counted from the first key of the tile, one per row.

// RUN: mask-opt %s --pass-pipeline="builtin.module(func.func(convert-mask-to-scf),mask-to-cpu)" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

#fragment = affine_map<(n, i, j)[g, t] -> (0, g + i * 8, n * 8 + t * 2 + j)>

// One thread: its scores, which are one, masked by ends and, the other way, by a region;
// then written to where they belong.
func.func private @thread(%q0: index, %k0: index, %g: index, %t: index, %lower: vector<2xi32>, %upper: vector<2xi32>,
                          %by_ends: memref<16x64xf32>, %by_region: memref<16x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %ones = arith.constant dense<1.0> : vector<8x2x2xf32>
  %key32 = arith.index_cast %k0 : index to i32
  %firsts = vector.broadcast %key32 : i32 to vector<2xi32>
  %lo = arith.subi %lower, %firsts : vector<2xi32>
  %hi = arith.subi %upper, %firsts : vector<2xi32>
  %above = mask.apply %ones at(%c0, %c0, %q0, %k0) over #fragment [%g, %t] lower(%lo : vector<2xi32>) hidden 0.0 : vector<8x2x2xf32>
  %x = mask.apply %above at(%c0, %c0, %q0, %k0) over #fragment [%g, %t] upper(%hi : vector<2xi32>) hidden 0.0 : vector<8x2x2xf32>
  %y = mask.apply %ones at(%c0, %c0, %q0, %k0) over #fragment [%g, %t] hidden 0.0 predicate {
    %p = mask.window left 20 right 0
    mask.yield %p : !mask.predicate
  } : vector<8x2x2xf32>
  %xs = vector.shape_cast %x : vector<8x2x2xf32> to vector<32xf32>
  %ys = vector.shape_cast %y : vector<8x2x2xf32> to vector<32xf32>
  scf.for %n = %c0 to %c8 step %c1 {
    scf.for %i = %c0 to %c2 step %c1 {
      scf.for %j = %c0 to %c2 step %c1 {
        %row = affine.apply affine_map<(i)[g] -> (g + i * 8)>(%i)[%g]
        %column = affine.apply affine_map<(n, j)[t] -> (n * 8 + t * 2 + j)>(%n, %j)[%t]
        %position = affine.apply affine_map<(n, i, j) -> (n * 4 + i * 2 + j)>(%n, %i, %j)
        %ae = vector.extract %xs[%position] : f32 from vector<32xf32>
        %be = vector.extract %ys[%position] : f32 from vector<32xf32>
        memref.store %ae, %by_ends[%row, %column] : memref<16x64xf32>
        memref.store %be, %by_region[%row, %column] : memref<16x64xf32>
      }
    }
  }
  return
}

// All threads of a warp at one tile; the sums of what is visible and of what is wrong.
func.func private @warp(%q0: index, %k0: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c20 = arith.constant 20 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %by_ends = memref.alloc() : memref<16x64xf32>
  %by_region = memref.alloc() : memref<16x64xf32>
  linalg.fill ins(%nan : f32) outs(%by_ends : memref<16x64xf32>)
  linalg.fill ins(%nan : f32) outs(%by_region : memref<16x64xf32>)
  scf.for %g = %c0 to %c8 step %c1 {
    scf.for %t = %c0 to %c4 step %c1 {
      %row0 = arith.addi %q0, %g : index
      %row1 = arith.addi %row0, %c8 : index
      %rows = vector.from_elements %row0, %row1 : vector<2xindex>
      %rows32 = arith.index_cast %rows : vector<2xindex> to vector<2xi32>
      %window = arith.constant dense<20> : vector<2xi32>
      %one = arith.constant dense<1> : vector<2xi32>
      %lower = arith.subi %rows32, %window : vector<2xi32>
      %upper = arith.addi %rows32, %one : vector<2xi32>
      func.call @thread(%q0, %k0, %g, %t, %lower, %upper, %by_ends, %by_region)
        : (index, index, index, index, vector<2xi32>, vector<2xi32>, memref<16x64xf32>, memref<16x64xf32>) -> ()
    }
  }
  %visible, %errors = scf.for %i = %c0 to %c16 step %c1 iter_args(%v0 = %zero, %e0 = %zero) -> (index, index) {
    %v1, %e1 = scf.for %j = %c0 to %c64 step %c1 iter_args(%v2 = %v0, %e2 = %e0) -> (index, index) {
      %q = arith.addi %q0, %i : index
      %k = arith.addi %k0, %j : index
      %first = arith.subi %q, %c20 : index
      %after = arith.cmpi sge, %k, %first : index
      %before = arith.cmpi sle, %k, %q : index
      %expected = arith.andi %after, %before : i1
      %count = arith.index_castui %expected : i1 to index
      %number = arith.uitofp %expected : i1 to f32
      %a = memref.load %by_ends[%i, %j] : memref<16x64xf32>
      %b = memref.load %by_region[%i, %j] : memref<16x64xf32>
      %wrong_end = arith.cmpf une, %a, %number : f32
      %wrong_region = arith.cmpf une, %b, %number : f32
      %we = arith.index_castui %wrong_end : i1 to index
      %wr = arith.index_castui %wrong_region : i1 to index
      %v3 = arith.addi %v2, %count : index
      %e3 = arith.addi %e2, %we : index
      %e4 = arith.addi %e3, %wr : index
      scf.yield %v3, %e4 : index, index
    }
    scf.yield %v1, %e1 : index, index
  }
  vector.print str "visible "
  vector.print %visible : index punctuation <no_punctuation>
  vector.print str ", errors "
  vector.print %errors : index
  memref.dealloc %by_ends : memref<16x64xf32>
  memref.dealloc %by_region : memref<16x64xf32>
  return
}

// Ends as far away as they can be stay there when keys are counted from elsewhere, on
// both sides.
func.func private @far(%g: index, %t: index, %least: i32, %greatest: i32) {
  %c0 = arith.constant 0 : index
  %s = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : vector<2x2xf32>
  %ends = vector.from_elements %least, %greatest : vector<2xi32>
  %0 = mask.apply %s at(%c0, %c0, %c0, %c0) over affine_map<(i, j)[g, t] -> (0, g + i * 8, t * 2 + j)> [%g, %t]
    lower(%ends : vector<2xi32>) : vector<2x2xf32>
  vector.print %0 : vector<2x2xf32>
  %1 = mask.apply %s at(%c0, %c0, %c0, %c0) over affine_map<(i, j)[g, t] -> (0, g + i * 8, t * 2 + j)> [%g, %t]
    upper(%ends : vector<2xi32>) : vector<2x2xf32>
  vector.print %1 : vector<2x2xf32>
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %c70 = arith.constant 70 : index
  %c300 = arith.constant 300 : index
  %back = arith.constant -3 : index
  // Both ends of all rows lie in the tile, the upper ones of some behind it, the lower
  // ones of all before it, and no row sees the tile.
  // CHECK: visible 336, errors 0
  func.call @warp(%c64, %c16) : (index, index) -> ()
  // CHECK-NEXT: visible 315, errors 0
  func.call @warp(%c70, %c16) : (index, index) -> ()
  // CHECK-NEXT: visible 136, errors 0
  func.call @warp(%c16, %c16) : (index, index) -> ()
  // CHECK-NEXT: visible 0, errors 0
  func.call @warp(%c300, %c16) : (index, index) -> ()
  %least = arith.constant -2147483648 : i32
  %greatest = arith.constant 2147483647 : i32
  // CHECK-NEXT: ( ( 1, 2 ), ( -inf, -inf ) )
  // CHECK-NEXT: ( ( -inf, -inf ), ( 3, 4 ) )
  func.call @far(%c0, %c3, %least, %greatest) : (index, index, i32, i32) -> ()
  // CHECK-NEXT: ( ( 1, 2 ), ( -inf, -inf ) )
  // CHECK-NEXT: ( ( -inf, -inf ), ( 3, 4 ) )
  func.call @far(%c0, %back, %least, %greatest) : (index, index, i32, i32) -> ()
  return
}
