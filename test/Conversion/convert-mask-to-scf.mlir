// RUN: mask-opt %s --convert-mask-to-scf --allow-unregistered-dialect --split-input-file | FileCheck %s
// RUN: mask-opt %s --convert-mask-to-scf=index-bits=32 --allow-unregistered-dialect --split-input-file | FileCheck %s --check-prefix=NARROW
// RUN: mask-opt %s --convert-mask-to-scf=merge-edges --allow-unregistered-dialect --split-input-file | FileCheck %s --check-prefix=EDGES

#rows = affine_map<(q)[k] -> (0, q, k)>

// Three loops; in the middle one the mask is gone and the size is the step.

// CHECK-LABEL: func @three_phases
// CHECK-SAME: %[[HL:.*]]: index, %[[CL:.*]]: index, %[[CU:.*]]: index, %[[HU:.*]]: index, %[[S:.*]]: vector<4xf32>
// CHECK: %[[START:.*]] = affine.max
// CHECK: %[[BEFORE_END:.*]] = affine.min
// CHECK: %[[END:.*]] = affine.max
// CHECK: scf.for %[[K:.*]] = %[[HL]] to %[[BEFORE_END]] step %c8
// CHECK: %[[SIZE:.*]] = affine.min #{{.*}}(%[[K]])[%[[HU]]]
// A short interval may end in the tile it starts in: both ends.
// CHECK: arith.cmpi sge
// CHECK: arith.cmpi slt
// CHECK: %[[A:.*]] = arith.select
// CHECK: "use"(%[[A]], %[[SIZE]])
// CHECK: scf.for %{{.*}} = %[[START]] to %[[END]] step %c8
// CHECK-NEXT: "use"(%[[S]], %c8)
// CHECK-NEXT: }
// CHECK: scf.for %{{.*}} = %[[END]] to %[[HU]] step %c8
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.cmpi slt
// CHECK: "use"
// With 32 bits only the loops count in them.
// NARROW-LABEL: func @three_phases
// NARROW-SAME: (%[[HL:[a-z0-9]+]]: index, %{{.*}}: index, %{{.*}}: index, %[[HU:[a-z0-9]+]]: index, %{{.*}}: vector<4xf32>,
// Bounds are limited to plus and minus 2^30 before.
// NARROW-DAG: affine.min #{{.*}}()[%[[HL]]]
// NARROW-DAG: affine.min #{{.*}}()[%[[HU]]]
// NARROW: %[[FIRST:.*]] = arith.index_cast %{{.*}} : index to i32
// NARROW: %[[LAST:.*]] = arith.index_cast %{{.*}} : index to i32
// NARROW: scf.for %[[K32:.*]] = %[[FIRST]] to %[[LAST]] step %c8_i32  : i32 {
// NARROW: %[[K:.*]] = arith.index_cast %[[K32]] : i32 to index
// NARROW: affine.min #{{.*}}(%[[K]])[%{{.*}}]
// NARROW-COUNT-2: scf.for %{{.*}} step %c8_i32
// With edges merged, two rounds over both loops: the second begins behind the core, and
// has none. The lower ends are looked at where a tile begins below the core.
// EDGES-LABEL: func @three_phases
// EDGES-SAME: %[[HL:.*]]: index, %[[CL:.*]]: index, %[[CU:.*]]: index, %[[HU:.*]]: index, %[[S:.*]]: vector<4xf32>
// EDGES: %[[START:.*]] = affine.max
// EDGES: %[[BEFORE_END:.*]] = affine.min
// EDGES: %[[END:.*]] = affine.max
// EDGES: scf.for %[[ROUND:.*]] = %c0 to %c2 step %c1
// EDGES: %[[FIRST:.*]] = arith.cmpi eq, %[[ROUND]], %c0
// EDGES: %[[LOWER:.*]] = arith.select %[[FIRST]], %[[HL]], %[[END]]
// EDGES: %[[UPPER:.*]] = arith.select %[[FIRST]], %[[BEFORE_END]], %[[HU]]
// EDGES: scf.for %[[K:.*]] = %[[LOWER]] to %[[UPPER]] step %c8
// EDGES: arith.cmpi slt, %[[K]], %[[CL]]
// EDGES: "use"(%{{.*}}, %{{.*}})
// EDGES: %[[CORE_END:.*]] = arith.select %[[FIRST]], %[[END]], %[[START]]
// EDGES: scf.for %{{.*}} = %[[START]] to %[[CORE_END]] step %c8
// EDGES-NEXT: "use"(%[[S]], %c8)
// EDGES-NOT: scf.for
// EDGES: return
func.func @three_phases(%hl: index, %cl: index, %cu: index, %hu: index, %s: vector<4xf32>,
                        %lo: vector<4xi32>, %up: vector<4xi32>, %b: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    %a = mask.apply %s at(%b, %b, %b, %b) over #rows [%k] lower(%lo : vector<4xi32>) when %lower_fails : vector<4xf32>
    %m = mask.apply %a at(%b, %b, %b, %b) over #rows [%k] upper(%up : vector<4xi32>) when %upper_fails : vector<4xf32>
    "use"(%m, %size) : (vector<4xf32>, index) -> ()
    mask.yield
  }
  return
}

// -----

#rows = affine_map<(q)[k] -> (0, q, k)>

// A kernel that knows that no tile is cut by both ends says so with the flags.

// CHECK-LABEL: func @disjoint_edges
// CHECK: scf.for
// CHECK: arith.cmpi sge
// CHECK-NOT: arith.cmpi slt
// CHECK: "use"
// CHECK: scf.for
// CHECK-NEXT: "use"
// CHECK: scf.for
// CHECK-NOT: arith.cmpi sge
// CHECK: arith.cmpi slt
func.func @disjoint_edges(%hl: index, %cl: index, %cu: index, %hu: index, %s: vector<4xf32>,
                          %lo: vector<4xi32>, %up: vector<4xi32>, %b: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    %true = arith.constant true
    %lower_holds = arith.xori %lower_fails, %true : i1
    %only_upper = arith.andi %upper_fails, %lower_holds : i1
    %a = mask.apply %s at(%b, %b, %b, %b) over #rows [%k] lower(%lo : vector<4xi32>) when %lower_fails : vector<4xf32>
    %m = mask.apply %a at(%b, %b, %b, %b) over #rows [%k] upper(%up : vector<4xi32>) when %only_upper : vector<4xf32>
    "use"(%m) : (vector<4xf32>) -> ()
    mask.yield
  }
  return
}

// -----

// No tile lies before a core that starts with the hull.

// CHECK-LABEL: func @no_left_edge
// CHECK-COUNT-2: scf.for
// CHECK-NOT: scf.for
// CHECK: return
// EDGES-LABEL: func @no_left_edge
// EDGES: scf.for
// EDGES: "use"
// EDGES-NEXT: }
// EDGES-NEXT: scf.for
// EDGES-NOT: scf.for
// EDGES: return
func.func @no_left_edge(%lower: index, %cu: index, %hu: index) {
  mask.tile_for [%lower, %lower, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%k) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// An empty core still tells the tiles that start below it from the rest: neither
// end may be taken for one that cannot fail.

// CHECK-LABEL: func @no_core
// CHECK: scf.for
// CHECK: "use"(%true, %true)
// CHECK: scf.for
// CHECK: "use"(%false, %true)
// CHECK-NOT: scf.for
// CHECK: return
// EDGES-LABEL: func @no_core
// EDGES: scf.for %[[K:.*]] = %{{.*}} to %{{.*}} step %c8
// EDGES: %[[FAILS:.*]] = arith.cmpi slt, %[[K]], %c5
// EDGES: "use"(%[[FAILS]], %true)
// EDGES-NOT: scf.for
// EDGES: return
func.func @no_core(%lower: index, %upper: index) {
  %c5 = arith.constant 5 : index
  %c3 = arith.constant 3 : index
  mask.tile_for [%lower, %c5, %c3, %upper] step 8 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%lower_fails, %upper_fails) : (i1, i1) -> ()
    mask.yield
  }
  return
}

// -----

// What only edges need is not in the core; `visit` is not asked there.

// CHECK-LABEL: func @visit
// CHECK-SAME: %[[T:.*]]: memref<?xi32>
// CHECK: scf.for
// CHECK: memref.load %[[T]]
// CHECK: scf.if
// CHECK: scf.for
// CHECK-NEXT: "use"
// CHECK: scf.for
// CHECK: memref.load %[[T]]
func.func @visit(%t: memref<?xi32>, %hl: index, %cl: index, %cu: index, %hu: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%k) : (index) -> ()
    mask.yield
  } visit {
  ^bb0(%k: index, %size: index):
    %zero = arith.constant 0 : i32
    %x = memref.load %t[%k] : memref<?xi32>
    %some = arith.cmpi ne, %x, %zero : i32
    mask.yield %some : i1
  }
  return
}

// -----

// What is loaded ahead is looked for among the tiles that exist: of others `visit` is not
// asked, whose table may end with the array.

// CHECK-LABEL: func @ahead_of_visited
// CHECK-SAME: %[[T:.*]]: memref<?xi32>
// CHECK: scf.while (%[[K:.*]] = %{{.*}}, %[[END:.*]] = %{{.*}})
// CHECK-NEXT: %[[EXISTS:.*]] = arith.cmpi slt, %[[K]], %[[END]]
// CHECK-NEXT: %[[SKIP:.*]] = scf.if %[[EXISTS]] -> (i1) {
// CHECK: memref.load %[[T]][%[[K]]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %false
// CHECK: scf.condition(%[[SKIP]])
func.func @ahead_of_visited(%t: memref<?xi32>, %hl: index, %cl: index, %cu: index, %hu: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 ahead 1 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %more: i1, %next: index, %next_size: index):
    "use"(%k) : (index) -> ()
    mask.yield
  } visit {
  ^bb0(%k: index, %size: index):
    %zero = arith.constant 0 : i32
    %x = memref.load %t[%k] : memref<?xi32>
    %some = arith.cmpi ne, %x, %zero : i32
    mask.yield %some : i1
  } load {
  ^bb0(%k: index, %size: index, %n: index):
    "load"(%k) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// The body loads for itself: what is loaded before the loop is all that the region does.

// CHECK-LABEL: func @load_first
// CHECK: scf.if
// CHECK: "load"
// CHECK: scf.for
// CHECK-NOT: "load"
// CHECK: "wait"
// CHECK-NEXT: "copy"(%[[MORE:.*]], %{{.*}}, %{{.*}}) : (i1, index, index) -> ()
// CHECK-NOT: "load"
// CHECK: return
func.func @load_first(%lower: index, %upper: index) {
  mask.tile_for [%lower, %lower, %upper, %upper] step 8 merged ahead 1 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %more: i1, %next: index, %next_size: index):
    "wait"() : () -> ()
    "copy"(%more, %next, %next_size) : (i1, index, index) -> ()
    mask.yield
  } load first {
  ^bb0(%k: index, %size: index, %n: index):
    "load"(%k) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// Bounds in memory: a loop over rows around those of one interval, and a second walk over
// the rows that finds what is loaded ahead, beyond empty intervals.

// CHECK-LABEL: func @ahead_in_memory
// CHECK-SAME: %[[MEM:.*]]: memref<?x4xindex>
// CHECK: %[[ROWS:.*]] = memref.dim %[[MEM]]
// CHECK: scf.while
// CHECK: arith.cmpi slt, %{{.*}}, %[[ROWS]]
// CHECK: memref.load %[[MEM]]
// CHECK: scf.if
// CHECK: "load"
// CHECK: scf.while
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %[[ROWS]]
// CHECK-COUNT-2: memref.load %[[MEM]]
// CHECK: scf.for
// CHECK: scf.if
// CHECK: "load"
// CHECK: scf.while
// CHECK: "use"
func.func @ahead_in_memory(%mem: memref<?x4xindex>) {
  mask.tile_for in %mem : memref<?x4xindex> step 8 merged ahead 1 {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %next: index, %next_size: index):
    "use"(%key, %more, %next) : (index, i1, index) -> ()
    mask.yield
  } load {
  ^bb0(%key: index, %size: index, %n: index):
    "load"(%key) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// A part of tiles that may be passed by: they are counted, the interval is cut, and what is
// left of it is walked. Each of the three asks; the core of the last does not.

// CHECK-LABEL: func @visit_and_part
// CHECK: cf.assert %{{.*}}, "{{.*}}error: 'mask.tile_for' op 'part' must lie between 0 and the number of parts"
// CHECK: scf.for
// CHECK: memref.load
// CHECK: arith.divui
// CHECK: scf.for
// CHECK: memref.load
// CHECK: scf.for
// CHECK-NEXT: "use"
// CHECK: scf.for
// CHECK: memref.load
// CHECK: scf.if
// CHECK: "use"
func.func @visit_and_part(%t: memref<?xi1>, %lower: index, %cu: index, %hu: index, %i: index, %n: index) {
  mask.tile_for [%lower, %lower, %cu, %hu] step 8 part %i of %n {
  ^bb0(%key: index, %size: index, %o: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%key) : (index) -> ()
    mask.yield
  } visit {
  ^bb0(%key: index, %size: index):
    %some = memref.load %t[%key] : memref<?xi1>
    mask.yield %some : i1
  }
  return
}

// -----

// A step that is known at run time is checked, and tiles are counted by divisions.

// CHECK-LABEL: func @dynamic_step
// CHECK-SAME: %[[L:.*]]: index, %{{.*}}: index, %{{.*}}: index, %[[STEP:.*]]: index
// CHECK: cf.assert %{{.*}}, "{{.*}}error: 'mask.tile_for' op step must lie between 1 and 1073741824"
// CHECK: arith.divui %{{.*}}, %[[STEP]]
// CHECK: scf.for %{{.*}} = %[[L]] to %[[END:.*]] step %[[STEP]]
// CHECK-NEXT: "use"(%[[STEP]])
// CHECK: scf.for %[[K:.*]] = %[[END]] to %{{.*}} step %[[STEP]]
// CHECK-NEXT: affine.min #{{.*}}(%[[K]])[%[[STEP]], %{{.*}}]
func.func @dynamic_step(%lower: index, %cu: index, %hu: index, %step: index) {
  mask.tile_for [%lower, %lower, %cu, %hu] step %step {
  ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%size) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// A constant is as good as a number.

// CHECK-LABEL: func @constant_step
// CHECK-NOT: cf.assert
// CHECK-NOT: arith.divui
// CHECK: return
func.func @constant_step(%lower: index, %cu: index, %hu: index) {
  %c8 = arith.constant 8 : index
  mask.tile_for [%lower, %lower, %cu, %hu] step %c8 {
  ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%size) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// An empty hull has no tiles, wherever an aligned one would start.

// CHECK-LABEL: func @aligned
// CHECK-SAME: %[[HL:[a-z0-9]*]]: index, %{{.*}}: index, %{{.*}}: index, %[[HU:[a-z0-9]*]]: index, %{{.*}}: index
// CHECK: %[[SOME:.*]] = arith.cmpi slt, %[[HL]], %[[HU]]
// CHECK: %[[ALIGNED:.*]] = affine.apply #{{.*}}()[%[[HL]]]
// CHECK: arith.select %[[SOME]], %[[ALIGNED]], %[[HL]]
func.func @aligned(%hl: index, %cl: index, %cu: index, %hu: index, %end: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 whole %end align 4 {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%k) : (index) -> ()
    mask.yield
  }
  return
}

// -----

// Carried values go through all loops; the second interval starts no earlier
// than the first one ended.

// CHECK-LABEL: func @two_intervals
// CHECK-SAME: %[[A:[a-z0-9]*]]: index, %[[B:[a-z0-9]*]]: index, %[[C:[a-z0-9]*]]: index, %[[D:[a-z0-9]*]]: index, %[[M:[a-z0-9]*]]: f32
// CHECK: %[[SOME:.*]] = arith.cmpi slt, %[[A]], %[[B]]
// CHECK: %[[VISITED:.*]] = arith.select %[[SOME]], %[[B]]
// CHECK: affine.max #{{.*}}()[%[[C]], %[[VISITED]]]
// CHECK: %[[R0:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[M]])
// CHECK: %[[R1:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[R0]])
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[R1]])
func.func @two_intervals(%a: index, %b: index, %c: index, %d: index, %m: f32) -> f32 {
  %r = mask.tile_for [%a, %a, %b, %b, %c, %c, %d, %d] step 8 init(%m : f32) {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1, %x: f32):
    %y = arith.addf %x, %x : f32
    mask.yield %y : f32
  } -> f32
  return %r : f32
}

// -----

#keys = affine_map<(q)[k] -> (0, q, k)>

// A loop in the body of another: each answers for its own tiles. The inner edges keep
// their masks under the outer core.

// CHECK-LABEL: func @nested
// CHECK-COUNT-3: arith.select
// CHECK: scf.for %[[K:.*]] = {{.*}} step %c64
// The outer core holds three inner loops, two of them masked.
// CHECK: scf.for
// CHECK: arith.select
// CHECK: scf.for
// CHECK-NOT: arith.select
// CHECK: "use"(%{{.*}}, %[[K]],
// CHECK: scf.for
// CHECK: arith.select
func.func @nested(%a: index, %b: index, %c: index, %d: index, %e: index, %f: index, %g: index, %h: index,
                  %s: vector<16xf32>, %bb: index, %lo: vector<16xi32>, %hi: vector<16xi32>) {
  mask.tile_for [%a, %b, %c, %d] step 64 {
  ^bb0(%k: index, %size: index, %n: index, %outer_lower: i1, %outer_upper: i1):
    mask.tile_for [%e, %f, %g, %h] step 8 {
    ^bb1(%k2: index, %size2: index, %n2: index, %lower_fails: i1, %upper_fails: i1):
      %x = mask.apply %s at(%bb, %bb, %bb, %bb) over #keys [%k2] lower(%lo : vector<16xi32>) upper(%hi : vector<16xi32>) when %upper_fails : vector<16xf32>
      "use"(%x, %k, %k2) : (vector<16xf32>, index, index) -> ()
      mask.yield
    }
    mask.yield
  }
  return
}

// -----

// One copy of the body, the flags of a tile compared.

// CHECK-LABEL: func @merged
// CHECK-SAME: %[[HL:.*]]: index, %[[CL:.*]]: index, %[[CU:.*]]: index, %[[HU:.*]]: index
// CHECK: scf.for %[[K:.*]] = %[[HL]] to %[[HU]] step %c8
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[LOWER:.*]] = arith.cmpi slt, %[[K]], %[[CL]]
// CHECK: %[[END:.*]] = arith.addi %[[K]], %[[SIZE]]
// CHECK: %[[UPPER:.*]] = arith.cmpi sgt, %[[END]], %[[CU]]
// CHECK: "use"(%[[LOWER]], %[[UPPER]])
// CHECK-NOT: scf.for
func.func @merged(%hl: index, %cl: index, %cu: index, %hu: index) {
  mask.tile_for [%hl, %cl, %cu, %hu] step 8 merged {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%lower_fails, %upper_fails) : (i1, i1) -> ()
    mask.yield
  }
  return
}

// -----

// No tile leaves a core that is the hull, unless tiles are whole.

// CHECK-LABEL: func @merged_core
// CHECK-SAME: %[[L:.*]]: index, %[[U:.*]]: index, %[[E:.*]]: index
// CHECK-DAG: %[[FALSE:.*]] = arith.constant false
// CHECK: "use"(%[[FALSE]], %[[FALSE]])
// CHECK: %[[UPPER:.*]] = arith.cmpi sgt, %{{.*}}, %[[U]]
// CHECK: "use"(%{{.*}}, %[[UPPER]])
func.func @merged_core(%l: index, %u: index, %end: index) {
  mask.tile_for [%l, %l, %u, %u] step 8 merged {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%lower_fails, %upper_fails) : (i1, i1) -> ()
    mask.yield
  }
  mask.tile_for [%l, %l, %u, %u] step 8 whole %end merged {
  ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
    "use"(%lower_fails, %upper_fails) : (i1, i1) -> ()
    mask.yield
  }
  return
}

// -----

// What the region of an apply computes runs where the apply is, regions included.

// CHECK-LABEL: func @region_numbers
// CHECK-SAME: %[[T:[a-z0-9]*]]: memref<?xi32>
// CHECK: memref.load %[[T]]
// CHECK: %[[N:.*]] = scf.if
// CHECK: %[[V:.*]] = arith.cmpi slt
// CHECK: arith.select %[[V]]
func.func @region_numbers(%t: memref<?xi32>, %s: vector<8xf32>, %i: index) -> vector<8xf32> {
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%t : memref<?xi32>) predicate {
  ^bb0(%u: memref<?xi32>):
    %c0 = arith.constant 0 : index
    %c7 = arith.constant 7 : index
    %e = memref.load %u[%c0] : memref<?xi32>
    %n = arith.index_cast %e : i32 to index
    %long = arith.cmpi sgt, %n, %c7 : index
    %m = scf.if %long -> index {
      %d = arith.divsi %n, %c7 : index
      scf.yield %d : index
    } else {
      scf.yield %n : index
    }
    %p = mask.prefix %m
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %r : vector<8xf32>
}

// -----

// A fragment: what the symbols add to the keys is taken from the ends, once per row,
// and what is left of a key is a constant. One compare and one select per line.

// CHECK-LABEL: func @fragment
// CHECK-SAME: %[[S:.*]]: vector<2x2x2xf32>, %[[LO:.*]]: vector<2xi32>, %[[G:.*]]: index, %[[T:.*]]: index
// CHECK-DAG: %[[K0:.*]] = arith.constant dense<[0, 1]> : vector<2xi32>
// CHECK-DAG: %[[K8:.*]] = arith.constant dense<[8, 9]> : vector<2xi32>
// CHECK: %[[ENDS:.*]] = arith.subi %{{.*}}, %{{.*}} : vector<2xi32>
// CHECK-NOT: index_cast
// CHECK: %[[LINE:.*]] = vector.extract %[[S]][0, 0]
// CHECK-NEXT: %[[ROW:.*]] = vector.extract %[[ENDS]][0]
// CHECK-NEXT: %[[END:.*]] = vector.broadcast %[[ROW]]
// CHECK-NEXT: %[[VISIBLE:.*]] = arith.cmpi sle, %[[END]], %[[K0]] : vector<2xi32>
// CHECK-NEXT: arith.select %[[VISIBLE]], %[[LINE]]
// CHECK: vector.extract %[[S]][0, 1]
// CHECK-NEXT: vector.extract %[[ENDS]][1]
// CHECK: arith.cmpi sle, %{{.*}}, %[[K0]]
// CHECK-NEXT: arith.select
// CHECK: vector.extract %[[S]][1, 0]
// CHECK-NEXT: vector.extract %[[ENDS]][0]
// CHECK: arith.cmpi sle, %{{.*}}, %[[K8]]
// CHECK-NEXT: arith.select
// CHECK: vector.extract %[[S]][1, 1]
// CHECK: arith.cmpi sle, %{{.*}}, %[[K8]]
// CHECK-NEXT: arith.select
// CHECK-NOT: arith.cmpi
// CHECK-NOT: arith.select
// CHECK: return
func.func @fragment(%s: vector<2x2x2xf32>, %lo: vector<2xi32>, %g: index, %t: index) -> vector<2x2x2xf32> {
  %c0 = arith.constant 0 : index
  %x = mask.apply %s at(%c0, %c0, %c0, %c0) over affine_map<(n, i, j)[g, t] -> (0, g + i * 8, n * 8 + t * 2 + j)> [%g, %t]
    lower(%lo : vector<2xi32>) : vector<2x2x2xf32>
  return %x : vector<2x2x2xf32>
}

// -----

// A kernel on a GPU: the pass runs on it, and its own blocks stay apart. Who launches it
// checks the step.

// CHECK-LABEL: gpu.func @kernel
// CHECK-COUNT-2: gpu.barrier
// CHECK-NOT: cf.assert
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @kernel(%flag: i1, %lower: index, %cu: index, %hu: index, %step: index) kernel {
    cf.cond_br %flag, ^bb1, ^bb2
  ^bb1:
    gpu.barrier
    cf.br ^bb3
  ^bb2:
    gpu.barrier
    cf.br ^bb3
  ^bb3:
    mask.tile_for [%lower, %lower, %cu, %hu] step %step {
    ^bb0(%k: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
      "use"(%k) : (index) -> ()
      mask.yield
    }
    gpu.return
  }
}
