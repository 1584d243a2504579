// RUN: mask-opt %s --convert-mask-to-scf --allow-unregistered-dialect --split-input-file | FileCheck %s

// Three loops; in the middle one the mask is gone and the size is the step.

// CHECK-LABEL: func @three_phases
// CHECK-SAME: %[[HL:.*]]: index, %[[CL:.*]]: index, %[[CU:.*]]: index, %[[HU:.*]]: index, %[[S:.*]]: vector<4xf32>, %[[LO:.*]]: vector<4xindex>, %[[UP:.*]]: vector<4xindex>
// CHECK: %[[START:.*]] = affine.max
// CHECK: %[[LEFT_END:.*]] = affine.min
// CHECK: scf.for %[[K:.*]] = %[[HL]] to %[[LEFT_END]] step %c8
// CHECK: %[[SIZE:.*]] = affine.min #{{.*}}(%[[K]])[%[[HU]]]
// A short interval may end in the tile it starts in: both sides.
// CHECK: arith.cmpi sge
// CHECK: arith.cmpi slt
// CHECK: %[[A:.*]] = arith.select
// CHECK: "use"(%[[A]], %[[SIZE]])
// CHECK: %[[END:.*]] = affine.max
// CHECK: scf.for %{{.*}} = %[[START]] to %[[END]] step %c8
// CHECK-NEXT: "use"(%[[S]], %c8)
// CHECK-NEXT: }
// CHECK: scf.for %{{.*}} = %[[END]] to %[[HU]] step %c8
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.cmpi slt
// CHECK: "use"
func.func @three_phases(%hl: index, %cl: index, %cu: index, %hu: index, %s: vector<4xf32>,
                        %lo: vector<4xindex>, %up: vector<4xindex>, %b: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index):
    %a = mask.apply %s at(%b, %b, %b, %k) over query rows(%lo, %up : vector<4xindex>, vector<4xindex>) sides both : vector<4xf32>
    "use"(%a, %size) : (vector<4xf32>, index) -> ()
    mask.yield
  }
  return
}

// -----

// CHECK-LABEL: func @wide_core
// CHECK: scf.for
// CHECK: arith.cmpi sge
// CHECK-NOT: arith.cmpi slt
// CHECK: "use"
// CHECK: scf.for
// CHECK-NEXT: "use"
// CHECK: scf.for
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.cmpi slt
func.func @wide_core(%hl: index, %cl: index, %cu: index, %hu: index, %s: vector<4xf32>,
                     %lo: vector<4xindex>, %up: vector<4xindex>, %b: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index):
    %a = mask.apply %s at(%b, %b, %b, %k) over query rows(%lo, %up : vector<4xindex>, vector<4xindex>) sides both : vector<4xf32>
    "use"(%a) : (vector<4xf32>) -> ()
    mask.yield
  } {wide_core}
  return
}

// -----

// No tile lies before a core that starts with the hull.

// CHECK-LABEL: func @no_left_edge
// CHECK-COUNT-2: scf.for
// CHECK-NOT: scf.for
// CHECK: return
func.func @no_left_edge(%lower: index, %cu: index, %hu: index) {
  mask.tile_for [%lower, %lower, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index):
    "use"(%k) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// An empty core needs one loop.

// CHECK-LABEL: func @no_core
// CHECK: scf.for
// CHECK: "use"(%true)
// CHECK-NOT: scf.for
// CHECK: return
func.func @no_core(%lower: index, %upper: index) {
  %c5 = arith.constant 5 : index
  %c3 = arith.constant 3 : index
  mask.tile_for [%lower, %c5, %c3, %upper] step 8 {
  ^bb0(%k: index, %size: index):
    %e = mask.on_edge %k
    "use"(%e) : (i1) -> ()
    mask.yield
  }
  return
}

// -----

// What only edges need is not in the core.

// CHECK-LABEL: func @on_edge
// CHECK-SAME: %[[T:.*]]: memref<?xi32>
// CHECK: scf.for
// CHECK: memref.load %[[T]]
// CHECK: scf.if
// CHECK: scf.for
// CHECK-NEXT: "use"
// CHECK: scf.for
// CHECK: memref.load %[[T]]
func.func @on_edge(%t: memref<?xi32>, %hl: index, %cl: index, %cu: index, %hu: index) {
  %true = arith.constant true
  %zero = arith.constant 0 : i32
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index):
    %x = memref.load %t[%k] : memref<?xi32>
    %empty = arith.cmpi eq, %x, %zero : i32
    %e = mask.on_edge %k
    %skip = arith.andi %e, %empty : i1
    %visit = arith.xori %skip, %true : i1
    scf.if %visit {
      "use"(%k) : (index) -> ()
    }
    mask.yield
  }
  return
}

// -----

// Carried values go through all loops; the second interval starts no earlier
// than the first one ended.

// CHECK-LABEL: func @two_intervals
// CHECK-SAME: %[[A:[a-z0-9]*]]: index, %[[B:[a-z0-9]*]]: index, %[[C:[a-z0-9]*]]: index, %[[D:[a-z0-9]*]]: index, %[[M:[a-z0-9]*]]: f32
// CHECK: %[[R0:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[M]])
// CHECK: %[[R1:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[R0]])
// CHECK: %[[SOME:.*]] = arith.cmpi slt, %[[A]], %[[B]]
// CHECK: %[[VISITED:.*]] = arith.select %[[SOME]], %[[B]]
// CHECK: affine.max #{{.*}}()[%[[C]], %[[VISITED]]]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[R1]])
func.func @two_intervals(%a: index, %b: index, %c: index, %d: index, %m: f32) -> f32 {
  %r = mask.tile_for [%a, %a, %b, %b, %c, %c, %d, %d] step 8 init(%m : f32) {
  ^bb0(%k: index, %size: index, %x: f32):
    %y = arith.addf %x, %x : f32
    mask.yield %y : f32
  } -> f32
  return %r : f32
}

// -----

// Outside of a loop over tiles every tile may be an edge.

// CHECK-LABEL: func @alone
// CHECK: return %true
func.func @alone(%k: index) -> i1 {
  %e = mask.on_edge %k
  return %e : i1
}
