// RUN: mask-opt %s --convert-mask-to-tiles --canonicalize --cse --split-input-file | FileCheck %s

// The window is in the bounds: constants folded, nothing but the tile's first
// query in them.

// CHECK-DAG: [[$LO:#map[0-9]*]] = affine_map<(d0) -> (0, d0 - 1023)>
// CHECK-DAG: [[$CORE_LO:#map[0-9]*]] = affine_map<(d0) -> (0, d0 - 960)>
// CHECK-DAG: [[$CORE_HI:#map[0-9]*]] = affine_map<(d0) -> (8192, d0 + 1)>
// CHECK-DAG: [[$HI:#map[0-9]*]] = affine_map<(d0) -> (8192, d0 + 64)>
// CHECK-LABEL: func @static_window
// CHECK: scf.parallel (%[[B:.*]], %[[H:.*]], %[[AT:.*]]) = (%c0, %c0, %c0) to (%c3, %c2, %c8192) step (%c1, %c1, %c64)
// The last queries, which may see the most keys, come first.
// CHECK: %[[Q0:.*]] = arith.subi %c8128, %[[AT]]
// The two query heads share a key head.
// CHECK: arith.divui %[[H]], %c2
// CHECK-DAG: %[[HULL_LO:.*]] = affine.max [[$LO]](%[[Q0]])
// CHECK-DAG: %[[LO2:.*]] = affine.max [[$CORE_LO]](%[[Q0]])
// CHECK-DAG: %[[HI2:.*]] = affine.min [[$CORE_HI]](%[[Q0]])
// CHECK-DAG: %[[HULL_HI:.*]] = affine.min [[$HI]](%[[Q0]])
// CHECK: mask.tile_for[%[[HULL_LO]], %[[LO2]], %[[HI2]], %[[HULL_HI]]] step 64
// CHECK: ^bb0(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[LOWER:.*]]: i1, %[[UPPER:.*]]: i1):
// A tile that starts before the core is far from the upper end.
// CHECK: %[[LOWER_HOLDS:.*]] = arith.xori %[[LOWER]], %true
// CHECK: %[[ONLY_UPPER:.*]] = arith.andi %[[UPPER]], %[[LOWER_HOLDS]]
// CHECK: scf.if %[[LOWER]] {
// CHECK: mask.apply %{{.*}} at(%[[B]], %[[H]], %[[Q0]], %c0) over #{{.*}}[%{{.*}}, %{{.*}}] lower(%{{.*}} : vector<16xi32>) : vector<16xf32>
// CHECK: scf.if %[[ONLY_UPPER]] {
// CHECK: mask.apply %{{.*}} upper(%{{.*}} : vector<16xi32>) : vector<16xf32>
func.func @static_window(%q: memref<3x2x8192x128xf32>, %k: memref<3x1x8192x128xf32>,
                         %v: memref<3x1x8192x128xf32>, %o: memref<3x2x8192x128xf32>) {
  mask.attention ins(%q, %k, %v : memref<3x2x8192x128xf32>, memref<3x1x8192x128xf32>, memref<3x1x8192x128xf32>)
      outs(%o : memref<3x2x8192x128xf32>) predicate {
    %p = mask.window left 1023 right 0
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 16, rows = 8>}
  return
}

// -----

// Without a lower bound there is no left edge and no lower row bound.

// CHECK-LABEL: func @causal
// CHECK: mask.tile_for[%c0, %c0, %{{.*}}, %{{.*}}] step 64
// CHECK: scf.if %upper_fails {
// CHECK-NOT: lower(
// CHECK: mask.apply {{.*}} upper(%{{.*}} : vector<16xi32>)
// CHECK-NOT: mask.apply {{.*}} lower(
func.func @causal(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// CHECK-LABEL: func @full_has_no_mask
// CHECK: mask.tile_for
// CHECK-NOT: mask.apply
// CHECK: return
func.func @full_has_no_mask(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// CHECK-LABEL: func @empty_has_no_loop
// CHECK-NOT: mask.tile_for
// CHECK: return
func.func @empty_has_no_loop(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) predicate {
    %p = mask.empty
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// A prefix and a window are two intervals; where their hulls meet, the rows of
// one tile see by either, so that the predicate itself masks the edges.

// CHECK-LABEL: func @two_intervals
// CHECK: mask.tile_for[%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}] step 64
// CHECK: mask.apply {{.*}} predicate {
// CHECK: mask.prefix 4
func.func @two_intervals(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) predicate {
    %s = mask.prefix 4
    %w = mask.window left 127 right 0
    %p = mask.or %s, %w
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// A run-time window: the subtraction inside of the predicate is repeated once,
// outside of the loops, and clamped to the supported range there.

// CHECK-LABEL: func @runtime_window
// CHECK-SAME: %[[W:[a-z0-9]*]]: index
// CHECK: %[[RAW:.*]] = arith.{{subi|addi}} %[[W]]
// CHECK: %[[LEAST:.*]] = arith.minsi %[[RAW]], %c1099511627776
// CHECK: %[[LEFT:.*]] = arith.maxsi %[[LEAST]], %c-1099511627776
// CHECK: scf.parallel
// CHECK-NOT: arith.minsi
// CHECK: affine.max {{.*}}%[[LEFT]]
func.func @runtime_window(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>, %w: index) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) captures(%w : index) predicate {
  ^bb0(%W: index):
    %one = arith.constant 1 : index
    %left = arith.subi %W, %one : index
    %p = mask.window left %left right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// The schedule of the op wins over the options.

// CHECK-LABEL: func @schedule
// CHECK: scf.parallel {{.*}} step (%c8)
// One allocation per tile holds all that it needs.
// CHECK: %[[WORKSPACE:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?xi8>
// CHECK-NOT: memref.alloc
// CHECK: memref.view %[[WORKSPACE]]{{.*}} to memref<4x8xf32>
// CHECK-NOT: memref.alloc
// CHECK: step 4
func.func @schedule(%q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 8, key_tile = 4, lanes = 4, rows = 2>}
  return
}

// -----

// The queries of a tile are asked for before they are read. Before a block of keys is
// multiplied, the keys after it and its values are asked for, by the first rows alone where
// all of them see all keys; blocks of the first two tiles ask for four rows of the output.

// CHECK-LABEL: func @prefetch
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<1x1x?x64xf32>, %[[K:[a-z0-9]*]]: memref<1x1x?x64xf32>, %[[V:[a-z0-9]*]]: memref<1x1x?x64xf32>, %[[O:[a-z0-9]*]]: memref<1x1x?x64xf32>
// CHECK-COUNT-4: memref.prefetch %[[Q]]{{.*}}, read, locality<3>
// CHECK: vector.transfer_read %[[Q]]
// CHECK: mask.tile_for
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: index, %[[ORDINAL:.*]]: index,
// CHECK: scf.for %[[ROWS:.*]] = %c0 to %{{.*}} step %c64
// CHECK: scf.for {{.*}} step %c4
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[ROWS]], %c0
// CHECK: scf.if %[[FIRST]]
// CHECK-COUNT-4: memref.prefetch %[[K]]
// CHECK-COUNT-4: memref.prefetch %[[V]]
// CHECK: %[[SHARE:.*]] = affine.apply #{{.*}}(%[[ORDINAL]], %{{.*}})
// CHECK: scf.for %{{.*}} = %[[SHARE]] to
// CHECK-COUNT-4: memref.prefetch %[[O]]{{.*}}, write, locality<3>
// CHECK-NOT: memref.prefetch
// CHECK: vector.fma
func.func @prefetch(%q: memref<1x1x?x64xf32>, %k: memref<1x1x?x64xf32>, %v: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>) {
  mask.attention ins(%q, %k, %v : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x1x?x64xf32>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 128, key_tile = 64, lanes = 16, rows = 8>}
  return
}

// -----

// Where rows end at different keys, register tiles are narrow, and multiply what one of their
// rows sees. Where all see all, four by four operands are multiplied, which are fewer.

// Of the last tile of queries the softmax works on vectors that have rows, and so do narrow tiles;
// where they are enough for all rows, there is no core.

// CHECK-DAG: #[[$TILES:.*]] = affine_map<(d0) -> ((d0 ceildiv 32) * 32)>
// CHECK-DAG: #[[$VECTORS:.*]] = affine_map<(d0) -> ((d0 ceildiv 16) * 16)>
// CHECK-LABEL: func @register_tiles
// CHECK: %[[ROWS:.*]] = affine.apply #[[$TILES]](%{{.*}})
// CHECK: %[[FEW:.*]] = arith.cmpi sle, %{{.*}}, %c32
// CHECK: arith.select %[[FEW]], %[[ROWS]], %{{.*}} : index
// CHECK: %[[CORE:.*]] = arith.select %[[FEW]], %c0, %{{.*}} : index
// CHECK: mask.tile_for[%c0, %c0, %[[CORE]], %{{.*}}]
// CHECK: ^bb0(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[BELOW:.*]]: i1, %[[ABOVE:.*]]: i1):
// CHECK: %[[EDGE:.*]] = arith.ori %[[BELOW]], %[[ABOVE]]
// CHECK: scf.if %[[EDGE]] {
// CHECK: scf.for {{.*}} = %c0 to %[[ROWS]] step %c32
// CHECK: vector.reduction <maxsi>
// CHECK: scf.for {{.*}} step %c8
// CHECK-COUNT-2: vector.load %{{.*}} : memref<64x64xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.fma
// CHECK: } else {
// CHECK-NOT: vector.reduction
// CHECK: scf.for {{.*}} = %c0 to %{{.*}} step %c4
// CHECK-COUNT-4: vector.load %{{.*}} : memref<64x64xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.fma
// CHECK-NEXT: scf.yield
// CHECK: %[[LANES:.*]] = affine.apply #[[$VECTORS]](%{{.*}})
// CHECK: scf.for {{.*}} = %c0 to %[[LANES]] step %c16
// CHECK: arith.maximumf
func.func @register_tiles(%q: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>) {
  mask.attention ins(%q, %q, %q : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
      outs(%o : memref<1x1x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// One query and eight heads that share their keys: rows that would fill half a vector, so
// that columns lie in lanes. Two keys for all heads are sixteen sums, whose lanes a tree
// joins to one vector of scores; values are asked for meanwhile, and then the next keys.

// CHECK-LABEL: func @decode
// CHECK-SAME: memref<1x32x1x128xf32>, %[[K:[a-z0-9]*]]: memref<1x4x?x128xf32>
// CHECK: scf.parallel (%{{.*}}) = (%c0) to (%c32) step (%c8)
// CHECK: mask.tile_for
// CHECK: scf.for {{.*}} step %c2
// CHECK: scf.for {{.*}} step %c16
// CHECK-COUNT-2: memref.prefetch
// CHECK-COUNT-16: vector.fma {{.*}} : vector<16xf32>
// CHECK-NOT: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-30: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK: vector.store
// CHECK: scf.for {{.*}} step %c32
// CHECK: memref.prefetch %[[K]]
// CHECK-COUNT-16: vector.fma {{.*}} : vector<16xf32>
func.func @decode(%q: memref<1x32x1x128xf32>, %k: memref<1x4x?x128xf32>, %o: memref<1x32x1x128xf32>) {
  mask.attention ins(%q, %k, %k : memref<1x32x1x128xf32>, memref<1x4x?x128xf32>, memref<1x4x?x128xf32>)
      outs(%o : memref<1x32x1x128xf32>) predicate {
    %p = mask.full
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Parts of the keys: as many as make ten of all tiles together, at most one per tile of
// keys. States are in arrays by tile and part; what each part has is a share of the
// visited tiles. A second loop adds the other states to the first and writes the output.

// CHECK: #[[$KEY_TILES:.*]] = affine_map<()[s0] -> (s0 ceildiv 32)>
// CHECK-LABEL: func @parts
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<?x4x2x8xf32>, %[[K:[a-z0-9]*]]: memref<?x2x?x8xf32>
// CHECK: %[[TILES:.*]] = affine.apply #{{.*}}()[%{{.*}}]
// CHECK: %[[KEY_TILES:.*]] = affine.apply #[[$KEY_TILES]]()[%{{.*}}]
// CHECK: %[[EACH:.*]] = arith.ceildivsi %c10{{.*}}, %{{.*}} : index
// CHECK: %[[PARTS:.*]] = arith.minsi %[[EACH]], %{{.*}} : index
// CHECK: %[[STATES:.*]] = memref.alloc(%[[TILES]], %[[PARTS]]) {{.*}} : memref<?x?x16x16xf32>
// CHECK: scf.parallel (%{{.*}}, %{{.*}}, %[[PART:.*]]) = {{.*}} to (%{{.*}}, %c4{{.*}}, %[[PARTS]])
// CHECK: mask.tile_for{{.*}} part %[[PART]] of %[[PARTS]]
// CHECK-NOT: scf.parallel
// CHECK: %[[SPLIT:.*]] = arith.cmpi sgt, %[[PARTS]], %c1
// CHECK: scf.if %[[SPLIT]]
// CHECK: scf.for %[[OTHER:.*]] = %c1{{.*}} to %[[PARTS]]
// CHECK: memref.subview %[[STATES]][%{{.*}}, %[[OTHER]], 0, 0]
// CHECK: vector.transfer_write
// CHECK: memref.dealloc %[[STATES]]
func.func @parts(%q: memref<?x4x2x8xf32>, %k: memref<?x2x?x8xf32>, %o: memref<?x4x2x8xf32>) {
  mask.attention ins(%q, %k, %k : memref<?x4x2x8xf32>, memref<?x2x?x8xf32>, memref<?x2x?x8xf32>)
      outs(%o : memref<?x4x2x8xf32>) predicate {
    %p = mask.window left 100 right 0
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 2, key_tile = 32, heads = 2, parts = 10, lanes = 16, rows = 4>}
  return
}

// -----

// Bounds that differ by head: the loop covers what any of the tile's heads sees, each row
// has its own end, and the scores know theirs.

// CHECK: #[[$LAYOUT:.*]] = affine_map<(d0)[s0, s1] -> (d0 mod 2, d0 floordiv 2 + s0 floordiv 2, s1)>
// CHECK-LABEL: func @heads
// CHECK-SAME: %[[T:[a-z0-9]*]]: memref<?xi32>
// CHECK: scf.parallel (%[[HEAD:.*]], %{{.*}}) = {{.*}} step (%c2, %c4)
// CHECK: scf.for %[[H:.*]] = %[[HEAD]] to %{{.*}} step %c1{{.*}} iter_args({{.*}}) -> (index)
// CHECK: memref.load %[[T]][%[[H]]]
// CHECK: arith.maxsi
// CHECK: mask.tile_for
// CHECK: mask.apply {{.*}} over #[[$LAYOUT]]
func.func @heads(%q: memref<1x4x?x8xf32>, %k: memref<1x2x?x8xf32>, %o: memref<1x4x?x8xf32>, %t: memref<?xi32>) {
  mask.attention ins(%q, %k, %k : memref<1x4x?x8xf32>, memref<1x2x?x8xf32>, memref<1x2x?x8xf32>)
      outs(%o : memref<1x4x?x8xf32>) captures(%t : memref<?xi32>) predicate {
  ^bb0(%n: memref<?xi32>):
    %p = mask.prefix %n per head : memref<?xi32>
    mask.yield %p : !mask.predicate
  } {schedule = #mask.cpu_schedule<query_tile = 4, key_tile = 4, heads = 2, lanes = 8, rows = 2>}
  return
}

// -----

// Offsets move the tile's coordinates, per batch row.

// CHECK-LABEL: func @offsets
// CHECK-SAME: %[[OFFSETS:[a-z0-9]*]]: memref<?xi32>
// CHECK: scf.parallel (%[[B:.*]], %{{.*}}) =
// CHECK: memref.load %[[OFFSETS]][%[[B]]]
func.func @offsets(%q: memref<?x1x?x?xf32>, %o: memref<?x1x?x?xf32>, %offsets: memref<?xi32>) {
  mask.attention ins(%q, %q, %q : memref<?x1x?x?xf32>, memref<?x1x?x?xf32>, memref<?x1x?x?xf32>)
      outs(%o : memref<?x1x?x?xf32>) query_offset %offsets per batch : memref<?xi32> predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
