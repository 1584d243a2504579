// A tile of batch rows, heads and queries looks parameters up where the whole
// attention does: offsets, windows, chunks and lengths that are data per batch row
// or per head. Tiled code against whole code, which the unit tests compare with the
// interpreter.

// RUN: split-file %s %t
// RUN: cat %S/../Inputs/numeric.mlir %t/attention.mlir \
// RUN:   | mask-opt --transform-preload-library=transform-library-paths=%t/schedule.mlir --transform-interpreter \
// RUN:     --mask-to-cpu="query-tile=4 key-tile=4 lanes=4 rows=2" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %t/attention.mlir

//--- schedule.mlir

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %tiled = transform.structured.match attributes {tile = "yes"} in %root : (!transform.any_op) -> !transform.any_op
    %0, %l0:3 = transform.structured.tile_using_for %tiled tile_sizes [1, 2, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %f1:2, %1, %m1, %l1 = transform.structured.tile_reduction_using_forall %0 by num_threads = [0, 0, 0, 0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

//--- attention.mlir

!q = tensor<?x6x?x?xf32>
!k = tensor<?x3x?x?xf32>
!l = tensor<?x6x?xf32>
!any = tensor<?x?x?x?xf32>
!t = tensor<?xi32>

func.func private @attention(%qm: !data, %km: !data, %om: !data, %lm: !stats, %batch: !t, %head: !t, %kind: index, %isTiled: i1) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %qa = bufferization.to_tensor %qm restrict : !data to !any
  %ka = bufferization.to_tensor %km restrict : !data to !any
  %oa = bufferization.to_tensor %om restrict writable : !data to !any
  %la = bufferization.to_tensor %lm restrict writable : !stats to tensor<?x?x?xf32>
  %q = tensor.cast %qa : !any to !q
  %k = tensor.cast %ka : !any to !k
  %o = tensor.cast %oa : !any to !q
  %l = tensor.cast %la : tensor<?x?x?xf32> to !l
  %results:2 = scf.index_switch %kind -> !q, !l
  // Offsets.
  case 0 {
    %p = mask.window left 4 right 1
    %r:2 = scf.if %isTiled -> (!q, !l) {
      %x:2 = mask.attention ins(%q, %k, %k : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p)
        query_offset %batch per batch : !t key_offset %head per head : !t {tile = "yes"} -> !q, !l
      scf.yield %x#0, %x#1 : !q, !l
    } else {
      %x:2 = mask.attention ins(%q, %k, %k : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p)
        query_offset %batch per batch : !t key_offset %head per head : !t -> !q, !l
      scf.yield %x#0, %x#1 : !q, !l
    }
    scf.yield %r#0, %r#1 : !q, !l
  }
  // Parameters of the mask, in an attention that is itself a slice.
  default {
    %window = mask.window left %head per head : !t right 2
    %length = mask.key_length %batch per batch : !t
    %chunk = mask.chunk size 5 offset %head per head : !t
    %either = mask.or %window, %chunk
    %p = mask.and %either, %length
    %r:2 = scf.if %isTiled -> (!q, !l) {
      %x:2 = mask.attention ins(%q, %k, %k : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p)
        origin(%c1, %c2, %c3, %c1) query_offset %batch per batch : !t {tile = "yes"} -> !q, !l
      scf.yield %x#0, %x#1 : !q, !l
    } else {
      %x:2 = mask.attention ins(%q, %k, %k : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p)
        origin(%c1, %c2, %c3, %c1) query_offset %batch per batch : !t -> !q, !l
      scf.yield %x#0, %x#1 : !q, !l
    }
    scf.yield %r#0, %r#1 : !q, !l
  }
  %ro = tensor.cast %results#0 : !q to !any
  %rl = tensor.cast %results#1 : !l to tensor<?x?x?xf32>
  bufferization.materialize_in_destination %ro in restrict writable %om : (!any, !data) -> ()
  bufferization.materialize_in_destination %rl in restrict writable %lm : (tensor<?x?x?xf32>, !stats) -> ()
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c13 = arith.constant 13 : index
  %c21 = arith.constant 21 : index
  %no = arith.constant false
  %yes = arith.constant true
  // Of three batch rows and eight heads the slice of the second case sees the last.
  %batch = arith.constant dense<[3, 0, 17]> : tensor<3xi32>
  %head = arith.constant dense<[0, 4, 1, 9, 3, 2, 6, 1]> : tensor<8xi32>
  %bt = tensor.cast %batch : tensor<3xi32> to !t
  %ht = tensor.cast %head : tensor<8xi32> to !t
  %q = memref.alloc(%c2, %c6, %c13, %c5) : !data
  %k = memref.alloc(%c2, %c3, %c21, %c5) : !data
  %o = memref.alloc(%c2, %c6, %c13, %c5) : !data
  %ro = memref.alloc(%c2, %c6, %c13, %c5) : !data
  %l = memref.alloc(%c2, %c6, %c13) : !stats
  %rl = memref.alloc(%c2, %c6, %c13) : !stats
  call @fill(%q, %c0) : (!data, index) -> ()
  call @fill(%k, %c5) : (!data, index) -> ()
  // CHECK:      case 0: errors 0
  // CHECK-NEXT: case 1: errors 0
  scf.for %kind = %c0 to %c2 step %c1 {
    func.call @fill(%o, %c3) : (!data, index) -> ()
    func.call @attention(%q, %k, %ro, %rl, %bt, %ht, %kind, %no) : (!data, !data, !data, !stats, !t, !t, index, i1) -> ()
    func.call @attention(%q, %k, %o, %l, %bt, %ht, %kind, %yes) : (!data, !data, !data, !stats, !t, !t, index, i1) -> ()
    func.call @compare(%o, %ro, %l, %rl, %kind) : (!data, !data, !stats, !stats, index) -> ()
  }
  return
}
