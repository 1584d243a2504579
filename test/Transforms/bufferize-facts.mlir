// The loops of the fact ops, run.
//
// RUN: mask-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --convert-linalg-to-loops --convert-vector-to-scf --convert-scf-to-cf --expand-strided-metadata --lower-affine --convert-vector-to-llvm --convert-to-llvm --reconcile-unrealized-casts \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so \
// RUN:   | FileCheck %s

func.func private @print2(%t: tensor<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %v = vector.transfer_read %t[%c0, %c0], %zero : tensor<?x?xi32>, vector<2x11xi32>
  vector.print %v : vector<2x11xi32>
  return
}
func.func private @print1(%t: tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %v = vector.transfer_read %t[%c0], %zero : tensor<?xi32>, vector<5xi32>
  vector.print %v : vector<5xi32>
  return
}
func.func private @print_table(%t: tensor<?x?x4xi32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %v = vector.transfer_read %t[%c0, %c0, %c0], %zero : tensor<?x?x4xi32>, vector<2x8x4xi32>
  vector.print %v : vector<2x8x4xi32>
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %zero8 = arith.constant 0 : i8
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index

  %static_types = arith.constant dense<[[1, 1, 2, 0, 0, 2, 3, 1], [0, 0, 0, 0, 0, 0, 0, 1]]> : tensor<2x8xi8>
  %types = tensor.cast %static_types : tensor<2x8xi8> to tensor<?x?xi8>
  // Types 1 and 2 side by side are one run; type 3 is not listed.
  // CHECK: ( ( 0, 0, 0, -1, -1, 1, -1, 2,
  // CHECK-SAME: ( -1, -1, -1, -1, -1, -1, -1, 0,
  %runs = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  call @print2(%runs) : (tensor<?x?xi32>) -> ()

  %static_ranges = arith.constant dense<[[[0, 1], [2, 4], [7, 9]], [[3, 3], [0, -1], [0, -1]]]> : tensor<2x3x2xi32>
  %ranges = tensor.cast %static_ranges : tensor<2x3x2xi32> to tensor<?x?x2xi32>
  // Touching items are two; an item may reach past the end; items of one token
  // and padding are none.
  // CHECK: ( ( 0, 0, 1, 1, 1, -1, -1, 2,
  // CHECK-SAME: ( -1, -1, -1, -1, -1, -1, -1, -1,
  %items = mask.item_ids %ranges length %c8 min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  call @print2(%items) : (tensor<?x?xi32>) -> ()

  // CHECK: ( ( 0, 0, -1, -1, -1, -1, -1, 2,
  // CHECK-SAME: ( -1, -1, -1, -1, -1, -1, -1, -1,
  %kept = mask.drop_long %items longer_than %c2 : tensor<?x?xi32>
  call @print2(%kept) : (tensor<?x?xi32>) -> ()

  %static_valid = arith.constant dense<[[false, false, true, true, false, true, false, false], [false, false, false, false, false, false, false, false]]> : tensor<2x8xi1>
  %valid = tensor.cast %static_valid : tensor<2x8xi1> to tensor<?x?xi1>
  // CHECK: ( ( 0, 0, 0, 1, 1, 2, 2, 2,
  // CHECK-SAME: ( 0, 0, 0, 0, 0, 0, 0, 0,
  %positions = mask.positions %valid : tensor<?x?xi1> -> tensor<?x?xi32>
  call @print2(%positions) : (tensor<?x?xi32>) -> ()
  // CHECK: ( ( 0, 0, 0, 1, 2, 2, 3, 3, 3, 2, 6 ), ( 0, 0, 0, 0, 0, 0, 0, 0, 0, 1073741824, -1073741824 ) )
  %counts = mask.count_table %valid : tensor<?x?xi1> -> tensor<?x?xi32>
  call @print2(%counts) : (tensor<?x?xi32>) -> ()

  // Flags of any width: what is not zero is set. Ids of any width, too.
  %static_wide = arith.constant dense<[0, 7, -1, 0, 4294967296]> : tensor<5xi64>
  %wide = tensor.cast %static_wide : tensor<5xi64> to tensor<?xi64>
  // CHECK: ( 0, 0, 1, 1, 2 )
  %wide_positions = mask.positions %wide : tensor<?xi64> -> tensor<?xi32>
  call @print1(%wide_positions) : (tensor<?xi32>) -> ()
  // CHECK: ( -1, -1, 5, -1, 5 )
  %static_small = arith.constant dense<[4, 4, 5, 4, 5]> : tensor<5xi8>
  %small = tensor.cast %static_small : tensor<5xi8> to tensor<?xi8>
  %small_kept = mask.drop_long %small longer_than %c2 : tensor<?xi8>
  %small_vector = vector.transfer_read %small_kept[%c0], %zero8 : tensor<?xi8>, vector<5xi8>
  vector.print %small_vector : vector<5xi8>

  // CHECK: ( 1, 0 )
  %static_falls = arith.constant dense<[[0, 1, 1, 2], [0, 1, 2, 1]]> : tensor<2x4xi64>
  %falls = tensor.cast %static_falls : tensor<2x4xi64> to tensor<?x?xi64>
  %monotone = mask.monotone_table %falls : tensor<?x?xi64> -> tensor<?xi32>
  %zero = arith.constant 0 : i32
  %flags = vector.transfer_read %monotone[%c0], %zero : tensor<?xi32>, vector<2xi32>
  vector.print %flags : vector<2xi32>

  // Ids are any integers. -5 is split: it has an outer interval only. No key
  // carries the query id 42.
  %static_ids = arith.constant dense<[[-5, 7, 7, -5, 9000000000, 9000000000, 7, 1], [1, 1, 1, 1, 1, 1, 1, 1]]> : tensor<2x8xi64>
  %ids = tensor.cast %static_ids : tensor<2x8xi64> to tensor<?x?xi64>
  // CHECK: ( ( ( 0, 4, 1073741824, -1073741824 ), ( 1, 7, 1073741824, -1073741824 ), ( 1, 7, 1073741824, -1073741824 ), ( 0, 4, 1073741824, -1073741824 ), ( 4, 6, 4, 6 ), ( 4, 6, 4, 6 ), ( 1, 7, 1073741824, -1073741824 ), ( 7, 8, 7, 8 ) ),
  // CHECK-SAME: ( ( 0, 8, 0, 8 ), ( 0, 8, 0, 8 ),
  %table = mask.interval_table %ids : tensor<?x?xi64> -> tensor<?x?x4xi32>
  call @print_table(%table) : (tensor<?x?x4xi32>) -> ()

  %static_queries = arith.constant dense<[[42, -5, -5, 1, 1, 7, 7, 7], [1, 1, 1, 0, 0, 0, 0, 0]]> : tensor<2x8xi64>
  %queries = tensor.cast %static_queries : tensor<2x8xi64> to tensor<?x?xi64>
  // CHECK: ( ( ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 7, 8, 7, 8 ), ( 7, 8, 7, 8 ), ( 1, 7, 1073741824, -1073741824 ),
  // CHECK-SAME: ( ( 0, 8, 0, 8 ), ( 0, 8, 0, 8 ), ( 0, 8, 0, 8 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ),
  %cross = mask.interval_table %queries, %ids non_negative : tensor<?x?xi64>, tensor<?x?xi64> -> tensor<?x?x4xi32>
  call @print_table(%cross) : (tensor<?x?x4xi32>) -> ()

  // Ids far apart are sorted: in eight passes over two words, and in two.
  %static_far = arith.constant dense<[[9223372036854775807, -9223372036854775808, -9223372036854775808, 0, 9223372036854775807, 4294967296, 4294967295, 0], [2000, 3, 3, 2000, 0, 1999, 1999, 1999]]> : tensor<2x8xi64>
  %far = tensor.cast %static_far : tensor<2x8xi64> to tensor<?x?xi64>
  // CHECK: ( ( ( 0, 5, 1073741824, -1073741824 ), ( 1, 3, 1, 3 ), ( 1, 3, 1, 3 ), ( 3, 8, 1073741824, -1073741824 ), ( 0, 5, 1073741824, -1073741824 ), ( 5, 6, 5, 6 ), ( 6, 7, 6, 7 ), ( 3, 8, 1073741824, -1073741824 ) ),
  // CHECK-SAME: ( ( 0, 4, 1073741824, -1073741824 ), ( 1, 3, 1, 3 ), ( 1, 3, 1, 3 ), ( 0, 4, 1073741824, -1073741824 ), ( 4, 5, 4, 5 ), ( 5, 8, 5, 8 ), ( 5, 8, 5, 8 ), ( 5, 8, 5, 8 ) )
  %far_table = mask.interval_table %far : tensor<?x?xi64> -> tensor<?x?x4xi32>
  call @print_table(%far_table) : (tensor<?x?x4xi32>) -> ()

  // The least and the greatest id are those of a query and of a key.
  // CHECK: ( ( ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 3, 8, 1073741824, -1073741824 ),
  // CHECK-SAME: ( ( 1, 3, 1, 3 ), ( 5, 8, 5, 8 ), ( 4, 5, 4, 5 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 0, 4, 1073741824, -1073741824 ), ( 0, 4, 1073741824, -1073741824 ), ( 1073741824, -1073741824, 1073741824, -1073741824 ), ( 5, 8, 5, 8 ) )
  %static_near = arith.constant dense<[[42, -5, -5, 0, 1, 7, 7, 7], [3, 1999, 0, -100000, 2000, 2000, 4, 1999]]> : tensor<2x8xi64>
  %near = tensor.cast %static_near : tensor<2x8xi64> to tensor<?x?xi64>
  %far_cross = mask.interval_table %near, %far : tensor<?x?xi64>, tensor<?x?xi64> -> tensor<?x?x4xi32>
  call @print_table(%far_cross) : (tensor<?x?x4xi32>) -> ()

  %static_blocks = arith.constant dense<[[70000, 70000, 3, -9, 3, -9, 3, 5], [1, 1, 1, 1, 1, 1, 2, 1]]> : tensor<2x8xi32>
  %blocks = tensor.cast %static_blocks : tensor<2x8xi32> to tensor<?x?xi32>
  // CHECK: ( ( 70000, 70000, -1, -9, -1, -9, -1, 5,
  // CHECK-SAME: ( -1, -1, -1, -1, -1, -1, 2, -1,
  %short = mask.drop_long %blocks longer_than %c2 : tensor<?x?xi32>
  call @print2(%short) : (tensor<?x?xi32>) -> ()

  // Extrema to both ends of a block of 64: 70 elements i * 37 mod 101 - 50.
  // CHECK: ( ( -42, 49, -50, 50 ), ( -42, 22, -50, 50 ), ( -42, 22, -50, 50 ), ( -42, -42, -50, 50 ), ( -32, 42, -5, -5 ), ( -32, 42, -5, 32 ), ( -32, 42, -32, 32 ), ( -22, 42, -32, 32 ), ( -22, 42, -32, 42 ), ( -22, -22, -32, 42 ) )
  %c70 = arith.constant 70 : index
  %c60 = arith.constant 60 : index
  %numbers = tensor.generate %c70 {
  ^bb0(%i: index):
    %c37 = arith.constant 37 : index
    %c50 = arith.constant 50 : index
    %c101 = arith.constant 101 : index
    %product = arith.muli %i, %c37 : index
    %mod = arith.remui %product, %c101 : index
    %number = arith.subi %mod, %c50 : index
    %element = arith.index_cast %number : index to i8
    tensor.yield %element : i8
  } : tensor<?xi8>
  %ranges_of_numbers = mask.range_table %numbers : tensor<?xi8> -> tensor<?x4xi32>
  %extrema = vector.transfer_read %ranges_of_numbers[%c60, %c0], %zero : tensor<?x4xi32>, vector<10x4xi32>
  vector.print %extrema : vector<10x4xi32>
  // Flags are 0 and 1; numbers of 64 bits keep theirs.
  // CHECK: ( ( 0, 1, 0, 0 ), ( 0, 1, 0, 0 ), ( 0, 1, 0, 1 ) )
  %of_flags = mask.range_table %valid : tensor<?x?xi1> -> tensor<?x?x4xi32>
  %flag_extrema = vector.transfer_read %of_flags[%c0, %c0, %c0], %zero : tensor<?x?x4xi32>, vector<3x4xi32>
  vector.print %flag_extrema : vector<3x4xi32>
  // CHECK: ( ( -5, 9000000000, -5, -5 ), ( -5, 9000000000, -5, 7 ) )
  %of_ids = mask.range_table %ids : tensor<?x?xi64> -> tensor<?x?x4xi64>
  %zero_64 = arith.constant 0 : i64
  %id_extrema = vector.transfer_read %of_ids[%c0, %c0, %c0], %zero_64 : tensor<?x?x4xi64>, vector<2x4xi64>
  vector.print %id_extrema : vector<2x4xi64>
  return
}
