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
  %c13 = arith.constant 13 : index
  %lower = arith.constant dense<[12, 13, 12, 13, 0, 30]> : vector<6xindex>
  %upper = arith.constant dense<[13, 14, 12, 12, 40, 40]> : vector<6xindex>
  // CHECK: ( -inf, -inf, 3, 4, 5, 6 )
  %0 = mask.apply %s at(%c0, %c0, %c10, %c12) over query predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  // CHECK-NEXT: ( 1, -inf, -inf, -inf, 5, -inf )
  %1 = mask.apply %s at(%c0, %c0, %c10, %c12) over query rows(%lower, %upper : vector<6xindex>, vector<6xindex>) sides both : vector<6xf32>
  vector.print %1 : vector<6xf32>
  // CHECK-NEXT: ( 1, -inf, 3, -inf, 5, -inf )
  %2 = mask.apply %s at(%c0, %c0, %c10, %c12) over query rows(%lower, %upper : vector<6xindex>, vector<6xindex>) sides lower : vector<6xf32>
  vector.print %2 : vector<6xf32>
  // CHECK-NEXT: ( 1, 2, -inf, -inf, 5, 6 )
  %3 = mask.apply %s at(%c0, %c0, %c10, %c12) over query rows(%lower, %upper : vector<6xindex>, vector<6xindex>) sides upper : vector<6xf32>
  vector.print %3 : vector<6xf32>
  // CHECK-NEXT: ( 1, 2, 3, 4, 5, 6 )
  %4 = mask.apply %s at(%c0, %c0, %c10, %c12) over query rows(%lower, %upper : vector<6xindex>, vector<6xindex>) sides none : vector<6xf32>
  vector.print %4 : vector<6xf32>
  // The key exists, and then it does not.
  // CHECK-NEXT: ( 1, 2, 3, 4, 5, 6 )
  // CHECK-NEXT: ( -0.5, -0.5, -0.5, -0.5, -0.5, -0.5 )
  %5 = mask.apply %s at(%c0, %c0, %c10, %c12) over query key_end(%c13) : vector<6xf32>
  vector.print %5 : vector<6xf32>
  %6 = mask.apply %s at(%c0, %c0, %c10, %c12) over query key_end(%c12) hidden -0.5 : vector<6xf32>
  vector.print %6 : vector<6xf32>
  // Heads 3 and 4: the predicate is asked about the coordinates given.
  // CHECK-NEXT: ( 0, 0, 3, 4, 5, 6 )
  // CHECK-NEXT: ( 0, 0, 0, 0, 0, 0 )
  %7 = mask.apply %s at(%c0, %c3, %c10, %c12) over query hidden 0.0 predicate {
    %causal = mask.causal
    %p = mask.heads %causal in [3]
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %7 : vector<6xf32>
  %8 = mask.apply %s at(%c0, %c4, %c10, %c12) over query hidden 0.0 predicate {
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
  %c14 = arith.constant 14 : index
  %lower = arith.constant dense<11> : vector<1xindex>
  %upper = arith.constant dense<15> : vector<1xindex>
  // CHECK-NEXT: ( 1, 2, 3, -inf, -inf, -inf )
  %0 = mask.apply %s at(%c0, %c0, %c12, %c10) over key predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %0 : vector<6xf32>
  // CHECK-NEXT: ( -inf, 2, 3, 4, 5, -inf )
  %1 = mask.apply %s at(%c0, %c0, %c12, %c10) over key rows(%lower, %upper : vector<1xindex>, vector<1xindex>) sides both : vector<6xf32>
  vector.print %1 : vector<6xf32>
  // All together, and each hides something.
  // CHECK-NEXT: ( 9, 2, 9, 4, 9, 9 )
  %2 = mask.apply %s at(%c0, %c0, %c12, %c10) over key rows(%lower, %upper : vector<1xindex>, vector<1xindex>) sides both
    key_end(%c14) captures(%ids : memref<?xi32>) hidden 9.0 predicate {
  ^bb0(%i: memref<?xi32>):
    %document = mask.document %i : memref<?xi32>
    %p = mask.not %document
    mask.yield %p : !mask.predicate
  } : vector<6xf32>
  vector.print %2 : vector<6xf32>
  // Flags of any width: what is not zero is set. Keys 8 to 13.
  // CHECK-NEXT: ( -inf, -inf, 3, 4, 5, 6 )
  %c8 = arith.constant 8 : index
  %3 = mask.apply %s at(%c0, %c0, %c12, %c8) over key captures(%ids : memref<?xi32>) predicate {
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
  %lower = arith.constant dense<[3, 4]> : vector<2xindex>
  %upper = arith.constant dense<[5, 7]> : vector<2xindex>
  %0 = mask.apply %s at(%c0, %c0, %c4, %c3) over query_key rows(%lower, %upper : vector<2xindex>, vector<2xindex>) sides both hidden -1.0001 : vector<2x4xf16>
  %1 = arith.extf %0 : vector<2x4xf16> to vector<2x4xf32>
  // CHECK-NEXT: ( ( 1, 2, -1, -1 ), ( -1, 6, 7, 8 ) )
  vector.print %1 : vector<2x4xf32>
  %2 = mask.apply %st at(%c0, %c0, %c4, %c3) over key_query rows(%lower, %upper : vector<2xindex>, vector<2xindex>) sides both hidden -1.0001 : vector<4x2xf16>
  %3 = arith.extf %2 : vector<4x2xf16> to vector<4x2xf32>
  // CHECK-NEXT: ( ( 1, -1 ), ( 2, 6 ), ( -1, 7 ), ( -1, 8 ) )
  vector.print %3 : vector<4x2xf32>
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
  call @merge(%ma, %mb) : (vector<4xf32>, vector<4xf32>) -> ()
  return
}
