// A pipeline with a kernel of its own enters at the tile layer: the loop over key
// tiles, the masked tile of scores and the merge of softmax states are ops of the
// dialect, everything between them is vector code. Compared with a loop over every
// element; sizes divide nothing.

// RUN: cat %S/../Inputs/numeric.mlir %s \
// RUN:   | mask-opt --pass-pipeline="builtin.module(func.func(convert-mask-to-scf,lower-vector-multi-reduction),mask-to-cpu)" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

#kd = affine_map<(k, q, d) -> (k, d)>
#qd = affine_map<(k, q, d) -> (q, d)>
#kq = affine_map<(k, q, d) -> (k, q)>
#qk = affine_map<(k, q, d) -> (q, k)>
#ke = affine_map<(e, q, k) -> (k, e)>
#pq = affine_map<(e, q, k) -> (k, q)>
#eq = affine_map<(e, q, k) -> (e, q)>

// The state of a tile of scores S^T: the maximum, the sum of weights and the weighted
// sum of values of each query. A query that sees no key of the tile has maximum minus
// infinity and sums of zero.
func.func private @state(%s: vector<4x4xf32>, %v: vector<4x8xf32>) -> (vector<4xf32>, vector<4xf32>, vector<8x4xf32>) {
  %none = arith.constant dense<0xFF800000> : vector<4xf32>
  %lowest = arith.constant dense<-3.0e38> : vector<4xf32>
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %zeros = arith.constant dense<0.0> : vector<8x4xf32>
  %m = vector.multi_reduction <maximumf>, %s, %none [0] : vector<4x4xf32> to vector<4xf32>
  %finite = arith.maximumf %m, %lowest : vector<4xf32>
  %spread = vector.broadcast %finite : vector<4xf32> to vector<4x4xf32>
  %d = arith.subf %s, %spread : vector<4x4xf32>
  %p = math.exp %d : vector<4x4xf32>
  %l = vector.multi_reduction <add>, %p, %zero [0] : vector<4x4xf32> to vector<4xf32>
  %acc = vector.contract {indexing_maps = [#ke, #pq, #eq], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
    %v, %p, %zeros : vector<4x8xf32>, vector<4x4xf32> into vector<8x4xf32>
  return %m, %l, %acc : vector<4xf32>, vector<4xf32>, vector<8x4xf32>
}

// Writes the rows that exist. A row without visible keys is zero.
func.func private @finish(%m: vector<4xf32>, %l: vector<4xf32>, %acc: vector<8x4xf32>, %o: !data, %lse: !stats, %b: index, %h: index, %q0: index) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %one = arith.constant dense<1.0> : vector<4xf32>
  %none = arith.constant dense<0xFF800000> : vector<4xf32>
  %empty = arith.cmpf oeq, %m, %none : vector<4xf32>
  %divisor = arith.select %empty, %one, %l : vector<4xi1>, vector<4xf32>
  %spread = vector.broadcast %divisor : vector<4xf32> to vector<8x4xf32>
  %mean = arith.divf %acc, %spread : vector<8x4xf32>
  %rows = vector.transpose %mean, [1, 0] : vector<8x4xf32> to vector<4x8xf32>
  vector.transfer_write %rows, %o[%b, %h, %q0, %c0] : vector<4x8xf32>, !data
  %log = math.log %divisor : vector<4xf32>
  %sum = arith.addf %m, %log : vector<4xf32>
  vector.transfer_write %sum, %lse[%b, %h, %q0] : vector<4xf32>, !stats
  return
}

// A window of the query and three keys before it: bounds of the loop and of the rows
// in closed form, scores as S^T.
func.func private @window(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %b: index, %h: index, %g: index, %q0: index, %scale: vector<4x4xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %pad = arith.constant 0.0 : f32
  %none = arith.constant dense<0xFF800000> : vector<4xf32>
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %zeros = arith.constant dense<0.0> : vector<8x4xf32>
  %s0 = arith.constant dense<0.0> : vector<4x4xf32>
  %K = memref.dim %k, %c2 : !data
  %S = memref.dim %q, %c2 : !data
  %last = affine.min affine_map<(d0)[s0] -> (d0 + 3, s0 - 1)>(%q0)[%S]
  %hull_lower = affine.max affine_map<(d0) -> (d0 - 3, 0)>(%q0)
  %core_lower = affine.max affine_map<(d0) -> (d0 - 3, 0)>(%last)
  %core_upper = affine.min affine_map<(d0)[s0] -> (d0 + 1, s0)>(%q0)[%K]
  %hull_upper = affine.min affine_map<(d0)[s0] -> (d0 + 1, s0)>(%last)[%K]
  // The ends of each row, counted from the first query.
  %lower = arith.constant dense<[-3, -2, -1, 0]> : vector<4xi32>
  %upper = arith.constant dense<[1, 2, 3, 4]> : vector<4xi32>
  %qt = vector.transfer_read %q[%b, %h, %q0, %c0], %pad : !data, vector<4x8xf32>
  %m, %l, %acc = mask.tile_for [%hull_lower, %core_lower, %core_upper, %hull_upper] step 4
    init(%none, %zero, %zeros : vector<4xf32>, vector<4xf32>, vector<8x4xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %ma: vector<4xf32>, %la: vector<4xf32>, %acca: vector<8x4xf32>):
    %kt = vector.transfer_read %k[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %vt = vector.transfer_read %v[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %dot = vector.contract {indexing_maps = [#kd, #qd, #kq], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %kt, %qt, %s0 : vector<4x8xf32>, vector<4x8xf32> into vector<4x4xf32>
    %s = arith.mulf %dot, %scale : vector<4x4xf32>
    // The last tile may hold less than four keys of the interval.
    %end = arith.index_cast %size : index to i32
    %exists = mask.apply %s at(%b, %h, %q0, %k0) over affine_map<(k, q) -> (0, q, k)> key_end(%end) : vector<4x4xf32>
    // What is known of the rows is counted from the first query, the keys of the tile
    // from its first key.
    %distance = arith.subi %k0, %q0 : index
    %above = mask.apply %exists at(%b, %h, %q0, %q0) over affine_map<(k, q)[d] -> (0, q, k + d)> [%distance]
      lower(%lower : vector<4xi32>) when %lower_fails : vector<4x4xf32>
    %masked = mask.apply %above at(%b, %h, %q0, %q0) over affine_map<(k, q)[d] -> (0, q, k + d)> [%distance]
      upper(%upper : vector<4xi32>) when %upper_fails : vector<4x4xf32>
    %mb, %lb, %accb = func.call @state(%masked, %vt) : (vector<4x4xf32>, vector<4x8xf32>) -> (vector<4xf32>, vector<4xf32>, vector<8x4xf32>)
    %mc, %lc, %accc = mask.merge(%ma, %la, %acca), (%mb, %lb, %accb) : vector<4xf32>, vector<8x4xf32>
    mask.yield %mc, %lc, %accc : vector<4xf32>, vector<4xf32>, vector<8x4xf32>
  } -> vector<4xf32>, vector<4xf32>, vector<8x4xf32>
  call @finish(%m, %l, %acc, %o, %lse, %b, %h, %q0) : (vector<4xf32>, vector<4xf32>, vector<8x4xf32>, !data, !stats, index, index, index) -> ()
  return
}

// Documents before the query, the predicate in a region, scores as S. Nothing is known
// of the bounds but that keys end after the last query: no core.
func.func private @documents(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %b: index, %h: index, %g: index, %q0: index, %scale: vector<4x4xf32>, %ids: memref<?xi32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %pad = arith.constant 0.0 : f32
  %none = arith.constant dense<0xFF800000> : vector<4xf32>
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %zeros = arith.constant dense<0.0> : vector<8x4xf32>
  %s0 = arith.constant dense<0.0> : vector<4x4xf32>
  %K = memref.dim %k, %c2 : !data
  %upper = affine.min affine_map<(d0)[s0] -> (d0 + 4, s0)>(%q0)[%K]
  %qt = vector.transfer_read %q[%b, %h, %q0, %c0], %pad : !data, vector<4x8xf32>
  %m, %l, %acc = mask.tile_for [%c0, %upper, %c0, %upper] step 4
    init(%none, %zero, %zeros : vector<4xf32>, vector<4xf32>, vector<8x4xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %ma: vector<4xf32>, %la: vector<4xf32>, %acca: vector<8x4xf32>):
    %kt = vector.transfer_read %k[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %vt = vector.transfer_read %v[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %dot = vector.contract {indexing_maps = [#kd, #qd, #qk], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %kt, %qt, %s0 : vector<4x8xf32>, vector<4x8xf32> into vector<4x4xf32>
    %s = arith.mulf %dot, %scale : vector<4x4xf32>
    %end = arith.index_cast %size : index to i32
    %masked = mask.apply %s at(%b, %h, %q0, %k0) over affine_map<(q, k) -> (0, q, k)> key_end(%end) captures(%ids : memref<?xi32>) predicate {
    ^bb0(%i: memref<?xi32>):
      %document = mask.document %i : memref<?xi32>
      %causal = mask.causal
      %p = mask.and %document, %causal
      mask.yield %p : !mask.predicate
    } : vector<4x4xf32>
    %st = vector.transpose %masked, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
    %mb, %lb, %accb = func.call @state(%st, %vt) : (vector<4x4xf32>, vector<4x8xf32>) -> (vector<4xf32>, vector<4xf32>, vector<8x4xf32>)
    %mc, %lc, %accc = mask.merge(%mb, %lb, %accb), (%ma, %la, %acca) : vector<4xf32>, vector<8x4xf32>
    mask.yield %mc, %lc, %accc : vector<4xf32>, vector<4xf32>, vector<8x4xf32>
  } -> vector<4xf32>, vector<4xf32>, vector<8x4xf32>
  call @finish(%m, %l, %acc, %o, %lse, %b, %h, %q0) : (vector<4xf32>, vector<4xf32>, vector<8x4xf32>, !data, !stats, index, index, index) -> ()
  return
}

func.func private @attention(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %ids: memref<?xi32>, %kind: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %B = memref.dim %q, %c0 : !data
  %H = memref.dim %q, %c1 : !data
  %S = memref.dim %q, %c2 : !data
  %D = memref.dim %q, %c3 : !data
  %G = memref.dim %k, %c1 : !data
  %group = arith.divui %H, %G : index
  %Di = arith.index_cast %D : index to i32
  %Df = arith.sitofp %Di : i32 to f32
  %root = math.sqrt %Df : f32
  %one = arith.constant 1.0 : f32
  %inverse = arith.divf %one, %root : f32
  %scale = vector.broadcast %inverse : f32 to vector<4x4xf32>
  scf.for %b = %c0 to %B step %c1 {
    scf.for %h = %c0 to %H step %c1 {
      %g = arith.divui %h, %group : index
      scf.for %q0 = %c0 to %S step %c4 {
        scf.index_switch %kind
        case 0 {
          func.call @window(%q, %k, %v, %o, %lse, %b, %h, %g, %q0, %scale) : (!data, !data, !data, !data, !stats, index, index, index, index, vector<4x4xf32>) -> ()
          scf.yield
        }
        default {
          func.call @documents(%q, %k, %v, %o, %lse, %b, %h, %g, %q0, %scale, %ids) : (!data, !data, !data, !data, !stats, index, index, index, index, vector<4x4xf32>, memref<?xi32>) -> ()
        }
      }
    }
  }
  return
}

// The masks in closed form.
func.func private @mask(%m: !mask, %ids: memref<?xi32>, %kind: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %S = memref.dim %m, %c0 : !mask
  %K = memref.dim %m, %c1 : !mask
  scf.for %i = %c0 to %S step %c1 {
    scf.for %j = %c0 to %K step %c1 {
      %causal = arith.cmpi sle, %j, %i : index
      %i3 = arith.subi %i, %c3 : index
      %left = arith.cmpi sge, %j, %i3 : index
      %a = memref.load %ids[%i] : memref<?xi32>
      %b = memref.load %ids[%j] : memref<?xi32>
      %same = arith.cmpi eq, %a, %b : i32
      %isWindow = arith.cmpi eq, %kind, %c0 : index
      %other = arith.select %isWindow, %left, %same : i1
      %visible = arith.andi %causal, %other : i1
      memref.store %visible, %m[%i, %j] : !mask
    }
  }
  return
}

func.func private @case(%kind: index, %S: index, %K: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c17 = arith.constant 17 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %q = memref.alloc(%c2, %c4, %S, %c5) : !data
  %k = memref.alloc(%c2, %c2, %K, %c5) : !data
  %v = memref.alloc(%c2, %c2, %K, %c7) : !data
  %o = memref.alloc(%c2, %c4, %S, %c7) : !data
  %ro = memref.alloc(%c2, %c4, %S, %c7) : !data
  %l = memref.alloc(%c2, %c4, %S) : !stats
  %rl = memref.alloc(%c2, %c4, %S) : !stats
  %m = memref.alloc(%S, %K) : !mask
  %sinks = memref.alloc(%c4) : !logits
  %ids = memref.alloc(%c32) : memref<?xi32>
  call @fill(%q, %c0) : (!data, index) -> ()
  call @fill(%k, %c5) : (!data, index) -> ()
  call @fill(%v, %c17) : (!data, index) -> ()
  call @fill(%o, %c5) : (!data, index) -> ()
  scf.for %h = %c0 to %c4 step %c1 {
    memref.store %none, %sinks[%h] : !logits
  }
  // Documents of five tokens; the ids repeat, so that documents return.
  scf.for %i = %c0 to %c32 step %c1 {
    %d = arith.divui %i, %c5 : index
    %id = arith.remui %d, %c2 : index
    %x = arith.index_cast %id : index to i32
    memref.store %x, %ids[%i] : memref<?xi32>
  }
  call @mask(%m, %ids, %kind) : (!mask, memref<?xi32>, index) -> ()
  call @reference(%q, %k, %v, %ro, %rl, %m, %sinks, %zero) : (!data, !data, !data, !data, !stats, !mask, !logits, f32) -> ()
  call @attention(%q, %k, %v, %o, %l, %ids, %kind) : (!data, !data, !data, !data, !stats, memref<?xi32>, index) -> ()
  call @compare(%o, %ro, %l, %rl, %kind) : (!data, !data, !stats, !stats, index) -> ()
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c13 = arith.constant 13 : index
  %c21 = arith.constant 21 : index
  // CHECK:      case 0: errors 0
  // CHECK-NEXT: case 1: errors 0
  call @case(%c0, %c13, %c21) : (index, index, index) -> ()
  call @case(%c1, %c13, %c21) : (index, index, index) -> ()
  // The window of the last rows lies behind the last key.
  // CHECK-NEXT: case 0: errors 0
  // CHECK-NEXT: case 1: errors 0
  call @case(%c0, %c21, %c13) : (index, index, index) -> ()
  call @case(%c1, %c21, %c13) : (index, index, index) -> ()
  return
}
