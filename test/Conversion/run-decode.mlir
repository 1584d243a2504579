// A decode step as a kernel's author writes it: one query, a row per head of a group, so
// that they share keys and values. The tiles it visits are split into parts, each of
// which carries its state in registers; states are merged, and the sinks join once, at the
// end. Compared with a loop over every element; sizes divide nothing, and there may be
// fewer tiles than parts.

// RUN: cat %S/../Inputs/numeric.mlir %s \
// RUN:   | mask-opt --pass-pipeline="builtin.module(func.func(convert-mask-to-scf,lower-vector-multi-reduction),mask-to-cpu)" \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s
// RUN: cat %S/../Inputs/numeric.mlir %s | mask-opt --convert-mask-to-scf | FileCheck %s --check-prefix=LOOPS

#rd = affine_map<(r, k, d) -> (r, d)>
#kd = affine_map<(r, k, d) -> (k, d)>
#rk = affine_map<(r, k, d) -> (r, k)>
#rk_of_pv = affine_map<(r, e, k) -> (r, k)>
#ke = affine_map<(r, e, k) -> (k, e)>
#re = affine_map<(r, e, k) -> (r, e)>
#row = affine_map<(row, d) -> (row)>
#heads = affine_map<(b, h, s, d) -> (h, d)>
#head = affine_map<(b, h, s) -> (h)>

// One part: the first two keys and the six up to the query. A row's hull is its core; the
// last tile of an interval may be short.
// LOOPS-LABEL: func.func private @part
// LOOPS-COUNT-4: scf.for {{.*}} -> (vector<2xf32>, vector<2xf32>, vector<2x8xf32>)
// LOOPS-NOT: scf.for
// LOOPS-NOT: memref.store
// LOOPS: return
func.func private @part(%q: vector<2x8xf32>, %k: !data, %v: !data, %b: index, %g: index, %h: index, %p: index, %part: index, %parts: index)
    -> (vector<2xf32>, vector<2xf32>, vector<2x8xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %none = arith.constant dense<0xFF800000> : vector<2xf32>
  %lowest = arith.constant dense<-3.0e38> : vector<2xf32>
  %zero = arith.constant dense<0.0> : vector<2xf32>
  %zeros = arith.constant dense<0.0> : vector<2x8xf32>
  %s0 = arith.constant dense<0.0> : vector<2x4xf32>
  %first_upper = affine.min affine_map<(d0) -> (d0 + 1, 2)>(%p)
  %lower = affine.max affine_map<(d0) -> (d0 - 5, 0)>(%p)
  %upper = affine.apply affine_map<(d0) -> (d0 + 1)>(%p)
  %m, %l, %acc = mask.tile_for [%c0, %c0, %first_upper, %first_upper, %lower, %lower, %upper, %upper] step 4
    part %part of %parts init(%none, %zero, %zeros : vector<2xf32>, vector<2xf32>, vector<2x8xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %ma: vector<2xf32>, %la: vector<2xf32>, %acca: vector<2x8xf32>):
    %kt = vector.transfer_read %k[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %vt = vector.transfer_read %v[%b, %g, %k0, %c0], %pad : !data, vector<4x8xf32>
    %s = vector.contract {indexing_maps = [#rd, #kd, #rk], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %q, %kt, %s0 : vector<2x8xf32>, vector<4x8xf32> into vector<2x4xf32>
    %end = arith.index_cast %size : index to i32
    %x = mask.apply %s at(%b, %h, %p, %k0) over affine_map<(r, k) -> (r, 0, k)> key_end(%end) when %upper_fails : vector<2x4xf32>
    %mb = vector.multi_reduction <maximumf>, %x, %none [1] : vector<2x4xf32> to vector<2xf32>
    %finite = arith.maximumf %mb, %lowest : vector<2xf32>
    %spread = vector.broadcast %finite : vector<2xf32> to vector<4x2xf32>
    %reference = vector.transpose %spread, [1, 0] : vector<4x2xf32> to vector<2x4xf32>
    %d = arith.subf %x, %reference : vector<2x4xf32>
    %e = math.exp2 %d : vector<2x4xf32>
    %lb = vector.multi_reduction <add>, %e, %zero [1] : vector<2x4xf32> to vector<2xf32>
    %accb = vector.contract {indexing_maps = [#rk_of_pv, #ke, #re], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %e, %vt, %zeros : vector<2x4xf32>, vector<4x8xf32> into vector<2x8xf32>
    %mc, %lc, %accc = mask.merge(%ma, %la, %acca), (%mb, %lb, %accb) base2 rows #row : vector<2xf32>, vector<2x8xf32>
    mask.yield %mc, %lc, %accc : vector<2xf32>, vector<2xf32>, vector<2x8xf32>
  } -> vector<2xf32>, vector<2xf32>, vector<2x8xf32>
  return %m, %l, %acc : vector<2xf32>, vector<2xf32>, vector<2x8xf32>
}

// The query at position %p, the i-th of the batch row.
func.func private @step(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %sinks: !logits, %b: index, %g: index, %i: index, %p: index, %parts: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %pad = arith.constant 0.0 : f32
  %none = arith.constant dense<0xFF800000> : vector<2xf32>
  %zero = arith.constant dense<0.0> : vector<2xf32>
  %one = arith.constant dense<1.0> : vector<2xf32>
  %zeros = arith.constant dense<0.0> : vector<2x8xf32>
  %log2e = arith.constant 1.44269504 : f32
  %ln2 = arith.constant dense<0.693147180> : vector<2xf32>
  %h = arith.muli %g, %c2 : index
  // Scores in base 2: the scale is in the query.
  %D = memref.dim %q, %c3 : !data
  %Di = arith.index_cast %D : index to i32
  %Df = arith.sitofp %Di : i32 to f32
  %root = math.sqrt %Df : f32
  %scale = arith.divf %log2e, %root : f32
  %scales = vector.broadcast %scale : f32 to vector<2x8xf32>
  %rows = vector.transfer_read %q[%b, %h, %i, %c0], %pad {in_bounds = [true, false], permutation_map = #heads} : !data, vector<2x8xf32>
  %scaled = arith.mulf %rows, %scales : vector<2x8xf32>
  %m, %l, %acc = scf.for %part = %c0 to %parts step %c1 iter_args(%ma = %none, %la = %zero, %acca = %zeros) -> (vector<2xf32>, vector<2xf32>, vector<2x8xf32>) {
    %mb, %lb, %accb = func.call @part(%scaled, %k, %v, %b, %g, %h, %p, %part, %parts)
      : (vector<2x8xf32>, !data, !data, index, index, index, index, index, index) -> (vector<2xf32>, vector<2xf32>, vector<2x8xf32>)
    %mc, %lc, %accc = mask.merge(%ma, %la, %acca), (%mb, %lb, %accb) base2 rows #row : vector<2xf32>, vector<2x8xf32>
    scf.yield %mc, %lc, %accc : vector<2xf32>, vector<2xf32>, vector<2x8xf32>
  }
  // A sink is a state too: its logit, a sum of one, no value.
  %log2es = vector.broadcast %log2e : f32 to vector<2xf32>
  %logits = vector.transfer_read %sinks[%h], %pad {in_bounds = [true]} : !logits, vector<2xf32>
  %ms = arith.mulf %logits, %log2es : vector<2xf32>
  %mt, %lt, %acct = mask.merge(%m, %l, %acc), (%ms, %one, %zeros) base2 rows #row : vector<2xf32>, vector<2x8xf32>
  %spread = vector.broadcast %lt : vector<2xf32> to vector<8x2xf32>
  %sums = vector.transpose %spread, [1, 0] : vector<8x2xf32> to vector<2x8xf32>
  %mean = arith.divf %acct, %sums : vector<2x8xf32>
  vector.transfer_write %mean, %o[%b, %h, %i, %c0] {in_bounds = [true, false], permutation_map = #heads} : vector<2x8xf32>, !data
  %log = math.log2 %lt : vector<2xf32>
  %sum = arith.addf %mt, %log : vector<2xf32>
  %natural = arith.mulf %sum, %ln2 : vector<2xf32>
  vector.transfer_write %natural, %lse[%b, %h, %i] {in_bounds = [true], permutation_map = #head} : vector<2xf32>, !stats
  return
}

// Ten steps after two tokens, in %parts parts each.
func.func private @case(%parts: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %S = arith.constant 10 : index
  %K = arith.constant 13 : index
  %c17 = arith.constant 17 : index
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %logit = arith.constant 0.75 : f32
  %q = memref.alloc(%c2, %c4, %S, %c5) : !data
  %k = memref.alloc(%c2, %c2, %K, %c5) : !data
  %v = memref.alloc(%c2, %c2, %K, %c7) : !data
  %o = memref.alloc(%c2, %c4, %S, %c7) : !data
  %ro = memref.alloc(%c2, %c4, %S, %c7) : !data
  %l = memref.alloc(%c2, %c4, %S) : !stats
  %rl = memref.alloc(%c2, %c4, %S) : !stats
  %m = memref.alloc(%S, %K) : !mask
  %sinks = memref.alloc(%c4) : !logits
  call @fill(%q, %c0) : (!data, index) -> ()
  call @fill(%k, %c5) : (!data, index) -> ()
  call @fill(%v, %c17) : (!data, index) -> ()
  call @fill(%o, %c5) : (!data, index) -> ()
  // Every other head has a sink.
  scf.for %h = %c0 to %c4 step %c1 {
    %odd = arith.remui %h, %c2 : index
    %has = arith.cmpi eq, %odd, %c0 : index
    %sink = arith.select %has, %logit, %none : f32
    memref.store %sink, %sinks[%h] : !logits
  }
  scf.for %i = %c0 to %S step %c1 {
    %p = arith.addi %i, %c2 : index
    scf.for %j = %c0 to %K step %c1 {
      %first = arith.cmpi slt, %j, %c2 : index
      %lower = arith.subi %p, %c5 : index
      %near = arith.cmpi sge, %j, %lower : index
      %causal = arith.cmpi sle, %j, %p : index
      %either = arith.ori %first, %near : i1
      %visible = arith.andi %either, %causal : i1
      memref.store %visible, %m[%i, %j] : !mask
    }
    scf.for %b = %c0 to %c2 step %c1 {
      scf.for %g = %c0 to %c2 step %c1 {
        func.call @step(%q, %k, %v, %o, %l, %sinks, %b, %g, %i, %p, %parts) : (!data, !data, !data, !data, !stats, !logits, index, index, index, index, index) -> ()
      }
    }
  }
  call @reference(%q, %k, %v, %ro, %rl, %m, %sinks, %zero) : (!data, !data, !data, !data, !stats, !mask, !logits, f32) -> ()
  call @compare(%o, %ro, %l, %rl, %parts) : (!data, !data, !stats, !stats, index) -> ()
  return
}

func.func @main() {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  // CHECK:      case 1: errors 0
  // CHECK-NEXT: case 2: errors 0
  // CHECK-NEXT: case 5: errors 0
  call @case(%c1) : (index) -> ()
  call @case(%c2) : (index) -> ()
  call @case(%c5) : (index) -> ()
  return
}
