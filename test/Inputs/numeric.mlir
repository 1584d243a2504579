// What the numeric tests share; it comes first in the module of each of them
// (`cat %S/../Inputs/numeric.mlir %s`): data, attention element by element as an
// independent reference, and a count of the elements that differ by more than
// 2e-6.

!data = memref<?x?x?x?xf32>
!stats = memref<?x?x?xf32>
!mask = memref<?x?xi1>
!logits = memref<?xf32>

// Numbers in [-2, 2) that repeat late.
func.func private @number(%n: index) -> f32 {
  %c101 = arith.constant 101 : index
  %scale = arith.constant 0.04 : f32
  %two = arith.constant 2.0 : f32
  %0 = arith.muli %n, %n : index
  %1 = arith.remui %0, %c101 : index
  %2 = arith.index_cast %1 : index to i32
  %3 = arith.sitofp %2 : i32 to f32
  %4 = arith.mulf %3, %scale : f32
  %5 = arith.subf %4, %two : f32
  return %5 : f32
}

func.func private @fill(%m: !data, %seed: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c37 = arith.constant 37 : index
  %B = memref.dim %m, %c0 : !data
  %H = memref.dim %m, %c1 : !data
  %S = memref.dim %m, %c2 : !data
  %D = memref.dim %m, %c3 : !data
  scf.for %b = %c0 to %B step %c1 {
    scf.for %h = %c0 to %H step %c1 {
      scf.for %i = %c0 to %S step %c1 {
        scf.for %d = %c0 to %D step %c1 {
          %0 = arith.muli %b, %c37 : index
          %1 = arith.addi %0, %h : index
          %2 = arith.muli %1, %c37 : index
          %3 = arith.addi %2, %i : index
          %4 = arith.muli %3, %c37 : index
          %5 = arith.addi %4, %d : index
          %6 = arith.addi %5, %seed : index
          %x = func.call @number(%6) : (index) -> f32
          memref.store %x, %m[%b, %h, %i, %d] : !data
        }
      }
    }
  }
  return
}

// Attention element by element under a stored mask. A score has
// `slope * (h + 1) * (j - i)` added. Each head has a sink, minus infinity if it has
// none; a row without visible keys is zero whatever its sink.
func.func private @reference(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats,
                             %m: !mask, %sinks: !logits, %slope: f32) {
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
  %none = arith.constant 0xFF800000 : f32
  %group = arith.divui %H, %G : index
  %Di = arith.index_cast %D : index to i32
  %Df = arith.sitofp %Di : i32 to f32
  %root = math.sqrt %Df : f32
  %x = memref.alloc(%K) : !logits
  scf.for %b = %c0 to %B step %c1 {
    scf.for %h = %c0 to %H step %c1 {
      %g = arith.divui %h, %group : index
      %sink = memref.load %sinks[%h] : !logits
      scf.for %i = %c0 to %S step %c1 {
        %seen = scf.for %j = %c0 to %K step %c1 iter_args(%m0 = %none) -> f32 {
          %dot = scf.for %d = %c0 to %D step %c1 iter_args(%s0 = %zero) -> f32 {
            %qe = memref.load %q[%b, %h, %i, %d] : !data
            %ke = memref.load %k[%b, %g, %j, %d] : !data
            %p = arith.mulf %qe, %ke : f32
            %s1 = arith.addf %s0, %p : f32
            scf.yield %s1 : f32
          }
          %scaled = arith.divf %dot, %root : f32
          %distance = arith.subi %j, %i : index
          %heads = arith.addi %h, %c1 : index
          %times = arith.muli %distance, %heads : index
          %ti = arith.index_cast %times : index to i32
          %tf = arith.sitofp %ti : i32 to f32
          %bias = arith.mulf %slope, %tf : f32
          %biased = arith.addf %scaled, %bias : f32
          %visible = memref.load %m[%i, %j] : !mask
          %s = arith.select %visible, %biased, %none : f32
          memref.store %s, %x[%j] : !logits
          %m1 = arith.maximumf %m0, %s : f32
          scf.yield %m1 : f32
        }
        %empty = arith.cmpf oeq, %seen, %none : f32
        %max = arith.maximumf %seen, %sink : f32
        %safe = arith.select %empty, %zero, %max : f32
        %sum = scf.for %j = %c0 to %K step %c1 iter_args(%l0 = %zero) -> f32 {
          %s = memref.load %x[%j] : !logits
          %d = arith.subf %s, %safe : f32
          %p = math.exp %d : f32
          memref.store %p, %x[%j] : !logits
          %l1 = arith.addf %l0, %p : f32
          scf.yield %l1 : f32
        }
        %ds = arith.subf %sink, %safe : f32
        %ps = math.exp %ds : f32
        %total = arith.addf %sum, %ps : f32
        %log = math.log %total : f32
        %l = arith.addf %safe, %log : f32
        %lo = arith.select %empty, %none, %l : f32
        memref.store %lo, %lse[%b, %h, %i] : !stats
        scf.for %e = %c0 to %E step %c1 {
          %acc = scf.for %j = %c0 to %K step %c1 iter_args(%a0 = %zero) -> f32 {
            %p = memref.load %x[%j] : !logits
            %ve = memref.load %v[%b, %g, %j, %e] : !data
            %pv = arith.mulf %p, %ve : f32
            %a1 = arith.addf %a0, %pv : f32
            scf.yield %a1 : f32
          }
          %r = arith.divf %acc, %total : f32
          %ro = arith.select %empty, %zero, %r : f32
          memref.store %ro, %o[%b, %h, %i, %e] : !data
        }
      }
    }
  }
  memref.dealloc %x : !logits
  return
}

// 1 if the numbers differ; equal infinities do not, NaN does.
func.func private @differ(%a: f32, %b: f32) -> i64 {
  %same = arith.cmpf oeq, %a, %b : f32
  %d = arith.subf %a, %b : f32
  %abs = math.absf %d : f32
  %bound = arith.constant 2.0e-6 : f32
  %far = arith.cmpf ugt, %abs, %bound : f32
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %n = arith.select %far, %one, %zero : i64
  %r = arith.select %same, %zero, %n : i64
  return %r : i64
}

// Prints "case KIND: N errors in ALL".
func.func private @compare(%o: !data, %ro: !data, %l: !stats, %rl: !stats, %kind: index) {
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
  vector.print str "case "
  vector.print %kind : index punctuation <no_punctuation>
  vector.print str ": errors "
  vector.print %n : i64
  return
}
