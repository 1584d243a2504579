// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

// CHECK-LABEL: func @constants
func.func @constants() {
  // CHECK: %full = mask.full{{$}}
  %0 = mask.full
  // CHECK: %empty = mask.empty{{$}}
  %1 = mask.empty
  return
}

// CHECK-LABEL: func @positional
// CHECK-SAME: (%[[W:.*]]: index, %[[T:.*]]: tensor<?xi32>)
func.func @positional(%w: index, %t: tensor<?xi32>) {
  // CHECK: %causal = mask.causal{{$}}
  %0 = mask.causal
  // CHECK: %window = mask.window left 1023 right 0{{$}}
  %1 = mask.window left 1023 right 0
  // CHECK: mask.window left -3 right unbounded{{$}}
  %2 = mask.window left -3 right unbounded
  // CHECK: mask.window left %[[W]] right unbounded{{$}}
  %3 = mask.window left %w right unbounded
  // CHECK: mask.window left %[[T]] per batch : tensor<?xi32> right 4{{$}}
  %4 = mask.window left %t per batch : tensor<?xi32> right 4
  // CHECK: mask.window left %[[T]] per head : tensor<?xi32> right %[[W]]{{$}}
  %5 = mask.window left %t per head : tensor<?xi32> right %w
  // CHECK: %chunk = mask.chunk size 8{{$}}
  %6 = mask.chunk size 8
  // CHECK: mask.chunk size %[[W]] offset %[[T]] per batch : tensor<?xi32>{{$}}
  %7 = mask.chunk size %w offset %t per batch : tensor<?xi32>
  // CHECK: mask.chunk size 8 offset -3{{$}}
  %8 = mask.chunk size 8 offset -3
  // CHECK: %prefix = mask.prefix 7{{$}}
  %9 = mask.prefix 7
  // CHECK: %written = mask.key_length %[[T]] per batch : tensor<?xi32>{{$}}
  %10 = mask.key_length %t per batch : tensor<?xi32>
  // CHECK: %dilated = mask.dilated 3{{$}}
  %11 = mask.dilated 3
  // CHECK: %interval = mask.interval lower #{{.*}} upper #{{.*}}[%[[W]]]
  %12 = mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + s)> [%w]
  // CHECK: mask.interval lower #{{.*}} upper #{{.*}}{{$}}
  %13 = mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> (q mod 4)>
  // CHECK: mask.interval lower unbounded upper #{{.*}}[%[[W]]]
  %14 = mask.interval lower unbounded upper affine_map<(q)[s] -> (q floordiv s)> [%w]
  // CHECK: mask.interval lower #{{.*}} upper unbounded{{$}}
  %15 = mask.interval lower affine_map<(q) -> (q mod 4)> upper unbounded
  // CHECK: mask.interval lower unbounded upper unbounded{{$}}
  %16 = mask.interval lower unbounded upper unbounded
  return
}

// CHECK-LABEL: func @tables
// CHECK-SAME: (%[[IDS:.*]]: tensor<?x?xi32>, %[[DOCS:.*]]: tensor<?xi64>, %[[VALID:.*]]: tensor<?x?xi1>, %[[DENSE:.*]]: tensor<2x?x?x?xi8>,
func.func @tables(%ids: tensor<?x?xi32>, %docs: tensor<?xi64>, %valid: tensor<?x?xi1>, %dense: tensor<2x?x?x?xi8>,
                  %table: tensor<?x?x4xi32>, %counts: tensor<?x?xi32>) {
  // CHECK: %block = mask.block_bidirectional %[[IDS]] : tensor<?x?xi32>{{$}}
  %0 = mask.block_bidirectional %ids : tensor<?x?xi32>
  // CHECK: mask.block_bidirectional %[[IDS]], %[[IDS]] table %{{.*}} : tensor<?x?xi32>, tensor<?x?xi32> table tensor<?x?x4xi32>
  %1 = mask.block_bidirectional %ids, %ids table %table : tensor<?x?xi32>, tensor<?x?xi32> table tensor<?x?x4xi32>
  // CHECK: %document = mask.document %[[DOCS]] : tensor<?xi64>{{$}}
  %2 = mask.document %docs : tensor<?xi64>
  // CHECK: mask.document %[[IDS]] table %{{.*}} : tensor<?x?xi32> table tensor<?x?x4xi32>
  %3 = mask.document %ids table %table : tensor<?x?xi32> table tensor<?x?x4xi32>
  // CHECK: %valid = mask.key_padding %[[VALID]] : tensor<?x?xi1>{{$}}
  %4 = mask.key_padding %valid : tensor<?x?xi1>
  // CHECK: mask.key_padding %[[VALID]] table %{{.*}} : tensor<?x?xi1> table tensor<?x?xi32>
  %5 = mask.key_padding %valid table %counts : tensor<?x?xi1> table tensor<?x?xi32>
  // CHECK: mask.key_padding %[[DOCS]] : tensor<?xi64>{{$}}
  %mask = mask.key_padding %docs : tensor<?xi64>
  // CHECK: %range = mask.row_range %[[IDS]], %[[IDS]] : tensor<?x?xi32>
  %6 = mask.row_range %ids, %ids : tensor<?x?xi32>
  // CHECK: mask.row_range %[[IDS]], unbounded : tensor<?x?xi32>
  %below = mask.row_range %ids, unbounded : tensor<?x?xi32>
  // CHECK: mask.row_range unbounded, %[[IDS]] : tensor<?x?xi32>
  %above = mask.row_range unbounded, %ids : tensor<?x?xi32>
  // CHECK: %dense = mask.dense %[[DENSE]] : tensor<2x?x?x?xi8>
  %7 = mask.dense %dense : tensor<2x?x?x?xi8>
  return
}

// CHECK-LABEL: func @generic
func.func @generic(%t: tensor<?xi32>, %range: tensor<?x4xi32>) {
  // CHECK: %generic = mask.generic captures(%{{.*}} : tensor<?xi32>) {
  // CHECK-NEXT: ^bb0(%b: index, %h: index, %q: index, %k: index, %{{.*}}: tensor<?xi32>):
  // CHECK-NEXT: %[[V:.*]] = arith.cmpi sge, %q, %k : index
  // CHECK-NEXT: mask.yield %[[V]] : i1
  %0 = mask.generic captures(%t : tensor<?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
    %v = arith.cmpi sge, %q, %k : index
    mask.yield %v : i1
  }
  // CHECK: mask.generic captures(%{{.*}} : tensor<?xi32>) tables(%{{.*}} : tensor<?x4xi32>) of [0] {
  %2 = mask.generic captures(%t : tensor<?xi32>) tables(%range : tensor<?x4xi32>) of [0] {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
    %e = tensor.extract %x[%k] : tensor<?xi32>
    %i = arith.index_cast %e : i32 to index
    %v = arith.cmpi sge, %q, %i : index
    mask.yield %v : i1
  }
  // CHECK: mask.generic attributes {note = "all"} {
  %1 = mask.generic attributes {note = "all"} {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    %true = arith.constant true
    mask.yield %true : i1
  }
  return
}

// CHECK-LABEL: func @connectives
// CHECK-SAME: (%[[P:.*]]: !mask.predicate, %[[Q:.*]]: !mask.predicate)
func.func @connectives(%p: !mask.predicate, %q: !mask.predicate) {
  // CHECK: %and = mask.and %[[P]], %[[Q]]{{$}}
  %0 = mask.and %p, %q
  // CHECK: %or = mask.or %[[P]]{{$}}
  %1 = mask.or %p
  // CHECK: %not = mask.not %[[P]]{{$}}
  %2 = mask.not %p
  // CHECK: %heads = mask.heads %[[P]] in [0, 1]{{$}}
  %3 = mask.heads %p in [0, 1]
  // CHECK: %batches = mask.batches %[[P]] in []{{$}}
  %4 = mask.batches %p in []
  return
}

// CHECK-LABEL: func @coordinates
// CHECK-SAME: (%[[P:[^:]*]]: !mask.predicate, %[[N:.*]]: index, %[[T:.*]]: tensor<?xi32>, %[[M:.*]]: tensor<1xi32>, %[[R:.*]]: tensor<?x4xi32>)
func.func @coordinates(%p: !mask.predicate, %n: index, %t: tensor<?xi32>, %m: tensor<1xi32>, %r: tensor<?x4xi32>) {
  // CHECK: %shifted = mask.shift %[[P]] query 12 key %[[N]]{{$}}
  %0 = mask.shift %p query 12 key %n
  // CHECK: mask.shift %[[P]] query %[[T]] per batch : tensor<?xi32> key -1{{$}}
  %1 = mask.shift %p query %t per batch : tensor<?xi32> key -1
  // CHECK: %positioned = mask.at_positions %[[P]] query %[[T]] key %[[T]] : tensor<?xi32>, tensor<?xi32>{{$}}
  %2 = mask.at_positions %p query %t key %t : tensor<?xi32>, tensor<?xi32>
  // CHECK: mask.at_positions %[[P]] query %[[T]] key %[[T]] table %[[M]] : tensor<?xi32>, tensor<?xi32> table tensor<1xi32>{{$}}
  %3 = mask.at_positions %p query %t key %t table %m : tensor<?xi32>, tensor<?xi32> table tensor<1xi32>
  // CHECK: mask.at_positions %[[P]] query %[[T]] key %[[T]] range %[[R]] : tensor<?xi32>, tensor<?xi32> range tensor<?x4xi32>{{$}}
  %range = mask.at_positions %p query %t key %t range %r : tensor<?xi32>, tensor<?xi32> range tensor<?x4xi32>
  // CHECK: %packed = mask.packed %[[P]], %[[P]] rule request{{$}}
  %4 = mask.packed %p, %p rule request
  // CHECK: mask.packed %[[P]], %[[P]] rule v5_12 sequences %[[T]] : tensor<?xi32>{{$}}
  %5 = mask.packed %p, %p rule v5_12 sequences %t : tensor<?xi32>
  // CHECK: mask.packed %[[P]], %[[P]] rule v5_24 sequences %[[T]] : tensor<?xi32> positions %[[T]] : tensor<?xi32>{{$}}
  %6 = mask.packed %p, %p rule v5_24 sequences %t : tensor<?xi32> positions %t : tensor<?xi32>
  return
}
