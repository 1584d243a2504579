// What the region of a closed predicate computes, run: loads, divisions, choices,
// loops and facts, read by every kind of parameter, on tensors of static and of
// dynamic sizes and on memrefs. The scores are zero and the values 0 to 7, so that a
// row prints the mean of the keys that it sees.
//
// DEFINE: %{run} = mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so
// RUN: mask-opt %s --mask-to-cpu | %{run} | FileCheck %s --check-prefixes=CHECK,TENSOR
// RUN: sed 's/!data = .*/!data = tensor<?x?x?x?xf32>/; s/!numbers = .*/!numbers = tensor<?xi32>/' %s | mask-opt --mask-to-cpu | %{run} | FileCheck %s --check-prefixes=CHECK,TENSOR

// The same on memrefs: bufferized before anything could be moved out of a region,
// but for facts, which a region cannot allocate.
// RUN: sed '/^func.func private @facts/,/^}/d; /^  %7 = call/,/call @print/d' %s \
// RUN:   | mask-opt --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --convert-vector-to-scf --mask-to-cpu | %{run} | FileCheck %s

!data = tensor<1x1x8x1xf32>
!numbers = tensor<4xi32>

// A length that is loaded.
func.func private @extract(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n : !numbers) predicate {
  ^bb0(%l: !numbers):
    %c0 = arith.constant 0 : index
    %e = tensor.extract %l[%c0] : !numbers
    %i = arith.index_cast %e : i32 to index
    %p = mask.prefix %i
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// A quotient; one by zero that nobody reads does not trap.
func.func private @divide(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%s : index) predicate {
  ^bb0(%i: index):
    %c2 = arith.constant 2 : index
    %zero = arith.subi %i, %i : index
    %dead = arith.divsi %i, %zero : index
    %dead2 = arith.remsi %dead, %zero : index
    %half = arith.divsi %i, %c2 : index
    %p = mask.prefix %half
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// Both sides of a window from one load, one of them chosen, one clamped.
func.func private @window(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%s, %n : index, !numbers) predicate {
  ^bb0(%i: index, %l: !numbers):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %e = tensor.extract %l[%c1] : !numbers
    %two = arith.index_cast %e : i32 to index
    %less = arith.cmpi slt, %two, %i : index
    %left = arith.select %less, %two, %i : index
    %minus = arith.subi %c0, %two : index
    %right = arith.maxsi %minus, %c0 : index
    %p = mask.window left %left right %right
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// Chunk size and offset; the stride is theirs.
func.func private @chunk(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n : !numbers) predicate {
  ^bb0(%l: !numbers):
    %c2 = arith.constant 2 : index
    %e = tensor.extract %l[%c2] : !numbers
    %size = arith.index_cast %e : i32 to index
    %half = arith.floordivsi %size, %c2 : index
    %a = mask.chunk size %size offset %half
    %b = mask.dilated %half
    %p = mask.and %a, %b
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// A symbol, through an affine map; a shift.
func.func private @interval(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n : !numbers) predicate {
  ^bb0(%l: !numbers):
    %c1 = arith.constant 1 : index
    %e = tensor.extract %l[%c1] : !numbers
    %two = arith.index_cast %e : i32 to index
    %four = affine.apply affine_map<(d0) -> (d0 * 2)>(%two)
    %a = mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + 1)> [%four]
    %p = mask.shift %a query %two key %two
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// Regions: a branch, and a loop over the numbers (3 + 2 + 4 + 0 - 1 = 8; 8 - 6).
func.func private @regions(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n, %s : !numbers, index) predicate {
  ^bb0(%l: !numbers, %i: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c6 = arith.constant 6 : index
    %size = tensor.dim %l, %c0 : !numbers
    %minus = arith.constant -1 : index
    %sum = scf.for %j = %c0 to %size step %c1 iter_args(%t = %minus) -> index {
      %e = tensor.extract %l[%j] : !numbers
      %k = arith.index_cast %e : i32 to index
      %u = arith.addi %t, %k : index
      scf.yield %u : index
    }
    %long = arith.cmpi sgt, %sum, %i : index
    %length = scf.if %long -> index {
      %less = arith.subi %sum, %c6 : index
      scf.yield %less : index
    } else {
      scf.yield %sum : index
    }
    %p = mask.key_length %length
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// What scalar code captures: a number, and a flag of another type.
func.func private @generic(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n, %s : !numbers, index) predicate {
  ^bb0(%l: !numbers, %i: index):
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %e = tensor.extract %l[%c1] : !numbers
    %g = mask.generic captures(%e, %c4, %l : i32, index, !numbers) {
    ^bb1(%b: index, %h: index, %q: index, %k: index, %two: i32, %four: index, %t: !numbers):
      %j = arith.index_cast %two : i32 to index
      %m = tensor.extract %t[%j] : !numbers
      %end = arith.index_cast %m : i32 to index
      %last = arith.maxsi %end, %q : index
      %sees = arith.cmpi slt, %k, %last : index
      mask.yield %sees : i1
    }
    %w = mask.prefix %i
    %p = mask.and %g, %w
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

// Facts, and facts of facts: buffers that are filled in front of the attention.
func.func private @facts(%x: !data, %v: !data, %o: !data, %n: !numbers, %s: index) -> !data {
  %r = mask.attention ins(%x, %x, %v : !data, !data, !data) outs(%o : !data) captures(%n, %s : !numbers, index) predicate {
  ^bb0(%l: !numbers, %i: index):
    %c1 = arith.constant 1 : index
    %e = tensor.extract %l[%c1] : !numbers
    %ids = tensor.generate %i {
    ^bb1(%j: index):
      %number = arith.index_cast %j : index to i32
      %id = arith.divsi %number, %e : i32
      tensor.yield %id : i32
    } : tensor<?xi32>
    %twice = tensor.generate %i {
    ^bb1(%j: index):
      %id = tensor.extract %ids[%j] : tensor<?xi32>
      %two = arith.addi %id, %id : i32
      tensor.yield %two : i32
    } : tensor<?xi32>
    %p = mask.document %ids, %twice : tensor<?xi32>, tensor<?xi32>
    mask.yield %p : !mask.predicate
  } -> !data
  return %r : !data
}

func.func private @print(%x: !data) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %row = vector.transfer_read %x[%c0, %c0, %c0, %c0], %zero {in_bounds = [true], permutation_map = affine_map<(b, h, q, d) -> (q)>} : !data, vector<8xf32>
  vector.print %row : vector<8xf32>
  return
}

func.func @main() {
  %xs = arith.constant dense<0.0> : tensor<1x1x8x1xf32>
  %vs = arith.constant dense<[[[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0]]]]> : tensor<1x1x8x1xf32>
  %ns = arith.constant dense<[3, 2, 4, 0]> : tensor<4xi32>
  %es = bufferization.alloc_tensor() : tensor<1x1x8x1xf32>
  %x = tensor.cast %xs : tensor<1x1x8x1xf32> to !data
  %v = tensor.cast %vs : tensor<1x1x8x1xf32> to !data
  %e = tensor.cast %es : tensor<1x1x8x1xf32> to !data
  %n = tensor.cast %ns : tensor<4xi32> to !numbers
  %s = arith.constant 7 : index
  // CHECK: ( 1, 1, 1, 1, 1, 1, 1, 1 )
  %0 = call @extract(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%0) : (!data) -> ()
  // CHECK-NEXT: ( 1, 1, 1, 1, 1, 1, 1, 1 )
  %1 = call @divide(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%1) : (!data) -> ()
  // CHECK-NEXT: ( 0, 0.5, 1, 2, 3, 4, 5, 6 )
  %2 = call @window(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%2) : (!data) -> ()
  // CHECK-NEXT: ( 0, 1, 3, 4, 3, 4, 6, 7 )
  %3 = call @chunk(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%3) : (!data) -> ()
  // CHECK-NEXT: ( 0, 0.5, 2, 2.5, 3, 3.5, 6, 6.5 )
  %4 = call @interval(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%4) : (!data) -> ()
  // CHECK-NEXT: ( 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 )
  %5 = call @regions(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%5) : (!data) -> ()
  // CHECK-NEXT: ( 1.5, 1.5, 1.5, 1.5, 1.5, 2, 2.5, 3 )
  %6 = call @generic(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%6) : (!data) -> ()
  // TENSOR-NEXT: ( 0.5, 0.5, 0, 0, 2.5, 2.5, 0, 0 )
  %7 = call @facts(%x, %v, %e, %n, %s) : (!data, !data, !data, !numbers, index) -> !data
  call @print(%7) : (!data) -> ()
  return
}
