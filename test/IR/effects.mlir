// RUN: mask-opt %s --cse --split-input-file --allow-unregistered-dialect | FileCheck %s --check-prefix=CSE
// RUN: mask-opt %s --canonicalize --split-input-file --allow-unregistered-dialect | FileCheck %s --check-prefix=DCE
// RUN: mask-opt %s --loop-invariant-code-motion --split-input-file --allow-unregistered-dialect | FileCheck %s --check-prefix=LICM

// On tensors an attention is a value: two of the same are one, an unused one goes.

// CSE-LABEL: func @tensors
// CSE: %[[O:.*]] = mask.attention
// CSE-NOT: mask.attention
// CSE: return %[[O]], %[[O]]
// DCE-LABEL: func @tensors
// DCE-COUNT-2: mask.attention
// DCE-NOT: mask.attention
// DCE: return
func.func @tensors(%q: tensor<1x1x4x8xf32>, %p: !mask.predicate) -> (tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>) {
  %0 = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) mask(%p) -> tensor<1x1x4x8xf32>
  %1 = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) mask(%p) -> tensor<1x1x4x8xf32>
  %unused = mask.attention ins(%q, %q, %q : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
         outs(%q : tensor<1x1x4x8xf32>) mask(%p) -> tensor<1x1x4x8xf32>
  return %0, %1 : tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>
}

// -----

// On memrefs it writes its output, so it stays, and a load of the output before it
// is not one after it.

// CSE-LABEL: func @memref_output
// CSE: %[[BEFORE:.*]] = memref.load
// CSE: mask.attention
// CSE: %[[AFTER:.*]] = memref.load
// CSE: return %[[BEFORE]], %[[AFTER]]
// DCE-LABEL: func @memref_output
// DCE: mask.attention
func.func @memref_output(%q: memref<1x1x4x8xf32>, %o: memref<1x1x4x8xf32>, %i: index) -> (f32, f32) {
  %before = memref.load %o[%i, %i, %i, %i] : memref<1x1x4x8xf32>
  mask.attention ins(%q, %q, %q : memref<1x1x4x8xf32>, memref<1x1x4x8xf32>, memref<1x1x4x8xf32>)
    outs(%o : memref<1x1x4x8xf32>) predicate {
      %p = mask.causal
      mask.yield %p : !mask.predicate
    }
  %after = memref.load %o[%i, %i, %i, %i] : memref<1x1x4x8xf32>
  return %before, %after : f32, f32
}

// -----

// The buffer of a query may be the output too: the op then reads and writes it. A
// store that it reads is not dead, one into a capture changes what it does.

// DCE-LABEL: func @in_place
// DCE: memref.store
// DCE: mask.attention
// LICM-LABEL: func @in_place
// LICM: scf.for
// LICM-NEXT: memref.store
// LICM-NEXT: mask.attention
func.func @in_place(%q: memref<1x1x4x8xf32>, %ids: memref<?xi32>, %n: index, %id: i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    memref.store %id, %ids[%i] : memref<?xi32>
    mask.attention ins(%q, %q, %q : memref<1x1x4x8xf32>, memref<1x1x4x8xf32>, memref<1x1x4x8xf32>)
      outs(%q : memref<1x1x4x8xf32>) captures(%ids : memref<?xi32>) predicate {
      ^bb0(%t: memref<?xi32>):
        %p = mask.document %t : memref<?xi32>
        mask.yield %p : !mask.predicate
      }
  }
  return
}

// -----

// An apply reads its captures: what it hides before a write is not what it hides
// after it, nor is it loop-invariant.

// CSE-LABEL: func @apply
// CSE: %[[BEFORE:.*]] = mask.apply
// CSE: memref.store
// CSE: %[[AFTER:.*]] = mask.apply
// CSE: return %[[BEFORE]], %[[AFTER]]
func.func @apply(%s: vector<8xf32>, %valid: memref<?xi1>, %i: index, %flag: i1) -> (vector<8xf32>, vector<8xf32>) {
  %before = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%valid : memref<?xi1>) predicate {
  ^bb0(%v: memref<?xi1>):
    %p = mask.key_padding %v : memref<?xi1>
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  memref.store %flag, %valid[%i] : memref<?xi1>
  %after = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> captures(%valid : memref<?xi1>) predicate {
  ^bb0(%v: memref<?xi1>):
    %p = mask.key_padding %v : memref<?xi1>
    mask.yield %p : !mask.predicate
  } : vector<8xf32>
  return %before, %after : vector<8xf32>, vector<8xf32>
}

// -----

// Without captures, and unused, it goes; so does a loop over tiles that does
// nothing.

// DCE-LABEL: func @unused
// DCE-NEXT: return
func.func @unused(%s: vector<8xf32>, %t: tensor<?xi1>, %i: index, %n: i32) {
  %0 = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> key_end(%n) : vector<8xf32>
  %1 = mask.tile_for [%i, %i, %i, %i] step 8 init(%s : vector<8xf32>) {
  ^bb0(%key: index, %size: index, %tile: index, %lower: i1, %upper: i1, %x: vector<8xf32>):
    %y = mask.apply %x at(%i, %i, %i, %key) over affine_map<(k) -> (0, 0, k)> key_end(%n) : vector<8xf32>
    mask.yield %y : vector<8xf32>
  } -> vector<8xf32>
  %2, %3, %4 = mask.merge(%s, %s, %s), (%s, %s, %s) : vector<8xf32>, vector<8xf32>
  return
}

// -----

// What does not depend on the tile leaves the loop; whether the tile is an edge
// does.

// LICM-LABEL: func @invariant
// LICM: arith.addi
// LICM: mask.tile_for
// LICM: arith.ori
func.func @invariant(%n: index, %i: index) {
  mask.tile_for [%i, %i, %i, %i] step 8 {
  ^bb0(%key: index, %size: index, %tile: index, %lower: i1, %upper: i1):
    %m = arith.addi %n, %n : index
    %e = arith.ori %lower, %upper : i1
    "use"(%e, %m) : (i1, index) -> ()
  }
  return
}

// -----

// What is asked of tiles and loaded ahead has effects like the body.

// DCE-LABEL: func @loads
// DCE-NEXT: mask.tile_for
// DCE: memref.store
func.func @loads(%i: index, %m: memref<?xindex>) {
  mask.tile_for [%i, %i, %i, %i] step 8 ahead 1 {
  ^bb0(%key: index, %size: index, %tile: index, %lower: i1, %upper: i1, %more: i1, %next: index, %next_size: index):
  } load {
  ^bb0(%key: index, %size: index, %tile: index):
    memref.store %tile, %m[%tile] : memref<?xindex>
  }
  return
}

// -----

// What builds a predicate is pure, even if the predicate reads memory: an unused one
// goes, and one that does not depend on the loop leaves it. Its region may hold any
// code that reads.

// DCE-LABEL: func @generic
// DCE-NOT: mask.generic
// DCE: scf.for
// DCE: mask.generic
// LICM-LABEL: func @generic
// LICM: mask.generic
// LICM: scf.for
func.func @generic(%t: memref<?xi1>, %n: index, %i: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %unused = mask.generic captures(%t : memref<?xi1>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: memref<?xi1>):
    %v = memref.load %x[%q] : memref<?xi1>
    mask.yield %v : i1
  }
  scf.for %j = %c0 to %n step %c1 {
    memref.store %i, %t[%j] : memref<?xi1>
    %p0 = mask.generic captures(%t : memref<?xi1>) {
    ^bb0(%b: index, %h: index, %q: index, %k: index, %x: memref<?xi1>):
      %c = arith.cmpi slt, %k, %q : index
      %v = scf.if %c -> i1 {
        %y = memref.load %x[%k] : memref<?xi1>
        scf.yield %y : i1
      } else {
        scf.yield %c : i1
      }
      mask.yield %v : i1
    }
    "use"(%p0) : (!mask.predicate) -> ()
  }
  return
}

// -----

// Two of the same are one, whatever is written between them.

// CSE-LABEL: func @twice
// CSE: %[[P:.*]] = mask.generic
// CSE-NOT: mask.generic
// CSE: "use"(%[[P]], %[[P]])
func.func @twice(%t: memref<?xi1>, %n: index, %i: i1) {
  %0 = mask.generic captures(%t : memref<?xi1>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: memref<?xi1>):
    %v = memref.load %x[%q] : memref<?xi1>
    mask.yield %v : i1
  }
  memref.store %i, %t[%n] : memref<?xi1>
  %1 = mask.generic captures(%t : memref<?xi1>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: memref<?xi1>):
    %v = memref.load %x[%q] : memref<?xi1>
    mask.yield %v : i1
  }
  "use"(%0, %1) : (!mask.predicate, !mask.predicate) -> ()
  return
}
