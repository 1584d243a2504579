// Tiles attention in every way that a schedule may, runs it, and compares it with
// a loop over every element of a stored mask. Sizes divide nothing.

// RUN: split-file %s %t
// RUN: cat %S/../Inputs/numeric.mlir %t/attention.mlir \
// RUN:   | mask-opt --transform-preload-library=transform-library-paths=%t/schedule.mlir --transform-interpreter \
// RUN:     --mask-to-cpu="query-tile=4 key-tile=4 lanes=4 rows=2" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %t/attention.mlir

// RUN: cat %S/../Inputs/numeric.mlir %t/attention.mlir \
// RUN:   | mask-opt --transform-preload-library=transform-library-paths=%t/schedule.mlir --transform-interpreter \
// RUN:   | FileCheck %t/attention.mlir --check-prefix=TILED

//--- schedule.mlir

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %rows = transform.structured.match attributes {tile = "rows"} in %root : (!transform.any_op) -> !transform.any_op
    %0, %l0 = transform.structured.tile_using_for %rows tile_sizes [0, 0, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)

    // The last tile holds one group, the others two.
    %groups = transform.structured.match attributes {tile = "groups"} in %root : (!transform.any_op) -> !transform.any_op
    %1, %l1 = transform.structured.tile_using_for %groups tile_sizes [0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)

    %heads = transform.structured.match attributes {tile = "heads"} in %root : (!transform.any_op) -> !transform.any_op
    %2, %l2 = transform.structured.tile_using_forall %heads tile_sizes [1, 1, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)

    %columns = transform.structured.match attributes {tile = "columns"} in %root : (!transform.any_op) -> !transform.any_op
    %3, %l3:2 = transform.structured.tile_using_for %columns tile_sizes [0, 0, 6, 3] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)

    %split = transform.structured.match attributes {tile = "split"} in %root : (!transform.any_op) -> !transform.any_op
    %f4:2, %4, %m4, %l4 = transform.structured.tile_reduction_using_forall %split by num_threads = [0, 0, 0, 0, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)

    // The last tile of keys is shorter.
    %tiles = transform.structured.match attributes {tile = "tiles"} in %root : (!transform.any_op) -> !transform.any_op
    %f5:2, %5, %m5, %l5 = transform.structured.tile_reduction_using_forall %tiles by tile_sizes = [0, 0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)

    // More splits than keys.
    %many = transform.structured.match attributes {tile = "many"} in %root : (!transform.any_op) -> !transform.any_op
    %f6:2, %6, %m6, %l6 = transform.structured.tile_reduction_using_forall %many by num_threads = [0, 0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)

    // The keys of each tile of queries and heads.
    %nested = transform.structured.match attributes {tile = "nested"} in %root : (!transform.any_op) -> !transform.any_op
    %7, %l7:2 = transform.structured.tile_using_for %nested tile_sizes [0, 2, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %f8:2, %8, %m8, %l8 = transform.structured.tile_reduction_using_forall %7 by num_threads = [0, 0, 0, 0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

//--- attention.mlir

!q = tensor<?x6x?x?xf32>
!k = tensor<?x3x?x?xf32>
!l = tensor<?x6x?xf32>
!any = tensor<?x?x?x?xf32>

// The mask of each case in closed form.
func.func private @mask(%m: !mask, %kind: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %c8 = arith.constant 8 : index
  %S = memref.dim %m, %c0 : !mask
  %K = memref.dim %m, %c1 : !mask
  scf.for %i = %c0 to %S step %c1 {
    scf.for %j = %c0 to %K step %c1 {
      %causal = arith.cmpi sle, %j, %i : index
      %i3 = arith.subi %i, %c3 : index
      %left = arith.cmpi sge, %j, %i3 : index
      %window = arith.andi %causal, %left : i1
      %visible = scf.index_switch %kind -> i1
      // Queries start at 8.
      case 0 {
        %q = arith.addi %i, %c8 : index
        %p = arith.cmpi sle, %j, %q : index
        scf.yield %p : i1
      }
      case 1 {
        scf.yield %window : i1
      }
      // Documents of six tokens.
      case 2 {
        %di = arith.divui %i, %c6 : index
        %dj = arith.divui %j, %c6 : index
        %p = arith.cmpi eq, %di, %dj : index
        scf.yield %p : i1
      }
      // Two intervals.
      case 3 {
        %prefix = arith.cmpi slt, %j, %c4 : index
        %p = arith.ori %prefix, %window : i1
        scf.yield %p : i1
      }
      case 4 {
        scf.yield %window : i1
      }
      // Queries start at 8; the last sees nothing.
      case 5 {
        %q = arith.addi %i, %c8 : index
        %p = arith.cmpi sgt, %j, %q : index
        scf.yield %p : i1
      }
      case 6 {
        scf.yield %causal : i1
      }
      // Queries start at 4, keys at 2.
      case 7 {
        %i2 = arith.addi %i, %c2 : index
        %p0 = arith.cmpi sle, %j, %i2 : index
        %i1 = arith.subi %i, %c1 : index
        %p1 = arith.cmpi sge, %j, %i1 : index
        %p = arith.andi %p0, %p1 : i1
        scf.yield %p : i1
      }
      // No interval.
      default {
        %d = arith.subi %i, %j : index
        %c3a = arith.constant 300 : index
        %d3 = arith.addi %d, %c3a : index
        %r = arith.remui %d3, %c3 : index
        %p = arith.cmpi eq, %r, %c0 : index
        scf.yield %p : i1
      }
      memref.store %visible, %m[%i, %j] : !mask
    }
  }
  return
}

// Nothing is left whole.
// TILED-LABEL: func private @attention
// TILED: case 0
// TILED: scf.for
// TILED: case 1
// TILED: scf.for
// TILED: case 2
// TILED: scf.forall
// TILED: case 3
// TILED-COUNT-2: scf.for
// TILED: case 4
// TILED: scf.forall (%{{.*}}) in (3)
// TILED: case 5
// TILED: scf.forall (%{{.*}}) = (0) to (%{{.*}}) step (8)
// TILED: case 6
// TILED: scf.forall (%{{.*}}) in (32)
// TILED: case 7
// TILED-COUNT-2: scf.for
// TILED: scf.forall (%{{.*}}) in (2)
// TILED: default
// TILED-COUNT-2: scf.for
// TILED: scf.forall (%{{.*}}) in (2)

// Without a log-sum-exp, that of the reference is taken.
func.func private @attention(%qm: !data, %km: !data, %vm: !data, %om: !data, %lm: !stats, %rl: !stats, %sm: !logits, %slope: f32, %kind: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %qa = bufferization.to_tensor %qm restrict : !data to !any
  %ka = bufferization.to_tensor %km restrict : !data to !any
  %va = bufferization.to_tensor %vm restrict : !data to !any
  %oa = bufferization.to_tensor %om restrict writable : !data to !any
  %la = bufferization.to_tensor %lm restrict writable : !stats to tensor<?x?x?xf32>
  %sa = bufferization.to_tensor %sm restrict : !logits to tensor<?xf32>
  %q = tensor.cast %qa : !any to !q
  %k = tensor.cast %ka : !any to !k
  %v = tensor.cast %va : !any to !k
  %o = tensor.cast %oa : !any to !q
  %l = tensor.cast %la : tensor<?x?x?xf32> to !l
  %sinks = tensor.cast %sa : tensor<?xf32> to tensor<6xf32>
  %results:2 = scf.index_switch %kind -> !q, !l
  case 0 {
    %p = mask.causal
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) sinks(%sinks : tensor<6xf32>)
      query_offset 8 {tile = "rows"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  case 1 {
    %p = mask.window left 3 right 0
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) sinks(%sinks : tensor<6xf32>)
      score_captures(%slope : f32) score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %a: f32):
        %one = arith.constant 1 : index
        %d = arith.subi %j, %i : index
        %h1 = arith.addi %h, %one : index
        %t = arith.muli %d, %h1 : index
        %ti = arith.index_cast %t : index to i32
        %tf = arith.sitofp %ti : i32 to f32
        %bias = arith.mulf %a, %tf : f32
        %r = arith.addf %s, %bias : f32
        mask.yield %r : f32
      } {tile = "groups"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  // Head counts that are known at run time only.
  case 2 {
    %K = memref.dim %km, %c2 : !data
    %ids = tensor.generate %K {
    ^bb0(%i: index):
      %c6 = arith.constant 6 : index
      %d = arith.divui %i, %c6 : index
      %id = arith.index_cast %d : index to i32
      tensor.yield %id : i32
    } : tensor<?xi32>
    %p = mask.document %ids : tensor<?xi32>
    %r:2 = mask.attention ins(%qa, %ka, %va : !any, !any, !any) outs(%oa, %la : !any, tensor<?x?x?xf32>) mask(%p)
      {tile = "heads"} -> !any, tensor<?x?x?xf32>
    %r0 = tensor.cast %r#0 : !any to !q
    %r1 = tensor.cast %r#1 : tensor<?x?x?xf32> to !l
    scf.yield %r0, %r1 : !q, !l
  }
  case 3 {
    %prefix = mask.prefix 4
    %window = mask.window left 3 right 0
    %p = mask.or %prefix, %window
    %r = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o : !q) mask(%p) {tile = "columns"} -> !q
    %ra = bufferization.to_tensor %rl restrict : !stats to tensor<?x?x?xf32>
    %r1 = tensor.cast %ra : tensor<?x?x?xf32> to !l
    scf.yield %r, %r1 : !q, !l
  }
  // Most rows see no key of the first or of the last split.
  case 4 {
    %p = mask.window left 3 right 0
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) sinks(%sinks : tensor<6xf32>)
      score_captures(%slope : f32) score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %a: f32):
        %one = arith.constant 1 : index
        %d = arith.subi %j, %i : index
        %h1 = arith.addi %h, %one : index
        %t = arith.muli %d, %h1 : index
        %ti = arith.index_cast %t : index to i32
        %tf = arith.sitofp %ti : i32 to f32
        %bias = arith.mulf %a, %tf : f32
        %r = arith.addf %s, %bias : f32
        mask.yield %r : f32
      } {tile = "split"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  // The last row sees no key of any split; its sink shows nothing.
  case 5 {
    %causal = mask.causal
    %p = mask.not %causal
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) sinks(%sinks : tensor<6xf32>)
      query_offset 8 {tile = "tiles"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  case 6 {
    %p = mask.causal
    %r = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o : !q) mask(%p) {tile = "many"} -> !q
    %ra = bufferization.to_tensor %rl restrict : !stats to tensor<?x?x?xf32>
    %r1 = tensor.cast %ra : tensor<?x?x?xf32> to !l
    scf.yield %r, %r1 : !q, !l
  }
  case 7 {
    %p = mask.window left 3 right 0
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) sinks(%sinks : tensor<6xf32>)
      origin(%c1, %c1, %c4, %c0) key_offset 2 {tile = "nested"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  default {
    %p = mask.dilated 3
    %r:2 = mask.attention ins(%q, %k, %v : !q, !k, !k) outs(%o, %l : !q, !l) mask(%p) {tile = "nested"} -> !q, !l
    scf.yield %r#0, %r#1 : !q, !l
  }
  %ro = tensor.cast %results#0 : !q to !any
  %rls = tensor.cast %results#1 : !l to tensor<?x?x?xf32>
  bufferization.materialize_in_destination %ro in restrict writable %om : (!any, !data) -> ()
  bufferization.materialize_in_destination %rls in restrict writable %lm : (tensor<?x?x?xf32>, !stats) -> ()
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c9 = arith.constant 9 : index
  %c13 = arith.constant 13 : index
  %c17 = arith.constant 17 : index
  %c21 = arith.constant 21 : index
  %zero = arith.constant 0.0 : f32
  %some = arith.constant 0.02 : f32
  %none = arith.constant 0xFF800000 : f32
  %q = memref.alloc(%c2, %c6, %c13, %c5) : !data
  %k = memref.alloc(%c2, %c3, %c21, %c5) : !data
  %v = memref.alloc(%c2, %c3, %c21, %c7) : !data
  %o = memref.alloc(%c2, %c6, %c13, %c7) : !data
  %ro = memref.alloc(%c2, %c6, %c13, %c7) : !data
  %l = memref.alloc(%c2, %c6, %c13) : !stats
  %rl = memref.alloc(%c2, %c6, %c13) : !stats
  %m = memref.alloc(%c13, %c21) : !mask
  %sinks = memref.alloc(%c6) : !logits
  %noSinks = memref.alloc(%c6) : !logits
  func.call @fill(%q, %c0) : (!data, index) -> ()
  func.call @fill(%k, %c5) : (!data, index) -> ()
  func.call @fill(%v, %c17) : (!data, index) -> ()
  scf.for %h = %c0 to %c6 step %c1 {
    %x = func.call @number(%h) : (index) -> f32
    memref.store %x, %sinks[%h] : !logits
    memref.store %none, %noSinks[%h] : !logits
  }
  // CHECK:      case 0: errors 0
  // CHECK-NEXT: case 1: errors 0
  // CHECK-NEXT: case 2: errors 0
  // CHECK-NEXT: case 3: errors 0
  // CHECK-NEXT: case 4: errors 0
  // CHECK-NEXT: case 5: errors 0
  // CHECK-NEXT: case 6: errors 0
  // CHECK-NEXT: case 7: errors 0
  // CHECK-NEXT: case 8: errors 0
  scf.for %kind = %c0 to %c9 step %c1 {
    %hasSinks, %slope = scf.index_switch %kind -> i1, f32
    case 0 {
      %yes = arith.constant true
      scf.yield %yes, %zero : i1, f32
    }
    case 1 {
      %yes = arith.constant true
      scf.yield %yes, %some : i1, f32
    }
    case 4 {
      %yes = arith.constant true
      scf.yield %yes, %some : i1, f32
    }
    case 5 {
      %yes = arith.constant true
      scf.yield %yes, %zero : i1, f32
    }
    case 7 {
      %yes = arith.constant true
      scf.yield %yes, %zero : i1, f32
    }
    default {
      %no = arith.constant false
      scf.yield %no, %zero : i1, f32
    }
    %given = arith.select %hasSinks, %sinks, %noSinks : !logits
    func.call @fill(%o, %c5) : (!data, index) -> ()
    func.call @mask(%m, %kind) : (!mask, index) -> ()
    func.call @reference(%q, %k, %v, %ro, %rl, %m, %given, %slope) : (!data, !data, !data, !data, !stats, !mask, !logits, f32) -> ()
    func.call @attention(%q, %k, %v, %o, %l, %rl, %sinks, %slope, %kind) : (!data, !data, !data, !data, !stats, !stats, !logits, f32, index) -> ()
    func.call @compare(%o, %ro, %l, %rl, %kind) : (!data, !data, !stats, !stats, index) -> ()
  }
  return
}
