// RUN: mask-opt %s --convert-mask-to-scf --verify-diagnostics --split-input-file
// RUN: not mask-opt %s --convert-mask-to-scf=index-bits=16 --split-input-file 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: loops over tiles count in 32 or 64 bits, got 16

func.func private @length() -> index
func.func @negative_call(%s: vector<8xf32>, %i: index) -> vector<8xf32> {
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> predicate {
    // expected-error @+1 {{'func.call' op has effects that are not known, so it cannot run where a predicate is evaluated; a predicate's region may only compute and read}}
    %n = func.call @length() : () -> index
    %p = mask.prefix %n
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %r : vector<8xf32>
}

// -----

func.func @negative_affine_division(%s: vector<8xf32>, %i: index) -> vector<8xf32> {
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%i : index) predicate {
  ^bb0(%n: index):
    %p = mask.generic captures(%n : index) {
    ^bb1(%b: index, %h: index, %q: index, %k: index, %m: index):
      // expected-error @+1 {{'affine.apply' op cannot be evaluated per element: it may divide by zero; divide by ops of arith instead}}
      %d = affine.apply affine_map<(d0)[s0] -> (d0 floordiv s0)>(%k)[%m]
      %v = arith.cmpi slt, %d, %q : index
      mask.yield %v : i1
    }
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %r : vector<8xf32>
}

// -----

// By a constant there is always a quotient.
func.func @affine_division(%s: vector<8xf32>, %i: index) -> vector<8xf32> {
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> predicate {
    %p = mask.generic {
    ^bb1(%b: index, %h: index, %q: index, %k: index):
      %d = affine.apply affine_map<(d0) -> (d0 floordiv 4 + d0 mod 3)>(%k)
      %v = arith.cmpi slt, %d, %q : index
      mask.yield %v : i1
    }
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %r : vector<8xf32>
}

// -----

func.func @negative_vector(%s: vector<8xf32>, %i: index) -> vector<8xf32> {
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%i : index) predicate {
  ^bb0(%n: index):
    %p = mask.generic captures(%n : index) {
    ^bb1(%b: index, %h: index, %q: index, %k: index, %m: index):
      // expected-error @+1 {{'vector.broadcast' op cannot be evaluated per element: its result is not a number}}
      %w = vector.broadcast %m : index to vector<4xindex>
      %x = vector.reduction <add>, %w : vector<4xindex> into index
      %v = arith.cmpi slt, %k, %x : index
      mask.yield %v : i1
    }
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %r : vector<8xf32>
}

// -----

func.func @scalable(%s: vector<[4]xf32>, %i: index) -> vector<[4]xf32> {
  // expected-error @+1 {{'mask.apply' op can be lowered for vectors of floats of fixed length, got 'vector<[4]xf32>'}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<[4]xf32>
  return %r : vector<[4]xf32>
}
