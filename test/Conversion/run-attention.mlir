// Runs attention and compares it, sizes that divide nothing, with a loop over
// every element of a stored mask, once on numbers and once with NaN and infinity
// in some keys and values: the queries that do not see such a key must not feel
// it. Errors are counted above 2e-6.

// DEFINE: %{lower} = --expand-strided-metadata --lower-affine --convert-scf-to-cf --convert-vector-to-llvm --convert-math-to-llvm --convert-math-to-libm --finalize-memref-to-llvm --convert-arith-to-llvm --convert-index-to-llvm --convert-cf-to-llvm --convert-func-to-llvm --reconcile-unrealized-casts
// DEFINE: %{run} = mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so
// RUN: mask-opt %s --convert-mask-to-tiles="query-tile=4 key-tile=4 lanes=2 rows=2" --convert-mask-to-scf %{lower} | %{run} | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles="query-tile=8 key-tile=3 lanes=8 rows=1" --convert-mask-to-scf %{lower} | %{run} | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-tiles --convert-mask-to-scf %{lower} | %{run} | FileCheck %s

!data = memref<?x?x?x?xf32>
!stats = memref<?x?x?xf32>
!mask = memref<?x?xi1>

// Numbers in [-2, 2) that repeat late.
func.func @fill(%m: !data, %seed: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %b = memref.dim %m, %c0 : !data
  %h = memref.dim %m, %c1 : !data
  %s = memref.dim %m, %c2 : !data
  %d = memref.dim %m, %c3 : !data
  %c37 = arith.constant 37 : index
  %c101 = arith.constant 101 : index
  %scale = arith.constant 0.04 : f32
  %two = arith.constant 2.0 : f32
  scf.for %i = %c0 to %b step %c1 {
    scf.for %j = %c0 to %h step %c1 {
      scf.for %k = %c0 to %s step %c1 {
        scf.for %l = %c0 to %d step %c1 {
          %0 = arith.muli %i, %c37 : index
          %1 = arith.addi %0, %j : index
          %2 = arith.muli %1, %c37 : index
          %3 = arith.addi %2, %k : index
          %4 = arith.muli %3, %c37 : index
          %5 = arith.addi %4, %l : index
          %6 = arith.addi %5, %seed : index
          %7 = arith.muli %6, %6 : index
          %8 = arith.remui %7, %c101 : index
          %9 = arith.index_cast %8 : index to i32
          %10 = arith.sitofp %9 : i32 to f32
          %11 = arith.mulf %10, %scale : f32
          %12 = arith.subf %11, %two : f32
          memref.store %12, %m[%i, %j, %k, %l] : !data
        }
      }
    }
  }
  return
}

// Spoils rows 2, 7, 12, ... of the values and 4, 15, 26, ... of the keys.
func.func @spoil(%k: !data, %v: !data) {
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c11 = arith.constant 11 : index
  %nan = arith.constant 0x7FC00000 : f32
  %inf = arith.constant 0xFF800000 : f32
  func.call @spoil_rows(%v, %c2, %c5, %nan) : (!data, index, index, f32) -> ()
  func.call @spoil_rows(%v, %c5, %c11, %inf) : (!data, index, index, f32) -> ()
  func.call @spoil_rows(%k, %c4, %c11, %nan) : (!data, index, index, f32) -> ()
  return
}

func.func @spoil_rows(%m: !data, %first: index, %step: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %b = memref.dim %m, %c0 : !data
  %h = memref.dim %m, %c1 : !data
  %s = memref.dim %m, %c2 : !data
  %d = memref.dim %m, %c3 : !data
  // The last column, which is in no whole vector.
  %last = arith.subi %d, %c1 : index
  scf.for %i = %c0 to %b step %c1 {
    scf.for %j = %c0 to %h step %c1 {
      scf.for %k = %first to %s step %step {
        memref.store %value, %m[%i, %j, %k, %last] : !data
      }
    }
  }
  return
}

// Attention element by element.
func.func @reference(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %m: !mask) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %B = memref.dim %q, %c0 : !data
  %H = memref.dim %q, %c1 : !data
  %S = memref.dim %q, %c2 : !data
  %D = memref.dim %q, %c3 : !data
  %G = memref.dim %k, %c1 : !data
  %K = memref.dim %k, %c2 : !data
  %E = memref.dim %v, %c3 : !data
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %group = arith.divui %H, %G : index
  %Di = arith.index_cast %D : index to i32
  %Df = arith.sitofp %Di : i32 to f32
  %root = math.sqrt %Df : f32
  %x = memref.alloc(%K) : memref<?xf32>
  scf.for %b = %c0 to %B step %c1 {
    scf.for %h = %c0 to %H step %c1 {
      %g = arith.divui %h, %group : index
      scf.for %i = %c0 to %S step %c1 {
        %max = scf.for %j = %c0 to %K step %c1 iter_args(%m0 = %none) -> f32 {
          %dot = scf.for %d = %c0 to %D step %c1 iter_args(%s0 = %zero) -> f32 {
            %qe = memref.load %q[%b, %h, %i, %d] : !data
            %ke = memref.load %k[%b, %g, %j, %d] : !data
            %p = arith.mulf %qe, %ke : f32
            %s1 = arith.addf %s0, %p : f32
            scf.yield %s1 : f32
          }
          %scaled = arith.divf %dot, %root : f32
          %visible = memref.load %m[%i, %j] : !mask
          %s = arith.select %visible, %scaled, %none : f32
          memref.store %s, %x[%j] : memref<?xf32>
          %m1 = arith.maximumf %m0, %s : f32
          scf.yield %m1 : f32
        }
        %empty = arith.cmpf oeq, %max, %none : f32
        %safe = arith.select %empty, %zero, %max : f32
        %sum = scf.for %j = %c0 to %K step %c1 iter_args(%l0 = %zero) -> f32 {
          %s = memref.load %x[%j] : memref<?xf32>
          %d = arith.subf %s, %safe : f32
          %p = math.exp %d : f32
          memref.store %p, %x[%j] : memref<?xf32>
          %l1 = arith.addf %l0, %p : f32
          scf.yield %l1 : f32
        }
        %log = math.log %sum : f32
        %l = arith.addf %safe, %log : f32
        memref.store %l, %lse[%b, %h, %i] : !stats
        %divisor = arith.select %empty, %one, %sum : f32
        scf.for %e = %c0 to %E step %c1 {
          %acc = scf.for %j = %c0 to %K step %c1 iter_args(%a0 = %zero) -> f32 {
            %p = memref.load %x[%j] : memref<?xf32>
            %ve = memref.load %v[%b, %g, %j, %e] : !data
            %pv = arith.mulf %p, %ve : f32
            %a1 = arith.addf %a0, %pv : f32
            %visible = memref.load %m[%i, %j] : !mask
            %a2 = arith.select %visible, %a1, %a0 : f32
            scf.yield %a2 : f32
          }
          %r = arith.divf %acc, %divisor : f32
          memref.store %r, %o[%b, %h, %i, %e] : !data
        }
      }
    }
  }
  memref.dealloc %x : memref<?xf32>
  return
}

// How many elements differ; equal infinities do not, nor do two NaN.
func.func @differ(%a: f32, %b: f32) -> i64 {
  %equal = arith.cmpf oeq, %a, %b : f32
  %no_a = arith.cmpf uno, %a, %a : f32
  %no_b = arith.cmpf uno, %b, %b : f32
  %neither = arith.andi %no_a, %no_b : i1
  %same = arith.ori %equal, %neither : i1
  %d = arith.subf %a, %b : f32
  %abs = math.absf %d : f32
  %bound = arith.constant 2.0e-6 : f32
  // An unordered comparison counts NaN as a difference.
  %far = arith.cmpf ugt, %abs, %bound : f32
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %n = arith.select %far, %one, %zero : i64
  %r = arith.select %same, %zero, %n : i64
  return %r : i64
}

func.func @compare(%o: !data, %ro: !data, %l: !stats, %rl: !stats) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %B = memref.dim %o, %c0 : !data
  %H = memref.dim %o, %c1 : !data
  %S = memref.dim %o, %c2 : !data
  %E = memref.dim %o, %c3 : !data
  %zero = arith.constant 0 : i64
  %n = scf.for %b = %c0 to %B step %c1 iter_args(%n0 = %zero) -> i64 {
    %n1 = scf.for %h = %c0 to %H step %c1 iter_args(%n2 = %n0) -> i64 {
      %n3 = scf.for %i = %c0 to %S step %c1 iter_args(%n4 = %n2) -> i64 {
        %x = memref.load %l[%b, %h, %i] : !stats
        %y = memref.load %rl[%b, %h, %i] : !stats
        %dl = func.call @differ(%x, %y) : (f32, f32) -> i64
        %n5 = arith.addi %n4, %dl : i64
        %n6 = scf.for %e = %c0 to %E step %c1 iter_args(%n7 = %n5) -> i64 {
          %z = memref.load %o[%b, %h, %i, %e] : !data
          %w = memref.load %ro[%b, %h, %i, %e] : !data
          %do = func.call @differ(%z, %w) : (f32, f32) -> i64
          %n8 = arith.addi %n7, %do : i64
          scf.yield %n8 : i64
        }
        scf.yield %n6 : i64
      }
      scf.yield %n3 : i64
    }
    scf.yield %n1 : i64
  }
  vector.print str "errors "
  vector.print %n : i64
  return
}

// Every predicate against its closed form, `kind` by `kind`.
func.func @mask(%m: !mask, %kind: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c9 = arith.constant 9 : index
  %S = memref.dim %m, %c0 : !mask
  %K = memref.dim %m, %c1 : !mask
  scf.for %q = %c0 to %S step %c1 {
    scf.for %k = %c0 to %K step %c1 {
      %causal = arith.cmpi sle, %k, %q : index
      %q3 = arith.subi %q, %c3 : index
      %left = arith.cmpi sge, %k, %q3 : index
      %window = arith.andi %causal, %left : i1
      %prefix = arith.cmpi slt, %k, %c4 : index
      %either = arith.ori %window, %prefix : i1
      %q9 = arith.addi %q, %c9 : index
      %late = arith.cmpi sge, %k, %q9 : index
      %d = arith.subi %q, %k : index
      %r = arith.remsi %d, %c3 : index
      %dilated = arith.cmpi eq, %r, %c0 : index
      %v = scf.index_switch %kind -> i1
      case 0 { scf.yield %causal : i1 }
      case 1 { scf.yield %window : i1 }
      case 2 { scf.yield %either : i1 }
      case 3 { scf.yield %late : i1 }
      default { scf.yield %dilated : i1 }
      memref.store %v, %m[%q, %k] : !mask
    }
  }
  return
}

func.func @attention(%q: !data, %k: !data, %v: !data, %o: !data, %l: !stats, %kind: index) {
  scf.index_switch %kind
  case 0 {
    mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o, %l : !data, !stats) predicate {
      %p = mask.causal
      mask.yield %p : !mask.predicate
    }
    scf.yield
  }
  case 1 {
    mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o, %l : !data, !stats) predicate {
      %p = mask.window left 3 right 0
      mask.yield %p : !mask.predicate
    }
    scf.yield
  }
  // Two intervals.
  case 2 {
    mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o, %l : !data, !stats) predicate {
      %s = mask.prefix 4
      %w = mask.window left 3 right 0
      %p = mask.or %s, %w
      mask.yield %p : !mask.predicate
    }
    scf.yield
  }
  // The last rows see nothing.
  case 3 {
    mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o, %l : !data, !stats) predicate {
      %w = mask.window left unbounded right 8
      %p = mask.not %w
      mask.yield %p : !mask.predicate
    }
    scf.yield
  }
  // No interval: every tile is classified and masked by the predicate.
  default {
    mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o, %l : !data, !stats) predicate {
      %p = mask.dilated 3
      mask.yield %p : !mask.predicate
    }
  }
  return
}

func.func @case(%B: index, %H: index, %G: index, %S: index, %K: index, %D: index, %E: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c17 = arith.constant 17 : index
  %q = memref.alloc(%B, %H, %S, %D) : !data
  %k = memref.alloc(%B, %G, %K, %D) : !data
  %v = memref.alloc(%B, %G, %K, %E) : !data
  %o = memref.alloc(%B, %H, %S, %E) : !data
  %ro = memref.alloc(%B, %H, %S, %E) : !data
  %l = memref.alloc(%B, %H, %S) : !stats
  %rl = memref.alloc(%B, %H, %S) : !stats
  %m = memref.alloc(%S, %K) : !mask
  func.call @fill(%q, %c0) : (!data, index) -> ()
  func.call @fill(%k, %c5) : (!data, index) -> ()
  func.call @fill(%v, %c17) : (!data, index) -> ()
  scf.for %spoilt = %c0 to %c2 step %c1 {
    %yes = arith.index_cast %spoilt : index to i1
    scf.if %yes {
      func.call @spoil(%k, %v) : (!data, !data) -> ()
    }
    scf.for %kind = %c0 to %c5 step %c1 {
      func.call @fill(%o, %c5) : (!data, index) -> ()
      func.call @mask(%m, %kind) : (!mask, index) -> ()
      func.call @attention(%q, %k, %v, %o, %l, %kind) : (!data, !data, !data, !data, !stats, index) -> ()
      func.call @reference(%q, %k, %v, %ro, %rl, %m) : (!data, !data, !data, !data, !stats, !mask) -> ()
      func.call @compare(%o, %ro, %l, %rl) : (!data, !data, !stats, !stats) -> ()
    }
  }
  memref.dealloc %q : !data
  memref.dealloc %k : !data
  memref.dealloc %v : !data
  memref.dealloc %o : !data
  memref.dealloc %ro : !data
  memref.dealloc %l : !stats
  memref.dealloc %rl : !stats
  memref.dealloc %m : !mask
  return
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c13 = arith.constant 13 : index
  %c21 = arith.constant 21 : index
  // CHECK-COUNT-60: errors 0
  // Grouped heads, more keys than queries, and the reverse.
  func.call @case(%c2, %c4, %c2, %c13, %c21, %c5, %c7) : (index, index, index, index, index, index, index) -> ()
  func.call @case(%c1, %c2, %c1, %c21, %c13, %c4, %c3) : (index, index, index, index, index, index, index) -> ()
  // No keys, no queries, one of each, one query.
  func.call @case(%c1, %c1, %c1, %c3, %c0, %c2, %c2) : (index, index, index, index, index, index, index) -> ()
  func.call @case(%c1, %c1, %c1, %c0, %c3, %c2, %c2) : (index, index, index, index, index, index, index) -> ()
  func.call @case(%c1, %c1, %c1, %c1, %c1, %c1, %c1) : (index, index, index, index, index, index, index) -> ()
  func.call @case(%c2, %c2, %c2, %c1, %c21, %c3, %c13) : (index, index, index, index, index, index, index) -> ()
  // CHECK-NOT: errors
  return
}
