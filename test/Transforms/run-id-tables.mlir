// Ids in every shape that makes numbering them hard: the loops of
// mask.interval_table and mask.drop_long against a search through all tokens.
//
// RUN: mask-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --convert-linalg-to-loops --convert-vector-to-scf --convert-scf-to-cf --expand-strided-metadata --lower-affine --convert-vector-to-llvm --convert-to-llvm --reconcile-unrealized-casts \
// RUN:   | mlir-runner -O2 -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so \
// RUN:   | FileCheck %s

// The id of token `i`: numbers that fill 64 bits, of which each type takes the
// highest ones, so that the least and the greatest of every type occur.
func.func private @id(%shape: index, %i: index) -> i64 {
  %least = arith.constant -9223372036854775808 : i64
  %greatest = arith.constant 9223372036854775807 : i64
  // An odd number without a pattern in its bits.
  %mixer = arith.constant -7046029254386353131 : i64
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c17 = arith.constant 17 : index
  %c50 = arith.constant 50 : index
  %half = arith.remui %i, %c2 : index
  %is_even = arith.cmpi eq, %half, %c0 : index
  %token = arith.index_cast %i : index to i64
  %id = scf.index_switch %shape -> i64
  // All equal.
  case 0 {
    scf.yield %greatest : i64
  }
  // The least and the greatest, by turns.
  case 1 {
    %far = arith.select %is_even, %least, %greatest : i64
    scf.yield %far : i64
  }
  // Descending, over all that the type can hold.
  case 2 {
    %step = arith.constant 25000000000000000 : i64
    %down = arith.muli %token, %step : i64
    %descending = arith.subi %greatest, %down : i64
    scf.yield %descending : i64
  }
  // Random.
  case 3 {
    %random = arith.muli %token, %mixer : i64
    scf.yield %random : i64
  }
  // Random, in runs of three tokens that come again.
  case 4 {
    %run = arith.divui %i, %c3 : index
    %again = arith.remui %run, %c50 : index
    %number = arith.index_cast %again : index to i64
    %random = arith.muli %number, %mixer : i64
    scf.yield %random : i64
  }
  // Different in the highest digit only.
  case 5 {
    %again = arith.remui %i, %c50 : index
    %number = arith.index_cast %again : index to i64
    %digit = arith.constant 56 : i64
    %high = arith.shli %number, %digit : i64
    scf.yield %high : i64
  }
  // Close to each other, but for one.
  default {
    %one = arith.constant 1 : i64
    %is_outlier = arith.cmpi eq, %i, %c17 : index
    %size = arith.constant 48 : i64
    %run = arith.shrui %token, %one : i64
    %near = arith.shli %run, %size : i64
    %outlier = arith.select %is_outlier, %least, %near : i64
    scf.yield %outlier : i64
  }
  return %id : i64
}

// How many rows of `table` are not what a search through the keys finds, and
// how many of the ids found lie side by side.
func.func private @search(%queries: tensor<?xi64>, %keys: tensor<?xi64>, %table: tensor<?x4xi32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %none = arith.constant 1073741824 : index
  %no_end = arith.constant -1073741824 : index
  %num_queries = tensor.dim %queries, %c0 : tensor<?xi64>
  %num_keys = tensor.dim %keys, %c0 : tensor<?xi64>
  %result:2 = scf.for %q = %c0 to %num_queries step %c1 iter_args(%wrong = %c0, %contiguous = %c0) -> (index, index) {
    %id = tensor.extract %queries[%q] : tensor<?xi64>
    %found:3 = scf.for %k = %c0 to %num_keys step %c1 iter_args(%first = %none, %end = %no_end, %count = %c0) -> (index, index, index) {
      %key = tensor.extract %keys[%k] : tensor<?xi64>
      %same = arith.cmpi eq, %id, %key : i64
      %least = arith.minsi %first, %k : index
      %next = arith.addi %k, %c1 : index
      %more = arith.addi %count, %c1 : index
      %new_first = arith.select %same, %least, %first : index
      %new_end = arith.select %same, %next, %end : index
      %new_count = arith.select %same, %more, %count : index
      scf.yield %new_first, %new_end, %new_count : index, index, index
    }
    %size = arith.subi %found#1, %found#0 : index
    %is_contiguous = arith.cmpi eq, %size, %found#2 : index
    %inner_first = arith.select %is_contiguous, %found#0, %none : index
    %inner_end = arith.select %is_contiguous, %found#1, %no_end : index
    %expected = tensor.from_elements %found#0, %found#1, %inner_first, %inner_end : tensor<4xindex>
    %c4 = arith.constant 4 : index
    %differs = scf.for %column = %c0 to %c4 step %c1 iter_args(%any = %c0) -> index {
      %got = tensor.extract %table[%q, %column] : tensor<?x4xi32>
      %got_index = arith.index_cast %got : i32 to index
      %want = tensor.extract %expected[%column] : tensor<4xindex>
      %unequal = arith.cmpi ne, %got_index, %want : index
      %one = arith.select %unequal, %c1, %any : index
      scf.yield %one : index
    }
    %step = arith.select %is_contiguous, %c1, %c0 : index
    %new_wrong = arith.addi %wrong, %differs : index
    %new_contiguous = arith.addi %contiguous, %step : index
    scf.yield %new_wrong, %new_contiguous : index, index
  }
  return %result#0, %result#1 : index, index
}

// How many tokens of `kept` are neither kept nor dropped as they should be.
func.func private @count_dropped(%ids: tensor<?xi64>, %kept: tensor<?xi64>, %bound: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.constant -1 : i64
  %size = tensor.dim %ids, %c0 : tensor<?xi64>
  %result = scf.for %i = %c0 to %size step %c1 iter_args(%wrong = %c0) -> index {
    %id = tensor.extract %ids[%i] : tensor<?xi64>
    %count = scf.for %k = %c0 to %size step %c1 iter_args(%before = %c0) -> index {
      %other = tensor.extract %ids[%k] : tensor<?xi64>
      %same = arith.cmpi eq, %id, %other : i64
      %step = arith.select %same, %c1, %c0 : index
      %next = arith.addi %before, %step : index
      scf.yield %next : index
    }
    %is_long = arith.cmpi sgt, %count, %bound : index
    %want = arith.select %is_long, %none, %id : i64
    %got = tensor.extract %kept[%i] : tensor<?xi64>
    %differs = arith.cmpi ne, %got, %want : i64
    %step = arith.select %differs, %c1, %c0 : index
    %next = arith.addi %wrong, %step : index
    scf.yield %next : index
  }
  return %result : index
}

func.func private @make_i8(%shape: index, %first: index, %size: index) -> tensor<?xi8> {
  %ids = tensor.generate %size {
  ^bb0(%i: index):
    %token = arith.addi %first, %i : index
    %id = func.call @id(%shape, %token) : (index, index) -> i64
    %unused = arith.constant 56 : i64
    %high = arith.shrsi %id, %unused : i64
    %narrow = arith.trunci %high : i64 to i8
    tensor.yield %narrow : i8
  } : tensor<?xi8>
  return %ids : tensor<?xi8>
}
func.func private @widen_i8(%ids: tensor<?xi8>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %ids, %c0 : tensor<?xi8>
  %all = tensor.generate %size {
  ^bb0(%i: index):
    %element = tensor.extract %ids[%i] : tensor<?xi8>
    %wide = arith.extsi %element : i8 to i64
    tensor.yield %wide : i64
  } : tensor<?xi64>
  return %all : tensor<?xi64>
}
func.func private @check_i8(%shape: index, %size: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %c20 = arith.constant 20 : index
  %keys = call @make_i8(%shape, %c0, %size) : (index, index, index) -> tensor<?xi8>
  %wide_keys = call @widen_i8(%keys) : (tensor<?xi8>) -> tensor<?xi64>
  %table = mask.interval_table %keys : tensor<?xi8> -> tensor<?x4xi32>
  %self:2 = call @search(%wide_keys, %wide_keys, %table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  // Some queries have the id of no key, and the other way round.
  %queries = call @make_i8(%shape, %c5, %c20) : (index, index, index) -> tensor<?xi8>
  %wide_queries = call @widen_i8(%queries) : (tensor<?xi8>) -> tensor<?xi64>
  %cross_table = mask.interval_table %queries, %keys : tensor<?xi8>, tensor<?xi8> -> tensor<?x4xi32>
  %cross:2 = call @search(%wide_queries, %wide_keys, %cross_table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  %wrong = arith.addi %self#0, %cross#0 : index
  return %wrong, %self#1 : index, index
}

func.func private @make_i16(%shape: index, %first: index, %size: index) -> tensor<?xi16> {
  %ids = tensor.generate %size {
  ^bb0(%i: index):
    %token = arith.addi %first, %i : index
    %id = func.call @id(%shape, %token) : (index, index) -> i64
    %unused = arith.constant 48 : i64
    %high = arith.shrsi %id, %unused : i64
    %narrow = arith.trunci %high : i64 to i16
    tensor.yield %narrow : i16
  } : tensor<?xi16>
  return %ids : tensor<?xi16>
}
func.func private @widen_i16(%ids: tensor<?xi16>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %ids, %c0 : tensor<?xi16>
  %all = tensor.generate %size {
  ^bb0(%i: index):
    %element = tensor.extract %ids[%i] : tensor<?xi16>
    %wide = arith.extsi %element : i16 to i64
    tensor.yield %wide : i64
  } : tensor<?xi64>
  return %all : tensor<?xi64>
}
func.func private @check_i16(%shape: index, %size: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %c20 = arith.constant 20 : index
  %keys = call @make_i16(%shape, %c0, %size) : (index, index, index) -> tensor<?xi16>
  %wide_keys = call @widen_i16(%keys) : (tensor<?xi16>) -> tensor<?xi64>
  %table = mask.interval_table %keys : tensor<?xi16> -> tensor<?x4xi32>
  %self:2 = call @search(%wide_keys, %wide_keys, %table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  // Some queries have the id of no key, and the other way round.
  %queries = call @make_i16(%shape, %c5, %c20) : (index, index, index) -> tensor<?xi16>
  %wide_queries = call @widen_i16(%queries) : (tensor<?xi16>) -> tensor<?xi64>
  %cross_table = mask.interval_table %queries, %keys : tensor<?xi16>, tensor<?xi16> -> tensor<?x4xi32>
  %cross:2 = call @search(%wide_queries, %wide_keys, %cross_table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  %wrong = arith.addi %self#0, %cross#0 : index
  return %wrong, %self#1 : index, index
}

func.func private @make_i32(%shape: index, %first: index, %size: index) -> tensor<?xi32> {
  %ids = tensor.generate %size {
  ^bb0(%i: index):
    %token = arith.addi %first, %i : index
    %id = func.call @id(%shape, %token) : (index, index) -> i64
    %unused = arith.constant 32 : i64
    %high = arith.shrsi %id, %unused : i64
    %narrow = arith.trunci %high : i64 to i32
    tensor.yield %narrow : i32
  } : tensor<?xi32>
  return %ids : tensor<?xi32>
}
func.func private @widen_i32(%ids: tensor<?xi32>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %ids, %c0 : tensor<?xi32>
  %all = tensor.generate %size {
  ^bb0(%i: index):
    %element = tensor.extract %ids[%i] : tensor<?xi32>
    %wide = arith.extsi %element : i32 to i64
    tensor.yield %wide : i64
  } : tensor<?xi64>
  return %all : tensor<?xi64>
}
func.func private @check_i32(%shape: index, %size: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c20 = arith.constant 20 : index
  %keys = call @make_i32(%shape, %c0, %size) : (index, index, index) -> tensor<?xi32>
  %wide_keys = call @widen_i32(%keys) : (tensor<?xi32>) -> tensor<?xi64>
  %table = mask.interval_table %keys : tensor<?xi32> -> tensor<?x4xi32>
  %self:2 = call @search(%wide_keys, %wide_keys, %table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  // Some queries have the id of no key, and the other way round.
  %queries = call @make_i32(%shape, %c5, %c20) : (index, index, index) -> tensor<?xi32>
  %wide_queries = call @widen_i32(%queries) : (tensor<?xi32>) -> tensor<?xi64>
  %cross_table = mask.interval_table %queries, %keys : tensor<?xi32>, tensor<?xi32> -> tensor<?x4xi32>
  %cross:2 = call @search(%wide_queries, %wide_keys, %cross_table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  %kept = mask.drop_long %keys longer_than %c3 : tensor<?xi32>
  %wide_kept = call @widen_i32(%kept) : (tensor<?xi32>) -> tensor<?xi64>
  %dropped = call @count_dropped(%wide_keys, %wide_kept, %c3) : (tensor<?xi64>, tensor<?xi64>, index) -> index
  %tables = arith.addi %self#0, %cross#0 : index
  %wrong = arith.addi %tables, %dropped : index
  return %wrong, %self#1 : index, index
}

func.func private @make_i64(%shape: index, %first: index, %size: index) -> tensor<?xi64> {
  %ids = tensor.generate %size {
  ^bb0(%i: index):
    %token = arith.addi %first, %i : index
    %id = func.call @id(%shape, %token) : (index, index) -> i64
    %unused = arith.constant 0 : i64
    %high = arith.shrsi %id, %unused : i64
    tensor.yield %high : i64
  } : tensor<?xi64>
  return %ids : tensor<?xi64>
}
func.func private @widen_i64(%ids: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %ids, %c0 : tensor<?xi64>
  %all = tensor.generate %size {
  ^bb0(%i: index):
    %element = tensor.extract %ids[%i] : tensor<?xi64>
    tensor.yield %element : i64
  } : tensor<?xi64>
  return %all : tensor<?xi64>
}
func.func private @check_i64(%shape: index, %size: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c20 = arith.constant 20 : index
  %keys = call @make_i64(%shape, %c0, %size) : (index, index, index) -> tensor<?xi64>
  %wide_keys = call @widen_i64(%keys) : (tensor<?xi64>) -> tensor<?xi64>
  %table = mask.interval_table %keys : tensor<?xi64> -> tensor<?x4xi32>
  %self:2 = call @search(%wide_keys, %wide_keys, %table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  // Some queries have the id of no key, and the other way round.
  %queries = call @make_i64(%shape, %c5, %c20) : (index, index, index) -> tensor<?xi64>
  %wide_queries = call @widen_i64(%queries) : (tensor<?xi64>) -> tensor<?xi64>
  %cross_table = mask.interval_table %queries, %keys : tensor<?xi64>, tensor<?xi64> -> tensor<?x4xi32>
  %cross:2 = call @search(%wide_queries, %wide_keys, %cross_table) : (tensor<?xi64>, tensor<?xi64>, tensor<?x4xi32>) -> (index, index)
  %kept = mask.drop_long %keys longer_than %c3 : tensor<?xi64>
  %wide_kept = call @widen_i64(%kept) : (tensor<?xi64>) -> tensor<?xi64>
  %dropped = call @count_dropped(%wide_keys, %wide_kept, %c3) : (tensor<?xi64>, tensor<?xi64>, index) -> index
  %tables = arith.addi %self#0, %cross#0 : index
  %wrong = arith.addi %tables, %dropped : index
  return %wrong, %self#1 : index, index
}

func.func private @check(%size: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %shapes = arith.constant 7 : index
  scf.for %shape = %c0 to %shapes step %c1 {
    %i8:2 = func.call @check_i8(%shape, %size) : (index, index) -> (index, index)
    %i16:2 = func.call @check_i16(%shape, %size) : (index, index) -> (index, index)
    %i32:2 = func.call @check_i32(%shape, %size) : (index, index) -> (index, index)
    %i64:2 = func.call @check_i64(%shape, %size) : (index, index) -> (index, index)
    %wrong = vector.from_elements %i8#0, %i16#0, %i32#0, %i64#0 : vector<4xindex>
    %contiguous = vector.from_elements %i8#1, %i16#1, %i32#1, %i64#1 : vector<4xindex>
    vector.print %wrong : vector<4xindex>
    vector.print %contiguous : vector<4xindex>
  }
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c700 = arith.constant 700 : index
  // Mismatches of i8, i16, i32 and i64, then ids whose tokens lie side by side.
  // All equal:
  // CHECK: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 700, 700, 700, 700 )
  // By turns:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // Descending:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 700, 700, 700, 700 )
  // Random; a byte has too few values:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 700, 700, 700 )
  // Runs that come again:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // The highest digit:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // All close but one; a byte has lost most of its bits:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 189, 700, 700, 700 )
  call @check(%c700) : (index) -> ()
  // A single token:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 1, 1, 1, 1 )
  call @check(%c1) : (index) -> ()
  // No token:
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  // CHECK-NEXT: ( 0, 0, 0, 0 )
  call @check(%c0) : (index) -> ()
  return
}
