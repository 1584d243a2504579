// RUN: mask-opt %s -split-input-file -mask-close-predicates -mask-build-tables | FileCheck %s

// One table of each kind, right after the fact, shared by both attentions.

// CHECK-LABEL: func @shared
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: tensor<?x?xi32>, %[[DOC:[a-z0-9]*]]: tensor<?xi64>, %[[VALID:[a-z0-9]*]]: tensor<2x128xi1>, %[[POS:[a-z0-9]*]]: tensor<?x?xi32>
// CHECK-NOT: mask.attention
// CHECK-DAG: mask.interval_table %[[IDS]] non_negative : tensor<?x?xi32> -> tensor<?x?x4xi32>
// CHECK-DAG: mask.interval_table %[[DOC]] : tensor<?xi64> -> tensor<?x4xi32>
// CHECK-DAG: mask.count_table %[[VALID]] : tensor<2x128xi1> -> tensor<2x131xi32>
// CHECK-DAG: mask.monotone_table %[[POS]] : tensor<?x?xi32> -> tensor<?xi32>
// CHECK: mask.attention
// CHECK: mask.block_bidirectional %{{.*}} table %{{.*}} : tensor<?x?xi32> table tensor<?x?x4xi32>
// CHECK: mask.document %{{.*}} table %{{.*}} : tensor<?xi64> table tensor<?x4xi32>
// CHECK: mask.key_padding %{{.*}} table %{{.*}} : tensor<2x128xi1> table tensor<2x131xi32>
// CHECK: mask.at_positions %{{.*}} table %{{.*}} : tensor<?x?xi32>, tensor<?x?xi32> table tensor<?xi32>
// CHECK-NOT: _table
// CHECK: mask.attention
// CHECK-NOT: _table
// CHECK: return
func.func @shared(%q: tensor<2x8x?x64xf32>, %ids: tensor<?x?xi32>, %doc: tensor<?xi64>, %valid: tensor<2x128xi1>,
                  %pos: tensor<?x?xi32>) -> tensor<2x8x?x64xf32> {
  %a = mask.block_bidirectional %ids : tensor<?x?xi32>
  %b = mask.document %doc : tensor<?xi64>
  %c = mask.key_padding %valid : tensor<2x128xi1>
  %window = mask.window left 7 right 0
  %d = mask.at_positions %window query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>
  %m = mask.and %a, %b, %c, %d
  %o = mask.attention ins(%q, %q, %q : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>)
         outs(%q : tensor<2x8x?x64xf32>) mask(%m) -> tensor<2x8x?x64xf32>
  %m2 = mask.and %a, %b
  %o2 = mask.attention ins(%o, %q, %q : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>)
         outs(%q : tensor<2x8x?x64xf32>) mask(%m2) -> tensor<2x8x?x64xf32>
  return %o2 : tensor<2x8x?x64xf32>
}

// -----

// Blocks and documents over the same ids need two tables: negative ids differ.
// Query and key ids of their own make one table after the later of the two.

// CHECK-LABEL: func @two_operands
// CHECK: %[[K:.*]] = mask.runs
// CHECK-NEXT: mask.interval_table %{{.*}}, %[[K]] : tensor<?x?xi32>, tensor<?x?xi32> -> tensor<?x?x4xi32>
func.func @two_operands(%q: tensor<2x8x?x64xf32>, %qids: tensor<?x?xi32>, %t: tensor<?x?xi8>) -> tensor<2x8x?x64xf32> {
  %kids = mask.runs %t of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %0 = arith.constant 0 : index
  %a = mask.document %qids, %kids : tensor<?x?xi32>, tensor<?x?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>)
         outs(%q : tensor<2x8x?x64xf32>) mask(%a) -> tensor<2x8x?x64xf32>
  return %o : tensor<2x8x?x64xf32>
}

// -----

// A fact that the region computes is moved out, and its input is no capture
// any more.

// CHECK-LABEL: func @hoisted
// CHECK-SAME: %[[R:[a-z0-9]*]]: tensor<?x?x2xi32>, %[[N:[a-z0-9]*]]: index
// CHECK: %[[C:.*]] = arith.constant 3
// CHECK: %[[LEN:.*]] = arith.addi %[[N]], %[[C]]
// CHECK: %[[IDS:.*]] = mask.item_ids %[[R]] length %[[LEN]]
// CHECK-NEXT: %[[T:.*]] = mask.interval_table %[[IDS]] non_negative
// CHECK: captures(%[[IDS]], %[[T]] : tensor<?x?xi32>, tensor<?x?x4xi32>) predicate {
// CHECK-NEXT: ^bb0
// CHECK: mask.block_bidirectional
func.func @hoisted(%q: tensor<2x8x?x64xf32>, %r: tensor<?x?x2xi32>, %n: index) -> tensor<2x8x?x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>)
         outs(%q : tensor<2x8x?x64xf32>) captures(%r, %n : tensor<?x?x2xi32>, index) predicate {
         ^bb0(%ri: tensor<?x?x2xi32>, %ni: index):
           %c = arith.constant 3 : index
           %len = arith.addi %ni, %c : index
           %ids = mask.item_ids %ri length %len : tensor<?x?x2xi32> -> tensor<?x?xi32>
           %p = mask.block_bidirectional %ids : tensor<?x?xi32>
           mask.yield %p : !mask.predicate
         } -> tensor<2x8x?x64xf32>
  return %o : tensor<2x8x?x64xf32>
}

// -----

// Packed rows are written out, so that documents and positions get their tables.

// CHECK-LABEL: func @packed
// CHECK-DAG: mask.interval_table
// CHECK-DAG: mask.monotone_table
// CHECK: mask.attention
// CHECK: %[[CORE:.*]] = mask.window
// CHECK: %[[OVER:.*]] = mask.prefix
// CHECK: %[[SAME:.*]] = mask.document %{{.*}} table
// CHECK: %[[AT:.*]] = mask.at_positions %[[CORE]] query %[[P:.*]] key %[[P]] table
// CHECK: %[[EITHER:.*]] = mask.or %[[AT]], %[[OVER]]
// CHECK: mask.and %[[EITHER]], %[[SAME]]
func.func @packed(%q: tensor<2x8x?x64xf32>, %s: tensor<?x?xi32>, %pos: tensor<?x?xi32>) -> tensor<2x8x?x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>)
         outs(%q : tensor<2x8x?x64xf32>) captures(%s, %pos : tensor<?x?xi32>, tensor<?x?xi32>) predicate {
         ^bb0(%si: tensor<?x?xi32>, %pi: tensor<?x?xi32>):
           %core = mask.window left 7 right 0
           %over = mask.prefix 4
           %p = mask.packed %core, %over rule v5_24 sequences %si : tensor<?x?xi32> positions %pi : tensor<?x?xi32>
           mask.yield %p : !mask.predicate
         } -> tensor<2x8x?x64xf32>
  return %o : tensor<2x8x?x64xf32>
}

// -----

// On memrefs there is nothing to build a table from.

// CHECK-LABEL: func @no_table_on_memrefs
// CHECK-NOT: table
func.func @no_table_on_memrefs(%q: memref<2x8x?x64xf32>, %ids: memref<?x?xi32>) {
  mask.attention ins(%q, %q, %q : memref<2x8x?x64xf32>, memref<2x8x?x64xf32>, memref<2x8x?x64xf32>)
         outs(%q : memref<2x8x?x64xf32>) captures(%ids : memref<?x?xi32>) predicate {
         ^bb0(%i: memref<?x?xi32>):
           %p = mask.document %i : memref<?x?xi32>
           mask.yield %p : !mask.predicate
         }
  return
}

// -----

// Ids that number runs are contiguous, which their table cannot tell: the leaf
// says so, and its bounds are exact.

// CHECK-LABEL: @contiguous_runs
// CHECK: mask.block_bidirectional %{{.*}} table %{{.*}} {contiguous}
func.func @contiguous_runs(%q: tensor<1x1x?x4xf32>, %types: tensor<?x?xi8>) -> tensor<1x1x?x4xf32> {
  %ids = mask.runs %types of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
           outs(%q : tensor<1x1x?x4xf32>) captures(%ids : tensor<?x?xi32>) predicate {
           ^bb0(%i: tensor<?x?xi32>):
             %block = mask.block_bidirectional %i : tensor<?x?xi32>
             mask.yield %block : !mask.predicate
           } -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// The tokens outside of all runs are one document, which is not contiguous.

// CHECK-LABEL: @negative_documents_of_runs
// CHECK-NOT: {contiguous}
// CHECK: return
func.func @negative_documents_of_runs(%q: tensor<1x1x?x4xf32>, %types: tensor<?x?xi8>) -> tensor<1x1x?x4xf32> {
  %ids = mask.runs %types of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
           outs(%q : tensor<1x1x?x4xf32>) captures(%ids : tensor<?x?xi32>) predicate {
           ^bb0(%i: tensor<?x?xi32>):
             %document = mask.document %i : tensor<?x?xi32>
             mask.yield %document : !mask.predicate
           } -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// What a region reads at the key gets a table, what it reads at the query does
// not; positions get one for where they fall.

// CHECK-LABEL: @read_by_key
// CHECK-SAME: %[[TIME:[a-z0-9]*]]: tensor<?xi64>, %[[KIND:[a-z0-9]*]]: tensor<?x?xi8>, %[[POS:[a-z0-9]*]]: tensor<?x?xi32>
// CHECK-DAG: %[[TIMES:.*]] = mask.range_table %[[TIME]] : tensor<?xi64> -> tensor<?x4xi64>
// CHECK-DAG: %[[RANGE:.*]] = mask.range_table %[[POS]] : tensor<?x?xi32> -> tensor<?x?x4xi32>
// CHECK-NOT: range_table
// CHECK: mask.attention
// CHECK: mask.generic captures(%{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?xi64>) tables(%{{.*}} : tensor<?x4xi64>) of [1]
// CHECK: mask.at_positions {{.*}} range %{{.*}}
func.func @read_by_key(%q: tensor<1x1x?x4xf32>, %time: tensor<?xi64>, %kind: tensor<?x?xi8>,
                       %pos: tensor<?x?xi32>) -> tensor<1x1x?x4xf32> {
  %later = mask.generic captures(%kind, %time : tensor<?x?xi8>, tensor<?xi64>) {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %d: tensor<?x?xi8>, %t: tensor<?xi64>):
    %x = tensor.extract %t[%i] : tensor<?xi64>
    %y = tensor.extract %t[%j] : tensor<?xi64>
    %c = tensor.extract %d[%b, %i] : tensor<?x?xi8>
    %zero = arith.constant 0 : i8
    %known = arith.cmpi sgt, %c, %zero : i8
    %older = arith.cmpi sle, %y, %x : i64
    %v = arith.andi %known, %older : i1
    mask.yield %v : i1
  }
  %window = mask.window left 7 right 0
  %at = mask.at_positions %window query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>
  %m = mask.and %later, %at
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%q : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// -----

// Numbers are moved out like facts, with what they need and in order; constants that
// the predicate reads stay, and what nobody reads goes.

// CHECK-LABEL: func @hoisted_numbers
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<1x1x?x64xf32>, %[[L:[a-z0-9]*]]: tensor<?xi32>, %[[N:[a-z0-9]*]]: index
// CHECK: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[E:.*]] = tensor.extract %[[L]][%[[C0]]]
// CHECK: %[[I:.*]] = arith.index_cast %[[E]] : i32 to index
// CHECK: %[[D:.*]] = arith.divsi %[[N]], %[[I]] : index
// CHECK: %[[B:.*]] = scf.if
// CHECK-NOT: arith.remsi
// CHECK: mask.attention
// CHECK-SAME: captures(%[[E]], %[[D]], %[[B]] : i32, index, index)
// CHECK-NEXT: ^bb0(%[[EI:.*]]: i32, %[[DI:.*]]: index, %[[BI:.*]]: index):
// CHECK-NEXT: %[[C7:.*]] = arith.constant 7 : index
// CHECK-NEXT: mask.generic captures(%[[EI]] : i32)
// CHECK: mask.window left %[[DI]] right %[[BI]]
// CHECK: mask.chunk size %[[C7]]
// CHECK-NOT: arith
func.func @hoisted_numbers(%q: tensor<1x1x?x64xf32>, %l: tensor<?xi32>, %n: index) -> tensor<1x1x?x64xf32> {
  %o = mask.attention ins(%q, %q, %q : tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
      outs(%q : tensor<1x1x?x64xf32>) captures(%l, %n : tensor<?xi32>, index) predicate {
  ^bb0(%lengths: tensor<?xi32>, %m: index):
    %c0 = arith.constant 0 : index
    %c7 = arith.constant 7 : index
    %e = tensor.extract %lengths[%c0] : tensor<?xi32>
    %i = arith.index_cast %e : i32 to index
    %d = arith.divsi %m, %i : index
    %unused = arith.remsi %m, %c0 : index
    %long = arith.cmpi sgt, %d, %c7 : index
    %b = scf.if %long -> index {
      %s = arith.subi %d, %c7 : index
      scf.yield %s : index
    } else {
      scf.yield %d : index
    }
    %g = mask.generic captures(%e : i32) {
    ^bb1(%row: index, %h: index, %qi: index, %k: index, %x: i32):
      %y = arith.index_cast %x : i32 to index
      %v = arith.cmpi slt, %k, %y : index
      mask.yield %v : i1
    }
    %w = mask.window left %d right %b
    %c = mask.chunk size %c7
    %p = mask.and %g, %w, %c
    mask.yield %p : !mask.predicate
  } -> tensor<1x1x?x64xf32>
  return %o : tensor<1x1x?x64xf32>
}
