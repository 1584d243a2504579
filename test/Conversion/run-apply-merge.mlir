// `mask.apply` of lines of scores and of tiles, and `mask.merge`, run on numbers:
// what is hidden, and by what.

// RUN: mask-opt %s --pass-pipeline="builtin.module(func.func(convert-mask-to-scf),mask-to-cpu)" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

// Lines of queries 10 to 15 at key 12.
func.func private @queries(%s: vector<6xf32>) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c10 = arith.constant 10 : index
  %c12 = arith.constant 12 : index
  %false = arith.constant false
  // Counted from key 12.
  %lower = arith.constant dense<[0, 1, 0, 1, -12, 18]> : vector<6xi32>
  %upper = arith.constant dense<[1, 2, 0, 0, 28, 28]> : vector<6xi32>
  %none = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: ( -inf, -inf, 3, 4, 5, 6 )
  %0 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  // CHECK-NEXT: ( 1, -inf, -inf, -inf, 5, -inf )
  %1 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> lower(%lower : vector<6xi32>) upper(%upper : vector<6xi32>) : vector<6xf32>
  vector.print %1 : vector<6xf32>
  // CHECK-NEXT: ( 1, -inf, 3, -inf, 5, -inf )
  %2 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> lower(%lower : vector<6xi32>) : vector<6xf32>
  vector.print %2 : vector<6xf32>
  // CHECK-NEXT: ( 1, 2, -inf, -inf, 5, 6 )
  %3 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> upper(%upper : vector<6xi32>) : vector<6xf32>
  vector.print %3 : vector<6xf32>
  // CHECK-NEXT: ( 1, 2, 3, 4, 5, 6 )
  %4 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> when %false lower(%lower : vector<6xi32>) upper(%upper : vector<6xi32>) : vector<6xf32>
  vector.print %4 : vector<6xf32>
  // The key exists, and then it does not.
  // CHECK-NEXT: ( 1, 2, 3, 4, 5, 6 )
  // CHECK-NEXT: ( -0.5, -0.5, -0.5, -0.5, -0.5, -0.5 )
  %5 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> key_end(%one) : vector<6xf32>
  vector.print %5 : vector<6xf32>
  %6 = mask.apply %s at(%c0, %c0, %c10, %c12) over affine_map<(q) -> (0, q, 0)> key_end(%none) hidden -0.5 : vector<6xf32>
  vector.print %6 : vector<6xf32>
  // Heads 3 and 4: the predicate is asked about the coordinates given.
  // CHECK-NEXT: ( 0, 0, 3, 4, 5, 6 )
  // CHECK-NEXT: ( 0, 0, 0, 0, 0, 0 )
  %7 = mask.apply %s at(%c0, %c3, %c10, %c12) over affine_map<(q) -> (0, q, 0)> hidden 0.0 predicate {
    %causal = mask.causal
    %p = mask.heads %causal in [3]
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %7 : vector<6xf32>
  %8 = mask.apply %s at(%c0, %c4, %c10, %c12) over affine_map<(q) -> (0, q, 0)> hidden 0.0 predicate {
    %causal = mask.causal
    %p = mask.heads %causal in [3]
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %8 : vector<6xf32>
  return
}

// Lines of keys 10 to 15 at query 12: one pair of row bounds.
func.func private @keys(%s: vector<6xf32>, %ids: memref<?xi32>) {
  %c0 = arith.constant 0 : index
  %c10 = arith.constant 10 : index
  %c12 = arith.constant 12 : index
  // Counted from key 10; one row, so a number.
  %lower = arith.constant 1 : i32
  %upper = arith.constant 5 : i32
  %end = arith.constant 4 : i32
  // CHECK-NEXT: ( 1, 2, 3, -inf, -inf, -inf )
  %0 = mask.apply %s at(%c0, %c0, %c12, %c10) over affine_map<(k) -> (0, 0, k)> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  // CHECK-NEXT: ( -inf, 2, 3, 4, 5, -inf )
  %1 = mask.apply %s at(%c0, %c0, %c12, %c10) over affine_map<(k) -> (0, 0, k)> lower(%lower : i32) upper(%upper : i32) : vector<6xf32>
  vector.print %1 : vector<6xf32>
  // All together, and each hides something.
  // CHECK-NEXT: ( 9, 2, 9, 4, 9, 9 )
  %2 = mask.apply %s at(%c0, %c0, %c12, %c10) over affine_map<(k) -> (0, 0, k)> lower(%lower : i32) upper(%upper : i32)
    key_end(%end) captures(%ids : memref<?xi32>) hidden 9.0 predicate {
  ^bb0(%i: memref<?xi32>):
    %document = mask.document %i : memref<?xi32>
    %p = mask.not %document
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %2 : vector<6xf32>
  // Flags of any width: what is not zero is set. Keys 8 to 13.
  // CHECK-NEXT: ( -inf, -inf, 3, 4, 5, 6 )
  %c8 = arith.constant 8 : index
  %3 = mask.apply %s at(%c0, %c0, %c12, %c8) over affine_map<(k) -> (0, 0, k)> captures(%ids : memref<?xi32>) predicate {
  ^bb0(%i: memref<?xi32>):
    %p = mask.key_padding %i : memref<?xi32>
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %3 : vector<6xf32>
  return
}

// Queries 4 and 5 by keys 3 to 6, and the transposed tile; halves, whose hidden value
// is rounded to them.
func.func private @tiles() {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %s = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : vector<2x4xf16>
  %st = arith.constant dense<[[1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]]> : vector<4x2xf16>
  %lower = arith.constant dense<[0, 1]> : vector<2xi32>
  %upper = arith.constant dense<[2, 4]> : vector<2xi32>
  %0 = mask.apply %s at(%c0, %c0, %c4, %c3) over affine_map<(q, k) -> (0, q, k)> lower(%lower : vector<2xi32>) upper(%upper : vector<2xi32>) hidden -1.0001 : vector<2x4xf16>
  %1 = arith.extf %0 : vector<2x4xf16> to vector<2x4xf32>
  // CHECK-NEXT: ( ( 1, 2, -1, -1 ), ( -1, 6, 7, 8 ) )
  vector.print %1 : vector<2x4xf32>
  %2 = mask.apply %st at(%c0, %c0, %c4, %c3) over affine_map<(k, q) -> (0, q, k)> lower(%lower : vector<2xi32>) upper(%upper : vector<2xi32>) hidden -1.0001 : vector<4x2xf16>
  %3 = arith.extf %2 : vector<4x2xf16> to vector<4x2xf32>
  // CHECK-NEXT: ( ( 1, -1 ), ( 2, 6 ), ( -1, 7 ), ( -1, 8 ) )
  vector.print %3 : vector<4x2xf32>
  return
}

// A fragment of a matrix product, 2 x 2 elements of a thread: rows g and g + 8, keys 2 t
// and 2 t + 1, for a few threads; ends are those of the fragment's rows.
func.func private @fragment(%g: index, %t: index) {
  %c0 = arith.constant 0 : index
  %c20 = arith.constant 20 : index
  %c16 = arith.constant 16 : index
  %s = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : vector<2x2xf32>
  %lower = arith.constant dense<[5, 2]> : vector<2xi32>
  %upper = arith.constant dense<[6, 7]> : vector<2xi32>
  %0 = mask.apply %s at(%c0, %c0, %c20, %c16) over affine_map<(i, j)[g, t] -> (0, g + i * 8, t * 2 + j)> [%g, %t]
    lower(%lower : vector<2xi32>) upper(%upper : vector<2xi32>) : vector<2x2xf32>
  vector.print %0 : vector<2x2xf32>
  // Queries 20 + g and 28 + g, keys 16 + 2 t and 17 + 2 t.
  %1 = mask.apply %s at(%c0, %c0, %c20, %c16) over affine_map<(i, j)[g, t] -> (0, g + i * 8, t * 2 + j)> [%g, %t] predicate {
    %p = mask.window left 8 right unbounded
    mask.yield %p : !mask.predicate
  } : vector<2x2xf32>
  vector.print %1 : vector<2x2xf32>
  return
}

// Heads of a group in lanes, two queries: each element has its head.
func.func private @heads(%s: vector<6xf32>) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %c4 = arith.constant 4 : index
  // Lanes are heads 6, 7 and 8 of query 4, then of query 5.
  // CHECK-NEXT: ( 1, -inf, 3, 4, -inf, 6 )
  %0 = mask.apply %s at(%c0, %c6, %c4, %c4) over affine_map<(d) -> (d mod 3, d floordiv 3, 0)> predicate {
    %full = mask.full
    %p = mask.heads %full in [6, 8]
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  // The key after the first query, before the second.
  // CHECK-NEXT: ( -inf, -inf, -inf, 4, 5, 6 )
  %c5 = arith.constant 5 : index
  %1 = mask.apply %s at(%c0, %c6, %c4, %c5) over affine_map<(d) -> (d mod 3, d floordiv 3, 0)> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %1 : vector<6xf32>
  return
}

// Asked only if a flag is set, which is known at run time.
func.func private @when(%s: vector<6xf32>, %flag: i1) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %0 = mask.apply %s at(%c0, %c0, %c0, %c2) over affine_map<(q) -> (0, q, 0)> when %flag predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  return
}

// In base 2, rows first: the weights of the parts are 1 and 1/4, then 1/2 and 1. The
// identity leaves a state as it is, and so it does itself.
func.func private @merge_rows() {
  %ma = arith.constant dense<[3.0, 1.0]> : vector<2xf32>
  %mb = arith.constant dense<[1.0, 2.0]> : vector<2xf32>
  %l = arith.constant dense<[4.0, 8.0]> : vector<2xf32>
  %acc = arith.constant dense<[[4.0, 8.0, 12.0], [8.0, 16.0, 24.0]]> : vector<2x3xf32>
  %m0 = arith.constant dense<0xFF800000> : vector<2xf32>
  %l0 = arith.constant dense<0.0> : vector<2xf32>
  %acc0 = arith.constant dense<0.0> : vector<2x3xf32>
  %m, %sum, %out = mask.merge(%ma, %l, %acc), (%mb, %l, %acc) base2 rows affine_map<(r, d) -> (r)> : vector<2xf32>, vector<2x3xf32>
  // CHECK-NEXT: ( 3, 2 )
  // CHECK-NEXT: ( 5, 12 )
  // CHECK-NEXT: ( ( 5, 10, 15 ), ( 12, 24, 36 ) )
  vector.print %m : vector<2xf32>
  vector.print %sum : vector<2xf32>
  vector.print %out : vector<2x3xf32>
  %m1, %l1, %acc1 = mask.merge(%m0, %l0, %acc0), (%mb, %l, %acc) base2 rows affine_map<(r, d) -> (r)> : vector<2xf32>, vector<2x3xf32>
  // CHECK-NEXT: ( 1, 2 )
  // CHECK-NEXT: ( 4, 8 )
  // CHECK-NEXT: ( ( 4, 8, 12 ), ( 8, 16, 24 ) )
  vector.print %m1 : vector<2xf32>
  vector.print %l1 : vector<2xf32>
  vector.print %acc1 : vector<2x3xf32>
  %m2, %l2, %acc2 = mask.merge(%m0, %l0, %acc0), (%m0, %l0, %acc0) base2 rows affine_map<(r, d) -> (r)> : vector<2xf32>, vector<2x3xf32>
  // CHECK-NEXT: ( -inf, -inf )
  // CHECK-NEXT: ( 0, 0 )
  // CHECK-NEXT: ( ( 0, 0, 0 ), ( 0, 0, 0 ) )
  vector.print %m2 : vector<2xf32>
  vector.print %l2 : vector<2xf32>
  vector.print %acc2 : vector<2x3xf32>
  return
}

// Both states empty, one empty, none; a state without keys may hold anything finite.
func.func private @merge(%ma: vector<4xf32>, %mb: vector<4xf32>) {
  %la = arith.constant dense<[0.0, 0.0, 2.0, 2.0]> : vector<4xf32>
  %lb = arith.constant dense<[0.0, 3.0, 0.0, 3.0]> : vector<4xf32>
  %acca = arith.constant dense<[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 8.0, 8.0]]> : vector<2x4xf32>
  %accb = arith.constant dense<[[0.0, 5.0, 0.0, 5.0], [0.0, 6.0, 0.0, 6.0]]> : vector<2x4xf32>
  %m, %l, %acc = mask.merge(%ma, %la, %acca), (%mb, %lb, %accb) : vector<4xf32>, vector<2x4xf32>
  // CHECK-NEXT: ( -inf, -2, 1, 700 )
  vector.print %m : vector<4xf32>
  // CHECK-NEXT: ( 0, 3, 2, 5 )
  vector.print %l : vector<4xf32>
  // CHECK-NEXT: ( ( 0, 5, 4, 9 ), ( 0, 6, 8, 14 ) )
  vector.print %acc : vector<2x4xf32>
  %m1, %l1, %acc1 = mask.merge(%mb, %lb, %accb), (%ma, %la, %acca) : vector<4xf32>, vector<2x4xf32>
  // CHECK-NEXT: ( -inf, -2, 1, 700 )
  vector.print %m1 : vector<4xf32>
  // CHECK-NEXT: ( 0, 3, 2, 5 )
  vector.print %l1 : vector<4xf32>
  // CHECK-NEXT: ( ( 0, 5, 4, 9 ), ( 0, 6, 8, 14 ) )
  vector.print %acc1 : vector<2x4xf32>
  return
}

func.func @main() {
  %s = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : vector<6xf32>
  // Query 12 is in the documents of tokens 10, 12 and 14.
  %data = arith.constant dense<[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 7, 2, 7, 3]> : tensor<16xi32>
  %buffer = bufferization.to_buffer %data : tensor<16xi32> to memref<16xi32>
  %ids = memref.cast %buffer : memref<16xi32> to memref<?xi32>
  %ma = arith.constant dense<[0xFF800000, 0xFF800000, 1.0, 700.0]> : vector<4xf32>
  %mb = arith.constant dense<[0xFF800000, -2.0, 0xFF800000, 700.0]> : vector<4xf32>
  call @queries(%s) : (vector<6xf32>) -> ()
  call @keys(%s, %ids) : (vector<6xf32>, memref<?xi32>) -> ()
  call @tiles() : () -> ()
  call @heads(%s) : (vector<6xf32>) -> ()
  call @merge_rows() : () -> ()
  call @merge(%ma, %mb) : (vector<4xf32>, vector<4xf32>) -> ()
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  // CHECK-NEXT: ( ( -inf, -inf ), ( 3, 4 ) )
  // CHECK-NEXT: ( ( 1, 2 ), ( -inf, -inf ) )
  call @fragment(%c0, %c1) : (index, index) -> ()
  // CHECK-NEXT: ( ( -inf, 2 ), ( 3, 4 ) )
  // CHECK-NEXT: ( ( 1, 2 ), ( -inf, 4 ) )
  call @fragment(%c1, %c2) : (index, index) -> ()
  // CHECK-NEXT: ( ( -inf, -inf ), ( 3, -inf ) )
  // CHECK-NEXT: ( ( 1, 2 ), ( 3, 4 ) )
  call @fragment(%c2, %c3) : (index, index) -> ()
  %false = arith.constant false
  %true = arith.constant true
  // CHECK-NEXT: ( 1, 2, 3, 4, 5, 6 )
  call @when(%s, %false) : (vector<6xf32>, i1) -> ()
  // CHECK-NEXT: ( -inf, -inf, 3, 4, 5, 6 )
  call @when(%s, %true) : (vector<6xf32>, i1) -> ()
  return
}
