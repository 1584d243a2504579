// The score region's named case has one form.
// RUN: mask-opt %s --canonicalize | FileCheck %s

!data = tensor<1x2x?x8xf32>

// CHECK-LABEL: func @cap
// CHECK: mask.attention {{.*}} mask(%{{.*}}) soft_cap 5.000000e+01 -> tensor
func.func @cap(%q: !data, %out: !data, %m: !mask.predicate) -> !data {
  %0 = mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%out : !data) mask(%m) score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
    %c = arith.constant 50.0 : f32
    %d = arith.divf %s, %c : f32
    %t = math.tanh %d : f32
    %r = arith.mulf %c, %t : f32
    mask.yield %r : f32
  } -> !data
  return %0 : !data
}

// A region that changes nothing goes, with its captures.
// CHECK-LABEL: func @identity
// CHECK: mask.attention ins(%{{.*}}) outs(%{{.*}}) mask(%{{.*}}) -> tensor
func.func @identity(%q: !data, %out: !data, %m: !mask.predicate, %x: f32) -> !data {
  %0 = mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%out : !data) mask(%m) score_captures(%x : f32) score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %y: f32):
    mask.yield %s : f32
  } -> !data
  return %0 : !data
}

// Another bound than the divisor is no cap.
// CHECK-LABEL: func @no_fold_other_bound
// CHECK: score {
func.func @no_fold_other_bound(%q: !data, %out: !data, %m: !mask.predicate) -> !data {
  %0 = mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%out : !data) mask(%m) score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
    %c = arith.constant 50.0 : f32
    %e = arith.constant 30.0 : f32
    %d = arith.divf %s, %c : f32
    %t = math.tanh %d : f32
    %r = arith.mulf %t, %e : f32
    mask.yield %r : f32
  } -> !data
  return %0 : !data
}

// A cap of the capped score is not the cap of the score.
// CHECK-LABEL: func @no_fold_second_cap
// CHECK: soft_cap 3.000000e+01 score {
func.func @no_fold_second_cap(%q: !data, %out: !data, %m: !mask.predicate) -> !data {
  %0 = mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%out : !data) mask(%m) soft_cap 30.0 score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
    %c = arith.constant 50.0 : f32
    %d = arith.divf %s, %c : f32
    %t = math.tanh %d : f32
    %r = arith.mulf %t, %c : f32
    mask.yield %r : f32
  } -> !data
  return %0 : !data
}

// The verifier refuses a negative bound; so the region stays.
// CHECK-LABEL: func @no_fold_negative
// CHECK: score {
func.func @no_fold_negative(%q: !data, %out: !data, %m: !mask.predicate) -> !data {
  %0 = mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%out : !data) mask(%m) score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
    %c = arith.constant -2.0 : f32
    %d = arith.divf %s, %c : f32
    %t = math.tanh %d : f32
    %r = arith.mulf %t, %c : f32
    mask.yield %r : f32
  } -> !data
  return %0 : !data
}
